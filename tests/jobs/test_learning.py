"""Lanes are learned once a day, by whichever process looks first."""

import asyncio

import pytest

from jobs import learning
from jobs.learning import Learner
from jobs.timetable import timetable
from shipments.settings import Settings
from tests.story.journey import Journey
from tests.tracking.travelling import lanes, take_back_arrival, travelled


def test_two_learners_at_once_write_each_lane_once(each_journey: Journey) -> None:
    journey = each_journey
    for number in range(12):
        travelled(journey, 20, 21, 22, to_place=f"GN{chr(65 + number)}AA")
    learners = [Learner(journey.database, lambda: journey.now) for _ in range(2)]

    async def both() -> list[int]:
        return await asyncio.gather(*(one.round() for one in learners))

    assert max(asyncio.run(both())) == 12
    assert len(lanes(journey)) == 12
    assert asyncio.run(learners[0].round()) == 0


def test_the_boxes_of_a_lane_hear_of_it_some_at_a_time_and_what_was_left_undone_is_done_next(
    each_journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = each_journey
    boxes, _, _ = journey.sent(5)
    planned = journey.the_box(boxes[0]).expected_to
    travelled(journey, 30, 40, 50, carrier="by_hand")
    monkeypatch.setattr(learning, "BOXES_AT_A_TIME", 2)
    learner, tell = Learner(journey.database, lambda: journey.now), Learner._tell

    def waiting() -> int:
        return sum(journey.the_box(box).expected_to == planned for box in boxes)

    with monkeypatch.context() as killed:
        killed.setattr(Learner, "_tell", lambda one: tell(one) and False)
        asyncio.run(learner.round())
        assert waiting() == 3
    asyncio.run(learner.round())
    assert (waiting(), journey.differences()) == (0, [])


def test_a_lane_that_is_known_no_more_is_told_to_its_boxes_too(
    each_journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = each_journey
    boxes, _, _ = journey.sent(3)
    planned = journey.the_box(boxes[0]).expected_to
    legs = travelled(journey, 30, 40, 50, carrier="by_hand")
    monkeypatch.setattr(learning, "BOXES_AT_A_TIME", 1)
    learner = Learner(journey.database, lambda: journey.now)
    asyncio.run(learner.round())
    assert planned not in {journey.the_box(box).expected_to for box in boxes}
    take_back_arrival(journey, legs[0])
    asyncio.run(learner.round())
    assert {journey.the_box(box).expected_to for box in boxes} == {planned}
    assert journey.differences() == []


def test_the_timetable_learns_by_itself(journey: Journey, settings: Settings) -> None:
    travelled(journey, 20, 21, 22)

    async def run() -> None:
        async with timetable(journey.database, settings, lambda: journey.now), asyncio.timeout(20):
            while not await asyncio.to_thread(lanes, journey):
                await asyncio.sleep(0.02)

    asyncio.run(run())
    (lane,) = lanes(journey).values()
    assert lane.journeys == 3
