"""The truth rules, one test each, for FedEx."""

import json
from datetime import UTC, datetime

import pytest

from shipments.errors import CarrierUnavailable, CarrierUnreadable
from shipments.tracking.carriers import fedex
from shipments.tracking.carriers.answers import Answer
from shipments.tracking.milestones import Milestone, Reason
from tests.tracking.carriers.telling import HEARD
from tests.tracking.carriers.telling_fedex import (
    NUMBER,
    OTHER_NUMBER,
    a_fedex_answer,
    destined,
    estimated,
    failed,
    read_fedex,
    read_numbers,
    read_one_fedex,
    said_of,
    scan,
    shipment,
    whole,
)
from tests.tracking.carriers.telling_parcels import a_parcel

M = Milestone


def test_an_offset_is_kept_so_that_10_00_at_plus_5_is_05_00_utc() -> None:
    event = read_one_fedex(scan("IT", "2026-03-20T10:00:00+05:00"))
    assert (event.occurred_at, event.tz_known) == (datetime(2026, 3, 20, 5, tzinfo=UTC), True)
    assert event.occurred_as_written == "2026-03-20T10:00:00+05:00"


@pytest.mark.parametrize(
    ("country", "expected"),
    [("NL", datetime(2026, 3, 20, 9, tzinfo=UTC)), ("BR", None), (None, None)],
)
def test_a_time_without_zone_is_marked_and_placed_only_where_the_country_has_one_zone(
    country: str | None, expected: datetime | None
) -> None:
    event = read_one_fedex(scan("IT", "2026-03-20T10:00:00", country))
    assert (event.occurred_at, event.tz_known, event.milestone) == (expected, False, M.IN_TRANSIT)


def test_a_failure_inside_a_200_is_not_found_and_no_problem() -> None:
    assert read_numbers(failed(NUMBER)) == Answer(found=False)


@pytest.mark.parametrize("code", ["SYSTEM.UNAVAILABLE.EXCEPTION", "INTERNAL.SERVER.ERROR", "SERVICE.UNAVAILABLE.ERROR"])
def test_an_outage_inside_a_200_is_no_answer_and_is_not_told_as_not_found(code: str) -> None:
    with pytest.raises(CarrierUnavailable, match=f"FedEx gave no answer about this number: {code}"):
        read_numbers(failed(NUMBER, code))
    with pytest.raises(CarrierUnavailable, match=code):
        fedex.read_answer(json.dumps({"errors": [{"code": code}]}).encode(), a_parcel(NUMBER), heard_at=HEARD)


@pytest.mark.parametrize("code", ["TRACKING.TRACKINGNUMBER.INVALID", "SOMETHING.NEW", f"OOPS.{NUMBER}"])
def test_another_failure_inside_a_200_is_no_answer_and_is_named_without_the_number(code: str) -> None:
    with pytest.raises(CarrierUnreadable, match="FedEx gave no answer about this number: ") as met:
        read_numbers(failed(NUMBER, code))
    assert NUMBER not in str(met.value)


def test_what_is_told_of_a_number_is_kept_where_fedex_failed_for_another_shipment_of_it() -> None:
    down = {"error": {"code": "SYSTEM.UNAVAILABLE.EXCEPTION"}}
    answer = read_numbers(said_of(NUMBER, down, shipment(scan("IT"))))
    assert [event.event for event in answer.events] == ["moving"]
    assert answer.problems == ("FedEx says SYSTEM.UNAVAILABLE.EXCEPTION of this number",)


def test_not_found_beside_a_failure_is_not_believed() -> None:
    with pytest.raises(CarrierUnavailable):
        read_numbers(failed(NUMBER), failed(NUMBER, "SYSTEM.UNAVAILABLE.EXCEPTION"))


def test_an_empty_error_is_none() -> None:
    assert read_fedex(scan("IT"), error={}).found


