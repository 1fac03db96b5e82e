"""What carriers' words mean for a box: arrived in the country or not, held, expected when, quiet until when."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from shipments.batches.batch import Mode
from shipments.boxes.latest import uncorrected
from shipments.progress.expecting import Range, expected_along, in_order, onward
from shipments.progress.facts import BoxFacts, Said, Stretch
from shipments.progress.holding import Hold, holds_of
from shipments.progress.ordering import order
from shipments.tracking.event import Classifier
from shipments.tracking.milestones import ARRIVED as ARRIVED
from shipments.tracking.milestones import AT_ITS_END, Milestone, Reason

BEFORE_ITS_END = frozenset(
    {Milestone.ACCEPTED, Milestone.IN_TRANSIT, Milestone.RETURNING, Milestone.RETURNED}  # bookings are confirmed late
)
BEFORE_DELIVERY = frozenset(  # what is waited for at a counter may still be brought; what was delivered may not
    {Milestone.ARRIVED_DESTINATION, Milestone.OUT_FOR_DELIVERY, Milestone.ATTEMPT_FAILED}
)

# How long a mode usually stays quiet; and, where the lane's own history says how long, how much longer is silence,
# and between which bounds that is believed. Our own judgement, in days.
QUIET_DAYS = {Mode.SEA: 10, Mode.AIR: 2, Mode.ROAD: 3, Mode.RAIL: 5, Mode.COURIER: 2}
SILENT_AFTER = 1.5
QUIET_BOUNDS = {Mode.SEA: (4, 25), Mode.AIR: (1, 6), Mode.ROAD: (1, 9), Mode.RAIL: (2, 15), Mode.COURIER: (1, 6)}


class Contradiction(StrEnum):
    """Facts that cannot all be true. Shown, not believed and not ignored."""

    CARRIER_FELL_BACK = "carrier_fell_back"
    CARRIER_SAYS_LOST = "carrier_says_lost"
    CARRIER_SAYS_RETURNED = "carrier_says_returned"
    CARRIER_SAYS_RETURNING = "carrier_says_returning"
    HANDED_OVER_BEFORE_RECEIPT = "handed_over_before_receipt"
    HANDED_OVER_MORE_THAN_GOOD = "handed_over_more_than_good"
    RECEIPTS_DIFFER = "receipts_differ"
    RECEIVED_AFTER_END = "received_after_end"
    RECEIVED_BEFORE_DISPATCH = "received_before_dispatch"
    SEAL_DIFFERS = "seal_differs"
    SURPLUS = "surplus"


CARRIERS_OWN = frozenset(
    {
        Contradiction.CARRIER_FELL_BACK,
        Contradiction.CARRIER_SAYS_LOST,
        Contradiction.CARRIER_SAYS_RETURNED,
        Contradiction.CARRIER_SAYS_RETURNING,
    }
)
"""Of a leg, and so of every box that travels on it."""


class CarrierNews(msgspec.Struct, frozen=True):
    """Only what happened (ACT) moves a box; estimates and plans feed `expected`. `holds`: those that last."""

    in_the_country: bool = False
    holds: frozenset[Hold] = frozenset()
    damaged: bool = False
    contradictions: frozenset[Contradiction] = frozenset()
    expected: Range | None = None
    silent_after: datetime | None = None


def news_of(facts: BoxFacts) -> CarrierNews:
    """From all that carriers said of the legs of a box."""
    if not facts.legs:
        return CarrierNews(silent_after=_quiet_until(facts, timedelta(days=QUIET_DAYS[Mode.SEA])))
    legs = in_order(facts.legs)
    last = legs[-1]
    said = sorted(uncorrected(facts.said), key=order)
    actual = [one for one in said if one.classifier == Classifier.ACT and one.milestone]
    expected = expected_along(legs, said, facts.dispatched_at)
    return CarrierNews(
        in_the_country=any(one.leg_id == last.id and one.milestone in ARRIVED for one in actual),
        holds=holds_of(legs, said),
        damaged=any(one.reason == Reason.DAMAGED for one in actual),
        contradictions=_contradictions(facts, actual),
        expected=onward(last, expected.get(last.id)),
        silent_after=_quiet_until(facts, _usual_quiet(_travelled(legs, actual))),
    )


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
        elif Milestone.RETURNING in milestones:
            found.add(Contradiction.CARRIER_SAYS_RETURNING)
    return frozenset(found)


def _fell_back(said: list[Said]) -> bool:
    """Whether a leg goes on after its end. A time without a zone cannot be said to come after another."""
    placed = [one for one in said if one.occurred_at is not None]
    reached: set[Milestone | None] = set()
    for one in placed:
        if one.milestone in BEFORE_ITS_END and reached & AT_ITS_END:
            return True
        if one.milestone in BEFORE_DELIVERY and Milestone.DELIVERED in reached:
            return True
        reached.add(one.milestone)
    return False


def _travelled(legs: Sequence[Stretch], actual: Sequence[Said]) -> Stretch:
    """The furthest leg of which something happened, else the first: it says how long quiet is usual."""
    begun = {one.leg_id for one in actual if one.milestone != Milestone.INFO_RECEIVED}
    return next((leg for leg in reversed(legs) if leg.id in begun), legs[0])


def _usual_quiet(leg: Stretch) -> timedelta:
    if not leg.quiet_s:
        return timedelta(days=QUIET_DAYS[leg.mode])
    least, most = (timedelta(days=days) for days in QUIET_BOUNDS[leg.mode])
    return min(max(timedelta(seconds=leg.quiet_s) * SILENT_AFTER, least), most)


def _quiet_until(facts: BoxFacts, usual: timedelta) -> datetime | None:
    if facts.dispatched_at is None:
        return None
    return max([facts.dispatched_at, *(one.heard_at for one in facts.said)]) + usual
