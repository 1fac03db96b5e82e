"""A token that the carrier refuses is replaced and costs nobody anything; a login that is wrong stops the account."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import httpx
import pytest
from sqlmodel import Session

from jobs import polling
from shipments.notices.notice import News
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.accounts.logins import keep_token, seal_secret
from shipments.tracking.calls.call import CallKind, Outcome
from shipments.tracking.carriers.tokens import Token
from tests.jobs.parcels import TOKEN_PATH, Parcels

FRESH = "Bearer token-1"


class Gate:
    """A carrier that takes only the tokens it likes, and gives new ones unless it has something else to say."""

    def __init__(self, parcels: Parcels) -> None:
        self.parcels = parcels
        self.liked = {FRESH}
        parcels.wire.answers = self._answer

    def _answer(self, numbers: Sequence[str]) -> httpx.Response:
        if self.parcels.wire.authorized_by[-1] in self.liked:
            return self.parcels.wire.scans(numbers)
        return httpx.Response(401, stream=httpx.ByteStream(b"{}"))

    def gives_no_token(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        """It says no from now on, and the token that was there has ended."""
        self.parcels.change_account(token_sealed=None, token_until=None)
        no = httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"{}"))
        self.parcels.wire.gives_token = lambda: no  # type: ignore[method-assign]


@pytest.fixture
def gate(each_parcels: Parcels) -> Gate:
    """An account whose token still has an hour to live, and is revoked."""
    ring = each_parcels.settings.ring

    def work(session: Session) -> None:
        account = session.get_one(CarrierAccount, each_parcels.account)
        account.login, account.token_url = LoginKind.OAUTH2, f"https://carrier.example{TOKEN_PATH}"
        seal_secret(ring, account, secret="secret", client_id="client")
        keep_token(ring, account, Token("revoked", each_parcels.journey.now + timedelta(hours=1)))

    each_parcels.journey.do(work, EVERYWHERE)
    return Gate(each_parcels)


def test_a_refused_token_is_replaced_and_the_legs_are_asked_again_at_once(gate: Gate) -> None:
    legs = gate.parcels.send(70)
    (done,) = gate.parcels.poll()
    assert done.new_events == 70
    assert gate.parcels.wire.authorized_by.count(FRESH) == 3
    assert gate.parcels.wire.tokens == 1
    assert gate.parcels.the_account().stopped_reason is None
    assert {gate.parcels.journey.watch(leg).failures for leg in legs} == {0}


def test_a_token_refused_as_soon_as_it_is_given_stops_the_account_and_says_so(gate: Gate) -> None:
    gate.liked = set()
    gate.parcels.send(5)
    gate.parcels.poll()
    assert gate.parcels.wire.tokens == 1
    assert gate.parcels.the_account().stopped_reason
    assert gate.parcels.journey.news("fedex") == [News.CARRIER_STOPPED]
    calls = len(gate.parcels.wire.asked)
    gate.parcels.poll()
    assert len(gate.parcels.wire.asked) == calls == 2


def test_a_login_that_gets_no_token_stops_the_account_before_any_leg_is_claimed(gate: Gate) -> None:
    gate.gives_no_token(401)
    (leg,) = gate.parcels.send()
    gate.parcels.poll()
    assert gate.parcels.the_account().stopped_reason
    assert gate.parcels.journey.news("fedex") == [News.CARRIER_STOPPED]
    assert gate.parcels.journey.watch(leg).fence == 0
    assert [(call.kind, call.outcome) for call in gate.parcels.calls()] == [(CallKind.TOKEN, Outcome.REFUSED)]


def test_too_many_calls_for_tokens_pause_the_account(gate: Gate) -> None:
    gate.gives_no_token(429, {"Retry-After": "900"})
    gate.parcels.send()
    gate.parcels.poll()
    assert gate.parcels.the_account().paused_until == gate.parcels.journey.now + timedelta(seconds=900)
    assert gate.parcels.poll() == [polling.Round()]
