"""A claim is a lease with a fence: a dead worker's legs come back, and one that wakes late writes nothing."""

import functools

import msgspec

from shipments.errors import CarrierUnavailable
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.carriers.answers import Answer, ReadEvent
from shipments.tracking.carriers.asking import Said
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.milestones import Milestone
from shipments.tracking.polling.claiming import Claim
from shipments.tracking.polling.recording import record
from shipments.tracking.polling.result import Result
from tests.builders import NOON
from tests.jobs.fleet import Fleet
from tests.jobs.polled import LEASE

STRAY = ReadEvent(
    id="heard too late",
    occurred_at=NOON,
    occurred_as_written="2026-03-02T12:00:00Z",
    tz_known=True,
    classifier="ACT",
    milestone=Milestone.DELIVERED,
    event="reported",
    reason=None,
    raw_code="EQUIPMENT/DROP",
    raw_text="",
    place=None,
    unlocode=None,
    created_at=NOON,
)


def result(claim: Claim, outcome: Answer | CarrierUnavailable | None) -> Result:
    """What a worker brings back."""
    said = {claim.legs[0].leg_id: Said(outcome)} if isinstance(outcome, Answer) else outcome
    wires = [] if outcome is None else [Wire(200, 10, 5)]
    return Result(claim=claim, outcome=said, heard_at=claim.call_at, wires=wires)


def test_a_claimed_leg_is_nobody_elses_until_its_lease_ends(each_fleet: Fleet) -> None:
    each_fleet.sail(3)
    assert len(each_fleet.claim()) == 3
    assert each_fleet.claim() == []
    each_fleet.journey.now += LEASE
    assert [one.legs[0].fence for one in each_fleet.claim()] == [2, 2, 2]


def test_the_legs_of_a_worker_that_died_are_asked_about_when_its_lease_ends(each_fleet: Fleet) -> None:
    each_fleet.sail(2)
    each_fleet.claim()
    assert each_fleet.poll()[0].asked == 0
    each_fleet.journey.now += LEASE
    assert each_fleet.poll()[0].asked == 2


def test_a_lease_holder_that_wakes_late_writes_nothing(each_fleet: Fleet) -> None:
    (leg,) = each_fleet.sail()
    (slow,) = each_fleet.claim()
    journey = each_fleet.journey
    journey.now += LEASE
    each_fleet.poll()
    before, watch = journey.events(leg), journey.watch(leg).model_dump()
    for outcome in (Answer(found=True, events=(STRAY,)), CarrierUnavailable("too late"), None):
        late = [result(slow, outcome)]
        recorded = journey.do(functools.partial(record, results=late, pace=1.0, now=journey.now), EVERYWHERE)
        assert (recorded.new, recorded.late) == (0, 1)
    assert len(journey.events(leg)) == len(before)
    assert journey.watch(leg).model_dump() == watch
    assert each_fleet.the_account().failures == 0


def test_one_late_result_does_not_hold_back_the_others(fleet: Fleet) -> None:
    fleet.sail(2)
    slow, other = fleet.claim()
    lost = msgspec.structs.replace(slow.legs[0], fence=slow.legs[0].fence - 1)
    stale = msgspec.structs.replace(slow, legs=(lost,))
    results = [result(one, Answer(found=True)) for one in (stale, other)]
    recorded = fleet.journey.do(lambda s: record(s, results, pace=1.0, now=fleet.journey.now), EVERYWHERE)
    assert recorded.late == 1
    assert fleet.journey.watch(other.legs[0].leg_id).asked_at == fleet.journey.now
    assert fleet.journey.watch(slow.legs[0].leg_id).asked_at is None


def test_a_batch_that_leaves_wakes_its_legs(fleet: Fleet) -> None:
    journey = fleet.journey
    box = journey.box()
    batch = journey.batch(box)
    leg = journey.leg(batch, carrier="dcsa", reference="PRB7654321")
    assert journey.watch(leg).due_at is None
    assert fleet.poll()[0].asked == 0
    journey.dispatch(batch)
    assert journey.watch(leg).due_at == journey.now
    late = journey.leg(batch, carrier="dcsa", reference="PRB7654322")
    assert journey.watch(late).due_at == journey.now
