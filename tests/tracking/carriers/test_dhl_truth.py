"""The truth rules, one test each, for DHL."""

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from shipments.tracking.carriers import dhl
from shipments.tracking.carriers.answers import NOT_FOUND, Answer, ReadEvent
from shipments.tracking.carriers.believing import together
from shipments.tracking.milestones import Milestone, Reason
from tests.tracking.carriers.telling import HEARD
from tests.tracking.carriers.telling_parcels import (
    DHL_NUMBER,
    a_dhl_answer,
    a_parcel,
    dhl_event,
    dhl_place,
    dhl_shipment,
    read_dhl,
    read_dhl_shipments,
    read_one_dhl,
)

M = Milestone


def milestones(answer: Answer) -> list[Milestone | None]:
    return [event.milestone for event in answer.events]


def test_a_whole_answer_reads_without_a_problem() -> None:
    answer = dhl.read_answer(json.dumps(a_dhl_answer()).encode(), a_parcel(DHL_NUMBER), heard_at=HEARD)
    assert (answer.found, answer.problems, answer.next_page) == (True, (), None)
    assert milestones(answer) == [
        M.DELIVERED,
        M.OUT_FOR_DELIVERY,
        M.ARRIVED_DESTINATION,
        *[M.IN_TRANSIT] * 5,
        M.ACCEPTED,
    ]


def test_an_offset_is_kept_so_that_10_00_at_plus_5_is_05_00_utc() -> None:
    event = read_one_dhl(dhl_event("AF", "2026-03-20T10:00:00+05:00"))
    assert event.occurred_at == datetime(2026, 3, 20, 5, 0, tzinfo=UTC)
    assert (event.occurred_as_written, event.tz_known) == ("2026-03-20T10:00:00+05:00", True)


@pytest.mark.parametrize(
    ("written", "expected", "tz_known"),
    [
        ("2026-03-20T10:00:00Z", datetime(2026, 3, 20, 10, tzinfo=UTC), True),
        ("2026-03-20T10:00:00.123456789Z", datetime(2026, 3, 20, 10, 0, 0, 123456, tzinfo=UTC), True),
        ("2026-03-20T10:00:00", datetime(2026, 3, 20, 9, tzinfo=UTC), False),
        ("2026-03-20", None, False),
    ],
)
def test_every_way_in_which_dhl_writes_a_time_is_read_and_a_zoneless_one_is_marked(
    written: str, expected: datetime | None, tz_known: bool
) -> None:
    answer = read_dhl(dhl_event("AF", written, "NL"))
    (event,) = answer.events
    assert (event.occurred_at, event.tz_known, event.occurred_as_written) == (expected, tz_known, written)
    assert (event.milestone, answer.problems) == (M.IN_TRANSIT, ())


def test_a_scan_keeps_its_name_with_and_without_a_part_of_a_second() -> None:
    written = ("2026-03-20T10:00:00Z", "2026-03-20T10:00:00.123456789Z", "2026-03-20T11:00:00.5+01:00")
    assert len({read_one_dhl(dhl_event("AF", one)).id for one in written}) == 1


@pytest.mark.parametrize("country", ["BR", "US", None])
def test_a_zoneless_time_is_not_placed_where_the_zone_is_not_known(country: str | None) -> None:
    event = read_one_dhl(dhl_event("AF", "2026-03-20T10:00:00", country), destination=None, origin=None)
    assert (event.occurred_at, event.tz_known, event.milestone) == (None, False, M.IN_TRANSIT)


def test_a_zoneless_time_is_placed_where_all_zones_of_the_country_agree() -> None:
    event = read_one_dhl(dhl_event("AF", "2026-03-20T10:00:00", "DE"))
    assert (event.occurred_at, event.tz_known) == (datetime(2026, 3, 20, 9, tzinfo=UTC), False)


def test_events_are_act_and_only_act_moves_progress() -> None:
    answer = read_dhl(dhl_event("AF"), estimatedTimeOfDelivery="2026-04-05T17:00:00Z")
    assert [(event.classifier, event.milestone) for event in answer.events] == [("ACT", M.IN_TRANSIT), ("EST", None)]


@pytest.mark.parametrize(
    ("estimate", "first", "last"),
    [
        ({"estimatedTimeOfDelivery": "2026-04-05T17:00:00+02:00"}, "2026-04-05T15:00:00", "2026-04-05T15:00:00"),
        ({"estimatedTimeOfDelivery": "2026-04-05"}, "2026-04-05T00:00:00", "2026-04-05T23:59:59"),
        (
            {
                "estimatedDeliveryTimeFrame": {
                    "estimatedFrom": "2026-04-05T08:00:00",
                    "estimatedThrough": "2026-04-06T18:00:00",
                },
                "estimatedTimeOfDelivery": "2026-04-09",
            },
            "2026-04-05T08:00:00",
            "2026-04-06T18:00:00",
        ),
    ],
)
def test_an_estimate_feeds_the_expected_date_as_a_range(estimate: dict[str, Any], first: str, last: str) -> None:
    answer = read_dhl(dhl_event("AF"), **estimate)
    assert answer.expected_from == datetime.fromisoformat(first).replace(tzinfo=UTC)
    assert answer.expected_to == datetime.fromisoformat(last).replace(tzinfo=UTC)


