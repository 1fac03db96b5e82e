"""Progress as a pure function of facts: any order and any repetition of the same facts gives the same progress.

Overdue and silent depend on the clock, so what is derived is *when* they begin; readers compare with now.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from shipments.boxes.box import Happened, Stage
from shipments.boxes.latest import ENDS, last_end, latest, uncorrected
from shipments.progress.carrier_news import CarrierNews, Contradiction, news_of
from shipments.progress.contradicting import contradictions_of, ended_after, left_of
from shipments.progress.facts import Arrival, BoxFacts, Deed
from shipments.progress.holding import Hold
from shipments.receipts.receipt import Condition
from shipments.receipts.standing import standing_receipt

TRAVELS = frozenset({Stage.ON_THE_WAY, Stage.IN_THE_COUNTRY})


_LONGEST_DAY = timedelta(hours=36)  # from midnight in UTC to the end of that day in the westernmost zone


class BoxException(StrEnum):
    """What is wrong with a box, beside its stage; any number at once."""

    OVERDUE = "overdue"
    SILENT = "silent"
    HELD = "held"
    DAMAGED = "damaged"
    SHORT = "short"
    DISPUTED = "disputed"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


class Progress(msgspec.Struct, frozen=True):
    """Where a box is, what is wrong, when it is expected. `heard_at`: our newest fact. Times are aware UTC."""

    stage: Stage
    exceptions: frozenset[BoxException] = frozenset()
    contradictions: frozenset[Contradiction] = frozenset()
    holds: frozenset[Hold] = frozenset()
    expected_from: datetime | None = None
    expected_to: datetime | None = None
    overdue_after: datetime | None = None
    silent_after: datetime | None = None
    heard_at: datetime | None = None

    def exceptions_at(self, now: datetime) -> frozenset[BoxException]:
        """Together with those that began by the clock alone."""
        return self.exceptions | exceptions_by_clock(self.overdue_after, self.silent_after, now)


def exceptions_by_clock(
    overdue_after: datetime | None, silent_after: datetime | None, now: datetime
) -> frozenset[BoxException]:
    """Overdue and silent as of `now`."""
    began = ((BoxException.OVERDUE, overdue_after), (BoxException.SILENT, silent_after))
    return frozenset(word for word, after in began if after is not None and now > after)


def progress_of(facts: BoxFacts) -> Progress:
    """All of it, from the facts of one box."""
    return _progress(facts, news_of(facts))


def progress_of_each(facts: Mapping[UUID, BoxFacts]) -> Iterator[tuple[UUID, Progress]]:
    """Of many boxes. Those that travel together hold the same legs and words: these are understood once for all."""
    understood: dict[tuple[int, int, datetime | None, bool], CarrierNews] = {}
    for box, one in facts.items():
        way = (id(one.legs), id(one.said), one.dispatched_at, bool(one.receipts))
        if way not in understood:
            understood[way] = news_of(one)
        yield box, _progress(one, understood[way])


def _progress(facts: BoxFacts, carrier: CarrierNews) -> Progress:
    deeds = uncorrected(facts.deeds)
    receipts = uncorrected(facts.receipts)
    stage = _stage(facts, deeds, receipts, carrier)
    contradictions = carrier.contradictions | contradictions_of(facts, deeds, receipts)
    expected = carrier.expected if stage in TRAVELS | {Stage.WAITING} else None
    return Progress(
        stage=stage,
        exceptions=_exceptions(facts, deeds, receipts, carrier, stage, contradictions),
        contradictions=contradictions,
        holds=carrier.holds if stage in TRAVELS else frozenset(),
        expected_from=expected[0] if expected else None,
        expected_to=expected[1] if expected else None,
        overdue_after=_end_of_day(expected[1]) if expected and stage in TRAVELS else None,
        silent_after=carrier.silent_after if stage in TRAVELS else None,
        heard_at=_heard_at(facts),
    )


def _end_of_day(at: datetime) -> datetime:
    """Dates are told as days: until the last one ends everywhere, nothing is late."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + _LONGEST_DAY


def _stage(facts: BoxFacts, deeds: Sequence[Deed], receipts: Sequence[Arrival], carrier: CarrierNews) -> Stage:
    if _is_handed_over(facts, receipts):
        return Stage.HANDED_OVER
    ended = last_end(deeds)
    if receipts and not ended_after(ended, receipts):
        return Stage.READY if any(map(_is_ready, receipts)) else Stage.AT_THE_OFFICE
    if ended:
        return ENDS[ended.happened]
    if facts.dispatched_at:
        return Stage.IN_THE_COUNTRY if carrier.in_the_country else Stage.ON_THE_WAY
    sealed = latest(deeds, {Happened.SEALED, Happened.REOPENED})
    if sealed is None or sealed.happened == Happened.REOPENED:
        return Stage.REGISTERED
    return Stage.WAITING if facts.in_batch else Stage.PACKED


def _is_handed_over(facts: BoxFacts, receipts: Sequence[Arrival]) -> bool:
    taken = any(not passing.refused for passing in facts.handovers)
    return taken and all(left <= 0 for left in left_of(facts, receipts).values())


def _is_ready(receipt: Arrival) -> bool:
    return receipt.counted or receipt.condition == Condition.GOOD


def _exceptions(
    facts: BoxFacts,
    deeds: Sequence[Deed],
    receipts: Sequence[Arrival],
    carrier: CarrierNews,
    stage: Stage,
    contradictions: frozenset[Contradiction],
) -> frozenset[BoxException]:
    standing = standing_receipt(receipts)
    contact = latest(deeds, {Happened.UNREACHABLE, Happened.REACHED})
    passing = max(facts.handovers, key=lambda one: (one.at, one.id), default=None)
    waiting = stage in (Stage.AT_THE_OFFICE, Stage.READY)
    found = {
        BoxException.HELD: bool(carrier.holds) and stage in TRAVELS,
        BoxException.DAMAGED: _is_damaged(standing) if standing else carrier.damaged,
        BoxException.SHORT: standing is not None and standing.missing > 0,
        BoxException.DISPUTED: bool(contradictions),
        BoxException.UNREACHABLE: waiting and contact is not None and contact.happened == Happened.UNREACHABLE,
        BoxException.REFUSED: waiting and passing is not None and passing.refused,
    }
    return frozenset(word for word, holds in found.items() if holds)


def _is_damaged(receipt: Arrival) -> bool:
    return receipt.damaged > 0 or (receipt.condition == Condition.DAMAGED and not receipt.counted)


def _heard_at(facts: BoxFacts) -> datetime:
    heard = [facts.registered_at]
    heard += [deed.heard_at for deed in facts.deeds]
    heard += [said.heard_at for said in facts.said]
    heard += [receipt.heard_at for receipt in facts.receipts]
    heard += [handover.heard_at for handover in facts.handovers]
    return max(heard + ([facts.dispatch_heard_at] if facts.dispatch_heard_at else []))
