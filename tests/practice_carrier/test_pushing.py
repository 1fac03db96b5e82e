"""The practice carrier pushes as DCSA, Ship24, UPS and DHL do: our own side of the hooks believes and reads it."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from api.practice_carrier import Practice, push
from api.practice_carrier.messages import PUSHED_BY, PushFault
from api.practice_carrier.pushing import NOT_REACHED, Sent
from shipments.tracking.carriers import CARRIERS, dcsa, ups
from shipments.tracking.carriers.answers import LegAsked, ReadEvent
from shipments.tracking.carriers.pushing import Hook, Pushes, subscription_said
from tests.practice_carrier.asking import NUMBER, START, a_leg, an_account, asked, booked, read, send

SECRET = b64encode(b"s" * 32).decode()
FORMER = b64encode(b"f" * 32).decode()
URL = "http://127.0.0.1:9/hook"
BOOKING = "PRB0012345"
HOOK = Hook(URL, SECRET)
SHIP = LegAsked("booking", BOOKING, "sea", "NLRTM", "GNCKY", START, True)


class Hooked(httpx.AsyncBaseTransport):
    """Whoever is told: keeps every message, and answers as it is set to."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.status = 200

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Keeps it."""
        await request.aread()
        self.requests.append(request)
        return httpx.Response(self.status)

    def tell(self, practice: Practice, fault: PushFault | None = None) -> Sequence[Sent]:
        """What the practice carrier has to say now."""
        return asyncio.run(push(practice, fault=fault, transport=self))


@pytest.fixture
def hooked() -> Hooked:
    return Hooked()


def under_way(practice: Practice, carrier: str, *, days: float) -> None:
    """One shipment at this carrier, so many days on its way, and a callback that was told nothing yet."""
    if carrier == "dcsa":
        practice.book(BOOKING, "NLRTM", "GNCKY", started_at=START)
    else:
        booked(practice, [carrier])
        practice.trackers.make({"trackingNumber": NUMBER}, START)
    practice.clock.set(START + timedelta(days=days), 86_400)
    references = [BOOKING if carrier == "dcsa" else NUMBER]
    practice.subscriptions.make(carrier, URL, SECRET, references=references)


def pushes(carrier: str) -> Pushes:
    found = CARRIERS[carrier]
    assert isinstance(found, Pushes)
    return found


def leg_of(carrier: str) -> LegAsked:
    return SHIP if carrier == "dcsa" else a_leg()


@pytest.mark.parametrize("carrier", sorted(PUSHED_BY))
def test_what_is_pushed_is_genuine_names_our_number_and_tells_what_a_poll_would(
    client: httpx.Client, practice: Practice, hooked: Hooked, carrier: str
) -> None:
    under_way(practice, carrier, days=30)
    hooked.tell(practice)
    told = set()
    for request in hooked.requests:
        headers = dict(request.headers)
        assert pushes(carrier).is_genuine(request.content, headers, [FORMER, SECRET])
        assert not pushes(carrier).is_genuine(request.content, headers, [FORMER])
        assert leg_of(carrier).reference in pushes(carrier).pushed_references(request.content)
        answer = pushes(carrier).read_pushed(request.content, leg_of(carrier), heard_at=practice.clock.now())
        assert answer.problems == ()
        told |= {event.id for event in answer.events}
    assert told == {event.id for event in polled(client, practice, carrier)} != set()


def polled(client: httpx.Client, practice: Practice, carrier: str) -> Sequence[ReadEvent]:
    if carrier != "dcsa":
        return read(practice, carrier, asked(client, practice, carrier)).events
    query = {"carrierBookingReference": BOOKING}
    body = client.get("/v2/events", params=query, headers={"API-Key": "a key"}).content
    return dcsa.read_answer(body, SHIP, heard_at=practice.clock.now()).events


@pytest.mark.parametrize("carrier", sorted(PUSHED_BY))
def test_only_what_is_new_is_pushed_and_once_it_is_accepted(practice: Practice, hooked: Hooked, carrier: str) -> None:
    under_way(practice, carrier, days=4)
    hooked.status = 503
    assert {one.status for one in hooked.tell(practice)} == {503}
    hooked.status = 204
    first = hooked.tell(practice)
    assert first
    assert all(one.accepted for one in first)
    assert hooked.tell(practice) == []
    practice.clock.advance(20)
    assert hooked.tell(practice)
    assert hooked.tell(practice) == []


@pytest.mark.parametrize("carrier", sorted(PUSHED_BY))
def test_a_bad_signature_is_believed_by_nobody(practice: Practice, hooked: Hooked, carrier: str) -> None:
    under_way(practice, carrier, days=4)
    hooked.tell(practice, fault="bad_signature")
    assert hooked.requests
    assert not any(pushes(carrier).is_genuine(one.content, dict(one.headers), [SECRET]) for one in hooked.requests)


def test_a_body_that_was_written_anew_is_no_longer_what_was_signed(practice: Practice, hooked: Hooked) -> None:
    under_way(practice, "dcsa", days=4)
    hooked.tell(practice, fault="reserialised")
    (one,) = hooked.requests
    assert not dcsa.is_genuine(one.content, dict(one.headers), [SECRET])


@pytest.mark.parametrize("carrier", sorted(PUSHED_BY))
def test_a_replay_is_the_same_message_thrice(practice: Practice, hooked: Hooked, carrier: str) -> None:
    under_way(practice, carrier, days=0.1)
    hooked.tell(practice, fault="replayed")
    bodies = [one.content for one in hooked.requests]
    assert len(bodies) == 3 * len(set(bodies)) > 0


@pytest.mark.parametrize("carrier", sorted(PUSHED_BY - {"dhl"}))
def test_a_stale_message_says_that_it_is_a_month_old(practice: Practice, hooked: Hooked, carrier: str) -> None:
    under_way(practice, carrier, days=4)
    hooked.tell(practice, fault="stale")
    made = [pushes(carrier).made_at(one.content) for one in hooked.requests]
    assert all(at is not None and at < practice.clock.now() - timedelta(days=29) for at in made)
    assert all(pushes(carrier).is_genuine(one.content, dict(one.headers), [SECRET]) for one in hooked.requests)


def test_a_line_is_asked_to_tell_and_to_stop_with_our_own_requests(
    client: httpx.Client, practice: Practice, hooked: Hooked
) -> None:
    practice.book(BOOKING, "NLRTM", "GNCKY", started_at=START)
    practice.clock.set(START + timedelta(days=8), 86_400)
    account = an_account(practice, "dcsa")
    made = send(client, dcsa.request_to_subscribe([SHIP], account, HOOK, key=None))
    key = dcsa.read_subscribed(made.content, [SHIP], key=None)[BOOKING].key
    assert made.status_code == 201
    assert SECRET not in made.text
    assert key is not None
    (one,) = client.get("/v2/event-subscriptions", headers={"API-Key": "a key"}).json()
    assert one == made.json()
    other = Hook(URL, FORMER)
    assert send(client, dcsa.request_to_subscribe([SHIP], account, other, key=key)).status_code == 204
    assert hooked.tell(practice) == []  # what was before the subscription is not told
    practice.clock.advance(3)
    hooked.tell(practice)
    assert dcsa.is_genuine(hooked.requests[0].content, dict(hooked.requests[0].headers), [FORMER])
    assert subscription_said(dcsa, dict(hooked.requests[0].headers)) == key
    end = dcsa.request_to_end(account, key=key)
    assert end is not None
    assert [send(client, end).status_code for _ in range(2)] == [204, 404]


def test_ups_tells_nothing_of_what_was_before_and_forgets_after_14_days(
    client: httpx.Client, practice: Practice, hooked: Hooked
) -> None:
    booked(practice, ["ups"])
    practice.clock.set(START + timedelta(days=4), 86_400)
    legs = [a_leg(), a_leg("?")]
    made = send(client, ups.request_to_subscribe(legs, an_account(practice, "ups"), HOOK, key=None))
    told = ups.read_subscribed(made.content, legs, key=None)
    assert [bool(told[leg.reference].refused) for leg in legs[:1]] == [False]
    assert made.json()["invalidTrackingNumbers"] != []
    assert hooked.tell(practice) == []
    practice.clock.advance(1)
    assert len(hooked.tell(practice)) == 2
    practice.clock.advance(14)
    assert hooked.tell(practice) == []


def test_it_never_calls_back_beyond_this_machine(client: httpx.Client, practice: Practice) -> None:
    away = Hook("https://hooks.example/dcsa", SECRET)
    asked_for = dcsa.request_to_subscribe([SHIP], an_account(practice, "dcsa"), away, key=None)
    assert send(client, asked_for).status_code == 400
    asked_for = ups.request_to_subscribe([a_leg()], an_account(practice, "ups"), away, key=None)
    assert send(client, asked_for).status_code == 400
    body = [{"interface": "dhl", "url": away.callback, "secret": SECRET}]
    assert client.post("/practice/callbacks", json=body).status_code == 400


def test_callbacks_are_set_and_told_over_the_wire(client: httpx.Client, practice: Practice) -> None:
    booked(practice, ["dhl"])
    body = [{"interface": "dhl", "url": URL, "secret": SECRET, "references": [NUMBER]}]
    (shown,) = client.post("/practice/callbacks", json=body).json()
    assert UUID(shown["id"])
    assert SECRET not in client.get("/practice/callbacks").text
    (sent,) = client.post("/practice/push", json={"interface": "dhl"}).json()
    assert (sent["reference"], sent["status"]) == (NUMBER, NOT_REACHED)
    assert client.post("/practice/push", json={"fault": "nonsense"}).status_code == 400
    assert client.delete("/practice/callbacks").status_code == 204
    assert client.post("/practice/push", json={}).json() == []


def test_a_thousand_are_told_at_once(practice: Practice, hooked: Hooked) -> None:
    numbers = [f"PUSHED{number:06}" for number in range(1_000)]
    for number in numbers:
        practice.ship("ship24", number, started_at=START)
        practice.trackers.make({"trackingNumber": number}, START)
    practice.clock.set(START + timedelta(hours=1), 86_400)
    practice.subscriptions.make("ship24", URL, SECRET, references=numbers)
    assert sorted(one.reference for one in hooked.tell(practice)) == numbers
