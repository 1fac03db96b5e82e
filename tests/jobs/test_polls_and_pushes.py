"""What a carrier says when asked and what it tells by itself, of the same leg: its newest word stands."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from jobs import calling, hearing
from jobs.polling import Poller
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.choosing import hand_over
from shipments.tracking.event import Classifier
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.hurrying import AT_MOST_EVERY
from shipments.tracking.pushes.push import PushState
from shipments.tracking.pushes.reading import hear_waiting
from tests.story.journey import Journey, days
from tests.tracking.pushes.telling import BOOKING, Told, departed, message

NUMBER = "JD0001"


def polled(journey: Journey, settings: Settings, meanwhile: Callable[[], object] = lambda: None) -> None:
    """One round of the job; `meanwhile` happens between the answer and its recording."""

    async def asked() -> None:
        poller = Poller(journey.database, settings, lambda: journey.now)
        record = poller._record

        async def record_late(*came: object) -> None:
            await asyncio.to_thread(meanwhile)
            await record(*came)  # type: ignore[arg-type]

        poller._record = record_late  # type: ignore[method-assign,assignment]
        try:
            await poller.round()
        finally:
            await poller.close()

    asyncio.run(asked())


class Dhl(Told):
    """A leg with DHL, which expects it on the day `said` when it is asked; `meanwhile` happens as it answers."""

    def __init__(self, journey: Journey, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(journey, settings)
        self.dhl = self.account("dhl", per_second=1000.0)
        self.number = self.leg(self.dhl, reference=NUMBER)
        self.first, self.second = journey.now + days(3), journey.now + days(9)
        self.said = self.first
        self.meanwhile: Callable[[], object] = lambda: None
        transport = httpx.MockTransport(self._answer)
        monkeypatch.setattr(calling, "open_client", lambda _: httpx.AsyncClient(transport=transport))

    def _answer(self, _: httpx.Request) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(self.expecting(self.said)))

    def expecting(self, arrival: datetime) -> bytes:
        """As DHL says it, when asked or by itself."""
        at = (self.first - days(4)).isoformat()
        event = {"timestamp": at, "statusCode": "transit", "status": "transit", "description": "Told"}
        shipment = {"id": NUMBER, "service": "express", "status": event, "events": [event]}
        shipment |= {"estimatedTimeOfDelivery": arrival.isoformat(), "destination": {"address": {"countryCode": "GN"}}}
        return json.dumps({"shipments": [shipment]}).encode()

    def poll(self) -> None:
        """Asks now, a minute later than the last step; `meanwhile` happens between the answer and its recording."""
        journey = self.journey
        journey.now += timedelta(minutes=1)
        journey.do(self._make_due, EVERYWHERE)
        polled(journey, self.settings, self.meanwhile)

    def _make_due(self, session: Session) -> None:
        session.execute(update(LegWatch).values(due_at=self.journey.now))

    def push(self, arrival: datetime) -> None:
        """DHL tells it by itself, and it is heard."""
        self.journey.now += timedelta(seconds=30)
        self.tell(self.dhl, self.expecting(arrival))
        self.hear()

    def expected(self) -> list[datetime | None]:
        """All that was expected, as it was said one after the other."""
        estimates = [one for one in self.journey.events(self.number) if one.classifier == Classifier.EST]
        return [one.occurred_at for one in sorted(estimates, key=lambda one: one.said_at or one.heard_at)]


@pytest.fixture
def dhl(journey: Journey, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Dhl:
    """Expected in three days, as was heard twice."""
    dhl = Dhl(journey, settings, monkeypatch)
    dhl.poll()
    dhl.poll()
    assert journey.watch(dhl.number).answer_digest is not None
    return dhl


@pytest.fixture
def told(journey: Journey, settings: Settings) -> Told:
    """On SQLite."""
    return Told(journey, settings)


def test_an_answer_is_read_again_after_the_carrier_told_something_else_meanwhile(dhl: Dhl) -> None:
    dhl.push(dhl.second)
    assert dhl.journey.watch(dhl.number).arrival_at == dhl.second
    dhl.poll()
    assert dhl.expected() == [dhl.first, dhl.second, dhl.first]
    assert dhl.journey.watch(dhl.number).arrival_at == dhl.first


def test_an_answer_is_read_again_after_the_leg_went_to_another_account(dhl: Dhl) -> None:
    other = dhl.account("dhl", name="dhl-other")
    dhl.journey.do(lambda s: hand_over(s, [dhl.number], other, now=dhl.journey.now), EVERYWHERE)
    assert dhl.journey.watch(dhl.number).answer_digest is None


def test_what_was_answered_before_a_push_came_does_not_take_its_place(dhl: Dhl) -> None:
    dhl.push(dhl.second)
    dhl.said, dhl.meanwhile = dhl.first, lambda: dhl.push(dhl.second + days(1))
    dhl.poll()
    assert dhl.expected() == [dhl.first, dhl.second, dhl.second + days(1)]
    assert dhl.journey.watch(dhl.number).arrival_at == dhl.second + days(1)

    dhl.meanwhile = lambda: None
    dhl.poll()
    assert dhl.journey.watch(dhl.number).arrival_at == dhl.first, "its own newest word"


def test_a_push_that_came_before_the_answer_and_is_read_after_it_does_not_take_its_place(dhl: Dhl) -> None:
    dhl.tell(dhl.dhl, dhl.expecting(dhl.second))
    dhl.said = dhl.second + days(1)
    dhl.journey.now += timedelta(minutes=1)
    dhl.poll()
    dhl.hear()
    assert dhl.expected()[-1] == dhl.second + days(1)
    assert dhl.journey.watch(dhl.number).arrival_at == dhl.second + days(1)


def test_a_message_waits_while_the_database_is_in_trouble_and_others_are_heard(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = told.account()
    legs = [told.leg(account, reference=f"B{number}") for number in range(2)]
    for number in range(2):
        told.tell(account, message(departed(told.journey.now, booking=f"B{number}", event_id=f"e{number}")))
        told.journey.now += timedelta(seconds=1)
    first = told.pushes()[0].id

    def full(*args: object, only: object = None, **more: object) -> object:
        if only in (None, first):
            raise OperationalError("INSERT", {}, Exception("No space left on device"))
        return hear_waiting(*args, only=only, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as trouble:
        trouble.setattr(hearing, "hear_waiting", full)
        told.hear()
    assert [push.state for push in told.pushes()] == [PushState.WAITING, PushState.HEARD]
    told.hear()
    assert [push.state for push in told.pushes()] == [PushState.HEARD] * 2
    assert [len(told.journey.events(leg)) for leg in legs] == [1, 1]


class Line(Told):
    """A leg with an ocean line, which was asked to tell of it, and a document that it tells of under no number of ours.

    It answers `status` with that document too.
    """

    def __init__(self, journey: Journey, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(journey, settings)
        self.line = self.account(per_second=1000.0)
        self.booked, self.status, self.asked = self.leg(self.line), 200, list[str]()
        self.subscribed(self.line, self.booked, "sub-1")
        paper = [{"documentReferenceType": "TRD", "documentReferenceValue": "EGLV0001"}]
        self.document = message(departed(journey.now - days(1), documentReferences=paper))
        transport = httpx.MockTransport(self._answer)
        monkeypatch.setattr(calling, "open_client", lambda _: httpx.AsyncClient(transport=transport))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.params["carrierBookingReference"])
        headers = {"Content-Type": "application/json"}
        return httpx.Response(self.status, headers=headers, stream=httpx.ByteStream(self.document))

    def push(self) -> None:
        """The document comes, and no leg hears it."""
        self.tell(self.line, self.document, "sub-1")
        assert self.hear().parked == 1


@pytest.fixture
def each_line(each_journey: Journey, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Line:
    """On each engine in turn."""
    return Line(each_journey, settings, monkeypatch)


def test_a_document_that_is_pushed_under_a_number_of_none_of_our_legs_is_heard_by_one_poll(each_line: Line) -> None:
    journey, settings = each_line.journey, each_line.settings
    other = each_line.leg(each_line.line, reference="PRB2")
    polled(journey, settings)
    each_line.push()
    assert (each_line.asked, journey.events(each_line.booked)) == ([], []), "nothing was due, and nobody was told"
    polled(journey, settings)
    assert each_line.asked == [BOOKING]
    assert [event.event for event in journey.events(each_line.booked)] == ["departed"]
    assert journey.events(other) == []
    polled(journey, settings)
    assert each_line.asked == [BOOKING]


def test_a_document_that_comes_while_its_leg_is_being_asked_about_makes_it_be_asked_an_hour_later(
    each_line: Line,
) -> None:
    journey, settings = each_line.journey, each_line.settings
    journey.do(lambda session: session.execute(update(LegWatch).values(due_at=journey.now)), EVERYWHERE)
    polled(journey, settings, each_line.push)
    watch = journey.watch(each_line.booked)
    assert (watch.due_at, watch.asked_at) == (journey.now + AT_MOST_EVERY, journey.now)
    journey.now += AT_MOST_EVERY
    polled(journey, settings)
    due_at = journey.watch(each_line.booked).due_at
    assert due_at is not None
    assert due_at > journey.now + AT_MOST_EVERY
    assert each_line.asked == [BOOKING] * 2


@pytest.mark.parametrize(("status", "failures"), [(500, 1), (429, 0)])
def test_a_document_that_comes_while_its_leg_is_asked_about_in_vain_makes_it_be_asked_no_later(
    each_line: Line, status: int, failures: int
) -> None:
    journey, each_line.status = each_line.journey, status
    journey.do(lambda session: session.execute(update(LegWatch).values(due_at=journey.now)), EVERYWHERE)
    polled(journey, each_line.settings, each_line.push)
    watch = journey.watch(each_line.booked)
    assert (watch.failures, watch.leased_until) == (failures, None)
    assert watch.due_at is not None
    assert watch.due_at < journey.now + timedelta(minutes=10)
