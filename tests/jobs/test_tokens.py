"""One token an account, fetched once by whoever needs it first, kept sealed, and never shown."""

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from sqlmodel import col, select

from jobs import tokens, turns
from jobs.tokens import LEASE, Tokens
from shipments.errors import (
    CarrierError,
    CarrierOverQuota,
    CarrierRefused,
    CarrierUnavailable,
    CarrierUnreadable,
)
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts import logins
from shipments.tracking.accounts.account import CarrierAccount, ClientIn, LoginKind
from shipments.tracking.accounts.administering import add_account
from shipments.tracking.accounts.terms import AccountAsked
from shipments.tracking.calls.call import CallKind, CarrierCall, Outcome
from shipments.tracking.carriers import token_asking
from shipments.tracking.carriers.answers import Account
from shipments.tracking.carriers.connecting import Client, open_client
from shipments.transaction import transaction
from tests.jobs.token_server import TokenServer, token_server
from tests.story.journey import Journey

T = TypeVar("T")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SECRET = "correct horse"


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server() as told:
        yield told


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LOOKS_EVERY_S", 0.01)


class Shop:
    """An installation with one account at the token server, and as many workers as are asked for."""

    def __init__(self, journey: Journey, settings: Settings, server: TokenServer, **asked: object) -> None:
        self.journey, self.settings, self.server = journey, settings, server
        terms: dict[str, object] = {
            "carrier": "ups",
            "base_url": server.url,
            "client_id": "our:client",
            "secret": SECRET,
            "allow_private": True,
            "per_second": 1000.0,
        }
        wanted = AccountAsked(**{**terms, **asked})  # type: ignore[arg-type]
        self.id = journey.do(
            lambda session: add_account(session, settings.ring, wanted, by=EVERYWHERE, now=journey.now).id, EVERYWHERE
        )

    def clock(self) -> datetime:
        return self.journey.now

    def row(self) -> CarrierAccount:
        return self.journey.see(lambda session: session.get_one(CarrierAccount, self.id))

    def change(self, **columns: object) -> None:
        with transaction(self.journey.database, EVERYWHERE, now=self.journey.now) as session:
            account = session.get_one(CarrierAccount, self.id)
            for name, value in columns.items():
                setattr(account, name, value)

    def fresh(self, workers: int = 1, each: int = 1) -> list[Account | BaseException]:
        """What each of so many workers gets, `each` of them asking so many times at once."""

        def all_of(client: Client, found: list[Tokens]) -> Awaitable[list[Account | BaseException]]:
            asking = (one.fresh(self.id, client) for one in found for _ in range(each))
            return asyncio.gather(*asking, return_exceptions=True)

        return self.run(all_of, workers)

    def one(self) -> Account:
        (account,) = self.fresh()
        if isinstance(account, BaseException):
            raise account
        return account

    def spoil(self, secret: str) -> None:
        self.run(lambda _, found: found[0].spoil(self.id, secret), 1)

    def run(self, work: Callable[[Client, list[Tokens]], Awaitable[T]], workers: int) -> T:
        async def inside() -> T:
            found = [Tokens(self.journey.database, self.settings, self.clock) for _ in range(workers)]
            at = Account(self.id, "ups", self.server.url, allow_private=True)
            async with open_client(at) as client:
                return await work(client, found)

        return asyncio.run(inside())

    def calls(self) -> list[CarrierCall]:
        return list(
            self.journey.see(lambda session: session.exec(select(CarrierCall).order_by(col(CarrierCall.at))).all())
        )

    def outcomes(self) -> list[Outcome | None]:
        return [call.outcome for call in self.calls()]


@pytest.fixture
def shop(journey: Journey, settings: Settings, server: TokenServer) -> Shop:
    return Shop(journey, settings, server)


@pytest.fixture
def each_shop(each_journey: Journey, settings: Settings, server: TokenServer) -> Shop:
    return Shop(each_journey, settings, server)


