"""Access tokens of OAuth 2 logins: one an account, fetched once before it ends, however many need it."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from jobs.turns import Turns
from shipments.clock import utc_now
from shipments.database import Database
from shipments.errors import (
    CarrierError,
    CarrierOverQuota,
    CarrierRefused,
    CarrierUnavailable,
    CarrierUnreadable,
    SealBroken,
    Unavailable,
)
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts import logins
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.locking import locked_account
from shipments.tracking.calls import budgets, ledger
from shipments.tracking.calls.call import CallKind, Outcome
from shipments.tracking.calls.ending import OUTCOMES
from shipments.tracking.calls.moving import Placed
from shipments.tracking.carriers.answers import Account
from shipments.tracking.carriers.connecting import Client
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.carriers.token_asking import ask_token
from shipments.tracking.carriers.tokens import ClientLogin, Token
from shipments.transaction import perform, reading

LEASE = timedelta(seconds=30)
LOOKS_EVERY_S = 0.25
WAITS_S = 120.0
T = TypeVar("T")
log = logging.getLogger(__name__)


class _Errand(msgspec.Struct, frozen=True):
    """This worker fetches the token: its place in budget and ledger, for as long as its lease lasts."""

    login: ClientLogin
    placed: Placed


class Tokens:
    """The tokens of every account, kept in their rows for all workers. One for each event loop."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._ring = settings.ring
        self._clock = clock
        self._turns = Turns(database, clock)
        self._under_way: dict[UUID, asyncio.Task[Account]] = {}

    async def fresh(self, account_id: UUID, client: Client) -> Account:
        """The account with a secret that can be used now. A key is always fresh.

        Raises CarrierRefused (the login is wrong or does not open, or the account stopped), CarrierOverQuota (also
        where it is paused or its day is spent), CarrierUnavailable or CarrierUnreadable.
        """
        task = self._under_way.get(account_id)
        if task is None:
            task = self._under_way[account_id] = asyncio.create_task(self._fresh(account_id, client))
            task.add_done_callback(lambda _: self._under_way.pop(account_id, None))
        return await asyncio.shield(task)  # whoever gives up waiting takes it from nobody else

    async def spoil(self, account_id: UUID, secret: str) -> None:
        """The carrier refused this token: it is forgotten, unless another worker has fetched a newer one already."""

        def work(session: Session) -> None:
            account = locked_account(session, account_id)
            if logins.held_token(self._ring, account) == secret:
                logins.forget_token(account)

        await self._in_transaction(work)

    async def _fresh(self, account_id: UUID, client: Client) -> Account:
        patience = time.monotonic() + WAITS_S
        while time.monotonic() < patience:
            usable, leased = await asyncio.to_thread(self._look, account_id)
            if usable is None and not leased:
                usable = await self._fetch(account_id, client)
            if usable is not None:
                return usable
            await asyncio.sleep(LOOKS_EVERY_S)
        raise CarrierUnavailable("Another worker was to fetch the account's token, and has not.")

    def _look(self, account_id: UUID) -> tuple[Account | None, bool]:
        """The account, if it can be used, and whether somebody fetches its token just now."""
        with reading(self._database, EVERYWHERE) as session:
            account, now = session.get_one(CarrierAccount, account_id), self._clock()
            usable = self._usable(account, now)
            if usable is None:
                _refuse_to_call(account, now)
            return usable, _leased(account, now)

    def _usable(self, account: CarrierAccount, now: datetime) -> Account | None:
        """A token that ends soon serves for as long as another worker fetches the next."""
        with _to_be_renewed(account):
            opened = logins.open_account(self._ring, account, now=now)
        if not opened.secret and _leased(account, now):
            opened = logins.open_while_valid(self._ring, account, now=now)
        return opened if opened.secret else None

    async def _fetch(self, account_id: UUID, client: Client) -> Account | None:
        """None: another worker is at it, or was while this one thought that it was."""
        errand = await self._in_transaction(lambda session: self._set_out(session, account_id))
        if not isinstance(errand, _Errand):
            return errand
        wire = Wire()
        placed, came = await self._asked(account_id, errand, client, wire)
        account = await self._in_transaction(lambda session: self._end(session, account_id, placed, came, wire))
        if isinstance(came, CarrierError):
            raise came
        return account

    async def _asked(
        self, account_id: UUID, errand: _Errand, client: Client, wire: Wire
    ) -> tuple[Placed, Token | CarrierError]:
        placed = errand.placed
        try:
            placed, comes = await self._turns.comes(account_id, placed)
            if not comes:
                await asyncio.to_thread(self._look, account_id)  # it says where it was stopped or paused
                raise _by_us(CarrierUnavailable("The call for a token missed its place in the budget."))
            return placed, await ask_token(client, errand.login, wire=wire, now=self._clock())
        except CarrierError as error:
            return placed, error
        except (Unavailable, SQLAlchemyError) as error:
            log.error("no token is asked for, since the database could not be asked: %s", type(error).__name__)
            return placed, _by_us(CarrierUnavailable("No token was asked for: our database could not be asked."))
        except Exception as error:  # whatever an answer makes go wrong costs this call, and its line is closed
            log.error("a call for a token failed in a way that was not foreseen: %s", type(error).__name__)
            return placed, CarrierUnreadable(f"The answer could not be read: {type(error).__name__}.")

    def _set_out(self, session: Session, account_id: UUID) -> _Errand | Account | None:
        account, now = locked_account(session, account_id), self._clock()
        usable = self._usable(account, now)
        if usable is not None or _leased(account, now):
            return usable
        _refuse_to_call(account, now)
        with _to_be_renewed(account):
            login = logins.open_client_login(self._ring, account)
        reserved = budgets.reserve(session, account, CallKind.TOKEN, [], now=now)
        if reserved is None:
            raise _held_back(f"The account {account.name} has no call left today", budgets.next_day(account, now), now)
        account.token_leased_until = reserved.at + LEASE
        until = account.token_leased_until
        return _Errand(login, Placed(reserved.call_id, reserved.at, [], budgets.apart(account), until))

    def _end(
        self, session: Session, account_id: UUID, placed: Placed, came: Token | CarrierError, wire: Wire
    ) -> Account | None:
        """Whoever comes after the lease has ended keeps nothing: the login may be another by now."""
        account, now = locked_account(session, account_id), self._clock()
        outcome = _outcome(came)
        if outcome is Outcome.NOT_MADE:
            budgets.give_back(account, placed.at)
        ledger.close_call(
            session,
            placed.call_id,
            outcome,
            status=wire.status,
            size=wire.size,
            duration_ms=wire.duration_ms,
            now=now,
        )
        if account.token_leased_until != placed.until:
            return None
        if isinstance(came, Token):
            logins.keep_token(self._ring, account, came)
            return logins.open_while_valid(self._ring, account, now=now)
        if not isinstance(came, CarrierRefused | CarrierOverQuota):
            # After a plain no the lease runs out by itself: nobody asks again before the account is stopped or paused.
            account.token_leased_until = None
        return None

    async def _in_transaction(self, work: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(perform, self._database, EVERYWHERE, work, now=self._clock())


@contextmanager
def _to_be_renewed(account: CarrierAccount) -> Iterator[None]:
    """Raises CarrierRefused for a secret that does not open: only somebody who renews the account can help."""
    try:
        yield
    except SealBroken:
        raise CarrierRefused(f"The login of the account {account.name} does not open. Renew it.") from None


def _outcome(came: Token | CarrierError) -> Outcome:
    if isinstance(came, Token):
        return Outcome.GRANTED
    return Outcome.NOT_MADE if came.by_us else OUTCOMES[type(came)]


def _leased(account: CarrierAccount, now: datetime) -> bool:
    return account.token_leased_until is not None and account.token_leased_until > now


def _refuse_to_call(account: CarrierAccount, now: datetime) -> None:
    if account.stopped_reason is not None:
        raise _by_us(CarrierRefused(account.stopped_reason))
    if account.paused_until is not None and account.paused_until > now:
        raise _held_back(f"The account {account.name} is paused", account.paused_until, now)


def _held_back(why: str, until: datetime, now: datetime) -> CarrierError:
    wait_s = (until - now).total_seconds()
    return _by_us(CarrierOverQuota(f"{why}; it goes on at {until:%Y-%m-%d %H:%M} UTC.", wait_s))


def _by_us(error: CarrierError) -> CarrierError:
    error.by_us = True
    return error
