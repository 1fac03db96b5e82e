"""When each leg arrives, as a range: from its carrier's estimate, else its lane's history, else the plan. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from shipments.batches.batch import Mode
from shipments.boxes.latest import uncorrected
from shipments.progress.facts import BoxFacts, Said, Stretch
from shipments.tracking.carriers.believing import ARRIVALS
from shipments.tracking.event import Classifier, moment_of
from shipments.tracking.milestones import ARRIVED, AT_ITS_END, MOVING, Milestone

Range = tuple[datetime, datetime]

# Our own judgement, in days: from the last port to the office, least and most; how much later than planned a leg may
# well arrive; and how long a stretch takes of which neither its carrier nor its lane nor a plan says anything.
ONWARD_DAYS = {Mode.SEA: (2, 14), Mode.AIR: (1, 5), Mode.ROAD: (0, 3), Mode.RAIL: (1, 7), Mode.COURIER: (0, 2)}
PLAN_DAYS = {Mode.SEA: 7, Mode.AIR: 2, Mode.ROAD: 2, Mode.RAIL: 3, Mode.COURIER: 1}
UNPLANNED_DAYS = {Mode.SEA: (7, 45), Mode.AIR: (1, 7), Mode.ROAD: (0, 7), Mode.RAIL: (1, 14), Mode.COURIER: (1, 10)}


class Source(StrEnum):
    """Where a range comes from, the best first. `carried`: from the leg before, since nothing is known of this one."""

    ARRIVED = "arrived"
    ESTIMATE = "estimate"
    HISTORY = "history"
    PLAN = "plan"
    CARRIED = "carried"


class LegExpected(msgspec.Struct, frozen=True):
    """When a leg arrives, or did. `journeys`: how many earlier ones its history is made of."""

    earliest: datetime
    latest: datetime
    source: Source
    journeys: int | None = None


def expected_of_legs(facts: BoxFacts) -> Mapping[UUID, LegExpected]:
    """Leg → when it arrives; a leg of which nothing is known is left out."""
    return expected_along(in_order(facts.legs), uncorrected(facts.said), facts.dispatched_at)


def in_order(legs: Iterable[Stretch]) -> list[Stretch]:
    """Each once, as they are travelled."""
    return sorted({leg.id: leg for leg in legs}.values(), key=lambda leg: (leg.position, leg.id))


def expected_along(
    legs: Sequence[Stretch], said: Sequence[Said], dispatched_at: datetime | None
) -> dict[UUID, LegExpected]:
    """The same, of legs in order and of what was said and not taken back.

    No leg leaves before the one before it arrives: where its own carrier gives no estimate, what is expected of the
    former leg moves its departure, and with that its history or its plan. Of what goes back to the sender nothing is
    expected any more.
    """
    expected: dict[UUID, LegExpected] = {}
    former: LegExpected | None = None
    for leg in legs:
        heard = [one for one in said if one.leg_id == leg.id]
        if any(map(_goes_back, heard)):
            break
        started = dispatched_at if leg is legs[0] else None
        former = (
            _at_the_door(leg, heard)
            or _arrived(leg, heard)
            or _estimated(leg, heard)
            or _worked_out(leg, heard, started, former)
        )
        if former is not None:
            expected[leg.id] = former
    return expected


def _goes_back(said: Said) -> bool:
    return said.classifier == Classifier.ACT and said.milestone in (Milestone.RETURNING, Milestone.RETURNED)


def onward(last: Stretch, expected: LegExpected | None) -> Range | None:
    """At the office, from when the last leg arrives."""
    if expected is None:
        return None
    least, most = ONWARD_DAYS[last.mode]
    return expected.earliest + timedelta(days=least), expected.latest + timedelta(days=most)


def _at_the_door(leg: Stretch, heard: Sequence[Said]) -> LegExpected | None:
    """Of a courier, who comes to a door: the country is not its end while a later delivery is announced there."""
    if leg.mode is not Mode.COURIER:
        return None
    ended = [moment_of(one) for one in heard if one.classifier == Classifier.ACT and one.milestone in AT_ITS_END]
    if ended:
        return LegExpected(min(ended), min(ended), Source.ARRIVED)
    announced, arrived = _estimated(leg, heard), _arrived(leg, heard)
    return announced if announced and arrived and announced.latest > arrived.latest else None


def _arrived(leg: Stretch, heard: Sequence[Said]) -> LegExpected | None:
    times = [moment_of(one) for one in heard if is_arrival(one, leg)]
    return LegExpected(min(times), min(times), Source.ARRIVED) if times else None


def is_arrival(said: Said, leg: Stretch) -> bool:
    """Whether it says that the leg came to its end. A ship's arrival anywhere else is no end."""
    if said.classifier != Classifier.ACT or said.milestone is None:
        return False
    return said.milestone in ARRIVED or (said.event in ARRIVALS and said.unlocode == leg.to_place)


