"""When each leg's carrier was asked last, and when it is asked next, or why not."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlmodel import Session, col

from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.polling.watch import LegWatch


class Turn(StrEnum):
    """What comes next. `its_turn`: due, and not asked about yet. `over`: nothing more is expected of it."""

    LATER = "later"
    ITS_TURN = "its_turn"
    ASKED_NOW = "asked_now"
    PAUSED = "paused"
    STOPPED = "stopped"
    NOT_LEFT = "not_left"
    OVER = "over"
    BY_HAND = "by_hand"


class Asking(msgspec.Struct, frozen=True):
    """Of one leg. `at`: when it is asked about next, if known; `pushed_at`: when we were last told unasked."""

    turn: Turn
    at: datetime | None = None
    asked_at: datetime | None = None
    pushed_at: datetime | None = None


def askings_of(session: Session, legs: Sequence[UUID], *, now: datetime) -> dict[UUID, Asking]:
    """Leg → its asking; of a leg that nobody watches, staff tell by hand what they hear."""
    rows = session.execute(
        select(LegWatch, CarrierAccount)
        .join(CarrierAccount, col(CarrierAccount.id) == col(LegWatch.account_id))
        .where(col(LegWatch.leg_id).in_(legs))
    )
    watched = {watch.leg_id: asking(watch, account, now) for watch, account in rows}
    return {leg: watched.get(leg, Asking(Turn.BY_HAND)) for leg in legs}


def asking(watch: LegWatch, account: CarrierAccount, now: datetime) -> Asking:
    """Pure. What holds the whole account back goes before the leg's own time."""
    turn, at = _turn(watch, account, now)
    return Asking(turn, at, watch.asked_at, watch.pushed_at)


def _turn(watch: LegWatch, account: CarrierAccount, now: datetime) -> tuple[Turn, datetime | None]:
    if watch.leased_until is not None and watch.leased_until > now:
        return Turn.ASKED_NOW, None
    if watch.due_at is None:
        return (Turn.OVER if watch.asked_at or watch.pushed_at else Turn.NOT_LEFT), None
    if account.stopped_reason is not None:
        return Turn.STOPPED, None
    if (pause := account.pause_at(now)) is not None:
        return Turn.PAUSED, max(pause, watch.due_at)
    return (Turn.LATER, watch.due_at) if watch.due_at > now else (Turn.ITS_TURN, None)