def test_two_workers_with_many_legs_make_one_call_and_share_its_token(each_shop: Shop) -> None:
    each_shop.server.takes_s = 0.2
    got = each_shop.fresh(workers=2, each=20)
    assert {one.secret if isinstance(one, Account) else one for one in got} == {"Bearer token-1"}
    assert len(each_shop.server.asked) == 1
    (call,) = each_shop.calls()
    assert (call.kind, call.outcome, call.status, call.legs) == (CallKind.TOKEN, Outcome.GRANTED, 200, 0)
    assert call.size is not None
    assert call.duration_ms is not None
    assert (call.size > 50, call.duration_ms >= 200) == (True, True)


def test_ups_is_asked_with_basic_authorization_and_its_life_as_text_is_understood(shop: Shop) -> None:
    account = shop.one()
    assert (account.header, account.secret) == ("Authorization", "Bearer token-1")
    (asked,) = shop.server.asked
    assert asked.path == "/security/v1/oauth/token"
    assert asked.form == {"grant_type": "client_credentials"}
    assert asked.basic == "our%3Aclient:correct+horse"
    assert shop.row().token_until == shop.journey.now + timedelta(seconds=14_399)


def test_fedex_is_asked_with_two_fields_of_the_form(journey: Journey, settings: Settings, server: TokenServer) -> None:
    Shop(journey, settings, server, carrier="fedex").one()
    (asked,) = server.asked
    assert (asked.path, asked.basic) == ("/oauth/token", "")
    assert asked.form == {"grant_type": "client_credentials", "client_id": "our:client", "client_secret": SECRET}


def test_a_dcsa_line_says_where_and_how_tokens_are_given_and_for_which_scope(
    journey: Journey, settings: Settings, server: TokenServer
) -> None:
    Shop(
        journey,
        settings,
        server,
        carrier="dcsa",
        login=LoginKind.OAUTH2,
        client_in=ClientIn.BODY,
        token_url=f"{server.url}/v9/token",
        scope="events:read",
    ).one()
    (asked,) = server.asked
    assert (asked.path, asked.form["scope"], asked.form["client_id"]) == ("/v9/token", "events:read", "our:client")


def test_a_kept_token_serves_every_worker_until_a_minute_before_its_end(shop: Shop) -> None:
    shop.one()
    until = shop.row().token_until
    assert until is not None
    shop.journey.now = until - MINUTE - SECOND
    assert shop.one().secret == "Bearer token-1"
    shop.journey.now = until - MINUTE
    assert shop.one().secret == "Bearer token-2"
    assert len(shop.server.asked) == 2


def test_while_one_worker_fetches_the_next_token_the_others_use_the_old_one(each_shop: Shop) -> None:
    each_shop.one()
    now = each_shop.journey.now
    each_shop.change(token_until=now + 30 * SECOND, token_leased_until=now + 2 * MINUTE)
    assert each_shop.one().secret == "Bearer token-1"
    assert len(each_shop.server.asked) == 1


def test_a_killed_workers_lease_ends_and_another_takes_over(each_shop: Shop) -> None:
    killed_at = each_shop.journey.now
    each_shop.change(token_leased_until=killed_at + LEASE)

    async def wait_then_pass_the_time(client: Client, workers: list[Tokens]) -> Account:
        waiting = asyncio.create_task(workers[0].fresh(each_shop.id, client))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        assert each_shop.server.asked == []
        each_shop.journey.now = killed_at + LEASE
        return await asyncio.wait_for(waiting, 5)

    assert each_shop.run(wait_then_pass_the_time, 1).secret == "Bearer token-1"


def test_a_worker_that_comes_back_after_its_lease_keeps_nothing(each_shop: Shop) -> None:
    each_shop.server.takes_s = 0.3

    async def be_late(client: Client, workers: list[Tokens]) -> Account:
        late = asyncio.create_task(workers[0].fresh(each_shop.id, client))
        while not each_shop.server.asked:
            await asyncio.sleep(0.01)
        later = each_shop.row().token_leased_until
        assert later is not None
        await asyncio.to_thread(each_shop.change, token_leased_until=later + MINUTE)  # somebody else's by now
        await asyncio.sleep(0.5)
        assert each_shop.row().token_sealed is None
        await asyncio.to_thread(each_shop.change, token_leased_until=None)
        return await asyncio.wait_for(late, 5)

    assert each_shop.run(be_late, 1).secret == "Bearer token-2"
    assert each_shop.outcomes() == [Outcome.GRANTED, Outcome.GRANTED]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_login_is_asked_about_once_and_by_nobody_else_before_the_account_is_stopped(
    each_shop: Shop, status: int
) -> None:
    each_shop.server.status = status
    (error,) = each_shop.fresh()
    assert isinstance(error, CarrierRefused)
    assert str(status) in str(error)
    each_shop.change(stopped_reason=str(error))
    (again,) = each_shop.fresh()
    assert isinstance(again, CarrierRefused)
    assert len(each_shop.server.asked) == 1
    assert each_shop.outcomes() == [Outcome.REFUSED]


