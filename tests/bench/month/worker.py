"""A worker of the simulated month: polls, and learns of lanes, by the shared time. It may be killed at any moment."""

import asyncio
import logging
import random
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from jobs.learning import Learner
from jobs.polling import Poller
from shipments.database import Database
from shipments.settings import Settings
from tests.bench.month.leaping import LeapingLoop, SharedTime, WorkerWaiting

DAY_S = 86_400.0
LATEST_START_S = 600.0
log = logging.getLogger(__name__)


def work(line: socket.socket, time_file: str, chosen: Mapping[str, object]) -> None:
    """Until SIGTERM, or for as long as it is let live. `line`: to the world; `chosen`: the settings."""
    logging.basicConfig(level="WARNING", format="worker: %(message)s")
    time, settings = SharedTime(Path(time_file)), Settings.model_validate(chosen)
    with asyncio.Runner(loop_factory=lambda: LeapingLoop(time, WorkerWaiting(time, line))) as runner:
        runner.run(_work(time, settings))


async def _work(time: SharedTime, settings: Settings) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    database = Database.at(settings.database_url)
    poller, learner = Poller(database, settings, time.now), Learner(database, time.now)
    under_way: set[asyncio.Task[object]] = set()
    every = [
        asyncio.create_task(_every(settings.poll_every_s, poller.round, under_way)),
        asyncio.create_task(_every(DAY_S, learner.round, under_way)),
    ]
    await stopped.wait()
    for one in every:
        one.cancel()
    poller.stop()
    await asyncio.gather(*every, *under_way, return_exceptions=True)
    await poller.close()
    database.close()


async def _every(seconds: float, job: Callable[[], Awaitable[object]], under_way: set[asyncio.Task[object]]) -> None:
    """Looks may overlap, as the timetable lets them. Workers that were not started together look by turns."""
    await asyncio.sleep(random.uniform(0, min(seconds, LATEST_START_S)))
    while True:
        task = asyncio.ensure_future(_told(job))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        await asyncio.sleep(seconds)


async def _told(job: Callable[[], Awaitable[object]]) -> None:
    try:
        await job()
    except Exception as error:  # as in life, where the timetable says so and runs the job again
        log.error("a job failed: %s: %s", type(error).__name__, error)
