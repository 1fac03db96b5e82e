"""Where an account's calls went: counted by the database, for each of its days, kinds, outcomes and legs."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, case, distinct, func
from sqlmodel import Session, col, select

from shipments.batches.batch import Batch, Leg
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.seeing import Days, Named, Seen
from shipments.tracking.calls.call import CalledLeg, CallKind, CarrierCall, Outcome
from shipments.tracking.calls.told import Pushes, pushes_told
from shipments.tracking.event import CarrierEvent

BUSIEST = 5
IN_HAND = timedelta(minutes=10)
"""How long a call without an end may still be under way; after that whoever made it has ended."""


class End(StrEnum):
    """How a call ended: its outcome, or that it has none. `never_ended`: whoever made it ended before."""

    NEWS = Outcome.NEWS.value
    NOTHING_NEW = Outcome.NOTHING_NEW.value
    NOT_FOUND = Outcome.NOT_FOUND.value
    GRANTED = Outcome.GRANTED.value
    OVER_QUOTA = Outcome.OVER_QUOTA.value
    REFUSED = Outcome.REFUSED.value
    UNAVAILABLE = Outcome.UNAVAILABLE.value
    UNREADABLE = Outcome.UNREADABLE.value
    NOT_MADE = Outcome.NOT_MADE.value
    UNDER_WAY = "under_way"
    NEVER_ENDED = "never_ended"


class EndedAlike(msgspec.Struct, frozen=True):
    """Calls of one kind that ended alike. `legs`: asked about, all calls together. `size`: bytes of the answers."""

    kind: CallKind
    outcome: End
    calls: int
    legs: int
    news: int
    size: int


class DayUsed(msgspec.Struct, frozen=True):
    """The calls made in one of the account's days."""

    day: date
    calls: int
    news: int


class BusyLeg(msgspec.Struct, frozen=True):
    """A leg in sight, by its batch and its position there. `news`: what its carrier said of it in these days."""

    batch: str
    leg: int
    asked: int
    news: int


class Others(msgspec.Struct, frozen=True):
    """All legs that are not listed: asked about less often, out of sight, or taken back. `asked`: all together."""

    legs: int
    asked: int


class CallsGone(msgspec.Struct, frozen=True, kw_only=True):
    """Where the calls of one account went. `per_day`: its budget; None: no limit.

    `made`: without those that were better not made. `never_ended`: the worker ended before the call did; it may
    have reached the carrier, so it counts as made. `news_per_call`: of the calls that ask about legs; None: no such.
    """

    account: str
    carrier: str
    office: str | None
    per_day: int | None
    made: int
    legs: int
    news: int
    size: int
    nothing_new: int
    never_ended: int
    news_per_call: float | None
    ended: tuple[EndedAlike, ...]
    days: tuple[DayUsed, ...]
    busiest: tuple[BusyLeg, ...]
    others: Others
    pushes: Pushes


def where_calls_went(session: Session, accounts: Sequence[Seen], days: Days, *, now: datetime) -> list[CallsGone]:
    """One for each account, in their order."""
    return [_of_account(session, one.row, one.named, days, now) for one in accounts]


def _of_account(session: Session, account: CarrierAccount, named: Named, days: Days, now: datetime) -> CallsGone:
    begin = days.begin(account)
    rows = _counted(session, account.id, begin, now)
    ended = _by_end(one for _, one in rows)
    made = [one for one in ended if one.outcome is not End.NOT_MADE]
    asking = sum(one.calls for one in made if one.kind in (CallKind.TRACK, CallKind.PAGE))
    news = sum(one.news for one in ended)
    busiest, others = _by_leg(session, account.id, begin[0], begin[-1])
    return CallsGone(
        **msgspec.structs.asdict(named),
        per_day=account.per_day,
        made=sum(one.calls for one in made),
        legs=sum(one.legs for one in made),
        news=news,
        size=sum(one.size for one in ended),
        nothing_new=_calls_that(ended, End.NOTHING_NEW),
        never_ended=_calls_that(ended, End.NEVER_ENDED),
        news_per_call=round(news / asking, 2) if asking else None,
        ended=tuple(ended),
        days=tuple(_by_day(rows, begin)),
        busiest=busiest,
        others=others,
        pushes=pushes_told(session, account.id, begin[0], begin[-1]),
    )


