"""Places that have passed are exchanged for new ones: calls that make up for lost time would come in a burst."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlmodel import Session

from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.locking import locked_account
from shipments.tracking.calls.budgets import count_legs, day_start, move_place, next_moment
from shipments.tracking.calls.ledger import move_calls

LATE = timedelta(milliseconds=100)
MATTERS = timedelta(milliseconds=5)  # with a budget above 200 a second, being late matters less than a transaction
MATTERS_ALWAYS = timedelta(seconds=5)  # beyond a reset it would be another day's call


class Placed(msgspec.Struct, frozen=True):
    """A call that has a place and is not made yet. `apart`: how far from the next one; `until`: too late from then.

    `per_second`: of its kind the carrier takes no more than so many; None: as many as of any.
    """

    call_id: UUID
    at: datetime
    legs: Sequence[UUID]
    apart: timedelta
    until: datetime
    per_second: float | None = None


def is_late(by: timedelta, apart: timedelta) -> bool:
    """Whether a call whose place passed so long ago comes too near to the next, where calls stand `apart`. Pure."""
    return by > MATTERS_ALWAYS or (by > LATE and apart > MATTERS)


def may_call(account: CarrierAccount, now: datetime) -> bool:
    """Whether it is neither stopped nor paused. Pure."""
    return account.stopped_reason is None and (account.paused_until is None or account.paused_until <= now)


def move_places(session: Session, account_id: UUID, placed: Sequence[Placed], *, now: datetime) -> dict[UUID, datetime]:
    """Call → its new place.

    Those without one must not be made: the account was paused or stopped, its day is spent, or it would be too late.
    """
    account = locked_account(session, account_id)
    moved: dict[UUID, datetime] = {}
    for one in placed if may_call(account, now) else ():
        too_late = next_moment(account, now=now) > one.until
        at = None if too_late else move_place(account, one.at, per_second=one.per_second, now=now)
        if at is None:
            break
        if day_start(account, at) != day_start(account, one.at):
            count_legs(session, one.legs, day_start(account, at))
        moved[one.call_id] = at
    move_calls(session, moved)
    return moved
