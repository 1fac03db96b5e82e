"""One look for legs that carriers shall tell us of by themselves: asked for, renewed before it ends, ended."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlmodel import Session

from jobs.blaming import blame_and_tell
from jobs.calling import Caller
from jobs.clocks import clock_fits
from jobs.tokens import Tokens
from jobs.turns import Turns
from shipments.clock import utc_now
from shipments.database import Database
from shipments.errors import CarrierError, CarrierRefused, CarrierUnavailable, CarrierUnreadable
from shipments.notices.alerting import queue_stopped
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.logins import unopened
from shipments.tracking.carriers.answers import Account
from shipments.tracking.carriers.connecting import Client
from shipments.tracking.carriers.fetching import Wire, fetch
from shipments.tracking.carriers.pushing import GRANTED_STATUSES, Subscribed
from shipments.tracking.pushes.entering import Lacking, accounts_with_errands, enter_subscriptions, lacking
from shipments.tracking.pushes.errand import Came, Errand
from shipments.tracking.pushes.subscribing import come_back, give_up, set_out
from shipments.transaction import perform, reading

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST_A_ROUND = 50


class Asked(msgspec.Struct):
    """What one look came to: calls made, and those of them that failed."""

    calls: int = 0
    failed: int = 0


class Subscriber:
    """Any number of processes may have one: a call is made by whoever claims it first."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._tokens = Tokens(database, settings, clock)
        self._caller = Caller(database, self._tokens, clock)
        self._lease = timedelta(seconds=settings.lease_s)
        self._turns, self._hushed = Turns(database, clock), asyncio.Event()

    async def round(self) -> Asked:
        """Makes the calls that are due, of each account one after the other, up to MOST_A_ROUND."""
        now, total = self._clock(), Asked()
        if not await asyncio.to_thread(clock_fits, self._database, self._clock):
            return total
        found = await asyncio.to_thread(self._lacking, now)
        if not found.is_nothing:
            await self._in_transaction(partial(enter_subscriptions, found=found, now=now), now)
        accounts = await asyncio.to_thread(self._with_errands, now)
        asking = (self._ask_all(account_id, total) for account_id in accounts)
        for ended in await asyncio.gather(*asking, return_exceptions=True):
            if isinstance(ended, BaseException):  # whatever it is, it costs one account one round
                log.error("an account's subscriptions failed: %s", type(ended).__name__)
        if total.calls:
            log.info("subscriptions: %s", msgspec.structs.asdict(total))
        return total

    def stop(self) -> None:
        """No further call is begun."""
        self._hushed.set()

    async def close(self) -> None:
        """Closes the clients."""
        await self._caller.close()

    async def _ask_all(self, account_id: UUID, total: Asked) -> None:
        for _ in range(MOST_A_ROUND):
            if self._hushed.is_set():
                return
            try:
                client = self._caller.client(await asyncio.to_thread(self._look, account_id))
                account = await self._fresh(account_id, client)
                errand = await self._in_transaction(partial(self._set_out, account_id=account_id), self._clock())
            except CarrierError as error:
                log.warning("no subscriptions were asked for: %s", error)
                return
            if errand is None or not await self._run(client, account, errand, total):
                return

    def _lacking(self, now: datetime) -> Lacking:
        with reading(self._database, EVERYWHERE) as session:
            return lacking(session, base_url=self._settings.base_url, now=now)

    def _with_errands(self, now: datetime) -> Sequence[UUID]:
        with reading(self._database, EVERYWHERE) as session:
            return accounts_with_errands(session, base_url=self._settings.base_url, now=now)

    def _look(self, account_id: UUID) -> Account:
        with reading(self._database, EVERYWHERE) as session:
            return unopened(session.get_one(CarrierAccount, account_id))

    async def _fresh(self, account_id: UUID, client: Client) -> Account:
        try:
            return await self._tokens.fresh(account_id, client)
        except CarrierError as error:
            now, pace = self._clock(), self._settings.carrier_pace
            blame = partial(blame_and_tell, account_id=account_id, error=error, pace=pace, now=now)
            await self._in_transaction(blame, now)
            raise

    def _set_out(self, session: Session, *, account_id: UUID) -> Errand | None:
        """The clock is read once the transaction has begun: waiting for it uses up no place."""
        ring, base_url = self._settings.ring, self._settings.base_url
        return set_out(session, ring, account_id, base_url=base_url, lease=self._lease, now=self._clock())

    async def _run(self, client: Client, account: Account, errand: Errand, total: Asked) -> bool:
        """Whether the account may be asked for more."""
        placed, comes = await self._turns.comes(errand.account_id, errand.placed, self._hushed)
        errand, now = msgspec.structs.replace(errand, placed=placed), self._clock()
        if not comes:
            await self._in_transaction(partial(give_up, errand=errand, now=now), now)
            return False
        wire = Wire()
        came = await self._call(client, account, errand, wire)
        if isinstance(came, CarrierRefused):
            await self._tokens.spoil(account.id, account.secret)
        await self._in_transaction(partial(self._come_back, errand=errand, came=came, wire=wire), self._clock())
        total.calls += 1
        total.failed += isinstance(came, CarrierError)
        # Else it would say the same of the others; an answer that cannot be read costs its own legs.
        return not isinstance(came, CarrierError) or isinstance(came, CarrierUnreadable)

    def _come_back(self, session: Session, *, errand: Errand, came: Came, wire: Wire) -> None:
        now = self._clock()
        stopped = come_back(session, errand, came, wire, pace=self._settings.carrier_pace, now=now)
        queue_stopped(session, [stopped] if stopped else [], now=now)

    async def _call(self, client: Client, account: Account, errand: Errand, wire: Wire) -> Came:
        carrier = errand.carrier
        try:
            async with asyncio.timeout(carrier.usual.deadline_s):
                return await self._answer(client, account, errand, wire)
        except TimeoutError:
            return CarrierUnavailable(f"{carrier.known_as} did not answer within {carrier.usual.deadline_s:g} seconds.")
        except CarrierError as error:
            return error
        except Exception as error:  # whatever an answer makes go wrong costs these legs this call, and no other
            log.error("a subscription failed in a way that was not foreseen: %s", type(error).__name__)
            return CarrierUnreadable(f"The answer could not be read: {type(error).__name__}.")

    async def _answer(self, client: Client, account: Account, errand: Errand, wire: Wire) -> Came:
        carrier, legs = errand.carrier, list(errand.legs.values())
        if errand.hook is not None:
            call = carrier.request_to_subscribe(legs, account, errand.hook, key=errand.key)
        else:
            ending = carrier.request_to_end(account, key=errand.key or "")
            if ending is None:
                return dict[str, Subscribed]()
            call = ending
        succeeds = GRANTED_STATUSES if errand.hook is None else carrier.subscribed_statuses
        over_quota, now = carrier.usual.over_quota, self._clock()
        fetched = await fetch(client, account, call, heard_at=now, wire=wire, succeeds=succeeds, over_quota=over_quota)
        if not fetched.found:
            if errand.key is not None:
                return None
            raise CarrierUnreadable(f"{carrier.name} knows no subscriptions at the account's address (404).")
        return {} if errand.hook is None else carrier.read_subscribed(fetched.body, legs, key=errand.key)

    async def _in_transaction(self, work: Callable[[Session], T], now: datetime) -> T:
        return await asyncio.to_thread(perform, self._database, EVERYWHERE, work, now=now)
