"""Waits until a call's turn comes: for its place in the budget, unless the account is stopped or paused meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlmodel import Session

from shipments.database import Database
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.budgets import apart
from shipments.tracking.calls.moving import Placed, is_late, may_call, move_places
from shipments.transaction import perform, reading

LOOKS_AGAIN_AFTER = timedelta(seconds=1)  # in the meantime another worker may have been told to wait
MOST_MOVES = 5  # of a call that misses one place after the other, on a machine that is too busy for it
Clock = Callable[[], datetime]
Pause = Callable[[float], Awaitable[object]]


class Turns:
    """Waits for single calls (pages, tokens, subscriptions), and says how an account stands."""

    def __init__(self, database: Database, clock: Clock, pause: Pause = asyncio.sleep) -> None:
        self._database, self._clock, self._pause = database, clock, pause

    async def comes(self, account_id: UUID, placed: Placed, hushed: asyncio.Event | None = None) -> tuple[Placed, bool]:
        """The call with the place that it has at last, and whether it may be made now. `hushed` ends the waiting."""
        for _ in range(MOST_MOVES):
            wait = placed.at - self._clock()
            if wait > timedelta(0):
                await self.wait(wait.total_seconds(), hushed)
            if hushed is not None and hushed.is_set():
                return placed, False
            stands = await self.stands(account_id) if wait > LOOKS_AGAIN_AFTER else placed.apart
            if stands is None:
                return placed, False
            if stands <= placed.apart and not is_late(self._clock() - placed.at, stands):
                return placed, True
            moved = await asyncio.to_thread(self._move, account_id, placed)
            if moved is None:
                return placed, False
            placed = msgspec.structs.replace(placed, at=moved, apart=stands)
        return placed, False

    async def stands(self, account_id: UUID) -> timedelta | None:
        """How far the account's calls stand from each other by now; None: it is stopped or paused."""

        def look() -> timedelta | None:
            with reading(self._database, EVERYWHERE) as session:
                account = session.get_one(CarrierAccount, account_id)
                return apart(account) if may_call(account, self._clock()) else None

        return await asyncio.to_thread(look)

    async def wait(self, seconds: float, hushed: asyncio.Event | None = None) -> None:
        """So long, or until there is a hush."""
        waits = [asyncio.ensure_future(self._pause(seconds))]
        if hushed is not None:
            waits.append(asyncio.ensure_future(hushed.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    def _move(self, account_id: UUID, placed: Placed) -> datetime | None:
        def work(session: Session) -> datetime | None:
            return move_places(session, account_id, [placed], now=self._clock()).get(placed.call_id)

        return perform(self._database, EVERYWHERE, work, now=self._clock())
