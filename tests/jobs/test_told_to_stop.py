"""What a carrier says to one call is heeded by all others; one outage is one failure, however many calls meet it."""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import Session

from jobs import calling
from jobs.tokens import Tokens
from jobs.turns import Turns
from shipments.clock import utc_now
from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, Unavailable
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount, LoginKind, PausedWhy
from shipments.tracking.accounts.administering import stop_account
from shipments.tracking.accounts.logins import keep_token, seal_secret
from shipments.tracking.calls.budgets import day_start
from shipments.tracking.calls.call import Outcome
from shipments.tracking.carriers import dcsa
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.carriers.tokens import Token
from shipments.tracking.polling.blaming import BREAKER_OPENS_AFTER, blame_account
from shipments.tracking.polling.recording import record
from shipments.tracking.polling.result import Result
from shipments.tracking.polling.watch import LegWatch
from tests.jobs.fleet import Fleet
from tests.jobs.parcels import TOKEN_PATH, Parcels


def pages_without_end(monkeypatch: pytest.MonkeyPatch, after: Callable[[int], object]) -> list[int]:
    """Each answer names another page; `after` is told how many there were."""
    seen: list[int] = []

    def handle(_: httpx.Request) -> httpx.Response:
        seen.append(len(seen) + 1)
        after(len(seen))
        headers = {"Content-Type": "application/json", "Next-Page": f"cursor-{len(seen)}"}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(b"[]"))

    monkeypatch.setattr(calling, "open_client", lambda _: httpx.AsyncClient(transport=httpx.MockTransport(handle)))
    return seen


def stop(fleet: Fleet) -> None:
    now = fleet.journey.now
    fleet.journey.do(lambda s: stop_account(s, "dcsa", "they rang", by=EVERYWHERE, now=now), EVERYWHERE)