def test_a_changed_estimate_is_itself_news() -> None:
    def told(estimate: str) -> set[str]:
        return {event.id for event in read_dhl(dhl_event("AF"), estimatedTimeOfDelivery=estimate).events}

    assert len(told("2026-04-05T17:00:00Z") & told("2026-04-07T17:00:00Z")) == 1  # the scan
    assert told("2026-04-05T17:00:00Z") == told("2026-04-05T17:00:00Z")


def test_once_delivered_nothing_is_expected() -> None:
    answer = read_dhl(dhl_event("OK", country="GN", code="delivered"), estimatedTimeOfDelivery="2026-04-05T17:00:00Z")
    assert (answer.expected_from, answer.expected_to, milestones(answer)) == (None, None, [M.DELIVERED])


@pytest.mark.parametrize("status", ["AF", "AR", "PL", "DF"])
def test_arrived_is_said_only_in_the_country_where_our_last_leg_ends(status: str) -> None:
    assert read_one_dhl(dhl_event(status, country="GN")).milestone is M.ARRIVED_DESTINATION
    assert read_one_dhl(dhl_event(status, country="MA")).milestone is M.IN_TRANSIT
    assert read_one_dhl(dhl_event(status)).milestone is M.IN_TRANSIT
    not_last = a_parcel(DHL_NUMBER, is_last=False)
    assert read_one_dhl(dhl_event(status, country="GN"), not_last).milestone is M.IN_TRANSIT


def test_customs_clears_papers_before_arrival_so_that_it_proves_none() -> None:
    event = read_one_dhl(dhl_event("CR", country="GN"))
    assert (event.milestone, event.event) == (M.IN_TRANSIT, "customs_released")


def test_the_hub_is_not_the_office() -> None:
    assert read_one_dhl(dhl_event("CC", country="GN")).milestone is M.AVAILABLE_FOR_PICKUP
    assert read_one_dhl(dhl_event("TP", country="GN")).milestone is M.IN_TRANSIT
    elsewhere = read_one_dhl(dhl_event("OK", country="MA", code="delivered"))
    assert elsewhere.milestone is not M.DELIVERED


def test_a_contradictory_delivered_is_kept_on_both_sides() -> None:
    answer = read_dhl(
        dhl_event("AF", "2026-03-22T10:00:00Z", "GN"), dhl_event("OK", "2026-03-21T10:00:00Z", "GN", code="delivered")
    )
    assert milestones(answer) == [M.ARRIVED_DESTINATION, M.DELIVERED]


def test_a_return_after_delivery_is_kept_and_delivered_is_not_believed_for_the_senders_door() -> None:
    answer = read_dhl(
        dhl_event("OK", "2026-03-20T10:00:00Z", "GN", code="delivered"),
        dhl_event("RT", "2026-03-24T10:00:00Z", "GN", code="failure"),
        dhl_event("OK", "2026-03-28T10:00:00Z", "NL", code="delivered"),
    )
    assert milestones(answer)[:2] == [M.DELIVERED, M.RETURNED]
    assert milestones(answer)[2] is not M.DELIVERED


def test_dhls_unknown_is_known_kept_and_moves_nothing() -> None:
    answer = read_dhl(dhl_event(None, code="unknown"))
    (event,) = answer.events
    assert (event.milestone, event.event, answer.problems) == (None, "status_unknown", ())


def test_pre_transit_is_not_in_transit() -> None:
    assert read_one_dhl(dhl_event(None, code="pre-transit")).milestone is M.INFO_RECEIVED


def test_a_failure_does_not_say_what_failed() -> None:
    event = read_one_dhl(dhl_event(None, code="failure"))
    assert (event.milestone, event.reason) == (M.EXCEPTION, None)


def test_a_code_that_nobody_knows_is_kept_raw_and_named_and_not_guessed() -> None:
    answer = read_dhl(dhl_event(None, code="teleported"))
    (event,) = answer.events
    assert (event.milestone, event.event, event.raw_code) == (None, None, "teleported")
    assert answer.problems == ("event 1: the code teleported is unknown",)