def test_too_many_calls_for_tokens_pause_for_as_long_as_the_carrier_says(shop: Shop) -> None:
    shop.server.status, shop.server.headers = 429, {"Retry-After": "90"}
    (error,) = shop.fresh()
    assert isinstance(error, CarrierOverQuota)
    assert error.retry_after_s == 90
    assert shop.outcomes() == [Outcome.OVER_QUOTA]


@pytest.mark.parametrize(
    ("status", "body", "kind", "outcome"),
    [
        (500, b"{}", CarrierUnavailable, Outcome.UNAVAILABLE),
        (404, b"{}", CarrierUnavailable, Outcome.UNAVAILABLE),
        (302, b"{}", CarrierUnavailable, Outcome.UNAVAILABLE),
        (200, b"<html>", CarrierUnreadable, Outcome.UNREADABLE),
        (200, b"\xff\xfe", CarrierUnreadable, Outcome.UNREADABLE),
        (200, b"[" * 100_000, CarrierUnreadable, Outcome.UNREADABLE),
        (200, b'{"access_token": ""}', CarrierUnreadable, Outcome.UNREADABLE),
        (200, b'{"access_token": "a\\r\\nX-Other: b"}', CarrierUnreadable, Outcome.UNREADABLE),
        (200, b'{"access_token": "good", "expires_in": 0}', CarrierUnreadable, Outcome.UNREADABLE),
        (200, b'{"access_token": "good", "token_type": "mac"}', CarrierUnreadable, Outcome.UNREADABLE),
    ],
)
def test_what_is_no_token_is_not_kept_and_the_next_worker_may_ask_at_once(
    shop: Shop, status: int, body: bytes, kind: type[CarrierError], outcome: Outcome
) -> None:
    shop.server.status, shop.server.body = status, body
    shop.server.headers = {"Location": "http://127.0.0.1:9/"} if status == 302 else {}
    (error,) = shop.fresh()
    assert type(error) is kind
    assert shop.row().token_sealed is None
    shop.server.status, shop.server.body = 200, None
    assert shop.one().secret == "Bearer token-2"
    assert shop.outcomes() == [outcome, Outcome.GRANTED]


def test_a_token_without_a_life_is_believed_for_ten_minutes_and_none_for_longer_than_a_day(shop: Shop) -> None:
    shop.server.body = b'{"access_token": "short"}'
    shop.one()
    assert shop.row().token_until == shop.journey.now + timedelta(minutes=10)
    shop.spoil("Bearer short")
    shop.server.body = b'{"access_token": "long", "expires_in": 999999999}'
    shop.one()
    assert shop.row().token_until == shop.journey.now + timedelta(days=1)


def test_a_token_the_carrier_refused_is_forgotten_but_not_the_newer_one_of_another_worker(each_shop: Shop) -> None:
    each_shop.one()
    each_shop.spoil("Bearer token-0")
    assert each_shop.one().secret == "Bearer token-1"
    each_shop.spoil("Bearer token-1")
    assert each_shop.row().token_until is None
    assert each_shop.one().secret == "Bearer token-2"


def test_calls_for_tokens_stand_in_the_accounts_budget(shop: Shop) -> None:
    shop.change(per_day=1, per_second=2.0)
    shop.one()
    assert shop.row().day_calls == 1
    following = shop.row().next_call_at
    assert following is not None
    assert following - shop.calls()[0].at >= timedelta(seconds=0.5)
    shop.spoil("Bearer token-1")
    (error,) = shop.fresh()
    assert isinstance(error, CarrierOverQuota)
    assert error.retry_after_s is not None
    assert error.retry_after_s > 3600
    assert len(shop.server.asked) == 1


