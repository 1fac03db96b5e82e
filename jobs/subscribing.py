"""One look for legs that carriers shall tell us of by themselves: asked for, renewed before it ends, ended."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlmodel import Session

from jobs.tokens import Tokens
from shipments.clock import utc_now
from shipments.database import Database
from shipments.errors import CarrierError, CarrierRefused, CarrierUnavailable, CarrierUnreadable
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.logins import open_account
from shipments.tracking.carriers.answers import Account
from shipments.tracking.carriers.connecting import Client, open_client
from shipments.tracking.carriers.fetching import Wire, fetch
from shipments.tracking.carriers.pushing import Subscribed
from shipments.tracking.pushes.subscribing import Came, Errand, come_back, enter_subscriptions, set_out
from shipments.transaction import perform, reading

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST_A_ROUND = 50
SUCCEEDS = frozenset({200, 201, 202, 204})


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
        self._clients: dict[tuple[UUID, str], Client] = {}
        self._lease = timedelta(seconds=settings.lease_s)
        self._stopping = False

    async def round(self) -> Asked:
        """Makes the calls that are due, of each account one after the other, up to MOST_A_ROUND."""
        now, total = self._clock(), Asked()
        enter = partial(enter_subscriptions, base_url=self._settings.base_url, now=now)
        accounts = await self._in_transaction(enter, now)
        await asyncio.gather(*(self._ask_all(account_id, total) for account_id in accounts))
        if total.calls:
            log.info("subscriptions: %s", msgspec.structs.asdict(total))
        return total

    def stop(self) -> None:
        """No further call is begun."""
        self._stopping = True

    async def close(self) -> None:
        """Closes the clients."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _ask_all(self, account_id: UUID, total: Asked) -> None:
        for _ in range(MOST_A_ROUND):
            if self._stopping:
                return
            try:
                client = self._client(await asyncio.to_thread(self._look, account_id))
                account = await self._tokens.fresh(account_id, client)
            except CarrierError as error:
                log.warning("no subscriptions were asked for: %s", error)
                return
            now = self._clock()
            errand = await self._in_transaction(partial(self._set_out, account_id=account_id, now=now), now)
            if errand is None:
                return
            came = await self._run(client, account, errand)
            total.calls += 1
            total.failed += isinstance(came, CarrierError)
            if isinstance(came, CarrierError) and not isinstance(came, CarrierUnreadable):
                return  # it would say the same of the others; an answer that cannot be read costs its own legs

    def _look(self, account_id: UUID) -> Account:
        with reading(self._database, EVERYWHERE) as session:
            row = session.get_one(CarrierAccount, account_id)
            return open_account(self._settings.ring, row, now=self._clock())

    def _set_out(self, session: Session, *, account_id: UUID, now: datetime) -> Errand | None:
        ring, base_url = self._settings.ring, self._settings.base_url
        return set_out(session, ring, account_id, base_url=base_url, lease=self._lease, now=now)

    async def _run(self, client: Client, account: Account, errand: Errand) -> Came:
        await asyncio.sleep(max(0.0, (errand.at - self._clock()).total_seconds()))
        wire = Wire()
        came = await self._call(client, account, errand, wire)
        if isinstance(came, CarrierRefused):
            await self._tokens.spoil(account.id, account.secret)
        now = self._clock()
        back = partial(come_back, errand=errand, came=came, wire=wire, pace=self._settings.carrier_pace, now=now)
        await self._in_transaction(back, now)
        return came

    async def _call(self, client: Client, account: Account, errand: Errand, wire: Wire) -> Came:
        carrier = errand.carrier
        try:
            async with asyncio.timeout(carrier.usual.deadline_s):
                return await self._answer(client, account, errand, wire)
        except TimeoutError:
            return CarrierUnavailable(f"{carrier.name} did not answer within {carrier.usual.deadline_s:g} seconds.")
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
        fetched = await fetch(client, account, call, heard_at=self._clock(), wire=wire, succeeds=SUCCEEDS)
        if not fetched.found:
            if errand.key is not None:
                return None
            raise CarrierUnreadable(f"{carrier.name} knows no subscriptions at the account's address (404).")
        return {} if errand.hook is None else carrier.read_subscribed(fetched.body, legs, key=errand.key)

    def _client(self, account: Account) -> Client:
        line = (account.id, account.base_url)
        if line not in self._clients:
            self._clients[line] = open_client(account)
        return self._clients[line]

    async def _in_transaction(self, work: Callable[[Session], T], now: datetime) -> T:
        return await asyncio.to_thread(perform, self._database, EVERYWHERE, work, now=now)
