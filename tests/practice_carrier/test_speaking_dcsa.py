"""The practice carrier answers as DCSA 2.2 says, keeps state, moves with its clock and counts its calls."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.practice_carrier import Practice, Running, practice_carrier, run
from api.practice_carrier.voyages import VOYAGES

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with practice_carrier(api_key="a key") as carrier:
        yield carrier


@pytest.fixture
def practice(running: Running) -> Practice:
    practice = running.practice
    practice.clock.set(START + timedelta(days=40), 86_400)
    practice.faults.clear()
    practice.calls.clear()
    return practice


@pytest.fixture
def client(running: Running, practice: Practice) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, headers={"API-Key": "a key"}, trust_env=False) as client:
        yield client


def events(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    answer = client.get("/v2/events", params=query)
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()
    return told


def codes(told: list[dict[str, Any]]) -> list[str]:
    return [event[f"{event['eventType'].lower()}EventTypeCode"] for event in told]


def test_a_ship_moves_with_the_clock_and_not_before(client: httpx.Client, practice: Practice) -> None:
    practice.book("B1", "NLRTM", "GNCKY", started_at=START)
    practice.clock.set(START + timedelta(days=3), 86_400)
    assert "DEPA" not in codes([event for event in events(client, carrierBookingReference="B1") if _is_act(event)])
    practice.clock.advance(2)
    assert "DEPA" in codes([event for event in events(client, carrierBookingReference="B1") if _is_act(event)])


def _is_act(event: dict[str, Any]) -> bool:
    return bool(event["eventClassifierCode"] == "ACT")


def test_time_runs_as_fast_as_it_is_told_to(client: httpx.Client, practice: Practice) -> None:
    shown = client.post("/practice/clock", json={"now": START.isoformat(), "seconds_per_day": 0.001}).json()
    later = client.get("/practice/clock").json()
    assert datetime.fromisoformat(later["now"]) > datetime.fromisoformat(shown["now"]) + timedelta(hours=1)


def test_the_same_booking_tells_the_same_events_each_time(client: httpx.Client, practice: Practice) -> None:
    practice.book("B2", "NLRTM", "GNCKY", started_at=START)
    first = events(client, carrierBookingReference="B2")
    practice.book("B2", "NLRTM", "GNCKY", started_at=START)
    assert events(client, carrierBookingReference="B2") == first
    assert len({event["eventID"] for event in first}) == len(first)


def test_a_shipment_is_found_by_each_of_its_references(client: httpx.Client, practice: Practice) -> None:
    shipment = practice.book("B3", "NLRTM", "GNCKY", started_at=START)
    told = events(client, carrierBookingReference="B3")
    assert events(client, transportDocumentReference=shipment.document) == told
    assert events(client, equipmentReference=shipment.container) == told


def test_pages_follow_one_another_to_the_end(client: httpx.Client, practice: Practice) -> None:
    practice.book("B4", "NLRTM", "GNCKY", started_at=START)
    whole = events(client, carrierBookingReference="B4")
    query, told = {"carrierBookingReference": "B4", "limit": "5"}, []
    while True:
        answer = client.get("/v2/events", params=query)
        assert answer.headers["API-Version"] == "2.2.0"
        assert answer.headers["Current-Page"]
        told += answer.json()
        if "Next-Page" not in answer.headers:
            break
        query["cursor"] = answer.headers["Next-Page"]
    assert told == whole


def test_created_since_is_honoured_to_the_second(client: httpx.Client, practice: Practice) -> None:
    practice.book("B5", "NLRTM", "GNCKY", started_at=START)
    whole = events(client, carrierBookingReference="B5")
    since = whole[7]["eventCreatedDateTime"]
    told = events(client, carrierBookingReference="B5", **{"eventCreatedDateTime:gte": since})
    assert told == [event for event in whole if event["eventCreatedDateTime"] >= since]
    unescaped = client.get(f"/v2/events?carrierBookingReference=B5&eventCreatedDateTime:gte={since}")
    assert unescaped.json() == told


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"carrierBookingReference": "B6", "limit": "0"}, 400),
        ({"carrierBookingReference": "B6", "limit": "many"}, 400),
        ({"carrierBookingReference": "B6", "cursor": "?"}, 400),
        ({"carrierBookingReference": "B6", "eventCreatedDateTime:gte": "2026-03-01T00:00:00"}, 400),
        ({"carrierBookingReference": "B6", "vesselIMONumber": "9321483"}, 400),
        ({"carrierBookingReference": "NOBODY"}, 404),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_in_dcsas_words(
    client: httpx.Client, practice: Practice, query: dict[str, str], status: int
) -> None:
    practice.book("B6", "NLRTM", "GNCKY", started_at=START)
    answer = client.get("/v2/events", params=query)
    assert (answer.status_code, answer.json()["statusCode"]) == (status, status)
    assert answer.json()["errors"][0].keys() == {"reason", "message"}


@pytest.mark.parametrize("key", [None, "another key"])
def test_without_the_key_there_is_no_answer(client: httpx.Client, practice: Practice, key: str | None) -> None:
    practice.book("B7", "NLRTM", "GNCKY")
    headers = {"API-Key": key} if key else {}
    answer = httpx.get(f"{client.base_url}/v2/events?carrierBookingReference=B7", headers=headers, trust_env=False)
    assert answer.status_code == 401


def test_every_call_is_counted_with_its_time_and_reference(client: httpx.Client, practice: Practice) -> None:
    practice.book("B8", "NLRTM", "GNCKY")
    for reference in ("B8", "B8", "NOBODY"):
        client.get("/v2/events", params={"carrierBookingReference": reference})
    heard = client.get("/practice/calls", params={"since": "1"}).json()
    assert heard["total"] == 3
    assert [(call["reference"], call["status"]) for call in heard["calls"]] == [("B8", 200), ("NOBODY", 404)]
    assert heard["calls"][0]["at"] <= heard["calls"][1]["at"]
    assert client.delete("/practice/calls").status_code == 204
    assert practice.calls == []


def test_a_fault_hits_its_own_shipment_as_often_as_it_says(client: httpx.Client, practice: Practice) -> None:
    for booking in ("B9", "B10"):
        client.post("/practice/shipments", json=[{"booking": booking, "from_place": "NLRTM", "to_place": "GNCKY"}])
    client.post("/practice/faults", json={"name": "broken", "reference": "B9", "times": 2})
    statuses = [
        client.get("/v2/events", params={"carrierBookingReference": booking}).status_code
        for booking in ("B10", "B9", "B9", "B9")
    ]
    assert statuses == [200, 500, 500, 200]
    assert [call.fault for call in practice.calls] == [None, "broken", "broken", None]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"name": "nonsense"}),
        ("faults", {"name": "slow", "unknown": 1}),
        ("shipments", [{"booking": "B", "from_place": "NLRTM", "to_place": "GNCKY", "voyage": "nonsense"}]),
        ("shipments", [{"booking": "B", "from_place": "NLRTM", "to_place": "GNCKY", "days": 0}]),
        ("clock", {"seconds_per_day": 0}),
        ("clock", {"now": "2026-03-01T00:00:00"}),
    ],
)
def test_control_refuses_what_it_does_not_know(client: httpx.Client, path: str, body: object) -> None:
    assert client.post(f"/practice/{path}", json=body).status_code == 400


@pytest.mark.parametrize("voyage", VOYAGES)
def test_a_voyage_is_told_in_the_order_of_its_days(voyage: str) -> None:
    days = [step.day for step in VOYAGES[voyage]]
    assert days == sorted(days)


def test_a_delayed_ship_moves_its_estimate_and_arrives_as_last_estimated(
    client: httpx.Client, practice: Practice
) -> None:
    practice.book("B11", "NLRTM", "GNCKY", voyage="delayed", started_at=START)
    arrivals = [
        event
        for event in events(client, carrierBookingReference="B11")
        if event.get("transportEventTypeCode") == "ARRI" and event["transportCall"]["UNLocationCode"] == "GNCKY"
    ]
    estimates = [event["eventDateTime"] for event in arrivals if event["eventClassifierCode"] == "EST"]
    assert len(set(estimates)) == 3
    assert [event["eventDateTime"] for event in arrivals if _is_act(event)] == estimates[-1:]


def test_it_answers_on_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        run("0.0.0.0", 0, "key")
