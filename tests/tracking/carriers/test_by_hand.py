"""What staff heard on the phone is an event like any other, and nobody is called for it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers import CARRIERS, by_hand
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
        reported(Reported("r1", Milestone.DELIVERED, at), heard_at=HEARD)


def test_a_report_says_its_offset() -> None:
    with pytest.raises(Invalid, match="offset"):
        reported(Reported("r1", Milestone.DELIVERED, datetime(2026, 3, 30)), heard_at=HEARD)  # noqa: DTZ001


def test_a_reason_is_for_exceptions() -> None:
    with pytest.raises(Invalid, match="reason"):
        reported(Reported("r1", Milestone.DELIVERED, HEARD, reason=Reason.DAMAGED), heard_at=HEARD)
    event = reported(Reported("r1", Milestone.EXCEPTION, HEARD, reason=Reason.DAMAGED), heard_at=HEARD)
    assert event.reason is Reason.DAMAGED


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
