"""One look for due legs: claim, ask outside any transaction, record. Any number of processes may do it at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlmodel import Session

from shipments import journal
from shipments.clock import utc_now
from shipments.database import Database
from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, CarrierUnreadable
from shipments.journal import Noted
from shipments.notices.alerting import queue_stopped, queue_unknown
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.account import CarrierAccount
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account
from shipments.tracking.carriers.asking import ask
from shipments.tracking.carriers.connecting import Client, open_client
from shipments.tracking.claiming import Claim, claim_due, may_call, reserve_call
from shipments.tracking.recording import Recorded, Result, record
from shipments.transaction import perform, reading

LOOKS_AGAIN_AFTER_S = 1.0  # in the meantime another worker may have been told to wait
LATE = timedelta(milliseconds=100)
MATTERS = timedelta(milliseconds=5)  # with a budget above 200 a second, being late matters less than a transaction
log = logging.getLogger(__name__)
T = TypeVar("T")


class Round(msgspec.Struct):
    """What one look came to."""

    asked: int = 0
    new_events: int = 0
    failed: int = 0
    late: int = 0


class Poller:
    """Keeps one client open for each carrier account, for as long as the process runs."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._clients: dict[Account, Client] = {}
        self._stopping = False

    async def round(self) -> Round:
        """Claims and asks until nothing is due, or until it is told to stop: then what was asked is still recorded."""
        total = Round()
        while not self._stopping and (claims := await self._claim()):
            hushed = {claim.account.id: asyncio.Event() for claim in claims}
            results = await asyncio.gather(*(self._result(claim, hushed[claim.account.id]) for claim in claims))
            recorded = await self._record(results)
            total.asked += sum(one.outcome is not None for one in results)
            total.new_events += recorded.new
            total.failed += sum(isinstance(one.outcome, CarrierError) for one in results)
            total.late += recorded.late
            if len(claims) < self._settings.poll_batch:
                break
        if total.asked:
            log.info("polled: %s", msgspec.structs.asdict(total))
        return total

    def stop(self) -> None:
        """Nothing more is claimed."""
        self._stopping = True

    async def close(self) -> None:
        """Closes the clients."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _claim(self) -> Sequence[Claim]:
        lease = timedelta(seconds=self._settings.lease_s)

        def work(session: Session) -> Sequence[Claim]:
            # The clock is read once the transaction has begun: waiting for it uses up no budget.
            return claim_due(
                session, self._settings.ring, most=self._settings.poll_batch, lease=lease, now=self._clock()
            )

        return await self._in_transaction(work, self._clock())

    async def _result(self, claim: Claim, hushed: asyncio.Event) -> Result:
        try:
            if not await self._turn_came(claim, hushed):
                return Result(claim, None)
            answer = await ask(
                self._client(claim.account),
                CARRIERS[claim.carrier],
                claim.account,
                claim.leg,
                since=claim.since,
                heard_at=self._clock(),
                permit=self._permit(claim.account.id),
            )
            return Result(claim, answer)
        except (CarrierOverQuota, CarrierRefused) as error:
            hushed.set()  # whoever still waits for their turn with this account must not call now
            return Result(claim, error)
        except CarrierError as error:
            return Result(claim, error)
        except Exception as error:  # whatever an answer makes go wrong costs this leg this poll, and no other
            log.exception("a leg's poll failed in a way that was not foreseen")
            return Result(claim, CarrierUnreadable(f"The answer could not be read: {type(error).__name__}."))

    async def _turn_came(self, claim: Claim, hushed: asyncio.Event) -> bool:
        """Waits for the claim's place in the budget; False where the account was paused or stopped meanwhile."""
        wait = (claim.call_at - self._clock()).total_seconds()
        if wait > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(hushed.wait(), wait)
        if hushed.is_set():
            return False
        if wait > LOOKS_AGAIN_AFTER_S and not await asyncio.to_thread(self._may_call, claim.account.id):
            return False
        late = self._clock() - claim.call_at
        if late > LATE and claim.apart > MATTERS:
            # Its moment has passed, and calls that make up for lost time come in a burst.
            await self._permit(claim.account.id)()
        return True

    def _may_call(self, account_id: UUID) -> bool:
        with reading(self._database, EVERYWHERE) as session:
            return may_call(session, account_id, now=self._clock())

    async def _record(self, results: Sequence[Result]) -> Recorded:
        now = self._clock()

        def work(session: Session) -> Recorded:
            recorded = record(session, results, pace=self._settings.carrier_pace, now=now)
            queue_unknown(session, recorded.unknown, now=now)
            queue_stopped(session, recorded.stopped, now=now)
            if recorded.new:
                journal.note(session, Noted(now, "carrier.hear", "carrier", "poll", details={"events": recorded.new}))
            return recorded

        return await self._in_transaction(work, now)

    def _permit(self, account_id: UUID) -> Callable[[], Awaitable[bool]]:
        """Further pages take their place in the account's budget like any call."""

        async def permit() -> bool:
            def work(session: Session) -> datetime:
                account = session.get_one(CarrierAccount, account_id, with_for_update=True)
                return reserve_call(account, now=self._clock())

            await self._wait_until(await self._in_transaction(work, self._clock()))
            return True

        return permit

    async def _wait_until(self, at: datetime) -> None:
        wait = (at - self._clock()).total_seconds()
        if wait > 0:
            await asyncio.sleep(wait)

    def _client(self, account: Account) -> Client:
        if account not in self._clients:
            self._clients[account] = open_client(account)
        return self._clients[account]

    async def _in_transaction(self, work: Callable[[Session], T], now: datetime) -> T:
        return await asyncio.to_thread(perform, self._database, EVERYWHERE, work, now=now)
