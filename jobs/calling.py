"""Makes claimed calls, each at its place in the budget, and stops as soon as the carrier wants no more of them."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from jobs.tokens import Tokens
from jobs.turns import LOOKS_AGAIN_AFTER, Clock, Pause, Turns
from shipments.database import Database
from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, CarrierUnreadable, Unavailable
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.locking import locked_account
from shipments.tracking.calls.budgets import Reserved, apart, reserve
from shipments.tracking.calls.call import CallKind
from shipments.tracking.calls.moving import Placed, is_late, may_call, move_places
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account, Answer, AsksMany, Unanswered
from shipments.tracking.carriers.asking import Said, ask, ask_many
from shipments.tracking.carriers.connecting import CONNECTIONS, Client, open_client
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.polling.claiming import Claim
from shipments.tracking.polling.result import Result
from shipments.transaction import perform

SOON = timedelta(milliseconds=1)
OURS = (Unavailable, SQLAlchemyError)  # our own database is busy or away: that costs no answer and blames no carrier
log = logging.getLogger(__name__)


class Caller:
    """Keeps one client open for each account and address, for as long as the process runs."""

    def __init__(self, database: Database, tokens: Tokens, clock: Clock, pause: Pause = asyncio.sleep) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._turns = Turns(database, clock, pause)
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
        try:
            while sequence.left and await self._turn_comes(sequence):
                claim = sequence.left.popleft()
                under_way.append(asyncio.create_task(self._ask(claim, sequence)))
        except OURS as error:
            log.error("calls are put off, since the database could not be asked: %s", type(error).__name__)
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
                await self._turns.wait(wait.total_seconds(), sequence.hushed)
            if sequence.hushed.is_set() or (sequence.looks_again() and not await self._goes_on(sequence)):
                return False
            if sequence.left and sequence.is_late(sequence.until_next()):
                await self._move(sequence)
        return False

    async def _goes_on(self, sequence: "_Sequence") -> bool:
        """Places that stand nearer to each other than the account allows by now are exchanged too."""
        sequence.has_looked()
        stands = await self._turns.stands(sequence.account.id)
        if stands is not None and stands > sequence.apart:
            sequence.apart = stands
            await self._move(sequence)
        return stands is not None

    async def _move(self, sequence: "_Sequence") -> None:
        """All places are exchanged for new ones at once."""
        late = list(sequence.left)
        placed, account_id = [claim.placed for claim in late], sequence.account.id

        def work(session: Session) -> dict[UUID, datetime]:
            return move_places(session, account_id, placed, now=self._clock())

        moved = await asyncio.to_thread(perform, self._database, EVERYWHERE, work, now=self._clock())
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
        outcome: dict[UUID, Said | Unanswered] | CarrierError
        try:
            outcome = await self._said(claim, sequence, heard_at, wires, pages)
        except CarrierError as error:
            outcome = error
            if isinstance(error, CarrierOverQuota | CarrierRefused):
                sequence.hushed.set()  # whoever still waits for their turn with this account must not call now
            if isinstance(error, CarrierRefused) and claim.by_token:
                spoilt = await self._spoilt(claim)
        except Exception as error:  # whatever an answer makes go wrong costs this call, and no other
            log.error("a call failed in a way that was not foreseen: %s", type(error).__name__)
            outcome = CarrierUnreadable(f"The answer could not be read: {type(error).__name__}.")
        finally:
            sequence.free.release()
        return Result(claim=claim, outcome=outcome, heard_at=heard_at, wires=wires, pages=pages, spoilt=spoilt)

    async def _spoilt(self, claim: Claim) -> bool:
        """Where that cannot be written now, the same token is refused once more, and spoilt then."""
        try:
            await self._tokens.spoil(claim.account.id, claim.account.secret)
        except OURS as error:
            log.error("a refused token could not be taken out of use: %s", type(error).__name__)
        return True

    async def _said(
        self, claim: Claim, sequence: "_Sequence", heard_at: datetime, wires: list[Wire], pages: list[Reserved]
    ) -> dict[UUID, Said | Unanswered]:
        account, client, carrier = claim.account, self.client(claim.account), CARRIERS[claim.account.carrier]
        if len(claim.legs) > 1:
            assert isinstance(carrier, AsksMany)
            asked = [leg.asked for leg in claim.legs]
            answers = await ask_many(client, carrier, account, asked, heard_at=heard_at, wires=wires)
            said = {leg.leg_id: answers[leg.asked.reference] for leg in claim.legs}
            return {leg: Said(one) if isinstance(one, Answer) else one for leg, one in said.items()}
        (leg,) = claim.legs
        only = await ask(
            client,
            carrier,
            account,
            leg.asked,
            since=leg.since,
            heard_at=heard_at,
            known=leg.answer_digest,
            permit=lambda: self._permit(claim, sequence, pages),
            wires=wires,
        )
        return {leg.leg_id: only}

    async def _permit(self, claim: Claim, sequence: "_Sequence", pages: list[Reserved]) -> bool:
        """Further pages take their place in the account's budget like any call, and wait for their turn.

        False where its day is spent, it was paused or stopped meanwhile, or our database cannot be asked: then what has
        been read is kept, and the rest asked for again.
        """
        try:
            placed = None if sequence.hushed.is_set() else await asyncio.to_thread(self._page_placed, claim)
            if placed is None:
                return False
            pages.append(Reserved(placed.call_id, placed.at))
            placed, comes = await self._turns.comes(claim.account.id, placed, sequence.hushed)
            pages[-1] = Reserved(placed.call_id, placed.at)
            return comes
        except OURS as error:
            log.error("further pages are put off, since the database could not be asked: %s", type(error).__name__)
            return False

    def _page_placed(self, claim: Claim) -> Placed | None:
        legs = [leg.leg_id for leg in claim.legs]

        def work(session: Session) -> Placed | None:
            account = locked_account(session, claim.account.id)
            now = self._clock()
            if not may_call(account, now):
                return None
            reserved = reserve(session, account, CallKind.PAGE, [(leg, None) for leg in legs], now=now)
            return Placed(reserved.call_id, reserved.at, legs, apart(account), claim.until) if reserved else None

        return perform(self._database, EVERYWHERE, work, now=self._clock())

    def _unasked(self, claim: Claim) -> Result:
        return Result(claim=claim, outcome=None, heard_at=self._clock())


class _Sequence:
    """The calls of one account that are still to be made, `left`; `lost` are those that have no place any more.

    `apart`: how far from each other they must stand. The time is the clock's, and goes on where that stands still.
    """

    def __init__(self, clock: Clock, claims: Sequence[Claim]) -> None:
        self.left = deque(claims)
        self.lost: list[Claim] = []
        self.account, self.apart = claims[0].account, claims[0].apart
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
        return is_late(-wait, self.apart)

    def looks_again(self) -> bool:
        return self._now() - self._looked_at > LOOKS_AGAIN_AFTER

    def has_looked(self) -> None:
        self._looked_at = self._now()
