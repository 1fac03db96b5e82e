"""A worker leaves accounts alone whose carrier only another version knows, says so once, and serves the others."""

import logging

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts import known
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.pushes.letting_go import let_go
from shipments.tracking.pushes.push import PushState
from tests.jobs.fleet import Fleet
from tests.jobs.subscription_server import subscription_server
from tests.jobs.test_broken_seals import broken
from tests.jobs.test_subscribing import House
from tests.story.journey import Journey, at
from tests.tracking.pushes.telling import Told, departed, message


@pytest.fixture(autouse=True)
def anew() -> None:
    """As in a process that has just begun."""
    known._say.cache_clear()


def make_unknown(journey: Journey, name: str) -> None:
    """Its file is not here any more."""

    def work(session: Session) -> None:
        session.execute(update(CarrierAccount).where(col(CarrierAccount.name) == name).values(carrier="gls"))

    journey.do(work, EVERYWHERE)


@pytest.mark.parametrize("login", LoginKind)
def test_its_legs_are_not_asked_about_and_the_log_says_so_once(
    each_fleet: Fleet, caplog: pytest.LogCaptureFixture, login: LoginKind
) -> None:
    good, other = each_fleet.sail(2)
    account = broken(each_fleet, other, carrier="gls", login=login, token_url="https://carrier.example/token")
    with caplog.at_level(logging.ERROR):
        (first,) = each_fleet.poll()
        each_fleet.make_due()
        (second,) = each_fleet.poll()
    assert (first.asked, first.failed, second.asked, second.failed) == (1, 0, 1, 0)
    assert len(each_fleet.journey.events(good)) > 10
    left = each_fleet.journey.see(lambda session: session.get_one(CarrierAccount, account))
    assert (left.stopped_reason, left.failures) == (None, 0)
    assert each_fleet.journey.watch(other).due_at is not None
    said = "the account lost is left alone: this version does not know the carrier gls"
    assert [record.getMessage() for record in caplog.records] == [said]


def test_nothing_is_subscribed_to_or_ended_with_it(
    each_journey: Journey, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with subscription_server() as carrier:
        house = House(each_journey, settings, carrier)
        account = house.line()
        leg = house.leg(account)
        house.subscribed(account, leg, "sub-1")
        house.journey.do(lambda session: let_go(session, [leg], now=house.journey.now), EVERYWHERE)
        make_unknown(house.journey, "dcsa-told")
        with caplog.at_level(logging.ERROR):
            assert (house.ask().calls, house.ask().calls) == (0, 0)
        said = "the account dcsa-told is left alone: this version does not know the carrier gls"
        assert caplog.messages == [said]
        assert len(house.subscriptions()) == 1
        assert carrier.asked == []


def test_a_message_of_it_waits_for_a_version_that_can_read_it(each_journey: Journey, settings: Settings) -> None:
    told = Told(each_journey, settings)
    account = told.account()
    leg = told.leg(account)
    told.tell(account, message(departed(at(19))))
    make_unknown(each_journey, "dcsa-told")
    assert told.hear().read == 0
    assert [push.state for push in told.pushes()] == [PushState.WAITING]
    each_journey.do(lambda session: setattr(session.get_one(CarrierAccount, account), "carrier", "dcsa"), EVERYWHERE)
    assert told.hear().new == 1
    assert len(each_journey.events(leg)) == 1
