"""What staff heard on the phone is an event like any other, and nobody is called for it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers import CARRIERS, by_hand
from shipments.tracking.carriers.answers import ReadEvent
from shipments.tracking.carriers.by_hand import Reported, reported
from shipments.tracking.milestones import Milestone, Reason
from tests.tracking.carriers.telling import HEARD, a_leg, an_account


def a_report(**more: object) -> dict[str, object]:
    return {"id": "r1", "milestone": "arrived_destination", "occurred_at": "2026-03-30T10:00:00+00:00"} | more


def told(*reports: object) -> bytes:
    return json.dumps(reports).encode()


def test_a_report_is_read_as_an_actual_event() -> None:
    place = "Conakry\x00\u202e, quay"
    answer = by_hand.read_answer(told(a_report(place=place, note="by phone")), a_leg(), heard_at=HEARD)
    (event,) = answer.events
    assert (event.milestone, event.classifier, event.event) == (Milestone.ARRIVED_DESTINATION, "ACT", "reported")
    assert (event.place, event.raw_text) == ("Conakry, quay", "by phone")


def test_the_same_report_twice_is_one_fact() -> None:
    answer = by_hand.read_answer(told(a_report(), a_report()), a_leg(), heard_at=HEARD)
    assert (len(answer.events), answer.ignored) == (1, 1)


@pytest.mark.parametrize(
    ("at", "field"),
    [(HEARD + timedelta(days=3), "occurred_at"), (datetime(1970, 1, 1, tzinfo=UTC), "occurred_at")],
)
def test_a_report_of_what_cannot_have_happened_is_refused(at: datetime, field: str) -> None:
    with pytest.raises(Invalid, match=field):
        reported(Reported("r1", at, Milestone.DELIVERED), a_leg(), heard_at=HEARD)


def test_a_report_says_its_offset() -> None:
    with pytest.raises(Invalid, match="offset"):
        reported(Reported("r1", datetime(2026, 3, 30), Milestone.DELIVERED), a_leg(), heard_at=HEARD)  # noqa: DTZ001


def test_a_reason_is_for_exceptions() -> None:
    with pytest.raises(Invalid, match="reason"):
        reported(Reported("r1", HEARD, Milestone.DELIVERED, reason=Reason.DAMAGED), a_leg(), heard_at=HEARD)
    event = reported(Reported("r1", HEARD, Milestone.EXCEPTION, reason=Reason.DAMAGED), a_leg(), heard_at=HEARD)
    assert event.reason is Reason.DAMAGED


def by_code(code: str, place: str | None, *, vocabulary: str = "iata", is_last: bool = True) -> ReadEvent:
    """What is made of a code that somebody read at a place."""
    report = a_report(code=code, vocabulary=vocabulary, unlocode=place)
    del report["milestone"]
    (event,) = by_hand.read_answer(told(report), a_leg(is_last=is_last), heard_at=HEARD).events
    return event


@pytest.mark.parametrize("code", ["ARR", "RCF", "rcf", "DLV", "CCD"])
def test_a_code_off_an_air_waybill_says_arrived_only_at_our_own_last_port(code: str) -> None:
    assert by_code(code, "GNCKY").milestone is Milestone.ARRIVED_DESTINATION
    for elsewhere in ("GNKSI", "MACMN", None):
        assert by_code(code, elsewhere).milestone is Milestone.IN_TRANSIT
    assert by_code(code, "GNCKY", is_last=False).milestone is Milestone.IN_TRANSIT


@pytest.mark.parametrize("code", ["DLV", "DDL", "NFD"])
def test_whoever_an_air_waybill_is_delivered_to_is_not_our_office(code: str) -> None:
    assert by_code(code, "GNCKY").milestone in (Milestone.ARRIVED_DESTINATION, Milestone.AVAILABLE_FOR_PICKUP)


def test_a_code_says_its_event_and_its_reason_and_is_kept_as_the_list_writes_it() -> None:
    event = by_code("dis ofld", "NLRTM")
    assert (event.milestone, event.reason) == (Milestone.EXCEPTION, Reason.OFFLOADED)
    assert (event.event, event.raw_code) == ("offloaded", "IATA/DIS_OFLD")


def test_a_document_read_off_an_air_waybill_moves_nothing() -> None:
    event = by_code("AWR", "GNCKY")
    assert (event.milestone, event.event) == (None, "document_received")


@pytest.mark.parametrize(
    ("code", "place", "milestone"),
    [
        ("EMA", "NLRTM", Milestone.ACCEPTED),
        ("EMD", "GNCKY", Milestone.ARRIVED_DESTINATION),
        ("emd", None, Milestone.ARRIVED_DESTINATION),
        ("EMD", "MACMN", Milestone.IN_TRANSIT),
        ("EMI", "GNCKY", Milestone.DELIVERED),
    ],
)
def test_a_posts_code_is_read_by_the_country_it_was_said_in(code: str, place: str | None, milestone: Milestone) -> None:
    event = by_code(code, place, vocabulary="upu")
    assert (event.milestone, event.raw_code) == (milestone, f"UPU/{code.upper()}")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"code": "XYZ", "vocabulary": "iata", "milestone": None}, "code"),
        ({"code": "DIS", "vocabulary": "iata", "milestone": None}, "code"),
        ({"code": "RCF", "vocabulary": "upu", "milestone": None}, "code"),
        ({"code": "RCF", "milestone": None}, "vocabulary"),
        ({"code": "RCF", "vocabulary": "iata"}, "milestone"),
        ({"vocabulary": "iata"}, "milestone"),
        ({"milestone": None}, "milestone"),
    ],
)
def test_a_report_is_a_milestone_or_a_code_that_its_list_knows(more: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid, match=field):
        by_hand.read_answer(told(a_report(**more)), a_leg(), heard_at=HEARD)


@pytest.mark.parametrize("answer", [b"", b"{}", b'[{"milestone": "arrived"}]', b"[" * 100_000, b"\xff"])
def test_what_is_no_report_is_unreadable(answer: bytes) -> None:
    with pytest.raises(CarrierUnreadable):
        by_hand.read_answer(answer, a_leg(), heard_at=HEARD)


def test_by_hand_is_never_polled() -> None:
    assert not CARRIERS["by_hand"].polled
    with pytest.raises(Invalid):
        CARRIERS["by_hand"].request_for(a_leg(), an_account("https://carrier.example"), since=None, page=None)


@pytest.mark.parametrize("name", CARRIERS)
def test_a_carrier_is_found_under_its_own_name(name: str) -> None:
    assert CARRIERS[name].name == name
    assert CARRIERS[name].modes
    assert CARRIERS[name].reference_types