def _counted(session: Session, account_id: UUID, begin: list[datetime], now: datetime) -> list[tuple[int, EndedAlike]]:
    """(number of the day, calls), one for each day, kind and end that there is: a handful of rows a day."""
    at = col(CarrierCall.at)
    day = case(*((at < end, number) for number, (_, end) in enumerate(pairwise(begin))), else_=-1)
    in_hand = case((at >= now - IN_HAND, 1), else_=0)
    columns: Any = (  # Any: more columns than the types of a select count
        *(day, CarrierCall.kind, CarrierCall.outcome, in_hand, func.count()),
        *(func.sum(CarrierCall.legs), func.sum(CarrierCall.news), func.coalesce(func.sum(CarrierCall.size), 0)),
    )
    statement = select(*columns).where(*_within(account_id, begin[0], begin[-1])).group_by(*columns[:4])
    return [
        (number, EndedAlike(kind, _end(outcome, recent), calls, legs, news, size))
        for number, kind, outcome, recent, calls, legs, news, size in session.exec(statement)
    ]


def _end(outcome: Outcome | None, recent: int) -> End:
    if outcome is not None:
        return End(outcome.value)
    return End.UNDER_WAY if recent else End.NEVER_ENDED


def _by_end(rows: Iterable[EndedAlike]) -> list[EndedAlike]:
    """The commonest first."""

    def alike(one: EndedAlike) -> tuple[str, str]:
        return one.kind, one.outcome

    groups = [list(group) for _, group in groupby(sorted(rows, key=alike), key=alike)]
    return sorted((_together(group) for group in groups), key=lambda one: (-one.calls, *alike(one)))


def _together(group: list[EndedAlike]) -> EndedAlike:
    sums = {name: sum(getattr(one, name) for one in group) for name in ("calls", "legs", "news", "size")}
    return EndedAlike(kind=group[0].kind, outcome=group[0].outcome, **sums)


def _calls_that(ended: Sequence[EndedAlike], outcome: End) -> int:
    return sum(one.calls for one in ended if one.outcome is outcome)


def _by_day(rows: Sequence[tuple[int, EndedAlike]], begin: Sequence[datetime]) -> Iterable[DayUsed]:
    for number, first in enumerate(begin[:-1]):
        ours = [one for day, one in rows if day == number and one.outcome is not End.NOT_MADE]
        yield DayUsed(first.date(), sum(one.calls for one in ours), sum(one.news for one in ours))


def _by_leg(session: Session, account_id: UUID, first: datetime, last: datetime) -> tuple[tuple[BusyLeg, ...], Others]:
    made = made_within(account_id, first, last)
    called = col(CalledLeg.call_id) == CarrierCall.id
    legs, asked = session.exec(
        select(func.count(distinct(col(CalledLeg.leg_id))), func.count()).join(CarrierCall, called).where(*made)
    ).one()
    often = func.count().label("often")
    seen = session.exec(
        select(Batch.code, Leg.position, Leg.id, often)
        .join(Leg, col(Leg.batch_id) == Batch.id)
        .join(CalledLeg, col(CalledLeg.leg_id) == Leg.id)
        .join(CarrierCall, called)
        .where(*made)
        .group_by(col(Batch.code), col(Leg.position), col(Leg.id))
        .order_by(often.desc(), col(Batch.code), col(Leg.position))
        .limit(BUSIEST)
    ).all()
    news = _news_of(session, [leg_id for _, _, leg_id, _ in seen], first, last)
    busiest = tuple(BusyLeg(code, position, often, news.get(leg_id, 0)) for code, position, leg_id, often in seen)
    return busiest, Others(legs - len(busiest), asked - sum(one.asked for one in busiest))


def _news_of(session: Session, legs: Sequence[UUID], first: datetime, last: datetime) -> dict[UUID, int]:
    """How much the carrier itself said of each, asked or not; what staff reported is not its."""
    statement = (
        select(CarrierEvent.leg_id, func.count())
        .where(col(CarrierEvent.leg_id).in_(legs), col(CarrierEvent.person_id).is_(None))
        .where(col(CarrierEvent.heard_at) >= first, col(CarrierEvent.heard_at) < last)
        .group_by(col(CarrierEvent.leg_id))
    )
    return dict(session.exec(statement).all())


def made_within(account_id: UUID, first: datetime, last: datetime) -> tuple[ColumnElement[bool], ...]:
    """An account's calls in a time, without those that were better not made."""
    return (*_within(account_id, first, last), col(CarrierCall.outcome).is_distinct_from(Outcome.NOT_MADE))


def _within(account_id: UUID, first: datetime, last: datetime) -> tuple[ColumnElement[bool], ...]:
    """As the index of the ledger has it: an account's calls by time."""
    return (col(CarrierCall.account_id) == account_id, col(CarrierCall.at) >= first, col(CarrierCall.at) < last)
