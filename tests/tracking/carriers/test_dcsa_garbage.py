"""A carrier's garbage costs one leg one poll, and never more than the bad part of an answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers import dcsa
from shipments.tracking.carriers.answers import Answer
from tests.tracking.carriers.telling import HEARD, a_leg, paper, read, said


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"{}",
        b"7",
        b"<!doctype html><title>Maintenance</title>",
        b'[{"eventID": "1"',
        b"[" * 100_000,
        b"\xff\xfe",
        b'["\xff"]x',
        b'{"errors": [{"reason": "r", "message": "m"}]}',
    ],
)
def test_what_is_not_a_list_of_events_is_unreadable(answer: bytes) -> None:
    with pytest.raises(CarrierUnreadable):
        dcsa.read_answer(answer, a_leg(), heard_at=HEARD)


@pytest.mark.parametrize(
    "bad",
    [
        None,
        7,
        "event",
        [],
        {},
        {"eventID": 7},
        said("EQUIPMENT/LOAD", "NLRTM", eventDateTime=["2026"]),
        said("EQUIPMENT/LOAD", "NLRTM", eventDateTime=None),
        said("EQUIPMENT/LOAD", "NLRTM", transportCall="a ship"),
        said("EQUIPMENT/LOAD", "NLRTM", equipmentEventTypeCode=None),
        said("EQUIPMENT/LOAD", "NLRTM", eventClassifierCode="REQ"),
        dict.fromkeys(said("EQUIPMENT/LOAD", "NLRTM")),
    ],
)
def test_one_bad_event_is_named_and_the_good_ones_are_kept(bad: object) -> None:
    good = said("EQUIPMENT/GTIN", "NLRTM")
    answer = read(bad, good)
    assert [event.event for event in answer.events] == ["gated_in"]
    assert answer.problems[0].startswith("event 1 is ")


def test_one_bad_event_in_thirty_costs_one() -> None:
    events: list[Any] = [said("EQUIPMENT/LOAD", "NLRTM", eventID=str(number)) for number in range(29)]
    events.insert(11, {"eventID": ["?"]})
    assert len(read(*events).events) == 29


def test_many_problems_are_counted_rather_than_listed() -> None:
    assert read(*[None] * 500).problems[-1] == "and 450 more problems"


def test_an_empty_list_is_an_answer_that_found_nothing() -> None:
    assert read() == Answer(found=False)


def test_of_a_key_said_twice_the_last_counts() -> None:
    twice = json.dumps([said("EQUIPMENT/LOAD", "NLRTM")]).replace('"LADEN"', '"EMPTY", "emptyIndicatorCode": "LADEN"')
    assert len(dcsa.read_answer(twice.encode(), a_leg(), heard_at=HEARD).events) == 1


def test_a_next_page_is_taken_from_the_header_in_any_case() -> None:
    assert read(headers={"Next-Page": "abc="}).next_page == "abc="
    assert read(headers={"next-page": "abc="}).next_page == "abc="
    assert read(headers={"Next-Page": "x" * 3000}).next_page is None


def _reads_or_refuses(answer: bytes) -> None:
    try:
        read_from_it = dcsa.read_answer(answer, a_leg(), heard_at=HEARD)
    except CarrierUnreadable:
        return
    for event in read_from_it.events:
        assert event.place is None or len(event.place) <= 200
        assert len(event.id) <= 80
        assert len(event.raw_code) <= 80
        assert len(event.raw_text) <= 200
        assert len(event.occurred_as_written) <= 60
        assert event.milestone is None or event.classifier == "ACT"
        assert (event.reason is not None) <= (event.milestone == "exception")


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(answer: bytes) -> None:
    _reads_or_refuses(answer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
EVENTS = st.sampled_from(
    [
        said("TRANSPORT/ARRI", "GNCKY"),
        said("EQUIPMENT/DISC", "GNCKY", eventLocation={"locationName": "Conakry"}),
        paper("HOLD", "CUS", references=[{"referenceType": "EQ", "referenceValue": "X"}]),
    ]
)


@st.composite
def mutated_events(draw: st.DrawFn) -> dict[str, Any]:
    event = dict(draw(EVENTS))
    for name in draw(st.lists(st.sampled_from(sorted(event)), max_size=3)):
        event[name] = draw(JSON)
    return event


@given(st.lists(mutated_events() | JSON, max_size=5))
def test_any_mutation_of_an_answer_is_read_or_refused(events: list[Any]) -> None:
    _reads_or_refuses(json.dumps(events).encode())


@given(st.lists(mutated_events(), max_size=4), st.data())
def test_an_answer_cut_anywhere_is_read_or_refused(events: list[Any], data: st.DataObject) -> None:
    answer = json.dumps(events).encode()
    _reads_or_refuses(answer[: data.draw(st.integers(0, len(answer)))])


@given(st.text(max_size=40))
def test_any_text_for_a_time_is_read_or_doubted(written: str) -> None:
    _reads_or_refuses(json.dumps([said("TRANSPORT/ARRI", "GNCKY", written)]).encode())
