"""Where an account's calls went: counted by the database, for each of its days, kinds, outcomes and legs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import case, func
from sqlmodel import Session, col, select

from shipments.batches.batch import Batch, Leg
from shipments.tracking.accounts.seeing import Days, Seen
from shipments.tracking.calls.call import CallKind, CarrierCall, Outcome, made_within, within
from shipments.tracking.calls.leg_calls import LegCalls
from shipments.tracking.calls.told import Pushes, pushes_told
from shipments.tracking.event import CarrierEvent

BUSIEST, AT_A_TIME = 5, 500
ByLeg = Mapping[UUID, Sequence[LegCalls]]
"""Account → what was asked about each leg with it."""
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


class CallsSummed(msgspec.Struct, frozen=True):
    """The same of one account in four numbers, which cost no sorting of its calls."""

    made: int
    news: int
    nothing_new: int
    never_ended: int


def where_calls_went(
    session: Session, accounts: Sequence[Seen], days: Days, by_leg: ByLeg, *, now: datetime
) -> list[CallsGone]:
    """One for each account, in their order. `by_leg`: of each account in these days."""
    return [_of_account(session, one, days.begin(one.row), by_leg[one.row.id], now) for one in accounts]


def calls_summed(session: Session, accounts: Sequence[Seen], days: Days, *, now: datetime) -> list[CallsSummed]:
    """One for each account, in their order."""
    return [_summed(session, one.row.id, *days.span(one.row), now) for one in accounts]


def _summed(session: Session, account_id: UUID, first: datetime, last: datetime, now: datetime) -> CallsSummed:
    news = func.coalesce(func.sum(CarrierCall.news), 0)
    nothing_new = func.count(case((col(CarrierCall.outcome) == Outcome.NOTHING_NEW, 1)))
    never_ended = func.count(case((col(CarrierCall.outcome).is_(None) & (col(CarrierCall.at) < now - IN_HAND), 1)))
    sums = select(func.count(), news, nothing_new, never_ended).where(*made_within(account_id, first, last))
    return CallsSummed(*session.exec(sums).one())


def _of_account(
    session: Session, seen: Seen, begin: list[datetime], legs: Sequence[LegCalls], now: datetime
) -> CallsGone:
    account = seen.row
    rows = _each_day(session, account.id, begin, now)
    ended = _by_end(one for _, one in rows)
    made = [one for one in ended if one.outcome is not End.NOT_MADE]
    asking = sum(one.calls for one in made if one.kind in (CallKind.TRACK, CallKind.PAGE))
    news = sum(one.news for one in ended)
    busiest, others = _busiest(session, legs, begin[0], begin[-1])
    return CallsGone(
        **msgspec.structs.asdict(seen.named),
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


def _each_day(session: Session, account_id: UUID, begin: list[datetime], now: datetime) -> list[tuple[int, EndedAlike]]:
    """(number of the day, calls), one for each day, kind and end that there is: a handful of rows a day."""
    at = col(CarrierCall.at)
    day = case(*((at < end, number) for number, (_, end) in enumerate(pairwise(begin))), else_=-1)
    in_hand = case((at >= now - IN_HAND, 1), else_=0)
    columns: Any = (  # Any: more columns than the types of a select count
        *(day, CarrierCall.kind, CarrierCall.outcome, in_hand, func.count()),
        *(func.sum(CarrierCall.legs), func.sum(CarrierCall.news), func.coalesce(func.sum(CarrierCall.size), 0)),
    )
    statement = select(*columns).where(*within(account_id, begin[0], begin[-1])).group_by(*columns[:4])
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


def _busiest(
    session: Session, legs: Sequence[LegCalls], first: datetime, last: datetime
) -> tuple[tuple[BusyLeg, ...], Others]:
    """Of the legs in sight those that were asked about most often."""
    seen = _most_often(session, legs)
    news = _news_of(session, [leg.leg_id for _, _, leg in seen], first, last)
    busiest = tuple(BusyLeg(code, position, leg.asked, news.get(leg.leg_id, 0)) for code, position, leg in seen)
    return busiest, Others(len(legs) - len(busiest), sum(one.asked for one in legs) - sum(one.asked for one in busiest))


def _most_often(session: Session, legs: Sequence[LegCalls]) -> list[tuple[str, int, LegCalls]]:
    """(batch, position, leg), some at a time until whoever comes next was asked about less often."""
    often = sorted(legs, key=lambda one: -one.asked)
    found: list[tuple[str, int, LegCalls]] = []
    for some in (often[start : start + AT_A_TIME] for start in range(0, len(often), AT_A_TIME)):
        if len(found) >= BUSIEST and some[0].asked < found[BUSIEST - 1][2].asked:
            break
        asked = {one.leg_id: one for one in some}
        rows = session.exec(
            select(Batch.code, Leg.position, Leg.id)
            .join(Leg, col(Leg.batch_id) == Batch.id)
            .where(col(Leg.id).in_(asked))
        )
        found += [(code, position, asked[id]) for code, position, id in rows]
        found.sort(key=lambda one: (-one[2].asked, one[0], one[1]))
    return found[:BUSIEST]


def _news_of(session: Session, legs: Sequence[UUID], first: datetime, last: datetime) -> dict[UUID, int]:
    """How much the carrier itself said of each, asked or not; what staff reported is not its."""
    statement = (
        select(CarrierEvent.leg_id, func.count())
        .where(col(CarrierEvent.leg_id).in_(legs), col(CarrierEvent.person_id).is_(None))
        .where(col(CarrierEvent.heard_at) >= first, col(CarrierEvent.heard_at) < last)
        .group_by(col(CarrierEvent.leg_id))
    )
    return dict(session.exec(statement).all())
