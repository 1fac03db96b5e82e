"""The truth rules, one test each, for DCSA."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.carriers.dcsa_codes import MEANINGS
from shipments.tracking.milestones import LIFTS, RANK, Milestone, Reason
from tests.tracking.carriers.telling import BOOKING, CONTAINER, a_leg, paper, read, read_one, said

M = Milestone


def test_an_offset_is_kept_so_that_10_00_at_plus_5_is_05_00_utc() -> None:
    event = read_one(said("TRANSPORT/ARRI", "GNCKY", "2026-03-20T10:00:00+05:00"))
    assert event.occurred_at == datetime(2026, 3, 20, 5, 0, tzinfo=UTC)
    assert event.occurred_as_written == "2026-03-20T10:00:00+05:00"
    assert event.tz_known


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("NLRTM", datetime(2026, 3, 20, 9, 0, tzinfo=UTC)),  # one zone in the country
        ("AMEVN", datetime(2026, 3, 20, 6, 0, tzinfo=UTC)),
        ("BRSSZ", None),  # several zones: not guessed
        (None, None),
    ],
)
def test_a_time_without_zone_is_marked_and_placed_only_where_the_country_has_one_zone(
    place: str | None, expected: datetime | None
) -> None:
    event = read_one(said("TRANSPORT/ARRI", place, "2026-03-20T10:00:00"))
    assert (event.occurred_at, event.tz_known) == (expected, False)
    assert event.occurred_as_written == "2026-03-20T10:00:00"
    assert event.milestone is M.IN_TRANSIT


def test_a_bare_date_is_not_made_into_midnight() -> None:
    event = read_one(said("TRANSPORT/ARRI", "GNCKY", "2026-03-20"))
    assert (event.occurred_at, event.tz_known, event.milestone) == (None, False, M.ARRIVED_DESTINATION)


@pytest.mark.parametrize("classifier", ["EST", "PLN"])
def test_only_act_moves_progress(classifier: str) -> None:
    event = read_one(said("TRANSPORT/ARRI", "GNCKY", eventClassifierCode=classifier))
    assert (event.milestone, event.event, event.classifier) == (None, "arrived", classifier)


def test_the_newest_estimate_feeds_the_expected_date_whatever_the_order() -> None:
    estimates = [
        said("TRANSPORT/ARRI", "GNCKY", at, eventClassifierCode=kind, eventCreatedDateTime=created, eventID=created)
        for kind, created, at in [
            ("PLN", "2026-03-09T00:00:00Z", "2026-03-20T00:00:00Z"),
            ("EST", "2026-03-02T00:00:00Z", "2026-03-22T00:00:00Z"),
            ("EST", "2026-03-05T00:00:00Z", "2026-03-24T00:00:00Z"),
            ("EST", "2026-03-03T00:00:00Z", "2026-03-28T00:00:00Z"),
        ]
    ]
    for _ in range(10):
        random.Random(1).shuffle(estimates)
        answer = read(*estimates)
        assert answer.expected_from == answer.expected_to == datetime(2026, 3, 24, tzinfo=UTC)


def test_an_estimate_for_another_port_or_after_arrival_feeds_nothing() -> None:
    estimate = said("TRANSPORT/ARRI", "GNCKY", "2026-03-24T00:00:00Z", eventClassifierCode="EST")
    assert read(estimate | {"transportCall": {"UNLocationCode": "MAPTM"}}).expected_from is None
    assert read(estimate, said("TRANSPORT/ARRI", "GNCKY")).expected_from is None


def test_empty_equipment_is_not_ours() -> None:
    answer = read(said("EQUIPMENT/GTIN", "GNCKY", emptyIndicatorCode="EMPTY"), said("EQUIPMENT/LOAD", "NLRTM"))
    assert [event.event for event in answer.events] == ["loaded"]
    assert (answer.ignored, answer.problems) == (1, ())


@pytest.mark.parametrize("code", ["TRANSPORT/ARRI", "EQUIPMENT/DISC", "EQUIPMENT/GTOT", "EQUIPMENT/STRP"])
def test_arrived_is_said_only_at_our_own_last_port(code: str) -> None:
    assert read_one(said(code, "GNCKY")).milestone is M.ARRIVED_DESTINATION
    assert read_one(said(code, "MAPTM")).milestone is M.IN_TRANSIT
    assert read_one(said(code)).milestone is M.IN_TRANSIT
    assert read_one(said(code, "GNCKY"), a_leg(is_last=False)).milestone is M.IN_TRANSIT


def test_what_happens_at_the_last_port_does_not_pull_a_box_back_to_sea_unless_a_ship_takes_it() -> None:
    by_lorry = said("EQUIPMENT/LOAD", "GNCKY", transportCall={"UNLocationCode": "GNCKY", "modeOfTransport": "TRUCK"})
    assert read_one(by_lorry).milestone is M.ARRIVED_DESTINATION
    assert read_one(said("EQUIPMENT/LOAD", "GNCKY")).milestone is M.IN_TRANSIT


@pytest.mark.parametrize("code", ["EQUIPMENT/DROP", "EQUIPMENT/STRP"])
def test_the_hub_is_not_the_office(code: str) -> None:
    milestone = read_one(said(code, "GNCKY")).milestone
    assert milestone in (M.AVAILABLE_FOR_PICKUP, M.ARRIVED_DESTINATION)


def test_no_dcsa_code_says_delivered() -> None:
    said_by_any = {meaning.milestone for meaning in MEANINGS.values()}
    said_by_any |= {meaning.at_last_port for meaning in MEANINGS.values()}
    assert M.DELIVERED not in said_by_any


def test_contradictory_news_is_kept_on_both_sides() -> None:
    answer = read(
        said("EQUIPMENT/DROP", "GNCKY", "2026-03-20T10:00:00Z"), said("EQUIPMENT/LOAD", "GNCKY", "2026-03-21T10:00:00Z")
    )
    assert [event.milestone for event in answer.events] == [M.AVAILABLE_FOR_PICKUP, M.IN_TRANSIT]


def test_a_code_that_nobody_knows_is_kept_raw_and_named_and_not_guessed() -> None:
    answer = read(said("EQUIPMENT/ZZZZ", "GNCKY"))
    (event,) = answer.events
    assert (event.milestone, event.event, event.raw_code) == (None, None, "EQUIPMENT/ZZZZ")
    assert answer.problems == ("event 1: the code EQUIPMENT/ZZZZ is unknown",)


def test_a_paper_moves_nothing_and_is_no_unknown_code() -> None:
    answer = read(paper("ISSU", "TRD"))
    (event,) = answer.events
    assert (event.milestone, event.event, answer.problems) == (None, "document_issued", ())


@pytest.mark.parametrize(
    ("code", "document", "milestone", "reason"),
    [
        ("CONF", "BKG", M.INFO_RECEIVED, None),
        ("HOLD", "CUS", M.EXCEPTION, Reason.CUSTOMS_HOLD),
        ("HOLD", "TRD", M.EXCEPTION, Reason.ON_HOLD),
        ("VOID", "BKG", M.CANCELLED, None),
        ("VOID", "TRD", None, None),
        ("REJE", "SHI", M.EXCEPTION, Reason.DOCUMENTS_MISSING),
    ],
)
def test_a_paper_that_stops_or_ends_a_shipment_says_so(
    code: str, document: str, milestone: Milestone | None, reason: Reason | None
) -> None:
    event = read_one(paper(code, document, documentID=BOOKING))
    assert (event.milestone, event.reason) == (milestone, reason)


def test_a_release_knows_no_place_and_lifts_the_hold_without_moving_the_box() -> None:
    event = read_one(paper("RELS", "CUS"))
    assert event.milestone is None
    assert Reason.CUSTOMS_HOLD in LIFTS[event.event or ""]


@pytest.mark.parametrize(
    "at", ["2026-04-05T00:00:00Z", "2099-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_that_cannot_be_believed_is_kept_as_written_and_moves_nothing(at: str) -> None:
    answer = read(said("TRANSPORT/ARRI", "GNCKY", at))
    (event,) = answer.events
    assert (event.occurred_at, event.milestone, event.occurred_as_written) == (None, None, at)
    assert "event 1 (TRANSPORT/ARRI) moves nothing" in answer.problems[0]


def test_a_clock_that_is_two_days_wrong_is_still_believed() -> None:
    assert read_one(said("TRANSPORT/ARRI", "GNCKY", "2026-04-03T11:00:00Z")).milestone is M.ARRIVED_DESTINATION


def test_a_number_used_before_does_not_bring_its_old_voyage_back() -> None:
    old = said("TRANSPORT/ARRI", "GNCKY", "2025-12-30T00:00:00Z")
    answer = read(old, said("EQUIPMENT/LOAD", "NLRTM"))
    assert [event.event for event in answer.events] == ["loaded"]
    assert "a number used before" in answer.problems[0]
    assert len(read(old, leg=a_leg(dispatched_at=None)).events) == 1


def _of_another(event: dict[str, object]) -> dict[str, object]:
    other = [{"documentReferenceType": "BKG", "documentReferenceValue": "OTHER99"}]
    return event | {"documentReferences": other, "equipmentReference": "OTHU7654321"}


def test_another_parcel_in_the_answer_is_left_out_and_named_without_its_number() -> None:
    answer = read(_of_another(said("EQUIPMENT/DISC", "GNCKY")), said("EQUIPMENT/LOAD", "NLRTM"))
    assert [event.event for event in answer.events] == ["loaded"]
    assert "another parcel" in answer.problems[0]
    assert "OTHER99" not in str(answer)


def test_a_paper_beside_another_parcel_is_believed_only_where_a_container_joins_it_to_ours() -> None:
    paper_of_ours = paper("HOLD", "CUS", references=[{"referenceType": "EQ", "referenceValue": CONTAINER}])
    paper_of_theirs = paper("HOLD", "CUS", eventID="x", references=[{"referenceType": "EQ", "referenceValue": "OTHU1"}])
    stranger = _of_another(said("EQUIPMENT/DISC", "GNCKY"))
    assert len(read(paper_of_theirs).events) == 1
    answer = read(stranger, paper_of_theirs | {"documentID": "D2"}, said("EQUIPMENT/LOAD", "NLRTM"), paper_of_ours)
    assert [event.event for event in answer.events] == ["loaded", "held_by_customs"]


@pytest.mark.parametrize(
    "leg", [a_leg(reference_type="container", reference="prau 123456-7"), a_leg(reference=BOOKING.lower())]
)
def test_a_reference_is_the_same_however_it_is_typed(leg: LegAsked) -> None:
    assert len(read(said("EQUIPMENT/LOAD", "NLRTM"), leg=leg).events) == 1


def test_the_carriers_own_id_is_the_identity() -> None:
    event = said("EQUIPMENT/LOAD", "NLRTM")
    answer = read(event, event, event)
    assert [told.id for told in answer.events] == [event["eventID"]]
    assert answer.ignored == 2


def test_without_an_id_the_identity_is_code_time_and_reference_never_a_place() -> None:
    def identity(**more: object) -> str:
        return read_one(said("EQUIPMENT/LOAD", "NLRTM", eventID=None) | more).id

    same_moment = identity(eventDateTime="2026-03-20T12:00:00+02:00")
    assert identity() == same_moment == identity(eventLocation={"locationName": "Maasvlakte"})
    assert identity() != identity(eventDateTime="2026-03-20T10:00:01+00:00")
    assert identity() != identity(equipmentEventTypeCode="DISC")


def test_two_different_events_of_one_id_become_one_and_are_named_whatever_the_order() -> None:
    first = said("EQUIPMENT/LOAD", "NLRTM", eventID="same")
    later = said("EQUIPMENT/DISC", "GNCKY", eventID="same", eventCreatedDateTime="2026-03-21T00:00:00Z")
    assert [event.event for event in read(first, later).events] == ["discharged"]
    assert read(first, later).events == read(later, first).events
    assert "share one identity" in read(first, later).problems[0]


def test_a_place_is_safe_to_show() -> None:
    rude = {"locationName": "\u202eyrkanoC\x00\u2066\r\n" * 2000, "UNLocationCode": "gn cky"}
    event = read_one(said("EQUIPMENT/DISC", eventLocation=rude))
    assert event.place is not None
    assert len(event.place) <= 200
    assert event.place.isprintable()
    assert event.unlocode == "GNCKY"


def test_a_name_in_another_script_stays_whole() -> None:
    event = read_one(said("EQUIPMENT/DISC", eventLocation={"locationName": "کوناکری\u200cبندر"}))
    assert event.place == "کوناکری\u200cبندر"


def test_a_street_and_a_persons_name_are_not_read() -> None:
    address = {"name": "A. Person", "street": "Quay Street 1", "city": "Conakry"}
    event = read_one(said("EQUIPMENT/DISC", eventLocation={"address": address}))
    assert event.place == "Conakry"
    assert "Person" not in str(event)


def test_ranks_break_ties_in_the_order_of_the_vocabulary() -> None:
    assert sorted(Milestone, key=RANK.__getitem__) == list(Milestone)
    assert RANK[M.DELIVERED] > RANK[M.ARRIVED_DESTINATION] > RANK[M.IN_TRANSIT]


def by_container(**more: Any) -> LegAsked:
    """Dispatched on the first of March."""
    return a_leg(reference_type="container", reference=CONTAINER, **more)


def test_a_containers_former_voyage_is_not_ours_though_it_ended_in_our_last_port_just_before() -> None:
    former = [
        said("EQUIPMENT/DISC", "GNCKY", "2026-02-09T00:00:00Z"),
        said("EQUIPMENT/DISC", "GNCKY", "2026-02-08T00:00:00Z", eventClassifierCode="EST"),
        paper("HOLD", "CUS", eventDateTime="2026-02-09T00:00:00Z", equipmentReference=CONTAINER),
    ]
    ours = said("EQUIPMENT/LOAD", "NLRTM", "2026-03-02T00:00:00Z")
    answer = read(*former, ours, leg=by_container())
    assert [event.event for event in answer.events] == ["loaded"]
    assert answer.expected_from is None
    assert len([problem for problem in answer.problems if "an earlier use of the container" in problem]) == 3
    assert len(read(*former, ours, leg=by_container(dispatched_at=None)).events) == 4


def test_a_clock_two_days_wrong_and_papers_before_the_dispatch_are_no_former_voyage() -> None:
    loaded = said("EQUIPMENT/LOAD", "NLRTM", "2026-02-27T12:00:00Z")
    confirmed = paper("CONF", "BKG", eventDateTime="2026-02-01T00:00:00Z", equipmentReference=CONTAINER)
    answer = read(loaded, confirmed, leg=by_container())
    assert [event.event for event in answer.events] == ["loaded", "booked"]
    assert answer.problems == ()


def test_what_is_stuffed_and_gated_in_for_a_booking_long_before_the_dispatch_is_ours() -> None:
    early = [said(code, "NLRTM", "2026-02-10T00:00:00Z") for code in ("EQUIPMENT/STUF", "EQUIPMENT/GTIN")]
    answer = read(*early)
    assert (len(answer.events), answer.problems) == (2, ())
