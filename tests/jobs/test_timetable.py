"""Jobs run again and again: looks for due legs side by side, all others one after the other, without a word."""

import asyncio
import logging

import pytest

from jobs import timetable
from jobs.polling import Poller
from jobs.subscribing import Subscriber
from shipments.settings import Settings
from tests.story.journey import Journey


@pytest.mark.parametrize(("job", "at_once"), [(Subscriber, 1), (Poller, 3)])
def test_a_run_that_lasts_is_waited_for_or_passed_by_and_neither_is_a_warning(
    journey: Journey,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    job: type[Subscriber] | type[Poller],
    at_once: int,
) -> None:
    begun = 0
    enough, done = asyncio.Event(), asyncio.Event()

    async def lasts(_: object) -> None:
        nonlocal begun
        begun += 1
        if begun >= at_once:
            enough.set()
        await done.wait()

    monkeypatch.setattr(job, "round", lasts)
    monkeypatch.setattr(timetable, "SUBSCRIBE_EVERY_S", 0.02)
    chosen = settings.model_copy(update={"poll_every_s": 0.02})

    async def run() -> tuple[int, int]:
        async with timetable.timetable(journey.database, chosen, lambda: journey.now), asyncio.timeout(20):
            await enough.wait()
            await asyncio.sleep(0.2)
            before = begun
            done.set()
            while begun == before:
                await asyncio.sleep(0.01)
            return before, begun

    with caplog.at_level(logging.WARNING):
        before, after = asyncio.run(run())
    assert (before == 1) == (at_once == 1)
    assert after > before >= at_once
    assert [one.getMessage() for one in caplog.records if "apscheduler" in one.name] == []