def test_one_bad_shipment_in_a_batch_of_thirty_costs_one() -> None:
    numbers = [f"7000000001{index:02}" for index in range(30)]
    told = [said_of(number, shipment(scan("IT"))) for number in numbers]
    told[7]["trackResults"][0]["scanEvents"] = "none"
    told[11] = failed(numbers[11])
    told[23] = failed(numbers[23], "SYSTEM.UNAVAILABLE.EXCEPTION")
    said = fedex.read_answers(whole(*told), [a_parcel(number) for number in numbers], heard_at=HEARD)
    answers = {number: answer for number, answer in said.items() if isinstance(answer, Answer)}
    silent = {number for number, answer in answers.items() if not answer.events}
    assert silent == {numbers[7], numbers[11]}
    assert said.keys() - answers.keys() == {numbers[23]}
    assert isinstance(said[numbers[23]], CarrierUnavailable)
    assert [number for number, answer in answers.items() if answer.problems] == [numbers[7]]
    assert "scanEvents is malformed" in answers[numbers[7]].problems[0]


def test_a_number_that_is_no_object_costs_itself_only() -> None:
    answer = read_numbers(7, said_of(NUMBER, shipment(scan("IT"))))
    assert [event.event for event in answer.events] == ["moving"]
    assert answer.problems == ("completeTrackResults 1 is malformed: it is no object",)


def test_without_a_number_each_parcels_events_stay_its_own() -> None:
    both = [said_of(number, shipment(scan("IT"))) for number in (NUMBER, OTHER_NUMBER)]
    anybodys = read_numbers(*both, leg=a_parcel(""))
    assert len({one.id for one in anybodys.events}) == 2
    assert read_numbers(both[0]).events[0].id in {one.id for one in anybodys.events}, "it is called as its leg calls it"


def test_another_parcel_in_the_answer_is_left_out_and_named_without_its_number() -> None:
    answer = read_numbers(said_of(OTHER_NUMBER, shipment(scan("DL"))), said_of(NUMBER, shipment(scan("IT"))))
    assert [event.event for event in answer.events] == ["moving"]
    assert "another parcel's number" in answer.problems[0]
    assert OTHER_NUMBER not in str(answer)


def test_only_another_parcel_in_the_answer_finds_nothing() -> None:
    assert read_numbers(said_of(OTHER_NUMBER, shipment(scan("DL")))).found is False


def test_a_shipment_of_our_number_to_another_country_is_another_parcel() -> None:
    theirs = shipment(scan("DL"), destinationLocation=destined("US"))
    answer = read_numbers(said_of(NUMBER, theirs, shipment(scan("IT"), destinationLocation=destined("GN"))))
    assert [event.event for event in answer.events] == ["moving"]
    assert "goes to another country" in answer.problems[0]


def test_a_number_used_before_does_not_bring_its_old_way_back() -> None:
    old = shipment(scan("DL", "2025-10-02T10:00:00+00:00"), dateAndTimes=estimated("2026-03-29T10:00:00"))
    answer = read_numbers(said_of(NUMBER, old))
    assert (answer.found, answer.events, answer.expected_to) == (False, (), None)
    assert "a number used before" in answer.problems[0]


@pytest.mark.parametrize(
    ("code", "text", "event", "milestone"),
    [
        ("EA", "Enroute to Airport", "en_route_to_airport", M.IN_TRANSIT),
        ("EA", "Export Approved", "export_approved", M.IN_TRANSIT),
        ("CA", "Shipment cancelled by sender", "cancelled", M.CANCELLED),
        ("SP", "Split status", "pieces_differ", None),
        ("RC", "Delivery option cancelled", "delivery_option_cancelled", None),
        ("EA", "", None, None),
        ("CA", "", None, None),
        ("SP", "", None, None),
        ("RC", "", None, None),
    ],
)
def test_ea_ca_sp_and_rc_as_a_scan_are_read_only_where_the_text_says_which(
    code: str, text: str, event: str | None, milestone: Milestone | None
) -> None:
    told = read_one_fedex(scan(None, eventType=code, eventDescription=text))
    assert (told.event, told.milestone) == (event, milestone)


