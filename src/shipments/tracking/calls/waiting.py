"""What was put off, and why: legs that are due and not asked about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, case, func
from sqlmodel import Session, col, select

from shipments.shapes import Instant
from shipments.tracking.accounts.account import CarrierAccount, PausedWhy
from shipments.tracking.accounts.seeing import DAY, Seen
from shipments.tracking.calls.budgets import apart, day_start, left_for_patient, left_today, next_day, next_moment
from shipments.tracking.calls.call import CarrierCall, made_within
from shipments.tracking.calls.failing import FailedLast, failed_last
from shipments.tracking.calls.leg_calls import Late, lateness
from shipments.tracking.calls.tallying import ByLeg
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import AsksMany
from shipments.tracking.polling.watch import LegWatch, Urgency

Failed = Mapping[UUID, FailedLast]


class Why(StrEnum):
    """Why a due leg is not asked about. `not_known`: this version does not know the carrier.

    `kept_back`: what is left of the day is for legs near a change of stage.
    """

    NOT_KNOWN = "not_known"
    STOPPED = "stopped"
    PAUSED = "paused"
    DAY_SPENT = "day_spent"
    KEPT_BACK = "kept_back"
    LEG_SPENT = "leg_spent"
    ITS_TURN = "its_turn"
    ASKED_NOW = "asked_now"


class Waiting(msgspec.Struct, frozen=True):
    """Due legs with one reason. `due_since`: of the one that waits longest; None: put off, and due anew at `until`.

    `until`: when they go on; None: unknown.
    """

    why: Why
    legs: int
    due_since: Instant | None
    until: Instant | None


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """What one account puts off. `today`: calls used of the day's budget `per_day`, which begins again at `resets_at`.

    `is_known`: whether this version knows the carrier; an account of another one is left alone.
    `legs`: due and not being asked about at this moment. `paused_why` null: not paused, or not known. `failures`: since
    a call was last answered; `failed_last`: the newest that failed, of an account that is paused or fails.
    """

    account: str
    carrier: str
    office: str | None
    is_known: bool
    stopped: str | None
    paused_until: Instant | None
    paused_why: PausedWhy | None
    failures: int
    failed_last: FailedLast | None
    today: int
    per_day: int | None
    per_leg_per_day: int | None
    resets_at: Instant
    legs: int
    waiting: tuple[Waiting, ...]


class PutOff(Waits, frozen=True, kw_only=True):
    """What it puts off, and how late it asked in these days; `late` null: about nothing that had a due time."""

    late: Late | None


class Held(msgspec.Struct, frozen=True):
    """An account that needs somebody to look at it. `legs`: overdue by more than a day. `paused_why`: if known."""

    account: str
    carrier: str
    stopped: bool
    paused_until: Instant | None
    legs: int
    paused_why: PausedWhy | None = None


def put_off(session: Session, accounts: Sequence[Seen], by_leg: ByLeg, *, now: datetime) -> list[PutOff]:
    """One for each account, in their order. `by_leg`: of each account in the days over which lateness is counted."""
    failed = failed_last(session, [one.row for one in accounts], now=now)
    return [PutOff(**_waits(session, one, failed, now), late=lateness(by_leg[one.row.id])) for one in accounts]


def waits(session: Session, accounts: Sequence[Seen], *, now: datetime) -> list[Waits]:
    """The same without how late it was."""
    failed = failed_last(session, [one.row for one in accounts], now=now)
    return [Waits(**_waits(session, one, failed, now)) for one in accounts]


def held_back(session: Session, accounts: Sequence[Seen], *, now: datetime) -> list[Held]:
    """Accounts that are stopped, paused, or put a leg off for more than a day."""
    statement = (
        select(LegWatch.account_id, func.count())
        .where(col(LegWatch.account_id).in_([one.row.id for one in accounts]))
        .where(col(LegWatch.urgency).in_(list(Urgency)), col(LegWatch.due_at) < now - DAY)
        .group_by(col(LegWatch.account_id))
    )
    late = dict(session.exec(statement).all()) if accounts else {}
    found = [
        Held(
            account=one.named.account,
            carrier=one.named.carrier,
            stopped=one.row.stopped_reason is not None,
            paused_until=one.row.pause_at(now),
            legs=late.get(one.row.id, 0),
            paused_why=_why_paused(one.row, now),
        )
        for one in accounts
    ]
    return [one for one in found if one.stopped or one.paused_until or one.legs]


def _waits(session: Session, seen: Seen, failed: Failed, now: datetime) -> dict[str, Any]:  # Any: the fields
    account = seen.row
    waiting = _together(_reasons(session, account, now))
    reset = next_day(account, now)
    return {
        **msgspec.structs.asdict(seen.named),
        "is_known": account.carrier in CARRIERS,
        "stopped": account.stopped_reason,
        "paused_until": account.pause_at(now),
        "paused_why": _why_paused(account, now),
        "failures": account.failures,
        "failed_last": failed.get(account.id),
        "today": _made(session, account.id, day_start(account, now), reset),
        "per_day": account.per_day,
        "per_leg_per_day": account.per_leg_per_day,
        "resets_at": reset,
        "legs": sum(one.legs for one in waiting if one.why is not Why.ASKED_NOW),
        "waiting": tuple(waiting),
    }


def _reasons(session: Session, account: CarrierAccount, now: datetime) -> Iterable[Waiting]:
    due = col(LegWatch.due_at) <= now
    spent: ColumnElement[bool] = (col(LegWatch.leg_day_started) >= day_start(account, now)) & (
        col(LegWatch.leg_calls) >= (account.per_leg_per_day or 0)
    )
    leased: tuple[ColumnElement[bool], Any] = (col(LegWatch.leased_until) > now, Why.ASKED_NOW.value)
    kept = (col(LegWatch.urgency) > Urgency.NEAR_A_CHANGE, Why.KEPT_BACK.value)
    limited, meant = [], due
    if account.per_leg_per_day is not None:
        # A worker that meets such a leg puts it off to the very moment of the reset.
        limited, meant = [(spent, Why.LEG_SPENT.value)], due | (spent & (LegWatch.due_at == next_day(account, now)))
    why = case(leased, *limited, kept, else_=Why.ITS_TURN.value)
    statement = (
        select(why, func.count(), func.min(case((due, col(LegWatch.due_at)))))
        .where(LegWatch.account_id == account.id, col(LegWatch.urgency).in_(list(Urgency)), meant)
        .group_by(why)
    )
    for own, legs, due_since in session.exec(statement):
        reason = _reason(account, Why(own), now)
        yield Waiting(reason, legs, due_since, _until(account, reason, legs, now))


def _reason(account: CarrierAccount, own: Why, now: datetime) -> Why:
    """What holds the account back goes before what holds the leg back."""
    if own is Why.ASKED_NOW:
        return own
    if account.carrier not in CARRIERS:
        return Why.NOT_KNOWN
    if account.stopped_reason is not None:
        return Why.STOPPED
    if account.pause_at(now) is not None:
        return Why.PAUSED
    if left_today(account, now=now) == 0:
        return Why.DAY_SPENT
    if own is Why.KEPT_BACK and left_for_patient(account, now=now) != 0:
        return Why.ITS_TURN
    return own


def _until(account: CarrierAccount, why: Why, legs: int, now: datetime) -> datetime | None:
    if why is Why.PAUSED:
        return account.paused_until
    if why in (Why.DAY_SPENT, Why.LEG_SPENT):
        return next_day(account, now)
    if why is Why.KEPT_BACK:
        return _kept_until(account, now)
    if why is Why.ITS_TURN:
        return next_moment(account, now=now) + -(-legs // most_per_call(account.carrier)) * apart(account)
    return None


def _kept_until(account: CarrierAccount, now: datetime) -> datetime:
    """The first minute at which those that can wait are given a call again; the next day at the latest."""
    reset = next_day(account, now)
    moments = (now + timedelta(minutes=minute) for minute in range(1, int((reset - now) / timedelta(minutes=1))))
    return next((at for at in moments if left_for_patient(account, now=at)), reset)


def _together(rows: Iterable[Waiting]) -> list[Waiting]:
    """Each reason once, in the order of Why."""
    found: dict[Why, Waiting] = {}
    for one in rows:
        other = found.get(one.why, one)
        if other is not one:
            until = max((at for at in (one.until, other.until) if at is not None), default=None)
            since = min((at for at in (one.due_since, other.due_since) if at is not None), default=None)
            one = Waiting(one.why, one.legs + other.legs, since, until)
        found[one.why] = one
    return [found[why] for why in Why if why in found]


def _made(session: Session, account_id: UUID, first: datetime, last: datetime) -> int:
    """From the ledger: the account's own count may be of the day after already."""
    return session.exec(
        select(func.count()).select_from(CarrierCall).where(*made_within(account_id, first, last))
    ).one()


def _why_paused(account: CarrierAccount, now: datetime) -> PausedWhy | None:
    return account.paused_why if account.pause_at(now) is not None else None


def most_per_call(carrier: str) -> int:
    """How many legs one call can ask about."""
    found = CARRIERS.get(carrier)
    return found.most_per_call if isinstance(found, AsksMany) else 1
