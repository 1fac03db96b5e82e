"""A worker: the timetable in a process of its own."""

import asyncio
import logging
import signal

from jobs.polling import Poller, Round
from jobs.sending import Posted, Sender
from jobs.timetable import timetable
from shipments.database import Database
from shipments.settings import Settings


def work(database: Database, settings: Settings) -> None:
    """Until SIGTERM or SIGINT; legs that are being asked about come back when their lease ends."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # at INFO it writes a line for each look of each job
    asyncio.run(_until_stopped(database, settings))


def poll_once(database: Database, settings: Settings) -> Round:
    """One look for due legs."""

    async def run() -> Round:
        poller = Poller(database, settings)
        try:
            return await poller.round()
        finally:
            await poller.close()

    return asyncio.run(run())


def send_once(database: Database, settings: Settings) -> Posted:
    """One look for messages that wait."""

    async def run() -> Posted:
        sender = Sender(database, settings)
        try:
            return await sender.round()
        finally:
            await sender.close()

    return asyncio.run(run())


async def _until_stopped(database: Database, settings: Settings) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with timetable(database, settings):
        await stopped.wait()