@pytest.mark.parametrize(
    ("code", "event", "milestone"),
    [
        ("EA", "en_route_to_airport", M.IN_TRANSIT),
        ("CA", "cancelled", M.CANCELLED),
        ("SP", "pieces_differ", None),
        ("RC", "delivery_option_cancelled", None),
    ],
)
def test_ea_ca_sp_and_rc_as_a_status_mean_what_the_list_says(
    code: str, event: str, milestone: Milestone | None
) -> None:
    told = read_one_fedex(scan(code, eventType="XX", eventDescription=""))
    assert (told.event, told.milestone) == (event, milestone)


def test_a_scan_ca_under_the_status_in_transit_cancels_nothing() -> None:
    assert read_one_fedex(scan("IT", eventType="CA")).milestone is M.IN_TRANSIT


def test_a_scan_is_finer_than_the_status_in_transit() -> None:
    told = read_one_fedex(scan("IT", eventType="CD"))
    assert (told.milestone, told.reason, told.raw_code) == (M.EXCEPTION, Reason.CUSTOMS_HOLD, "IT/CD")


def test_delivered_is_believed_only_where_the_status_says_so() -> None:
    answer = read_fedex(scan("IT", eventType="DL"))
    assert answer.events[0].milestone is M.IN_TRANSIT
    assert "its two codes disagree" in answer.problems[0]


def test_contradictory_delivered_is_kept_on_both_sides() -> None:
    answer = read_fedex(scan("DL", "2026-03-20T10:00:00Z"), scan("IT", "2026-03-21T10:00:00Z"))
    assert [event.milestone for event in answer.events] == [M.DELIVERED, M.IN_TRANSIT]


def test_a_return_leg_after_delivery_is_told_and_ends_with_the_sender() -> None:
    told = [scan("DL", "2026-03-25T10:00:00Z"), scan("RS", "2026-03-22T10:00:00Z"), scan("DL", "2026-03-20T10:00:00Z")]
    assert [event.milestone for event in read_fedex(*told).events] == [M.RETURNED, M.RETURNING, M.DELIVERED]


@pytest.mark.parametrize("code", ["HL", "OD", "DL", "FD", "AR"])
def test_the_hub_is_not_the_office(code: str) -> None:
    assert read_one_fedex(scan(code, country="FR")).milestone is M.IN_TRANSIT
    assert read_one_fedex(scan(code), a_parcel(NUMBER, is_last=False)).milestone is M.IN_TRANSIT


def test_arrived_is_said_only_in_the_country_where_our_last_leg_ends() -> None:
    assert read_one_fedex(scan("AR", country="GN")).milestone is M.ARRIVED_DESTINATION
    assert read_one_fedex(scan("AR")).milestone is M.IN_TRANSIT


def test_a_code_that_nobody_knows_is_kept_raw_and_named_and_not_guessed() -> None:
    answer = read_fedex(scan("ZZ"))
    (event,) = answer.events
    assert (event.milestone, event.event, event.raw_code) == (None, None, "ZZ")
    assert answer.problems == ("event 1: the code ZZ is unknown",)


@pytest.mark.parametrize("at", ["2026-04-05T00:00:00Z", "1970-01-01T00:00:00Z", "soon"])
def test_a_time_that_cannot_be_believed_is_kept_as_written_and_moves_nothing(at: str) -> None:
    answer = read_fedex(scan("DL", at))
    (event,) = answer.events
    assert (event.occurred_at, event.milestone, event.occurred_as_written) == (None, None, at)
    assert "moves nothing" in answer.problems[0]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("WEATHER", Reason.WEATHER), ("CLEARANCE", Reason.CUSTOMS_HOLD), ("LOCAL", Reason.DELAY)],
)
def test_a_delay_counts_only_while_its_status_is_delayed(kind: str, reason: Reason) -> None:
    late = read_fedex(scan("IT"), latestStatusDetail={"delayDetail": {"type": kind, "status": "DELAYED"}})
    assert [(event.milestone, event.reason) for event in late.events] == [(M.IN_TRANSIT, None), (M.EXCEPTION, reason)]
    for status in ("ON_TIME", "EARLY", ""):
        punctual = read_fedex(scan("IT"), latestStatusDetail={"delayDetail": {"type": kind, "status": status}})
        assert len(punctual.events) == 1


