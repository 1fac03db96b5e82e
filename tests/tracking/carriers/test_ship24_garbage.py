"""Ship24's garbage costs one leg one poll, and never more than the bad part of an answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers import ship24
from tests.tracking.carriers.mutating import JSON, is_sound, mutated
from tests.tracking.carriers.telling import HEARD
from tests.tracking.carriers.telling_parcels import a_parcel
from tests.tracking.carriers.telling_ship24 import NUMBER, event, read_ship24, read_trackings, tracking, whole


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<!doctype html><title>Maintenance</title>",
        b'{"data": {"trackings": [',
        b'{"data": null}',
        b'{"data": []}',
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b'{"errors": [{"code": "auth_invalid_api_key", "message": "m"}], "data": null}',
    ],
)
def test_what_is_no_answer_is_unreadable(answer: bytes) -> None:
    with pytest.raises(CarrierUnreadable):
        ship24.read_answer(answer, a_parcel(NUMBER), heard_at=HEARD)


@pytest.mark.parametrize(
    "bad", [None, 7, "event", [], {}, event(None), event("in_transit", order="first"), event("in_transit", status=[])]
)
def test_one_bad_event_is_named_and_the_good_ones_are_kept(bad: object) -> None:
    answer = read_ship24(bad, event("info_received"))
    assert [told.event for told in answer.events] == ["data_received"]
    assert len(answer.problems) == 1
    assert "1 is" in answer.problems[0]


def test_one_bad_tracking_in_thirty_costs_one() -> None:
    many: list[Any] = [tracking(event("in_transit", f"2026-03-20T10:00:{second:02}Z")) for second in range(29)]
    many.insert(11, {"tracker": 7, "shipment": [], "events": "none"})
    answer = read_trackings(*many)
    assert len(answer.events) == 29
    assert any("trackings 12" in problem for problem in answer.problems)


@pytest.mark.parametrize("part", ["delivery", "trackingNumbers", "destinationCountryCode", "statusMilestone"])
def test_one_bad_part_of_a_shipment_does_not_cost_its_events(part: str) -> None:
    told = tracking(event("in_transit"))
    told["shipment"][part] = 7
    answer = read_trackings(told)
    assert len(answer.events) == 1
    assert part in answer.problems[0]


def _reads_or_refuses(answer: bytes) -> None:
    try:
        read = ship24.read_answer(answer, a_parcel(NUMBER), heard_at=HEARD)
    except CarrierUnreadable:
        return
    is_sound(read)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(answer: bytes) -> None:
    _reads_or_refuses(answer)


BY_COURIER = {"from": "2026-04-03T08:00:00", "to": "2026-04-03T18:00:00"}
TRACKING = tracking(
    event("in_transit", order=1),
    event("exception", code="exception_return", order=2),
    event("delivered", "2026-03-25T10:00:00", utcOffset="+01:00", hasNoTime=False, order=3),
    delivery={"estimatedDeliveryDate": "2026-04-03", "courierEstimatedDeliveryDate": BY_COURIER},
)


@given(mutated(json.loads(whole(TRACKING, errors=[{"code": "courier_down"}]))))
def test_any_mutation_of_an_answer_is_read_or_refused(answer: Any) -> None:
    _reads_or_refuses(json.dumps(answer).encode())


@given(st.integers(0, len(whole(TRACKING))))
def test_an_answer_cut_anywhere_is_read_or_refused(length: int) -> None:
    _reads_or_refuses(whole(TRACKING)[:length])


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=8))
def test_any_text_for_a_time_a_code_or_an_offset_is_read_or_doubted(written: str, code: str, offset: str) -> None:
    told = event("in_transit", written, code, utcOffset=offset)
    _reads_or_refuses(whole(tracking(told, delivery={"estimatedDeliveryDate": written})))


@given(JSON)
def test_any_json_in_the_place_of_a_tracking_is_read_or_refused(told: Any) -> None:
    _reads_or_refuses(whole(told))
