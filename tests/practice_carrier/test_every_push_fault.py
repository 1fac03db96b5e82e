"""Every fault of a push, from the practice carrier through the hooks to the board: what is genuine counts once.

Each test ends as every fault's does: the next poll brings what a push did not, and nothing is there twice.
"""

import asyncio
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from api.app import create_app
from api.practice_carrier import Running, practice_carrier, push
from api.practice_carrier.messages import PUSHED_BY, PushFault
from api.practice_carrier.pushing import Sent
from jobs.hearing import Hearer
from jobs.polling import Poller
from shipments.batches.batch import Mode
from shipments.boxes.box import Stage
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.logins import hook_place
from shipments.tracking.pushes.push import Push, PushState
from tests.api.world import another, wiring_of
from tests.builders import NOON
from tests.practice_carrier.carried import Carried
from tests.story.fixtures import each_journey, journey
from tests.story.journey import Journey, at

__all__ = ["each_journey", "journey"]

CARRIERS = sorted(PUSHED_BY)
SECRET = b64encode(b"s" * 32).decode()
BEGUN = {"dcsa": 19.5}
"""On which day the first push is asked for: a message is taken for three days only."""
SAYS_WHEN_IT_WAS_MADE = ("dcsa", "ship24", "ups")
AT_ONCE = 100


class Told:
    """An installation with hooks, and a practice carrier that calls them."""

    def __init__(self, carried: Carried, database_url: str) -> None:
        self.carried, self.journey, self.practice = carried, carried.journey, carried.practice
        app = create_app(another(carried.settings, database_url=database_url))
        self.wiring = wiring_of(app)
        self.wiring.clock = lambda: self.journey.now
        self.transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # ASGI in litestar's words

    def hook(self, carrier: str) -> UUID:
        """An account that believes SECRET."""
        account = self.carried.account(carrier)

        def work(session: Session) -> None:
            row = session.get_one(CarrierAccount, account)
            row.hook_secret_sealed = self.carried.settings.ring.seal_answer(SECRET.encode(), hook_place(row))

        self.journey.do(work, EVERYWHERE)
        return account

    def subscribe(self, carrier: str, account: UUID, legs: Sequence[str]) -> None:
        """From now on the practice carrier tells what is new of these numbers; a day and a half go by."""
        begun = at(BEGUN.get(carrier, 7.2))
        told = {number: self._told(carrier, number, begun) for number in legs}
        url = f"http://127.0.0.1/hooks/{carrier}/{account}"
        self.practice.subscriptions.make(carrier, url, SECRET, references=list(legs), pushed=told)
        self.journey.now = begun + timedelta(days=1.5)
        self.practice.clock.set(self.journey.now, 86_400)

    def _told(self, carrier: str, number: str, begun: datetime) -> int:
        found = self.practice.sea.find(number) if carrier == "dcsa" else self.practice.depot.find(carrier, number)[-1]
        assert found is not None
        return found.told_by(begun)

    def tell(self, fault: PushFault | None = None) -> Sequence[Sent]:
        """What became of each message."""
        return asyncio.run(push(self.practice, fault=fault, transport=self.transport))

    def states(self) -> Counter[str]:
        """Of the messages that were kept."""
        query = select(col(Push.state), func.count()).group_by(col(Push.state))
        return Counter({str(state): count for state, count in self.journey.see(lambda s: s.execute(query).all())})

    def ends_well(self, carrier: str, legs: Sequence[UUID]) -> None:
        """A poll brings all that is known by now; it and every push before it have one effect."""
        self.carried.make_due()
        self.carried.poll()
        before = self.carried.counts()
        self.carried.hear()
        self.carried.make_due()
        assert self.carried.poll().new_events == 0
        assert self.carried.counts() == before
        first, *others = (self.carried.said(leg) for leg in legs)
        assert len(first) > 8
        assert all(said == first for said in others)
        assert {self.carried.stage(leg) for leg in legs} == {Stage.IN_THE_COUNTRY}
        self.carried.must_hold(legs)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with practice_carrier() as carrier:
        yield carrier


@pytest.fixture
def told(journey: Journey, settings: Settings, running: Running, sqlite_url: str) -> Iterator[Told]:
    told = Told(Carried(journey, settings, running), sqlite_url)
    yield told
    told.wiring.database.close()


