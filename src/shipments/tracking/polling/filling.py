"""Legs become calls: one leg each, or as many as the carrier answers for at once; each with its place in the budget."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, bindparam, update
from sqlmodel import Session, col

from shipments.batches.batch import bare
from shipments.database import write_many
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.budgets import counted, day_of, left_for_patient, next_day, next_moment, take_place
from shipments.tracking.calls.call import CallKind
from shipments.tracking.calls.ledger import CallMade, open_calls
from shipments.tracking.polling.choosing import Candidate, is_their_turn, legs_due_soon
from shipments.tracking.polling.watch import LegWatch, Urgency
from shipments.tracking.polling.ways import Way, ways_of

SOON = timedelta(hours=1)
ChosenLeg = tuple[Candidate, Way]


class Lease(msgspec.Struct, frozen=True):
    """How much is claimed: up to `most` legs, for the time of `lasts`. `pace` divides the polling policy's times."""

    most: int
    lasts: timedelta
    pace: float = 1.0


class Call(msgspec.Struct, frozen=True):
    """A call that has its place in the budget, and stands in the ledger."""

    id: UUID
    at: datetime
    legs: tuple[ChosenLeg, ...]


def fill_calls(
    session: Session,
    account: CarrierAccount,
    queue: Sequence[Candidate],
    *,
    places: int,
    per_call: int,
    lease: Lease,
    now: datetime,
) -> list[Call]:
    """Up to `places` calls about the legs of `queue`, in its order; the last filled up with legs that are due soon.

    What has arrived, or is gone, is asked no more. A leg that was asked as often as it may today is put off to the
    next day.
    """
    ways = ways_of(session, [leg.leg_id for leg in queue])
    over = {leg.leg_id for leg in queue if ways[leg.leg_id].is_over(pace=lease.pace, now=now)}
    waiting = deque((leg, ways[leg.leg_id]) for leg in queue if leg.leg_id not in over)
    put_off: dict[UUID, datetime] = {}
    placed: list[tuple[datetime, list[ChosenLeg]]] = []
    while waiting and len(placed) < places:
        legs = _next_call(account, waiting, per_call, put_off, now)
        if legs and not waiting and len(legs) < per_call:
            legs += _topping_up(session, account, legs, per_call, lease, now)
        at = take_place(account, now=now) if legs else None
        if at is None:
            break
        placed.append((at, legs))
    session.flush()
    _stop_asking(session, list(over))
    _put_off(session, put_off)
    _take(session, account, placed, now + lease.lasts)
    return _entered(session, account, placed)


def _next_call(
    account: CarrierAccount, waiting: deque[ChosenLeg], per_call: int, put_off: dict[UUID, datetime], now: datetime
) -> list[ChosenLeg]:
    """The legs of one call, taken from `waiting`; those that do not fit into this one stay there."""
    begun = day_of(account, next_moment(account, now=now))
    patient = left_for_patient(account, now=now)
    theirs = is_their_turn(account.day_calls if account.day_started == begun else 0)
    room, references, legs, left = per_call, set[str](), list[ChosenLeg](), list[ChosenLeg]()
    while waiting and len(legs) < room:
        leg, way = waiting.popleft()
        reference, fits = bare(way.asked.reference), min(room, _company(leg, per_call))
        if leg.is_spent(begun, account.per_leg_per_day):
            put_off[leg.leg_id] = next_day(account, begun)
        elif not legs and _can_wait(leg, theirs, now) and patient == 0:
            left.append((leg, way))  # it keeps its due time, and goes when more of the day has gone by
        elif reference in references or len(legs) >= fits:
            left.append((leg, way))
        else:
            room = fits
            references.add(reference)
            legs.append((leg, way))
    waiting.extendleft(reversed(left))
    return legs


def _can_wait(leg: Candidate, theirs: bool, now: datetime) -> bool:
    return leg.urgency > Urgency.NEAR_A_CHANGE and not (theirs and leg.is_starving(now))


def _company(leg: Candidate, per_call: int) -> int:
    """In how large a call a leg is asked: in ever smaller ones while it fails, so that it costs the others nothing."""
    return max(1, per_call >> (2 * leg.failures))


def _topping_up(
    session: Session, account: CarrierAccount, legs: Sequence[ChosenLeg], per_call: int, lease: Lease, now: datetime
) -> list[ChosenLeg]:
    """A call costs the same with one leg or thirty: legs that are due within the hour come along."""
    if any(leg.failures for leg, _ in legs):
        return []
    begun = day_of(account, next_moment(account, now=now))
    references = {bare(way.asked.reference) for _, way in legs}
    soon = legs_due_soon(session, account.id, until=now + SOON / lease.pace, most=per_call, now=now)
    candidates = [leg for leg in soon if not leg.failures and not leg.is_spent(begun, account.per_leg_per_day)]
    ways, more = ways_of(session, [leg.leg_id for leg in candidates]), list[ChosenLeg]()
    for leg in candidates:
        way = ways[leg.leg_id]
        reference = bare(way.asked.reference)
        over = way.is_over(pace=lease.pace, now=now)
        if not over and reference not in references and len(legs) + len(more) < per_call:
            references.add(reference)
            more.append((leg, way))
    return more


_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_THESE = col(LegWatch.leg_id).in_(_IDS)
_ASK_NO_MORE = update(LegWatch).where(_THESE).values(due_at=None)
_PUT_OFF = (
    update(LegWatch)
    .where(col(LegWatch.leg_id) == bindparam("of_leg"))
    .values(due_at=bindparam("until"), trouble=bindparam("why"))
)


def _stop_asking(session: Session, legs: Sequence[UUID]) -> None:
    if legs:
        session.connection().execute(_ASK_NO_MORE, {"ids": legs})


def _put_off(session: Session, legs: Mapping[UUID, datetime]) -> None:
    rows = [
        {
            "of_leg": leg,
            "until": until,
            "why": f"asked about as often as its account may in a day; again from {until:%Y-%m-%d %H:%M} UTC",
        }
        for leg, until in legs.items()
    ]
    if rows:
        write_many(session, _PUT_OFF, rows)


def _take(
    session: Session, account: CarrierAccount, placed: Iterable[tuple[datetime, list[ChosenLeg]]], until: datetime
) -> None:
    """On a lease, with the next fence, and counted in the day of their call."""
    of_day: dict[datetime, list[UUID]] = {}
    for at, legs in placed:
        of_day.setdefault(day_of(account, at), []).extend(leg.leg_id for leg, _ in legs)
    for begun, ids in of_day.items():
        values: dict[str, Any] = {"fence": col(LegWatch.fence) + 1, "leased_until": until, **counted(begun)}
        session.connection().execute(update(LegWatch).where(_THESE).values(**values), {"ids": ids})


def _entered(
    session: Session, account: CarrierAccount, placed: Sequence[tuple[datetime, list[ChosenLeg]]]
) -> list[Call]:
    made = [
        CallMade(account.id, CallKind.TRACK, at, tuple((leg.leg_id, leg.due_at) for leg, _ in legs))
        for at, legs in placed
    ]
    ids = open_calls(session, made)
    return [Call(id, at, tuple(legs)) for id, (at, legs) in zip(ids, placed, strict=True)]