def test_no_further_page_is_asked_for_once_the_account_is_stopped(
    each_fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    (leg,) = each_fleet.sail()
    seen = pages_without_end(monkeypatch, lambda count: stop(each_fleet) if count == 2 else None)
    each_fleet.poll()
    assert len(seen) == 2
    assert each_fleet.the_account().day_calls == 2
    assert each_fleet.journey.watch(leg).since is None, "the rest is asked for again"


def test_a_page_that_waited_for_its_turn_looks_whether_the_account_was_stopped_meanwhile(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.change_account(per_second=0.8)
    fleet.sail()
    fleet.journey.do(lambda s: s.execute(update(LegWatch).values(due_at=utc_now() - timedelta(minutes=1))), EVERYWHERE)
    seen = pages_without_end(monkeypatch, lambda _: None)
    waited = Turns.wait

    async def stopped_meanwhile(self: Turns, seconds: float, hushed: object = None) -> None:
        stop(fleet)
        await waited(self, seconds, hushed)  # type: ignore[arg-type]

    monkeypatch.setattr(Turns, "wait", stopped_meanwhile)
    fleet.poll(clock=utc_now)
    assert len(seen) == 1
    assert [call.outcome for call in fleet.calls()] == [Outcome.NOT_FOUND, Outcome.NOT_MADE]
    assert fleet.the_account().day_calls == 1


def test_one_outage_is_one_failure_however_many_calls_were_under_way(fleet: Fleet) -> None:
    fleet.change_account(per_second=1_000.0)
    fleet.sail(BREAKER_OPENS_AFTER + 15)
    fleet.practice.fault("broken")
    (done,) = fleet.poll()
    assert done.failed == BREAKER_OPENS_AFTER + 15
    assert (fleet.the_account().failures, fleet.the_account().paused_until) == (1, None)


def test_many_calls_that_are_told_to_wait_at_once_back_off_once(fleet: Fleet) -> None:
    fleet.sail(20)
    now = fleet.journey.now + timedelta(minutes=1)
    told = [
        Result(claim=claim, outcome=CarrierOverQuota("fewer calls"), heard_at=now, wires=[Wire(429)])
        for claim in fleet.claim(most=20)
    ]
    fleet.journey.do(lambda s: record(s, told, pace=1.0, now=now), EVERYWHERE)
    account = fleet.the_account()
    assert account.failures == 1
    assert account.paused_until is not None
    assert account.paused_until - now < timedelta(minutes=5)


@pytest.mark.parametrize("error", [CarrierOverQuota("fewer calls", 7_200.0), CarrierRefused("no such key")])
def test_a_no_that_comes_after_the_lease_holds_for_the_account_and_leaves_the_legs_alone(
    each_fleet: Fleet, error: CarrierError
) -> None:
    (leg,) = each_fleet.sail()
    (claim,) = each_fleet.claim()
    each_fleet.journey.do(lambda s: s.execute(update(LegWatch).values(fence=LegWatch.fence + 1)), EVERYWHERE)
    before, now = each_fleet.journey.watch(leg).model_dump(), each_fleet.journey.now
    late = [Result(claim=claim, outcome=error, heard_at=now, wires=[Wire(429)])]
    each_fleet.journey.do(lambda s: record(s, late, pace=1.0, now=now), EVERYWHERE)
    account = each_fleet.the_account()
    if isinstance(error, CarrierOverQuota):
        assert account.paused_until == now + timedelta(hours=2)
    else:
        assert account.stopped_reason == "no such key"
    assert each_fleet.journey.watch(leg).model_dump() == before


def test_of_two_pauses_the_longer_one_holds_and_says_why(fleet: Fleet) -> None:
    now = fleet.journey.now
    for error in (CarrierOverQuota("fewer calls", 7_200.0), CarrierOverQuota("fewer calls")):

        def told(session: Session, error: CarrierError = error) -> None:
            blame_account(session, fleet.the_account().id, error, pace=1.0, now=now)

        fleet.journey.do(told, EVERYWHERE)
    account = fleet.the_account()
    assert (account.paused_until, account.paused_why) == (now + timedelta(hours=2), PausedWhy.ASKED_TO_WAIT)


def with_a_client(parcels: Parcels, **columns: object) -> None:
    """From now on its account has OAuth 2, and no token yet."""
    ring = parcels.settings.ring

    def work(session: Session) -> None:
        account = session.get_one(CarrierAccount, parcels.account)
        account.login, account.token_url = LoginKind.OAUTH2, f"https://carrier.example{TOKEN_PATH}"
        seal_secret(ring, account, secret="secret", client_id="client")

    parcels.journey.do(work, EVERYWHERE)
    parcels.change_account(**columns)


def test_tokens_that_cannot_be_read_open_the_breaker(parcels: Parcels) -> None:
    with_a_client(parcels)
    asked: list[datetime] = []

    def no_token() -> httpx.Response:
        asked.append(parcels.journey.now)
        return httpx.Response(200, stream=httpx.ByteStream(b"<html>"))

    parcels.wire.gives_token = no_token  # type: ignore[method-assign]
    parcels.send()
    for _ in range(BREAKER_OPENS_AFTER + 1):
        parcels.poll()
    assert len(asked) == BREAKER_OPENS_AFTER == parcels.the_account().failures
    assert parcels.the_account().paused_until is not None
    assert parcels.the_account().paused_why is PausedWhy.DOWN


def test_a_day_of_our_own_that_is_spent_is_no_failure_and_no_pause(parcels: Parcels) -> None:
    with_a_client(parcels, per_day=5)
    begun = day_start(parcels.the_account(), parcels.journey.now)
    parcels.change_account(day_started=begun, day_calls=5)
    parcels.send()
    parcels.poll()
    account = parcels.the_account()
    assert (account.failures, account.paused_until, account.stopped_reason, parcels.wire.tokens) == (0, None, None, 0)


def busy(*_: object, **__: object) -> None:
    raise Unavailable("The database is busy.")


def test_a_database_that_is_busy_while_calls_wait_costs_no_answer(
    each_fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    each_fleet.change_account(per_second=2.0)
    legs = each_fleet.sail(6)
    monkeypatch.setattr(Turns, "stands", busy)
    (done,) = each_fleet.poll()
    assert 0 < done.asked < 6
    assert done.failed == 0
    watches = [each_fleet.journey.watch(leg) for leg in legs]
    assert sum(watch.asked_at is not None for watch in watches) == done.asked
    assert {watch.leased_until for watch in watches} == {None}


def test_a_database_that_is_busy_before_a_page_keeps_what_was_read(
    each_fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dcsa, "PAGE_SIZE", 4)
    (leg,) = each_fleet.sail()
    monkeypatch.setattr(calling, "reserve", busy)
    (done,) = each_fleet.poll()
    assert (done.failed, len(each_fleet.practice.calls)) == (0, 1)
    assert len(each_fleet.journey.events(leg)) > 0
    assert each_fleet.journey.watch(leg).since is None


def test_a_token_that_cannot_be_taken_out_of_use_now_stops_nobody(
    each_parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcels = each_parcels
    with_a_client(parcels)
    ring, until = parcels.settings.ring, parcels.journey.now + timedelta(hours=1)

    def revoked(session: Session) -> None:
        keep_token(ring, session.get_one(CarrierAccount, parcels.account), Token("revoked", until))

    parcels.journey.do(revoked, EVERYWHERE)
    liked = functools.partial(_takes_only_the_first, parcels)
    parcels.wire.answers = liked
    with monkeypatch.context() as once:
        spoil, tries = Tokens.spoil, list[int]()

        async def busy_once(self: Tokens, account_id: object, secret: str) -> None:
            tries.append(1)
            if len(tries) == 1:
                busy()
            await spoil(self, account_id, secret)  # type: ignore[arg-type]

        once.setattr(Tokens, "spoil", busy_once)
        parcels.send()
        parcels.poll()
    assert len(tries) == 2
    assert parcels.the_account().stopped_reason is None
    assert parcels.wire.authorized_by[-1] == "Bearer token-1"


def _takes_only_the_first(parcels: Parcels, numbers: list[str]) -> httpx.Response:
    if parcels.wire.authorized_by[-1] == "Bearer token-1":
        return parcels.wire.scans(numbers)
    return httpx.Response(401, stream=httpx.ByteStream(b"{}"))
