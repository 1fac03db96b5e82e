"""One look for due legs: claim, ask outside any transaction, record. Any number of processes may do it at once.

Each account is served by itself, so that a slow one holds no other back.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session

from jobs.blaming import blame_and_tell
from jobs.calling import Caller
from jobs.clocks import clock_fits
from jobs.tokens import Tokens
from jobs.turns import Pause
from shipments import journal
from shipments.clock import utc_now
from shipments.database import Database
from shipments.errors import CarrierError, CarrierUnreadable
from shipments.journal import Noted
from shipments.notices.alerting import queue_stopped, queue_unknown
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.carriers.answers import Account
from shipments.tracking.polling.claiming import Claim, claim_due, due_accounts
from shipments.tracking.polling.filling import Lease
from shipments.tracking.polling.recording import Recorded, record
from shipments.tracking.polling.result import Result
from shipments.transaction import perform, reading

log = logging.getLogger(__name__)
T = TypeVar("T")


class Round(msgspec.Struct):
    """What one look came to, in legs."""

    asked: int = 0
    new_events: int = 0
    failed: int = 0
    late: int = 0


class Poller:
    """Asks about what is due. `pause`: how it waits, for clocks that are not the real one."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Callable[[], datetime] = utc_now,
        *,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._tokens = Tokens(database, settings, clock)
        self._caller = Caller(database, self._tokens, clock, pause)
        self._stopping = False
        self._served: set[UUID] = set()

    async def round(self) -> Round:
        """Claims and asks until nothing is due, or until it is told to stop: then what was asked is still recorded.

        May begin while others of this poller last: what they serve is left to them, so that a slow account's calls,
        five seconds apart, make no other account wait.
        """
        total = Round()
        accounts = [one for one in await asyncio.to_thread(self._due_accounts) if one.id not in self._served]
        self._served |= {one.id for one in accounts}
        ended = await asyncio.gather(*(self._serve(account, total) for account in accounts), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        if total.asked:
            log.info("polled: %s", msgspec.structs.asdict(total))
        return total

    def stop(self) -> None:
        """Nothing more is claimed, and calls that still wait for their turn are not made."""
        self._stopping = True
        self._caller.stop()

    async def close(self) -> None:
        """Closes the clients."""
        await self._caller.close()

    def _due_accounts(self) -> list[Account]:
        with reading(self._database, EVERYWHERE) as session:
            return due_accounts(session, now=self._clock())

    async def _serve(self, account: Account, total: Round) -> None:
        try:
            await self._ask_and_record(account, total)
        finally:
            self._served.discard(account.id)

    async def _ask_and_record(self, account: Account, total: Round) -> None:
        """One account. While one batch is recorded the next is asked about, unless the first met with trouble.

        Not on SQLite: its driver hands the interpreter back at each row, and gets it again only when the other thread
        pauses, so that both together take longer than one after the other.
        """
        begun, claims = self._clock(), await self._claim(account)
        recording: asyncio.Task[None] | None = None
        while claims:
            results = await self._caller.call(claims)
            if recording is not None:
                await recording
            more, begun = self._may_be_more(claims, begun), self._clock()
            if self._database.local or any(map(_concerns_the_account, results)):
                await self._record(results, total)
                spoilt = any(one.spoilt for one in results)
                claims, recording = await self._claim(account) if more or spoilt else [], None
            else:
                claims = await self._claim(account) if more else []
                recording = asyncio.create_task(self._record(results, total))
        if recording is not None:
            await recording

    def _may_be_more(self, claims: Sequence[Claim], begun: datetime) -> bool:
        """Whether as much was claimed as fits: into a batch, or into the part of the lease that calls may begin in."""
        last = max(claims, key=lambda claim: claim.call_at)
        filled = last.call_at + 2 * last.apart >= begun + timedelta(seconds=self._settings.lease_s) / 4
        return filled or sum(len(claim.legs) for claim in claims) >= self._settings.poll_batch

    async def _claim(self, account: Account) -> Sequence[Claim]:
        fits = await asyncio.to_thread(clock_fits, self._database, self._clock)
        if self._stopping or not fits or not await self._has_secret(account):
            return []
        lease = Lease(self._settings.poll_batch, timedelta(seconds=self._settings.lease_s), self._settings.carrier_pace)

        def work(session: Session) -> Sequence[Claim]:
            # The clock is read once the transaction has begun: waiting for it uses up no budget.
            return claim_due(session, self._settings.ring, account.id, lease, now=self._clock())

        return await self._in_transaction(work, self._clock())

    async def _has_secret(self, account: Account) -> bool:
        """Before anything is claimed: what waits for a token would miss its place."""
        try:
            return bool((await self._tokens.fresh(account.id, self._caller.client(account))).secret)
        except CarrierError as error:
            await self._blame(account.id, error)
            return False

    async def _blame(self, account_id: UUID, error: CarrierError) -> None:
        now, pace = self._clock(), self._settings.carrier_pace

        def work(session: Session) -> None:
            blame_and_tell(session, account_id, error, pace=pace, now=now)

        await self._in_transaction(work, now)

    async def _record(self, results: Sequence[Result], total: Round) -> None:
        try:
            self._count(total, results, await self._recorded(results))
        except (IntegrityError, DataError, ValueError) as error:
            # Something that was said cannot be kept. Alone it costs its own leg; nothing of it was written.
            log.error("an answer cannot be recorded: %s", type(error).__name__)
            if len(results) > 1:
                for one in results:
                    await self._record([one], total)
            elif isinstance(results[0].outcome, CarrierError):
                raise
            else:
                unreadable = CarrierUnreadable(f"The answer could not be recorded: {type(error).__name__}.")
                await self._record([msgspec.structs.replace(results[0], outcome=unreadable)], total)

    async def _recorded(self, results: Sequence[Result]) -> Recorded:
        now = self._clock()
        return await self._in_transaction(partial(self._write, results=results, now=now), now)

    def _write(self, session: Session, *, results: Sequence[Result], now: datetime) -> Recorded:
        recorded = record(session, results, pace=self._settings.carrier_pace, now=now)
        queue_unknown(session, recorded.unknown, now=now)
        queue_stopped(session, recorded.stopped, now=now)
        if recorded.new:
            journal.note(session, Noted(now, "carrier.hear", "carrier", "poll", details={"events": recorded.new}))
        return recorded

    def _count(self, total: Round, results: Sequence[Result], recorded: Recorded) -> None:
        for one in results:
            total.asked += len(one.claim.legs) if one.outcome is not None else 0
            total.failed += len(one.errors)
        total.new_events += recorded.new
        total.late += recorded.late

    async def _in_transaction(self, work: Callable[[Session], T], now: datetime) -> T:
        return await asyncio.to_thread(perform, self._database, EVERYWHERE, work, now=now)


def _concerns_the_account(result: Result) -> bool:
    """Whether it may be paused or stopped by this: then nothing more is claimed before that is known."""
    return not result.is_answered and not isinstance(result.error, CarrierUnreadable)
