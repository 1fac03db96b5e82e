"""Lanes are learned once a day, by whichever process looks first."""

import asyncio

from jobs.learning import Learner
from jobs.timetable import timetable
from shipments.settings import Settings
from tests.story.journey import Journey
from tests.tracking.travelling import lanes, travelled


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


def test_the_timetable_learns_by_itself(journey: Journey, settings: Settings) -> None:
    travelled(journey, 20, 21, 22)

    async def run() -> None:
        async with timetable(journey.database, settings, lambda: journey.now), asyncio.timeout(20):
            while not await asyncio.to_thread(lanes, journey):
                await asyncio.sleep(0.02)

    asyncio.run(run())
    (lane,) = lanes(journey).values()
    assert lane.journeys == 3