def _estimated(leg: Stretch, heard: Sequence[Said]) -> LegExpected | None:
    newest = max((one for one in heard if _is_estimate(one, leg)), key=_newest, default=None)
    if newest is None:
        return None
    earliest, latest = newest.earliest or newest.occurred_at, newest.latest or newest.occurred_at
    assert earliest is not None
    assert latest is not None
    return LegExpected(earliest, latest, Source.ESTIMATE)


def _is_estimate(said: Said, leg: Stretch) -> bool:
    there = said.unlocode == leg.to_place and said.event in ARRIVALS and said.classifier != Classifier.ACT
    return there and (said.occurred_at is not None or (said.earliest is not None and said.latest is not None))


def _newest(said: Said) -> tuple[bool, bool, datetime, datetime, str]:
    """An estimate before a plan, the ship before its discharge; then what was written last; then identity."""
    estimated = said.classifier == Classifier.EST
    at = said.latest or said.occurred_at or said.heard_at
    return estimated, said.event == "arrived", said.said_at or said.heard_at, at, str(said.id)


def _worked_out(
    leg: Stretch, heard: Sequence[Said], started: datetime | None, former: LegExpected | None
) -> LegExpected | None:
    leaves = _leaves(leg, heard, started, former)
    if leaves and leg.journeys is not None and leg.least_s is not None and leg.most_s is not None:
        least, most = timedelta(seconds=leg.least_s), timedelta(seconds=leg.most_s)
        return LegExpected(leaves[0] + least, leaves[1] + most, Source.HISTORY, leg.journeys)
    if leg.planned_arrival is not None:
        return _planned(leg, leg.planned_arrival, leaves)
    if leaves and former:
        least, most = (timedelta(days=days) for days in UNPLANNED_DAYS[leg.mode])
        return LegExpected(leaves[0] + least, leaves[1] + most, Source.CARRIED)
    return None


def _leaves(leg: Stretch, heard: Sequence[Said], started: datetime | None, former: LegExpected | None) -> Range | None:
    """When it left; else when it may: not before its plan, nor before the batch left or the former leg arrived."""
    left = left_at(heard)
    if left is not None:
        return left, left
    known = (former.earliest, former.latest) if former else (started, started) if started else None
    planned = leg.planned_departure
    if planned is None:
        return known
    return (max(planned, known[0]), max(planned, known[1])) if known else (planned, planned)


def left_at(heard: Iterable[Said]) -> datetime | None:
    """The first thing that happened on a leg which means that it is moving."""
    moving = (one for one in heard if one.classifier == Classifier.ACT and one.milestone in MOVING)
    return min((one.occurred_at for one in moving if one.occurred_at), default=None)


def _planned(leg: Stretch, arrival: datetime, leaves: Range | None) -> LegExpected:
    """As planned or up to PLAN_DAYS later; whatever leaves later than planned takes as long as was planned."""
    earliest, latest = arrival, arrival + timedelta(days=PLAN_DAYS[leg.mode])
    if leaves is not None:
        takes = arrival - leg.planned_departure if leg.planned_departure else timedelta(0)
        earliest, latest = max(earliest, leaves[0] + takes), max(latest, leaves[1] + takes)
    return LegExpected(earliest, latest, Source.PLAN)
