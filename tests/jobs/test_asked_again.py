"""When nobody asks about a leg any more, and when somebody does again."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from jobs.polling import Poller, Round
from shipments.boxes.box import Happened, Stage
from shipments.boxes.ending import end
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.legs import Told, tell
from shipments.tracking.milestones import Milestone
from shipments.tracking.polling.due import WATCHED_AFTER_EARLY_END, WATCHED_AFTER_END, WHEN_ENDED_EARLY
from shipments.tracking.polling.watch import Urgency
from tests.jobs.fleet import Fleet
from tests.story.journey import Journey, at, days


def ends(journey: Journey, box: str, how: Happened) -> None:
    journey.do(
        lambda s: end(s, box, how=how, at=journey.now, reason="so they say", by=EVERYWHERE, now=journey.now), EVERYWHERE
    )


def two_boxes(fleet: Fleet) -> tuple[str, str, str, UUID]:
    """On their way together with one leg: their codes, their batch, its leg."""
    journey = fleet.journey
    journey.now = at(0)
    one, two = journey.box(), journey.box()
    batch = journey.batch(one, two)
    leg = journey.leg(batch, carrier="dcsa", reference="PRB0099999")
    journey.dispatch(batch)
    return one, two, batch, leg


def told(fleet: Fleet, leg: UUID, milestone: Milestone, corrects: UUID | None = None) -> UUID:
    journey = fleet.journey
    said = Told(occurred_at=journey.now, milestone=milestone, corrects=corrects)
    return journey.do(lambda s: tell(s, leg, said, by=EVERYWHERE, now=journey.now).id, EVERYWHERE)


def test_a_leg_is_asked_about_again_once_what_was_lost_is_found(each_fleet: Fleet) -> None:
    fleet, journey = each_fleet, each_fleet.journey
    one, two, batch, leg = two_boxes(fleet)
    fleet.poll()
    journey.now = at(31)
    journey.receive(journey.arrived(one))
    ends(journey, two, Happened.LOST)
    fleet.make_due()
    calls = len(fleet.practice.calls)
    fleet.poll()
    assert (journey.watch(leg).due_at, len(fleet.practice.calls)) == (None, calls), "all that is left has arrived"

    journey.now += timedelta(days=1)
    ends(journey, two, Happened.FOUND)
    assert journey.the_batch(batch).stage == Stage.ON_THE_WAY
    assert journey.watch(leg).due_at == journey.now
    fleet.poll()
    assert len(fleet.practice.calls) == calls + 1
    assert journey.differences() == []


def test_a_leg_that_ended_by_itself_is_not_asked_about_again_when_its_boxes_go_on(fleet: Fleet) -> None:
    journey = fleet.journey
    one, two, _, leg = two_boxes(fleet)
    told(fleet, leg, Milestone.DELIVERED)
    journey.receive(journey.arrived(one))
    ends(journey, two, Happened.LOST)
    fleet.make_due()
    fleet.poll()
    journey.now += WATCHED_AFTER_END + days(1)
    ends(journey, two, Happened.FOUND)
    assert journey.watch(leg).due_at is None


def test_an_end_that_was_taken_back_ends_nothing(fleet: Fleet) -> None:
    journey = fleet.journey
    (leg,) = fleet.sail(booked=False)
    wrong = told(fleet, leg, Milestone.RETURNED)
    told(fleet, leg, Milestone.IN_TRANSIT, corrects=wrong)
    journey.now += WATCHED_AFTER_END + days(1)
    fleet.make_due()
    fleet.poll()
    assert journey.watch(leg).due_at is not None


def test_a_leg_is_asked_about_again_once_its_end_is_taken_back(each_fleet: Fleet) -> None:
    fleet, journey = each_fleet, each_fleet.journey
    (leg,) = fleet.sail(booked=False)
    wrong = told(fleet, leg, Milestone.LOST)
    journey.now += WATCHED_AFTER_END + days(1)
    fleet.make_due()
    fleet.poll()
    assert journey.watch(leg).due_at is None
    told(fleet, leg, Milestone.IN_TRANSIT, corrects=wrong)
    assert journey.watch(leg).due_at == journey.now


@pytest.mark.parametrize("how", [Happened.LOST, Happened.DESTROYED, Happened.RETURNED])
def test_what_is_gone_is_asked_about_rarely_until_a_month_is_silent_and_then_never(fleet: Fleet, how: Happened) -> None:
    journey = fleet.journey
    (leg,) = fleet.sail(booked=False)
    ends(journey, fleet.box_of(leg), how)
    fleet.poll()
    watch = journey.watch(leg)
    assert (watch.wait_s, watch.urgency) == (WHEN_ENDED_EARLY.total_seconds(), Urgency.QUIET)

    journey.now += WATCHED_AFTER_EARLY_END
    told(fleet, leg, Milestone.RETURNING)
    journey.now += WATCHED_AFTER_EARLY_END - days(1)
    calls = len(fleet.practice.calls)
    fleet.poll()
    assert len(fleet.practice.calls) == calls + 1, "there was news within the month"
    journey.now += days(5)
    fleet.poll()
    assert (len(fleet.practice.calls), journey.watch(leg).due_at) == (calls + 1, None)


def test_the_trouble_of_a_leg_ends_with_the_next_good_answer_be_it_the_same_as_before(fleet: Fleet) -> None:
    journey = fleet.journey
    (leg,) = fleet.sail()
    for _ in range(2):
        fleet.poll()
        fleet.make_due()
    assert journey.watch(leg).answer_digest is not None
    fleet.practice.fault("broken", times=1)
    fleet.poll()
    assert journey.watch(leg).trouble is not None
    fleet.make_due()
    fleet.poll()
    assert journey.watch(leg).trouble is None


class Leaping:
    """A clock that leaps to wherever somebody waits for."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    async def pause(self, seconds: float) -> None:
        """Until then."""
        until = self.now + timedelta(seconds=seconds)
        await asyncio.sleep(0)
        self.now = max(self.now, until)


def test_a_round_goes_on_while_only_the_lease_limited_its_claim(fleet: Fleet) -> None:
    fleet.change_account(per_second=20.0)
    legs, clock = fleet.sail(60), Leaping(fleet.journey.now + timedelta(minutes=1))
    settings = fleet.settings.model_copy(update={"lease_s": 8.0})

    async def rounds() -> Round:
        poller = Poller(fleet.journey.database, settings, clock, pause=clock.pause)
        try:
            return await poller.round()
        finally:
            await poller.close()

    assert asyncio.run(rounds()).asked == len(legs)
