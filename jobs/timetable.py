"""What runs when. APScheduler keeps it in memory: what is due stands in the database, so a missed run loses nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlmodel import Session

from jobs.hearing import Hearer
from jobs.learning import Learner
from jobs.polling import Poller
from jobs.sending import Sender
from jobs.subscribing import Subscriber
from shipments.clock import utc_now
from shipments.database import Database
from shipments.kept_answers import forget_old
from shipments.notices.delivering import forget_old as forget_old_deliveries
from shipments.notices.queueing import queue_by_clock
from shipments.offices.guessing import forget_old as forget_old_guesses
from shipments.offices.scope import EVERYWHERE
from shipments.offices.signing_in import forget_ended
from shipments.settings import Settings
from shipments.tracking.calls.ledger import forget_old as forget_old_calls
from shipments.tracking.pushes.inbox import forget_old as forget_old_pushes
from shipments.tracking.pushes.inbox import wake_parked
from shipments.transaction import perform

log = logging.getLogger(__name__)
SEND_EVERY_S = 15.0
HEAR_EVERY_S = 3.0
SUBSCRIBE_EVERY_S = 60.0
TIDY_EVERY_S = 3_600.0
LEARN_EVERY_S = 86_400.0
LOOKS_AT_ONCE = 1_000
PATIENCE_S = 25.0  # a call has 20 seconds in all


@asynccontextmanager
async def timetable(
    database: Database, settings: Settings, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[AsyncIOScheduler]:
    """Runs the jobs until the block ends, then waits up to PATIENCE_S for what is under way to be recorded."""
    poller, sender = Poller(database, settings, clock), Sender(database, settings, clock)
    hearer, subscriber = Hearer(database, settings, clock), Subscriber(database, settings, clock)
    scheduler = AsyncIOScheduler(
        timezone="UTC",
        job_defaults={
            "coalesce": True,
            "max_instances": LOOKS_AT_ONCE,  # what must not overlap is held back by `kept`, and that is no warning
            # A late run is still wanted: with a number here it would be dropped with a mere warning.
            "misfire_grace_time": None,
        },
    )

    async def by_clock() -> None:
        now = clock()
        await asyncio.to_thread(perform, database, EVERYWHERE, lambda s: queue_by_clock(s, now=now), now=now)

    async def housekeeping() -> None:
        now = clock()
        await asyncio.to_thread(perform, database, EVERYWHERE, lambda s: tidy(s, settings, now=now), now=now)

    every = max(1.0, 60.0 / settings.carrier_pace)
    under_way: set[asyncio.Future[object]] = set()

    def kept(job: Callable[[], Awaitable[object]], *, overlaps: bool) -> Callable[[], Awaitable[None]]:
        """APScheduler cancels what runs when it stops: so it only starts a task of ours, and waits shielded.

        While the last run of a job that does not overlap is under way, the next one is passed over without a word.
        """
        last: asyncio.Future[object] | None = None

        async def run() -> None:
            nonlocal last
            if last is not None and not last.done() and not overlaps:
                return
            last = task = asyncio.ensure_future(job())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            with suppress(asyncio.CancelledError):
                await asyncio.shield(task)

        return run

    hurried = min(1.0, every / 60.0)  # the demo's carriers tell within seconds too
    now = utc_now()
    for job, seconds in (
        (poller.round, settings.poll_every_s),
        (sender.round, SEND_EVERY_S),
        (hearer.round, max(1.0, HEAR_EVERY_S * hurried)),
        (subscriber.round, SUBSCRIBE_EVERY_S * hurried),
        (by_clock, every),
        (housekeeping, TIDY_EVERY_S),
        (Learner(database, clock).round, max(60.0, LEARN_EVERY_S / settings.carrier_pace)),
    ):
        # A look for due legs lasts as long as its slowest account, which the looks after it pass by.
        run = kept(job, overlaps=job == poller.round)
        scheduler.add_job(run, "interval", seconds=seconds, id=job.__qualname__, next_run_time=now)
    scheduler.start()
    try:
        yield scheduler
    finally:
        poller.stop()
        hearer.stop()
        subscriber.stop()
        scheduler.shutdown(wait=False)
        if under_way:
            await asyncio.wait(under_way, timeout=PATIENCE_S)
        await poller.close()
        await subscriber.close()
        await sender.close()


def tidy(session: Session, settings: Settings, *, now: datetime) -> None:
    """Forgets answers and sign-ins that nobody can ask for any more, and messages that are long over."""
    answers = forget_old(session, now=now)
    sign_ins = forget_ended(session, now=now, absolute=timedelta(hours=settings.session_hours))
    forget_old_guesses(session, now=now)
    messages = forget_old_deliveries(session, now=now)
    forget_old_pushes(session, now=now)
    forget_old_calls(session, now=now)
    wake_parked(session)
    log.info("forgot %d kept answers, %d ended sign-ins and %d messages", answers, sign_ins, messages)