def test_the_same_letters_mean_nothing_at_another_dhl_business() -> None:
    express = read_one_dhl(dhl_event("BA"))
    assert (express.milestone, express.reason, express.raw_code) == (
        M.EXCEPTION,
        Reason.ADDRESS_PROBLEM,
        "transit/BA",
    )
    parcel = read_one_dhl(dhl_event("BA"), service="parcel-de")
    assert (parcel.milestone, parcel.reason, parcel.raw_code) == (M.IN_TRANSIT, None, "transit")


def test_forwarding_has_its_own_words() -> None:
    event = read_one_dhl(dhl_event("HELD_AT_CUSTOMS", country="GN"), service="dgf")
    assert (event.milestone, event.reason) == (M.EXCEPTION, Reason.CUSTOMS_HOLD)


@pytest.mark.parametrize(
    "at", ["2026-04-05T00:00:00Z", "2099-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_that_cannot_be_believed_is_kept_as_written_and_moves_nothing(at: str) -> None:
    answer = read_dhl(dhl_event("OK", at, "GN", code="delivered"))
    (event,) = answer.events
    assert (event.occurred_at, event.milestone, event.occurred_as_written) == (None, None, at)
    assert "event 1 (delivered/OK) moves nothing" in answer.problems[0]


def test_a_number_used_before_does_not_bring_its_old_way_back() -> None:
    old = dhl_event("AF", "2025-12-01T00:00:00Z")
    answer = read_dhl(old, dhl_event("PU"))
    assert [event.event for event in answer.events] == ["picked_up"]
    assert "a number used before" in answer.problems[0]
    assert len(read_dhl(old, leg=a_parcel(DHL_NUMBER, dispatched_at=None)).events) == 1


def test_a_number_delivered_before_our_dispatch_was_another_parcels() -> None:
    old = [dhl_event("OK", "2026-02-10T10:00:00Z", "GN", code="delivered"), dhl_event("AR", "2026-02-09T10:00:00Z")]
    assert read_dhl(*old, estimatedTimeOfDelivery="2026-02-10").events == ()
    assert not read_dhl(*old).found
    answer = read_dhl(dhl_event("PU"), *old)
    assert [event.event for event in answer.events] == ["picked_up"]
    assert "delivered before our dispatch" in answer.problems[0]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"id": "9999000022"}, "another number"),
        ({"destination": dhl_place("BR")}, "goes to another country"),
        ({"origin": dhl_place("US")}, "comes from another country"),
    ],
)
def test_another_parcel_in_the_answer_is_left_out_and_named_without_its_number(
    other: dict[str, object], why: str
) -> None:
    stranger = dhl_shipment(dhl_event("OK", country="GN", code="delivered"), **other)
    answer = read_dhl_shipments(stranger, dhl_shipment(dhl_event("PU")))
    assert [event.event for event in answer.events] == ["picked_up"]
    assert why in answer.problems[0]
    assert "9999000022" not in str(answer)
    assert not read_dhl_shipments(stranger).found


def test_of_two_businesses_with_our_number_the_one_that_says_our_way_is_believed() -> None:
    vague = dhl_shipment(dhl_event(None, code="delivered"), service="parcel-de", origin=None, destination=None)
    answer = read_dhl_shipments(vague, dhl_shipment(dhl_event("PU")))
    assert [event.event for event in answer.events] == ["picked_up"]
    assert answer.problems


def test_where_nothing_tells_two_businesses_apart_neither_is_believed() -> None:
    answer = read_dhl_shipments(
        dhl_shipment(dhl_event("PU")), dhl_shipment(dhl_event(None, code="delivered"), service="ecommerce")
    )
    assert (answer.found, answer.events) == (False, ())
    assert "none is believed" in answer.problems[0]


@pytest.mark.parametrize(
    "details",
    [{"pieceIds": ["JD 0001"]}, {"references": [{"number": "jd-0001"}]}, {"references": {"number": "JD0001"}}],
)
def test_a_piece_names_its_shipment_and_a_reference_one_that_has_no_number_of_its_own(details: dict[str, Any]) -> None:
    leg = a_parcel("JD0001")
    assert read_dhl(dhl_event("PU"), details=details, leg=leg, id=None).found
    assert read_dhl(dhl_event("PU"), details=details, leg=leg).found is ("pieceIds" in details)


@pytest.mark.parametrize("id", ["9999000022", 9999000022])
def test_another_shipment_that_only_cites_our_number_is_not_ours_asked_or_told(id: object) -> None:
    citing = dhl_shipment(
        dhl_event("OK", country="GN", code="delivered"), id=id, details={"references": [{"number": DHL_NUMBER}]}
    )
    both = json.dumps({"shipments": [dhl_shipment(dhl_event("PU")), citing]}).encode()
    for read in (dhl.read_answer, dhl.read_pushed):
        assert milestones(read(both, a_parcel(DHL_NUMBER), heard_at=HEARD)) == [M.ACCEPTED]
    assert DHL_NUMBER not in dhl.pushed_references(json.dumps({"shipments": [citing]}).encode())
    assert not read_dhl_shipments(citing).found