def pushed_to(told: Told, carrier: str) -> list[UUID]:
    """One leg of an account with a hook, with news to be told."""
    account = told.hook(carrier)
    legs = told.carried.send(carrier, account)
    told.subscribe(carrier, account, [told.carried.reference(leg) for leg in legs])
    return legs


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_message_is_acknowledged_heard_and_polled_with_one_effect(told: Told, carrier: str) -> None:
    (leg,) = pushed_to(told, carrier)
    sent = told.tell()
    assert sent
    assert all(one.accepted for one in sent)
    told.carried.hear()
    assert told.carried.said(leg) != set()
    assert told.states() == {PushState.HEARD: len(sent)}
    told.ends_well(carrier, [leg])


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_bad_signature_is_refused_and_nothing_is_kept(told: Told, carrier: str) -> None:
    (leg,) = pushed_to(told, carrier)
    assert {one.status for one in told.tell("bad_signature")} == {401}
    told.carried.hear()
    assert (told.carried.said(leg), told.states()) == (set(), {})
    assert {one.accepted for one in told.tell()} == {True}
    told.carried.hear()
    told.ends_well(carrier, [leg])


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_replay_is_acknowledged_and_counts_once(told: Told, carrier: str) -> None:
    (leg,) = pushed_to(told, carrier)
    sent = told.tell("replayed")
    assert {one.accepted for one in sent} == {True}
    told.carried.hear()
    assert told.states() == {PushState.HEARD: len(sent) // 3}
    told.ends_well(carrier, [leg])


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_body_written_anew_is_refused_where_it_is_signed_and_counts_once_where_it_is_not(
    told: Told, carrier: str
) -> None:
    (leg,) = pushed_to(told, carrier)
    assert {one.accepted for one in told.tell("reserialised")} == {carrier != "dcsa"}
    told.carried.hear()
    heard = told.carried.said(leg)
    assert bool(heard) == (carrier != "dcsa")
    told.tell()
    told.carried.hear()
    assert heard in (set(), told.carried.said(leg))
    told.ends_well(carrier, [leg])


@pytest.mark.parametrize("carrier", SAYS_WHEN_IT_WAS_MADE)
def test_a_stale_message_is_refused_and_polling_brings_what_it_said(told: Told, carrier: str) -> None:
    (leg,) = pushed_to(told, carrier)
    assert {one.status for one in told.tell("stale")} == {400}
    told.carried.hear()
    assert (told.carried.said(leg), told.states()) == (set(), {})
    told.ends_well(carrier, [leg])


def test_many_at_once_are_each_acknowledged_and_heard_once(told: Told) -> None:
    account = told.hook("ship24")
    legs = told.carried.send("ship24", account, AT_ONCE)
    told.subscribe("ship24", account, [told.carried.reference(leg) for leg in legs])
    sent = told.tell()
    assert (len(sent), {one.accepted for one in sent}) == (AT_ONCE, {True})
    told.carried.hear()
    assert told.states() == {PushState.HEARD: AT_ONCE}
    assert all(told.carried.said(leg) for leg in legs)
    told.ends_well("ship24", legs)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_comes_before_its_batch_is_parked_and_matched_when_the_leg_is_there(told: Told, carrier: str) -> None:
    account = told.hook(carrier)
    number = "1Z999AA19999999999"
    told.carried.at_the_carrier(carrier, number, "plain")
    told.subscribe(carrier, account, [number])
    sent = told.tell()
    told.carried.hear()
    assert told.states() == {PushState.PARKED: len(sent)}
    at_sea = carrier == "dcsa"
    now, told.journey.now = told.journey.now, NOON - timedelta(hours=1)
    batch = told.journey.batch(told.journey.box(), mode=Mode.SEA if at_sea else Mode.COURIER)
    kind = "booking" if at_sea else "tracking_number"
    leg = told.journey.leg(batch, carrier=carrier, reference_type=kind, reference=number)
    told.journey.dispatch(batch)
    told.journey.now = now
    told.carried.hear()
    assert told.carried.said(leg) != set()
    assert told.states() == {PushState.HEARD: len(sent)}
    told.ends_well(carrier, [leg])


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_push_and_a_poll_of_the_same_news_have_one_effect(
    each_journey: Journey, settings: Settings, running: Running, database_url: str, carrier: str
) -> None:
    told = Told(Carried(each_journey, settings, running), database_url)
    try:
        legs = pushed_to(told, carrier)
        told.tell()
        told.carried.make_due()
        asyncio.run(_race(told))
        told.carried.hear()
        told.ends_well(carrier, legs)
    finally:
        told.wiring.database.close()


async def _race(told: Told) -> None:
    database, settings = told.journey.database, told.carried.settings
    poller = Poller(database, settings, lambda: told.journey.now)
    hearers = [Hearer(database, settings, lambda: told.journey.now) for _ in range(2)]
    try:
        await asyncio.gather(poller.round(), *(hearer.round() for hearer in hearers))
    finally:
        await poller.close()
