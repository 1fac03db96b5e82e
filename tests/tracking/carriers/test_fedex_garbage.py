"""FedEx's garbage costs one leg one poll, and never more than the bad part of an answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipments.errors import CarrierUnavailable, CarrierUnreadable
from shipments.tracking.carriers import fedex
from tests.tracking.carriers.mutating import JSON, is_sound, mutated
from tests.tracking.carriers.telling import HEARD
from tests.tracking.carriers.telling_fedex import (
    NUMBER,
    a_fedex_answer,
    destined,
    estimated,
    read_fedex,
    read_numbers,
    said_of,
    scan,
    shipment,
    whole,
)
from tests.tracking.carriers.telling_parcels import a_parcel


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<!doctype html><title>Maintenance</title>",
        b'{"output": {"completeTrackResults": [',
        b'{"output": {"completeTrackResults": null}}',
        b'{"output": []}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b'{"errors": [{"code": "NOT.AUTHORIZED.ERROR", "message": "m"}]}',
    ],
)
def test_what_is_no_answer_is_unreadable(answer: bytes) -> None:
    with pytest.raises(CarrierUnreadable):
        fedex.read_answer(answer, a_parcel(NUMBER), heard_at=HEARD)


def test_a_whole_answer_that_says_not_found_found_nothing() -> None:
    answer = b'{"errors": [{"code": "TRACKING.TRACKINGNUMBER.NOTFOUND", "message": "m"}]}'
    assert fedex.read_answer(answer, a_parcel(NUMBER), heard_at=HEARD).found is False


@pytest.mark.parametrize(
    "bad",
    [None, 7, "scan", [], {}, scan(None), scan("IT", None), scan("IT", ["2026"]), scan("IT", scanLocation="a place")],  # type: ignore[arg-type]
)
def test_one_bad_scan_is_named_and_the_good_ones_are_kept(bad: object) -> None:
    answer = read_fedex(bad, scan("PU"))
    assert [event.event for event in answer.events] == ["picked_up"]
    assert len(answer.problems) == 1
    assert "1 is" in answer.problems[0]


@pytest.mark.parametrize("part", ["dateAndTimes", "destinationLocation", "latestStatusDetail", "error"])
def test_one_bad_part_of_a_shipment_does_not_cost_its_scans(part: str) -> None:
    answer = read_numbers(said_of(NUMBER, shipment(scan("PU"), **{part: 7})))
    assert [event.event for event in answer.events] == ["picked_up"]
    assert part in answer.problems[0]


def test_many_problems_are_counted_rather_than_listed() -> None:
    assert read_fedex(*[None] * 500).problems[-1] == "and 450 more problems"


def _reads_or_refuses(answer: bytes) -> None:
    try:
        read = fedex.read_answer(answer, a_parcel(NUMBER), heard_at=HEARD)
    except (CarrierUnreadable, CarrierUnavailable):
        return
    is_sound(read)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(answer: bytes) -> None:
    _reads_or_refuses(answer)


SHIPMENT = shipment(
    scan("IT", country="GN", delayDetail={"type": "WEATHER", "status": "DELAYED"}),
    scan("RS"),
    destinationLocation=destined("GN"),
    dateAndTimes=estimated("2026-04-03T18:00:00"),
    estimatedDeliveryTimeWindow={"window": {"begins": "2026-04-03T08:00:00", "ends": "2026-04-03T18:00:00"}},
    latestStatusDetail={"delayDetail": {"type": "LOCAL", "status": "DELAYED"}},
)


@given(mutated(json.loads(whole(said_of(NUMBER, SHIPMENT)))))
def test_any_mutation_of_an_answer_is_read_or_refused(answer: Any) -> None:
    _reads_or_refuses(json.dumps(answer).encode())


@given(st.integers(0, len(a_fedex_answer())))
def test_an_answer_cut_anywhere_is_read_or_refused(length: int) -> None:
    _reads_or_refuses(a_fedex_answer()[:length])


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_for_a_time_or_a_code_is_read_or_doubted(written: str, code: str) -> None:
    _reads_or_refuses(whole(said_of(NUMBER, shipment(scan(code, written), dateAndTimes=estimated(written)))))


@given(JSON)
def test_any_json_in_the_place_of_a_number_is_read_or_refused(told: Any) -> None:
    _reads_or_refuses(whole(told))
