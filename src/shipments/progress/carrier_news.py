"""What carriers' words mean for a box: arrived in the country or not, held, expected when, quiet until when."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from shipments.batches.batch import Mode
from shipments.progress.facts import BoxFacts, Said, Stretch
from shipments.tracking.carriers.believing import ARRIVALS, EARLIEST
from shipments.tracking.event import Classifier
from shipments.tracking.milestones import LIFTS, RANK, Milestone, Reason

Range = tuple[datetime, datetime]

ARRIVED = frozenset(
    {
        Milestone.ARRIVED_DESTINATION,
        Milestone.AVAILABLE_FOR_PICKUP,
        Milestone.OUT_FOR_DELIVERY,
        Milestone.ATTEMPT_FAILED,
        Milestone.DELIVERED,
    }
)
AT_ITS_END = frozenset({Milestone.AVAILABLE_FOR_PICKUP, Milestone.DELIVERED})
BEFORE_ITS_END = frozenset(
    {Milestone.ACCEPTED, Milestone.IN_TRANSIT, Milestone.RETURNING, Milestone.RETURNED}  # bookings are confirmed late
)
PASSING_TROUBLE = frozenset({Reason.DELAY, Reason.WEATHER, Reason.DAMAGED, Reason.MISSING})

# From the last port to the office, in days: least and most; and how much wider while only a plan is known.
# Our own judgement for a small installation without history of its lanes.
ONWARD_DAYS = {Mode.SEA: (2, 14), Mode.AIR: (1, 5), Mode.ROAD: (0, 3), Mode.RAIL: (1, 7), Mode.COURIER: (0, 2)}
PLAN_DAYS = {Mode.SEA: 7, Mode.AIR: 2, Mode.ROAD: 2, Mode.RAIL: 3, Mode.COURIER: 1}
QUIET_DAYS = {Mode.SEA: 10, Mode.AIR: 2, Mode.ROAD: 3, Mode.RAIL: 5, Mode.COURIER: 2}


class Contradiction(StrEnum):
    """Facts that cannot all be true. Shown, not believed and not ignored."""

    CARRIER_FELL_BACK = "carrier_fell_back"
    CARRIER_SAYS_LOST = "carrier_says_lost"
    CARRIER_SAYS_RETURNED = "carrier_says_returned"
    HANDED_OVER_BEFORE_RECEIPT = "handed_over_before_receipt"
    HANDED_OVER_MORE_THAN_GOOD = "handed_over_more_than_good"
    RECEIPTS_DIFFER = "receipts_differ"
    RECEIVED_AFTER_END = "received_after_end"
    RECEIVED_BEFORE_DISPATCH = "received_before_dispatch"
    SEAL_DIFFERS = "seal_differs"
    SURPLUS = "surplus"


class CarrierNews(msgspec.Struct, frozen=True):
    """Only what happened (ACT) moves a box; estimates and plans feed `expected`."""

    in_the_country: bool = False
    held: bool = False
    damaged: bool = False
    contradictions: frozenset[Contradiction] = frozenset()
    expected: Range | None = None
    silent_after: datetime | None = None


def news_of(facts: BoxFacts) -> CarrierNews:
    """From all that carriers said of the legs of a box."""
    if not facts.legs:
        return CarrierNews(silent_after=_quiet_until(facts, Mode.SEA))
    last = max(facts.legs, key=lambda leg: (leg.position, leg.id))
    corrected = {said.corrects_id for said in facts.said}
    said = sorted({one.id: one for one in facts.said if one.id not in corrected}.values(), key=_order)
    actual = [one for one in said if one.classifier == Classifier.ACT and one.milestone]
    arrivals = [one for one in actual if one.leg_id == last.id and one.milestone in ARRIVED]
    return CarrierNews(
        in_the_country=bool(arrivals),
        held=any(_is_held([one for one in said if one.leg_id == leg.id]) for leg in facts.legs),
        damaged=any(one.reason == Reason.DAMAGED for one in actual),
        contradictions=_contradictions(facts, actual),
        expected=_expected(last, said, arrivals),
        silent_after=_quiet_until(facts, _travelled(facts.legs, actual).mode),
    )


def _order(said: Said) -> tuple[datetime, int, str]:
    """By time, then by rank, then by identity, so that ties never depend on the order of hearing."""
    rank = RANK[said.milestone] if said.milestone else -1
    return said.occurred_at or said.heard_at, rank, str(said.id)


def _is_held(said: list[Said]) -> bool:
    held: set[Reason | None] = set()  # None: an exception that says no reason
    for one in said:
        if one.classifier != Classifier.ACT:
            continue
        if one.milestone == Milestone.EXCEPTION:
            held |= {one.reason} - PASSING_TROUBLE
        elif one.milestone not in (None, Milestone.INFO_RECEIVED):
            held.clear()
        else:
            held -= LIFTS.get(one.event or "", frozenset())
    return bool(held)


def _contradictions(facts: BoxFacts, actual: list[Said]) -> frozenset[Contradiction]:
    found = set()
    if any(_fell_back([one for one in actual if one.leg_id == leg.id]) for leg in facts.legs):
        found.add(Contradiction.CARRIER_FELL_BACK)
    if not facts.receipts:
        milestones = {one.milestone for one in actual}
        if Milestone.LOST in milestones or any(one.reason == Reason.MISSING for one in actual):
            found.add(Contradiction.CARRIER_SAYS_LOST)
        if Milestone.RETURNED in milestones:
            found.add(Contradiction.CARRIER_SAYS_RETURNED)
    return frozenset(found)


def _fell_back(said: list[Said]) -> bool:
    """Whether a leg goes on after its end. A time without a zone cannot be said to come after another."""
    placed = [one for one in said if one.occurred_at is not None]
    ends = [index for index, one in enumerate(placed) if one.milestone in AT_ITS_END]
    return bool(ends) and any(one.milestone in BEFORE_ITS_END for one in placed[ends[0] + 1 :])


def _travelled(legs: tuple[Stretch, ...], actual: list[Said]) -> Stretch:
    """The furthest leg of which something happened, else the first: its mode says how long quiet is usual."""
    begun = {one.leg_id for one in actual if one.milestone != Milestone.INFO_RECEIVED}
    in_order = sorted(legs, key=lambda leg: (leg.position, leg.id))
    return next((leg for leg in reversed(in_order) if leg.id in begun), in_order[0])


def _expected(last: Stretch, said: list[Said], arrivals: list[Said]) -> Range | None:
    least, most = (timedelta(days=days) for days in ONWARD_DAYS[last.mode])
    if arrivals:
        at = min(one.occurred_at or one.heard_at for one in arrivals)
        return at + least, at + most
    newest = max((one for one in said if _is_estimate(one, last)), key=_newest, default=None)
    if newest is not None and newest.occurred_at is not None:
        return newest.occurred_at + least, newest.occurred_at + most
    if last.planned_arrival is None:
        return None
    spread = timedelta(days=PLAN_DAYS[last.mode])
    return last.planned_arrival + least, last.planned_arrival + most + spread


def _is_estimate(said: Said, last: Stretch) -> bool:
    there = said.leg_id == last.id and said.unlocode == last.to_place and said.event in ARRIVALS
    return there and said.classifier != Classifier.ACT and said.occurred_at is not None


def _newest(said: Said) -> tuple[bool, bool, datetime, datetime, str]:
    """An estimate before a plan, the ship before its discharge; then what the carrier wrote last; then identity."""
    estimated = said.classifier == Classifier.EST
    return estimated, said.event == "arrived", said.said_at or EARLIEST, said.occurred_at or EARLIEST, str(said.id)


def _quiet_until(facts: BoxFacts, mode: Mode) -> datetime | None:
    if facts.dispatched_at is None:
        return None
    return max([facts.dispatched_at, *(one.heard_at for one in facts.said)]) + timedelta(days=QUIET_DAYS[mode])