def test_no_token_is_fetched_for_an_account_that_is_paused_or_stopped(shop: Shop) -> None:
    shop.change(paused_until=shop.journey.now + 10 * MINUTE)
    (paused,) = shop.fresh()
    assert isinstance(paused, CarrierOverQuota)
    assert paused.retry_after_s == 600
    shop.change(paused_until=None, stopped_reason="by hand")
    (stopped,) = shop.fresh()
    assert isinstance(stopped, CarrierRefused)
    assert shop.server.asked == []
    assert shop.calls() == []


def test_an_account_stopped_while_its_place_was_awaited_makes_no_call_and_gets_the_place_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOKS_AGAIN_AFTER", 0.1 * SECOND)
    shop.change(next_call_at=shop.journey.now + 0.3 * SECOND)

    async def stop_meanwhile(client: Client, workers: list[Tokens]) -> BaseException | None:
        waiting = asyncio.create_task(workers[0].fresh(shop.id, client))
        await asyncio.sleep(0.15)
        await asyncio.to_thread(shop.change, stopped_reason="by hand")
        await asyncio.wait([waiting])
        return waiting.exception()

    assert isinstance(shop.run(stop_meanwhile, 1), CarrierRefused)
    assert shop.outcomes() == [Outcome.NOT_MADE]
    assert (shop.server.asked, shop.row().day_calls) == ([], 0)


def test_a_slow_token_costs_one_deadline(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def impatient(*given: object, **more: object) -> object:
        return await token_asking.ask_token(*given, **more, deadline_s=0.1)  # type: ignore[arg-type]

    monkeypatch.setattr(tokens, "ask_token", impatient)
    shop.server.takes_s = 0.4
    (error,) = shop.fresh()
    assert isinstance(error, CarrierUnavailable)
    assert "0.1 seconds" in str(error)


def test_a_key_is_always_fresh_and_nobody_is_asked(journey: Journey, settings: Settings, server: TokenServer) -> None:
    shop = Shop(journey, settings, server, carrier="ship24", client_id="")
    account = shop.one()
    assert (account.header, account.secret) == ("Authorization", f"Bearer {SECRET}")
    assert (server.asked, shop.calls()) == ([], [])


def test_no_token_and_no_login_is_in_a_log_an_error_a_repr_or_in_the_open_in_the_database(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shop.server.status = 401
    shop.server.body = b'{"error": "no such client our:client with correct horse"}'
    (refused,) = shop.fresh()
    assert isinstance(refused, CarrierRefused)
    shop.change(token_leased_until=None)
    shop.server.status, shop.server.body = 200, b'{"access_token": "a-token-of-the-hour", "expires_in": 3600}'
    account, row = shop.one(), shop.row()
    login = logins.open_client_login(shop.settings.ring, row)
    said = f"{refused!r} {refused.__context__!r} {refused.__cause__!r} {account!r} {login!r} {row!r} {caplog.text}"
    for secret in ("a-token-of-the-hour", SECRET, "correct+horse"):
        assert secret not in said
    assert row.token_sealed is not None
    assert b"a-token" not in row.token_sealed + row.secret_sealed
    assert SECRET.encode() not in row.secret_sealed


def test_what_nobody_foresaw_is_unreadable_and_its_line_in_the_ledger_is_closed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def strange(*_: object, **__: object) -> object:
        raise ZeroDivisionError("CANARY")

    with monkeypatch.context() as patched:
        patched.setattr(tokens, "ask_token", strange)
        (error,) = shop.fresh()
    assert isinstance(error, CarrierUnreadable)
    assert shop.outcomes() == [Outcome.UNREADABLE]
    assert "ZeroDivisionError" in caplog.text
    assert "CANARY" not in caplog.text + str(error)
    assert shop.one().secret == "Bearer token-1"


def test_a_token_that_comes_as_a_bomb_or_with_something_after_it_is_refused(shop: Shop) -> None:
    shop.server.headers = {"Content-Encoding": "gzip"}
    granted = gzip.compress(b'{"access_token": "packed"}')
    for body in (gzip.compress(b" " * 10_000_000), granted + b"\0", granted + granted):
        shop.server.body = body
        (error,) = shop.fresh()
        assert isinstance(error, CarrierUnreadable)
    shop.server.body = granted
    assert shop.one().secret == "Bearer packed"
