"""DHL's and UPS's garbage costs one leg one poll, and never more than the bad part of an answer."""

import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers import dhl, ups
from tests.tracking.carriers.mutating import JSON, is_sound, mutated
from tests.tracking.carriers.telling import HEARD
from tests.tracking.carriers.telling_parcels import (
    DHL_NUMBER,
    UPS_NUMBER,
    a_dhl_answer,
    a_parcel,
    a_ups_answer,
    dhl_event,
    dhl_place,
    read_dhl,
    read_dhl_shipments,
    read_ups,
    ups_activity,
)

WHOLE = {dhl: a_dhl_answer(), ups: a_ups_answer()}
both = pytest.mark.parametrize("carrier", [dhl, ups], ids=["dhl", "ups"])


def _reads_or_refuses(carrier: ModuleType, answer: bytes) -> None:
    leg = a_parcel(DHL_NUMBER if carrier is dhl else UPS_NUMBER)
    try:
        read_from_it = carrier.read_answer(answer, leg, heard_at=HEARD)
    except CarrierUnreadable:
        return
    is_sound(read_from_it)


@both
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"7",
        b"<!doctype html><title>Maintenance</title>",
        b'{"shipments": [',
        b'{"trackResponse": {"shipment": [',
        b'{"shipments": null, "trackResponse": null}',
        b'{"shipments": 7, "trackResponse": {"shipment": 7}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b'{"shipments": [], "trackResponse": {"shipment": []}}x',
        b'{"title": "Unauthorized", "status": 401, "response": {"errors": [{"code": "250002", "message": "m"}]}}',
    ],
)
def test_what_is_no_answer_is_unreadable(carrier: ModuleType, answer: bytes) -> None:
    with pytest.raises(CarrierUnreadable):
        carrier.read_answer(answer, a_parcel(DHL_NUMBER), heard_at=HEARD)


def test_why_ups_refused_is_named_by_code_and_not_by_its_message() -> None:
    refusal = b'{"response": {"errors": [{"code": "10429", "message": "1ZSAMPLE0300000017"}]}}'
    with pytest.raises(CarrierUnreadable, match=r"10429\.$"):
        ups.read_answer(refusal, a_parcel(UPS_NUMBER), heard_at=HEARD)


@pytest.mark.parametrize(
    "bad",
    [
        None,
        7,
        "event",
        [],
        {},
        dhl_event("PU", timestamp=["2026"]),
        dhl_event("PU", timestamp=None),
        dhl_event("PU", location="a place"),
        dhl_event(None, code=None),  # type: ignore[arg-type]
        dict.fromkeys(dhl_event("PU")),
    ],
)
def test_one_bad_event_of_dhl_is_named_and_the_good_ones_are_kept(bad: object) -> None:
    answer = read_dhl(bad, dhl_event("PU"))
    assert [event.event for event in answer.events] == ["picked_up"]
    assert "event" in answer.problems[0]


@pytest.mark.parametrize(
    "bad",
    [
        None,
        7,
        [],
        {},
        ups_activity("I/AR/005", status="I"),
        ups_activity("I/AR/005", status=None),
        ups_activity("-/-/-"),
        ups_activity("I/AR/005", date=None, gmtDate=None),
        ups_activity("I/AR/005", gmtTime=74700),
    ],
)
def test_one_bad_activity_of_ups_is_named_and_the_good_ones_are_kept(bad: object) -> None:
    answer = read_ups(bad, ups_activity("I/OR/005"))
    assert [event.event for event in answer.events] == ["origin_scan"]
    assert len(answer.problems) == 1


@pytest.mark.parametrize(
    "bad", [{"estimatedTimeOfDelivery": 7}, {"details": 7}, {"details": {"pieceIds": 7}}, {"status": []}]
)
def test_a_bad_part_of_a_shipment_does_not_cost_its_events(bad: dict[str, Any]) -> None:
    answer = read_dhl(dhl_event("PU"), **bad)
    assert [event.event for event in answer.events] == ["picked_up"]
    assert "is malformed" in answer.problems[0]


def test_a_bad_next_url_does_not_cost_the_shipments() -> None:
    for bad in (7, "https://[", "https://elsewhere.example/", "https://elsewhere.example/?offset=-1"):
        answer = read_dhl_shipments({"id": DHL_NUMBER, "events": [dhl_event("PU")]}, nextUrl=bad)
        assert (len(answer.events), answer.next_page, len(answer.problems)) == (1, None, 1)


def test_an_estimate_that_cannot_be_believed_is_named_and_feeds_nothing() -> None:
    for bad in ("soon", "1970-01-01", "2099-01-01T00:00:00Z", "9999-12-31", "0001-01-01"):
        answer = read_dhl(dhl_event("PU"), estimatedTimeOfDelivery=bad)
        assert (len(answer.events), answer.expected_to, len(answer.problems)) == (1, None, 1)


def test_many_problems_are_counted_rather_than_listed() -> None:
    assert read_dhl(*[None] * 500).problems[-1] == "and 450 more problems"
    assert read_ups(*[None] * 500).problems[-1] == "and 450 more problems"


def test_a_place_with_a_country_that_is_none_is_no_country() -> None:
    for said in ("Guinea", "G", "12", "\u0131\u0131", ""):
        (event,) = read_dhl(dhl_event("AF", location=dhl_place(said, "CONAKRY"))).events
        assert event.milestone == "in_transit"


@both
@given(answer=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(carrier: ModuleType, answer: bytes) -> None:
    _reads_or_refuses(carrier, answer)


@both
@given(data=st.data())
def test_any_mutation_of_an_answer_is_read_or_refused(carrier: ModuleType, data: st.DataObject) -> None:
    _reads_or_refuses(carrier, json.dumps(data.draw(mutated(WHOLE[carrier]))).encode())


@both
@given(data=st.data())
def test_an_answer_cut_anywhere_is_read_or_refused(carrier: ModuleType, data: st.DataObject) -> None:
    answer = json.dumps(WHOLE[carrier]).encode()
    _reads_or_refuses(carrier, answer[: data.draw(st.integers(0, len(answer)))])


@given(parts=st.lists(JSON, max_size=3))
def test_any_json_in_the_place_of_events_is_read_or_refused(parts: list[Any]) -> None:
    shipment = {"id": DHL_NUMBER, "events": parts}
    _reads_or_refuses(dhl, json.dumps({"shipments": [shipment, *parts]}).encode())
    package = {"trackingNumber": UPS_NUMBER, "activity": parts}
    _reads_or_refuses(ups, json.dumps({"trackResponse": {"shipment": [{"package": [package, *parts]}]}}).encode())


@given(written=st.text(max_size=40), other=st.text(max_size=40))
def test_any_text_for_a_time_is_read_or_doubted(written: str, other: str) -> None:
    is_sound(read_dhl(dhl_event("PU", written), estimatedTimeOfDelivery=other))
    dates = [{"type": "SDD", "date": other}]
    hours = {"type": "EDW", "startTime": written, "endTime": other}
    is_sound(read_ups(ups_activity("I/AR/005", written, other), deliveryDate=dates, deliveryTime=hours))