def test_an_estimate_feeds_the_expected_date_and_moves_nothing() -> None:
    answer = read_fedex(scan("IT"), dateAndTimes=estimated("2026-04-03T18:00:00"))
    estimate = answer.events[-1]
    assert (estimate.classifier, estimate.milestone, estimate.event) == ("EST", None, "arrived")
    assert (estimate.tz_known, estimate.unlocode) == (False, "GNCKY")
    assert answer.expected_from == answer.expected_to == datetime(2026, 4, 3, 18, tzinfo=UTC)


def test_a_change_of_the_estimate_is_itself_news() -> None:
    def news(at: str) -> str:
        return read_fedex(scan("IT"), dateAndTimes=estimated(at)).events[-1].id

    assert news("2026-04-03T18:00:00") == news("2026-04-03T18:00:00") != news("2026-04-05T18:00:00")


def test_the_window_is_a_range_and_goes_before_the_day() -> None:
    window = {"window": {"begins": "2026-04-03T08:00:00", "ends": "2026-04-03T18:00:00"}}
    answer = read_fedex(dateAndTimes=estimated("2026-04-09T00:00:00"), estimatedDeliveryTimeWindow=window)
    assert answer.expected_from == datetime(2026, 4, 3, 8, tzinfo=UTC)
    assert answer.expected_to == datetime(2026, 4, 3, 18, tzinfo=UTC)


def test_an_estimate_in_a_country_of_many_zones_is_a_range_over_all_of_them() -> None:
    leg = a_parcel(NUMBER, to_place="BRSSZ")
    answer = read_fedex(dateAndTimes=estimated("2026-04-03T18:00:00"), leg=leg)
    assert answer.expected_from == datetime(2026, 4, 3, 4, tzinfo=UTC)
    assert answer.expected_to == datetime(2026, 4, 4, 6, tzinfo=UTC)
    assert answer.events[0].occurred_at is None


def test_an_estimate_after_delivery_feeds_nothing() -> None:
    answer = read_fedex(scan("DL", country="GN"), dateAndTimes=estimated("2026-04-03T18:00:00"))
    assert (answer.expected_from, len(answer.events)) == (None, 1)


def test_the_identity_is_code_time_and_number_never_a_place() -> None:
    def identity(**more: object) -> str:
        return read_one_fedex(scan("IT") | more).id

    assert identity() == identity(date="2026-03-20T12:00:00+02:00") == identity(scanLocation={"city": "CONAKRY"})
    assert identity() != identity(date="2026-03-20T10:00:01+00:00")
    assert identity() != identity(derivedStatusCode="PM")


def test_what_is_told_twice_is_one_event() -> None:
    answer = read_fedex(scan("IT"), scan("IT"))
    assert (len(answer.events), answer.ignored) == (1, 1)


def test_a_whole_answer_reads_without_a_problem_and_without_a_person() -> None:
    answer = fedex.read_answer(a_fedex_answer(), a_parcel(NUMBER), heard_at=HEARD)
    assert answer.problems == ()
    assert [event.milestone for event in answer.events] == [
        M.DELIVERED,
        M.OUT_FOR_DELIVERY,
        M.IN_TRANSIT,
        M.EXCEPTION,
        M.IN_TRANSIT,
        M.IN_TRANSIT,
        M.ACCEPTED,
        M.INFO_RECEIVED,
    ]
    assert "PERSON" not in str(answer)


def test_whoever_signed_is_not_kept() -> None:
    event = read_one_fedex(scan("DL", eventDescription="Delivered. Signed for by: A. PERSON"))
    assert "PERSON" not in event.raw_text


def test_a_leg_without_reference_takes_whatever_there_is() -> None:
    assert len(read_fedex(scan("IT"), leg=a_parcel("")).events) == 1
