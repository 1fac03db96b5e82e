"""An account whose secrets do not open stops by itself, says why, and holds no other account back."""

import asyncio
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from jobs.subscribing import Asked, Subscriber
from shipments.database import new_id
from shipments.notices.notice import News
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.polling.watch import LegWatch
from tests.jobs.fleet import Fleet
from tests.jobs.parcels import Parcels
from tests.jobs.subscription_server import subscription_server
from tests.jobs.test_subscribing import House
from tests.story.journey import Journey

HOUR = timedelta(hours=1)


def broken(fleet: Fleet, leg: UUID, **columns: Any) -> UUID:
    """The leg belongs to an account that somebody sealed with a key that is lost."""
    id = new_id()

    def work(session: Session) -> UUID:
        terms = {"name": "lost", "carrier": "dcsa", "base_url": fleet.running.url, "allow_private": True}
        session.add(CarrierAccount(id=id, **{**terms, **columns}, secret_sealed=b"k9\0lost"))
        session.flush()
        session.get_one(LegWatch, leg).account_id = id
        return id

    return fleet.journey.do(work, EVERYWHERE)


@pytest.mark.parametrize(
    "columns", [{}, {"login": LoginKind.OAUTH2, "token_url": "https://carrier.example/token"}], ids=["key", "client"]
)
def test_an_account_that_does_not_open_is_stopped_and_told_of_and_the_others_are_served(
    each_fleet: Fleet, columns: dict[str, Any]
) -> None:
    good, bad = each_fleet.sail(2)
    id = broken(each_fleet, bad, **columns)
    (done,) = each_fleet.poll()
    assert (done.asked, done.failed) == (1, 0)
    assert len(each_fleet.journey.events(good)) > 10
    stopped = each_fleet.journey.see(lambda session: session.get_one(CarrierAccount, id).stopped_reason)
    assert stopped is not None
    assert "does not open" in stopped
    assert "Renew it" in stopped
    assert each_fleet.journey.news("lost") == [News.CARRIER_STOPPED]
    assert len(each_fleet.calls()) == 1


def test_a_token_that_does_not_open_is_as_good_as_none(parcels: Parcels) -> None:
    parcels.send()
    sealed = parcels.settings.ring.seal_answer(b'{"client_id": "c", "client_secret": "s"}', _place(parcels.account))
    parcels.change_account(
        login=LoginKind.OAUTH2,
        token_url="https://carrier.example/oauth/token",
        secret_sealed=sealed,
        token_sealed=b"k9\0lost",
        token_until=parcels.journey.now + HOUR,
    )
    (done,) = parcels.poll()
    assert (done.asked, done.failed, parcels.wire.tokens) == (1, 0, 1)


def _place(account: UUID) -> str:
    return f"carrier_account:{account}"


@pytest.mark.parametrize("sealed", ["secret_sealed", "hook_secret_sealed"])
def test_subscriptions_of_the_other_accounts_are_asked_for(
    journey: Journey, settings: Settings, caplog: pytest.LogCaptureFixture, sealed: str
) -> None:
    with subscription_server() as carrier:
        house = House(journey, settings, carrier)
        lost, good = house.line(name="a-lost"), house.line(name="b-good")
        house.change(lost, lambda row: setattr(row, sealed, b"k9\0lost"))
        house.leg(lost, reference="LOST1")
        house.leg(good)
        assert house.ask().calls == 1
        assert [one.carrier_key is not None for one in house.subscriptions() if one.account_id == good] == [True]
    assert "a-lost" in caplog.text


def test_whatever_goes_wrong_with_one_account_is_logged_and_the_others_are_asked(
    journey: Journey, settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_all = Subscriber._ask_all

    async def fails_once(self: Subscriber, account_id: UUID, total: Asked) -> None:
        if account_id == first:
            raise ZeroDivisionError("CANARY")
        await asyncio.sleep(0)
        await ask_all(self, account_id, total)

    monkeypatch.setattr(Subscriber, "_ask_all", fails_once)
    with subscription_server() as carrier, caplog.at_level(logging.ERROR):
        house = House(journey, settings, carrier)
        first, second = house.line(name="a-first"), house.line(name="b-second")
        house.leg(first, reference="PRB1")
        house.leg(second)
        assert house.ask().calls == 1
    assert "ZeroDivisionError" in caplog.text
    assert "CANARY" not in caplog.text
