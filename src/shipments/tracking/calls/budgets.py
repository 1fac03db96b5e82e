"""What an account may still ask: calls a second, a day, and a day about one leg. Nothing here calls anybody.

The account's row is locked by whoever asks for a place, so that workers share one budget.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, case, false, select, update
from sqlmodel import Session, col

from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.call import CallKind
from shipments.tracking.calls.ledger import CallMade, open_calls
from shipments.tracking.polling.watch import LegWatch

DAY = timedelta(days=1)
MARGIN = 1.1  # calls stand a tenth further apart than they must: one that is a little late comes nearer to the next
AROUND_RESET = timedelta(seconds=5)  # no call, where days count: the carrier's clock is not ours
IN_HASTE = 0.2  # the part of a day's calls by which those that can wait may be ahead of the clock


class Reserved(msgspec.Struct, frozen=True):
    """A call's place: not before `at`."""

    call_id: UUID
    at: datetime


def day_start(account: CarrierAccount, now: datetime) -> datetime:
    """When the account's day began that `now` lies in. Pure."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + timedelta(minutes=account.resets_at_minute)
    return start if start <= now else start - DAY


def day_of(account: CarrierAccount, at: datetime) -> datetime:
    """As `day_start`; quicker where nothing is limited by the day, and a day is only something to show."""
    begun = account.day_started
    limited = account.per_day is not None or account.per_leg_per_day is not None
    return begun if not limited and begun is not None and begun <= at < begun + DAY else day_start(account, at)


def next_day(account: CarrierAccount, now: datetime) -> datetime:
    """When the account's next day begins. Pure."""
    return day_start(account, now) + DAY


def apart(account: CarrierAccount, per_second: float | None = None) -> timedelta:
    """How far a call stands from the next; `per_second`: of its kind the carrier takes no more than so many."""
    most = account.per_second if per_second is None else min(per_second, account.per_second)
    return timedelta(seconds=MARGIN / most)


def next_moment(account: CarrierAccount, *, now: datetime) -> datetime:
    """The first moment that no call has reserved, clear of the time around a reset. Pure."""
    at = max(now, account.next_call_at or now)
    if account.per_day is None and account.per_leg_per_day is None:
        return at
    begun = day_start(account, at + AROUND_RESET)
    return max(at, begun + AROUND_RESET)


def take_place(account: CarrierAccount, *, per_second: float | None = None, now: datetime) -> datetime | None:
    """The next free moment, taken from the second and from the day; None where that moment's day is spent.

    A moment beyond the reset counts for the day it lies in: moments only move forward, so one counter is enough.
    `per_second` as in `apart`: whatever call comes next waits so long, and so does the next of that kind.
    """
    at = next_moment(account, now=now)
    begun = day_of(account, at)
    if account.day_started is None or begun > account.day_started:
        account.day_started, account.day_calls = begun, 0
    if account.per_day is not None and account.day_calls >= account.per_day:
        return None
    account.day_calls += 1
    account.next_call_at = at + apart(account, per_second)
    return at


def give_back(account: CarrierAccount, at: datetime) -> None:
    """A place that was not used: its day's call may be made after all, its moment has passed."""
    if account.day_started is not None and day_start(account, at) == account.day_started and account.day_calls:
        account.day_calls -= 1


def move_place(
    account: CarrierAccount, at: datetime, *, per_second: float | None = None, now: datetime
) -> datetime | None:
    """Another place for a call that was not made at its own; None where there is none, and it keeps the one it has."""
    before = account.day_calls
    give_back(account, at)
    moved = take_place(account, per_second=per_second, now=now)
    if moved is None:
        account.day_calls = before
    return moved


def left_today(account: CarrierAccount, *, now: datetime) -> int | None:
    """Calls left in the day of the next free moment; None: no limit."""
    if account.per_day is None:
        return None
    at = next_moment(account, now=now)
    fresh = account.day_started is None or day_start(account, at) > account.day_started
    return max(0, account.per_day - (0 if fresh else account.day_calls))


def left_for_patient(account: CarrierAccount, *, now: datetime) -> int | None:
    """As `left_today`, for legs that can wait: they may use the part of the day that has gone by, and a fifth more."""
    left = left_today(account, now=now)
    if left is None or account.per_day is None:
        return None
    at = next_moment(account, now=now)
    gone = (at - day_start(account, at)) / DAY
    used = account.per_day - left
    return max(0, min(left, int(account.per_day * (gone + IN_HASTE)) - used))


def reserve(
    session: Session,
    account: CarrierAccount,
    kind: CallKind,
    legs: Sequence[tuple[UUID, datetime | None]],
    *,
    per_second: float | None = None,
    now: datetime,
) -> Reserved | None:
    """The next place for one call about `legs` (id, when it should have been asked), entered in the ledger as open.

    `per_second` as in `apart`. The account's row is locked by the caller. None where its day, or the day of one of the
    legs, is spent.
    """
    ids = [leg for leg, _ in legs]
    if _spent_legs(session, account, ids, now):
        return None
    at = take_place(account, per_second=per_second, now=now)
    if at is None:
        return None
    session.add(account)
    session.flush()
    if ids:
        count_legs(session, ids, day_start(account, at))
    (call_id,) = open_calls(session, [CallMade(account.id, kind, at, tuple(legs))])
    return Reserved(call_id, at)


def count_legs(session: Session, legs: Sequence[UUID], begun: datetime) -> None:
    """One call more about each, in the account's day that began then."""
    session.execute(
        update(LegWatch).where(col(LegWatch.leg_id).in_(legs)).values(**counted(begun)),
        execution_options={"synchronize_session": False},
    )


def uncount_legs(session: Session, account: CarrierAccount, legs: Sequence[UUID], begun: datetime) -> None:
    """One call fewer about each in the account's day that began then: it was not made.

    Of a leg that has another account by now, the count is that one's.
    """
    session.connection().execute(
        update(LegWatch)
        .where(col(LegWatch.leg_id).in_(legs), col(LegWatch.account_id) == account.id)
        .where(col(LegWatch.leg_day_started) == begun, col(LegWatch.leg_calls) > 0)
        .values(leg_calls=col(LegWatch.leg_calls) - 1)
    )


def counted(begun: datetime) -> dict[str, object]:
    """The columns of a watch after one call more in the day that began then; a later day's count is left alone."""
    calls, started = col(LegWatch.leg_calls), col(LegWatch.leg_day_started)
    return {
        "leg_calls": case((started >= begun, calls + 1), else_=1),
        "leg_day_started": case((started > begun, started), else_=begun),
    }


def is_spent(account: CarrierAccount, *, now: datetime) -> ColumnElement[bool]:
    """Of a leg's watch: it was asked about as often as it may in the day of the account's next call."""
    if account.per_leg_per_day is None:
        return false()
    begun = day_start(account, next_moment(account, now=now))
    return (col(LegWatch.leg_day_started) >= begun) & (col(LegWatch.leg_calls) >= account.per_leg_per_day)


def _spent_legs(session: Session, account: CarrierAccount, legs: Sequence[UUID], now: datetime) -> bool:
    spent = select(col(LegWatch.leg_id)).where(col(LegWatch.leg_id).in_(legs), is_spent(account, now=now))
    return bool(legs) and session.execute(spent.limit(1)).first() is not None