def test_a_shipment_with_our_number_goes_before_one_that_has_none_of_its_own() -> None:
    nameless = dhl_shipment(dhl_event("OK", country="GN", code="delivered"), id=None)
    citing = {**nameless, "details": {"references": [{"number": DHL_NUMBER}]}}
    vague = dhl_shipment(dhl_event("PU"), origin=None, destination=None)
    for other in (nameless, citing):
        assert milestones(read_dhl_shipments(other, vague)) == [M.ACCEPTED]
        assert read_dhl_shipments(other).found
    told = json.dumps({"shipments": [nameless]}).encode()
    assert not dhl.read_pushed(told, a_parcel(DHL_NUMBER), heard_at=HEARD).found


def test_one_bad_shipment_in_thirty_costs_one() -> None:
    shipments = [dhl_shipment(dhl_event("PU", f"2026-03-{day:02}T10:00:00Z")) for day in range(1, 30)]
    shipments.insert(11, 7)  # type: ignore[arg-type]
    answer = read_dhl_shipments(*shipments)
    assert len(answer.events) == 29
    assert answer.problems[0].startswith("shipments 12 is malformed")


def test_the_identity_is_code_time_and_reference_never_a_place() -> None:
    def identity(event: dict[str, object]) -> str:
        return read_one_dhl(event).id

    same_moment = identity(dhl_event("AF", "2026-03-20T12:00:00+02:00", "MA"))
    assert identity(dhl_event("AF")) == same_moment == identity(dhl_event("AF", description="Told otherwise"))
    assert identity(dhl_event("AF")) != identity(dhl_event("AF", "2026-03-20T10:00:01Z"))
    assert identity(dhl_event("AF")) != identity(dhl_event("DF"))


def test_any_order_and_repetition_tells_the_same() -> None:
    def told(events: list[dict[str, object]]) -> list[ReadEvent]:
        return sorted(read_dhl(*events).events, key=lambda event: event.id)

    events = [dhl_event(status, f"2026-03-1{day}T10:00:00Z", "GN") for day, status in enumerate(["PU", "AF", "WC"])]
    shuffled = [*events, *events]
    random.Random(1).shuffle(shuffled)
    assert told(shuffled) == told(events)
    assert read_dhl(*events, *events).ignored == 3


def test_a_status_without_events_is_an_event() -> None:
    assert milestones(read_dhl(status=dhl_event("PU"))) == [M.ACCEPTED]


@pytest.mark.parametrize(
    "text", ["Delivered - Signed for by: A. PERSON", "signed A. PERSON", "Delivered. SIGNED: A. PERSON"]
)
def test_who_signed_is_not_read(text: str) -> None:
    event = read_one_dhl(dhl_event("OK", country="GN", code="delivered", description=text))
    assert "PERSON" not in str(event)


def test_people_and_streets_are_not_read() -> None:
    answer = dhl.read_answer(json.dumps(a_dhl_answer()).encode(), a_parcel(DHL_NUMBER), heard_at=HEARD)
    assert "PERSON" not in str(answer)
    address = {"address": {"countryCode": "GN", "addressLocality": "CONAKRY", "streetAddress": "QUAY STREET 1"}}
    assert "QUAY" not in str(read_one_dhl(dhl_event("AF", location=address)))


def test_a_place_and_a_text_are_safe_to_show() -> None:
    rude = "\u202eyrkanoC\x00\u2066\r\n" * 2000
    event = read_one_dhl(dhl_event("AF", location=dhl_place("GN", rude), description=rude))
    for text in (event.place, event.raw_text):
        assert text
        assert len(text) <= 200
        assert text.isprintable()


@pytest.mark.parametrize("status", [404, "404"])
def test_not_found_is_an_answer(status: object) -> None:
    problem = {"title": "No result found", "detail": "No shipment with given tracking number found.", "status": status}
    assert dhl.read_answer(json.dumps(problem).encode(), a_parcel(DHL_NUMBER), heard_at=HEARD) == NOT_FOUND
    assert read_dhl_shipments() == NOT_FOUND


def test_pages_together_keep_the_range_that_one_of_them_states() -> None:
    first = read_dhl(dhl_event("AF"), estimatedTimeOfDelivery="2026-04-05")
    other = read_dhl_shipments(dhl_shipment(id="9999000022"))
    whole = together([first, other], "GNCKY")
    assert (whole.expected_from, whole.expected_to) == (first.expected_from, first.expected_to)
    assert whole.expected_from != whole.expected_to
