"""Makes claimed calls, each at its place in the budget, and stops as soon as the carrier wants no more of them."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlmodel import Session

from jobs.tokens import Tokens
from shipments.database import Database
from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, CarrierUnreadable
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.budgets import Reserved, reserve
from shipments.tracking.calls.call import CallKind
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account, AsksMany
from shipments.tracking.carriers.asking import Said, ask, ask_many
from shipments.tracking.carriers.connecting import CONNECTIONS, Client, open_client
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.polling.claiming import Claim, may_call, move_claims
from shipments.tracking.polling.result import Result
from shipments.transaction import perform, reading

LOOKS_AGAIN_AFTER = timedelta(seconds=1)  # in the meantime another worker may have been told to wait
LATE = timedelta(milliseconds=100)
MATTERS = timedelta(milliseconds=5)  # with a budget above 200 a second, being late matters less than a transaction
MATTERS_ALWAYS = timedelta(seconds=5)  # beyond a reset it would be another day's call
SOON = timedelta(milliseconds=1)
log = logging.getLogger(__name__)
T = TypeVar("T")
Clock = Callable[[], datetime]
Pause = Callable[[float], Awaitable[object]]


class Caller:
    """Keeps one client open for each account and address, for as long as the process runs."""

    def __init__(self, database: Database, tokens: Tokens, clock: Clock, pause: Pause = asyncio.sleep) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._pause = pause
        self._clients: dict[tuple[UUID, str, bool], Client] = {}
        self._stopping = False
        self._sequences: set[_Sequence] = set()

    def client(self, account: Account) -> Client:
        """Its own; a renewed secret goes over the same line."""
        key = (account.id, account.base_url, account.allow_private)
        if key not in self._clients:
            self._clients[key] = open_client(account)
        return self._clients[key]

    async def close(self) -> None:
        """Closes the clients."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def stop(self) -> None:
        """What waits for its turn is not asked about any more, now and from now on."""
        self._stopping = True
        for sequence in self._sequences:
            sequence.hushed.set()

    async def call(self, claims: Sequence[Claim]) -> list[Result]:
        """All of one account, in the order of their places. Never raises for what a carrier does."""
        if self._stopping or not claims[0].account.secret:
            return [self._unasked(claim) for claim in claims]
        sequence = _Sequence(self._clock, claims)
        self._sequences.add(sequence)
        try:
            return await self._call(sequence)
        finally:
            self._sequences.discard(sequence)

    async def _call(self, sequence: "_Sequence") -> list[Result]:
        under_way: list[asyncio.Task[Result]] = []
        while sequence.left and await self._turn_comes(sequence):
            claim = sequence.left.popleft()
            under_way.append(asyncio.create_task(self._ask(claim, sequence)))
        return [
            *map(self._unasked, sequence.left),
            *map(self._unasked, sequence.lost),
            *await asyncio.gather(*under_way),
        ]

    async def _turn_comes(self, sequence: "_Sequence") -> bool:
        """Waits for the place of the next call; False: the account was paused or stopped meanwhile, or none is left."""
        while sequence.left:
            await sequence.free.acquire()
            wait = sequence.until_next()
            if (
                wait <= SOON
                and not sequence.is_late(wait)
                and not sequence.looks_again()
                and not sequence.hushed.is_set()
            ):
                return True
            sequence.free.release()
            if wait > SOON:
                await self._wait(wait.total_seconds(), sequence.hushed)
            if sequence.hushed.is_set() or (sequence.looks_again() and not await self._may_call(sequence)):
                return False
            if sequence.is_late(sequence.until_next()):
                await self._move(sequence)
        return False

    async def _wait(self, seconds: float, hushed: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._pause(seconds)), asyncio.ensure_future(hushed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _may_call(self, sequence: "_Sequence") -> bool:
        def look() -> bool:
            with reading(self._database, EVERYWHERE) as session:
                return may_call(session, sequence.account.id, now=self._clock())

        sequence.has_looked()
        return await asyncio.to_thread(look)

    async def _move(self, sequence: "_Sequence") -> None:
        """Places that have passed are exchanged for new ones, all at once."""
        late, account_id = list(sequence.left), sequence.account.id
        moved = await self._in_transaction(lambda s: move_claims(s, account_id, late, now=self._clock()))
        sequence.left.clear()
        for claim in late:
            at = moved.get(claim.call_id)
            if at is None:
                sequence.lost.append(claim)
            else:
                sequence.left.append(msgspec.structs.replace(claim, call_at=at))

    async def _ask(self, claim: Claim, sequence: "_Sequence") -> Result:
        wires: list[Wire] = []
        pages: list[Reserved] = []
        heard_at, spoilt = self._clock(), False
        outcome: dict[UUID, Said] | CarrierError
        try:
            outcome = await self._said(claim, heard_at, wires, pages)
        except CarrierError as error:
            outcome = error
            if isinstance(error, CarrierOverQuota | CarrierRefused):
                sequence.hushed.set()  # whoever still waits for their turn with this account must not call now
            if isinstance(error, CarrierRefused) and claim.by_token:
                await self._tokens.spoil(claim.account.id, claim.account.secret)
                spoilt = True
        except Exception as error:  # whatever an answer makes go wrong costs this call, and no other
            log.error("a call failed in a way that was not foreseen: %s", type(error).__name__)
            outcome = CarrierUnreadable(f"The answer could not be read: {type(error).__name__}.")
        finally:
            sequence.free.release()
        return Result(claim=claim, outcome=outcome, heard_at=heard_at, wires=wires, pages=pages, spoilt=spoilt)

    async def _said(
        self, claim: Claim, heard_at: datetime, wires: list[Wire], pages: list[Reserved]
    ) -> dict[UUID, Said]:
        account, client, carrier = claim.account, self.client(claim.account), CARRIERS[claim.account.carrier]
        if len(claim.legs) > 1:
            assert isinstance(carrier, AsksMany)
            asked = [leg.asked for leg in claim.legs]
            answers = await ask_many(client, carrier, account, asked, heard_at=heard_at, wires=wires)
            return {leg.leg_id: Said(answers[leg.asked.reference]) for leg in claim.legs}
        (leg,) = claim.legs
        said = await ask(
            client,
            carrier,
            account,
            leg.asked,
            since=leg.since,
            heard_at=heard_at,
            known=leg.answer_digest,
            permit=lambda: self._permit(account.id, leg.leg_id, pages),
            wires=wires,
        )
        return {leg.leg_id: said}

    async def _permit(self, account_id: UUID, leg_id: UUID, pages: list[Reserved]) -> bool:
        """Further pages take their place in the account's budget like any call; False where its day is spent."""

        def work(session: Session) -> Reserved | None:
            account = session.get_one(CarrierAccount, account_id, with_for_update=True, populate_existing=True)
            return reserve(session, account, CallKind.PAGE, [(leg_id, None)], now=self._clock())

        place = await self._in_transaction(work)
        if place is None:
            return False
        pages.append(place)
        wait = (place.at - self._clock()).total_seconds()
        if wait > 0:
            await self._pause(wait)
        return True

    def _unasked(self, claim: Claim) -> Result:
        return Result(claim=claim, outcome=None, heard_at=self._clock())

    async def _in_transaction(self, work: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(perform, self._database, EVERYWHERE, work, now=self._clock())


class _Sequence:
    """The calls of one account that are still to be made, `left`; `lost` are those that have no place any more.

    The time is the clock's, and goes on where the clock stands still.
    """

    def __init__(self, clock: Clock, claims: Sequence[Claim]) -> None:
        self.left = deque(claims)
        self.lost: list[Claim] = []
        self.account = claims[0].account
        self.hushed = asyncio.Event()
        self.free = asyncio.Semaphore(CONNECTIONS)
        self._clock = clock
        self._loop_time = asyncio.get_running_loop().time
        self._begun, self._begun_loop = clock(), self._loop_time()
        self._looked_at = self._now()

    def _now(self) -> datetime:
        return max(self._clock(), self._begun + timedelta(seconds=self._loop_time() - self._begun_loop))

    def until_next(self) -> timedelta:
        return self.left[0].call_at - self._now()

    def is_late(self, wait: timedelta) -> bool:
        """Calls that make up for lost time come in a burst."""
        return -wait > MATTERS_ALWAYS or (-wait > LATE and self.left[0].apart > MATTERS)

    def looks_again(self) -> bool:
        return self._now() - self._looked_at > LOOKS_AGAIN_AFTER

    def has_looked(self) -> None:
        self._looked_at = self._now()
