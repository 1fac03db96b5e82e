"""The truth rules, one test each, for Ship24."""

from datetime import UTC, datetime

import pytest

from shipments.tracking.carriers import ship24
from shipments.tracking.carriers.answers import Answer
from shipments.tracking.milestones import Milestone, Reason
from tests.tracking.carriers.telling import HEARD
from tests.tracking.carriers.telling_parcels import a_parcel
from tests.tracking.carriers.telling_ship24 import (
    NUMBER,
    OTHER_NUMBER,
    event,
    read_one_ship24,
    read_ship24,
    read_trackings,
    tracking,
    whole,
)

M = Milestone


def test_an_offset_is_kept_so_that_10_00_at_plus_5_is_05_00_utc() -> None:
    told = read_one_ship24(event("in_transit", "2026-03-20T10:00:00+05:00"))
    assert (told.occurred_at, told.tz_known) == (datetime(2026, 3, 20, 5, tzinfo=UTC), True)


@pytest.mark.parametrize("at", ["2026-03-20T10:00:00", "2026-03-20"])
def test_a_time_without_zone_is_marked_and_placed_nowhere(at: str) -> None:
    told = read_one_ship24(event("in_transit", at))
    assert (told.occurred_at, told.tz_known, told.milestone) == (None, False, M.IN_TRANSIT)
    assert told.occurred_as_written == at


def test_the_old_time_whose_z_nobody_knows_is_not_read() -> None:
    told = event("in_transit", "2026-03-20T10:00:00", datetime="2026-03-20T10:00:00.000Z", utcOffset=None)
    assert read_one_ship24(told).occurred_at is None


def test_an_offset_that_stands_beside_the_time_counts() -> None:
    told = read_one_ship24(event("in_transit", "2026-03-20T10:00:00", utcOffset="+05:00"))
    assert (told.occurred_at, told.tz_known) == (datetime(2026, 3, 20, 5, tzinfo=UTC), True)


def test_midnight_is_no_time_where_ship24_says_there_is_none() -> None:
    told = read_one_ship24(event("in_transit", "2026-03-20T00:00:00", utcOffset="+05:00", hasNoTime=True))
    assert told.occurred_at is None


@pytest.mark.parametrize(
    ("state", "milestone"),
    [
        ("pending", None),
        ("info_received", M.INFO_RECEIVED),
        ("in_transit", M.IN_TRANSIT),
        ("out_for_delivery", M.OUT_FOR_DELIVERY),
        ("failed_attempt", M.ATTEMPT_FAILED),
        ("available_for_pickup", M.AVAILABLE_FOR_PICKUP),
        ("delivered", M.DELIVERED),
        ("exception", M.EXCEPTION),
    ],
)
def test_the_state_is_read_where_the_code_is_null(state: str, milestone: Milestone | None) -> None:
    told = read_one_ship24(event(state))
    assert (told.milestone, told.raw_code) == (milestone, f"statusMilestone={state}")
    assert told.event is not None


def test_the_code_says_more_than_the_state() -> None:
    told = read_one_ship24(event("exception", code="customs_rejected"))
    assert (told.milestone, told.reason) == (M.EXCEPTION, Reason.CUSTOMS_REJECTED)
    assert read_one_ship24(event("in_transit", code="destination_arrival")).milestone is M.ARRIVED_DESTINATION


def test_delivered_is_believed_only_where_the_state_says_so_too() -> None:
    answer = read_ship24(event("in_transit", code="delivery_delivered"))
    assert answer.events[0].milestone is M.IN_TRANSIT
    assert "disagree" in answer.problems[0]


def test_a_code_newer_than_ours_is_named_and_its_state_believed() -> None:
    answer = read_ship24(event("in_transit", code="customs_sniffed"))
    (told,) = answer.events
    assert (told.milestone, told.raw_code) == (M.IN_TRANSIT, "customs_sniffed")
    assert answer.problems == ("event 1: the code customs_sniffed is unknown, its state in_transit is believed",)


def test_a_code_newer_than_ours_never_says_delivered_since_a_shop_may_have_it() -> None:
    answer = read_ship24(event("delivered", code="delivery_delivered_to_pickup_point"))
    (told,) = answer.events
    assert (told.milestone, told.event, told.raw_code) == (None, None, "delivery_delivered_to_pickup_point")
    assert answer.problems == ("event 1: the code delivery_delivered_to_pickup_point is unknown",)


def test_a_code_that_nobody_knows_is_kept_raw_and_named_and_not_guessed() -> None:
    answer = read_ship24(event("teleported"))
    (told,) = answer.events
    assert (told.milestone, told.event, told.raw_code) == (None, None, "statusMilestone=teleported")
    assert "is unknown" in answer.problems[0]


def test_pending_is_not_in_transit_and_finds_nothing() -> None:
    assert read_ship24(state="pending") == Answer(found=False)


def test_a_tracker_that_does_not_exist_is_not_found() -> None:
    answer = b'{"errors": [{"code": "tracker_not_found", "message": "m"}], "data": null}'
    assert ship24.read_answer(answer, a_parcel(NUMBER), heard_at=HEARD) == Answer(found=False)


def test_errors_beside_good_trackings_are_named() -> None:
    answer = read_trackings(tracking(event("in_transit")), errors=[{"code": "courier_down", "message": NUMBER}])
    assert len(answer.events) == 1
    assert answer.problems == ("Ship24 says courier_down",)


def test_several_trackers_of_one_number_tell_all_their_events() -> None:
    second = tracking(event("in_transit", "2026-03-21T10:00:00Z"))
    assert len(read_trackings(tracking(event("in_transit")), second).events) == 2


def test_another_parcel_in_the_answer_is_left_out_and_named_without_its_number() -> None:
    answer = read_trackings(tracking(event("delivered"), number=OTHER_NUMBER), tracking(event("in_transit")))
    assert [told.event for told in answer.events] == ["moving"]
    assert "another parcel's number" in answer.problems[0]
    assert OTHER_NUMBER not in str(answer)


def test_an_event_of_another_parcel_is_left_out() -> None:
    theirs = event("delivered", trackingNumber=OTHER_NUMBER, eventTrackingNumber=OTHER_NUMBER)
    answer = read_ship24(theirs, event("in_transit"))
    assert [told.event for told in answer.events] == ["moving"]
    assert "another parcel's number" in answer.problems[0]


def test_a_number_that_the_parcel_has_with_a_second_courier_is_ours() -> None:
    handed_on = event("in_transit", trackingNumber=OTHER_NUMBER, eventTrackingNumber=OTHER_NUMBER)
    assert len(read_ship24(handed_on, trackingNumbers=[{"tn": NUMBER}, {"tn": OTHER_NUMBER}]).events) == 1


def test_a_shipment_of_our_number_to_another_country_is_another_parcel() -> None:
    answer = read_ship24(event("delivered"), destinationCountryCode="US")
    assert (answer.found, answer.events) == (False, ())
    assert "goes to another country" in answer.problems[0]


def test_a_number_used_before_does_not_bring_its_old_way_back() -> None:
    answer = read_ship24(event("delivered", "2025-10-02T10:00:00Z"))
    assert answer.events == ()
    assert "a number used before" in answer.problems[0]


def test_contradictory_delivered_is_kept_on_both_sides() -> None:
    answer = read_ship24(event("delivered", "2026-03-20T10:00:00Z"), event("in_transit", "2026-03-21T10:00:00Z"))
    assert [told.milestone for told in answer.events] == [M.DELIVERED, M.IN_TRANSIT]


def test_a_return_leg_after_delivery_is_told_and_ends_with_the_sender() -> None:
    told = [
        event("delivered", "2026-03-25T10:00:00", "delivery_delivered", order=3),
        event("exception", "2026-03-22T10:00:00", "exception_return", order=2),
        event("delivered", "2026-03-20T10:00:00", "delivery_delivered", order=1),
    ]
    assert [one.milestone for one in read_ship24(*told).events] == [M.RETURNED, M.RETURNING, M.DELIVERED]


@pytest.mark.parametrize("state", ["delivered", "available_for_pickup", "out_for_delivery"])
def test_the_hub_is_not_the_office(state: str) -> None:
    assert read_one_ship24(event(state), a_parcel(NUMBER, is_last=False)).milestone is M.IN_TRANSIT


@pytest.mark.parametrize("at", ["2026-04-05T00:00:00Z", "1970-01-01T00:00:00Z", "soon"])
def test_a_time_that_cannot_be_believed_is_kept_as_written_and_moves_nothing(at: str) -> None:
    answer = read_ship24(event("delivered", at))
    (told,) = answer.events
    assert (told.occurred_at, told.milestone, told.occurred_as_written) == (None, None, at)
    assert "moves nothing" in answer.problems[0]


def test_the_couriers_range_feeds_the_expected_date_and_moves_nothing() -> None:
    by_courier = {"from": "2026-04-03T08:00:00", "to": "2026-04-03T18:00:00"}
    delivery = {"estimatedDeliveryDate": "2026-04-09T00:00:00", "courierEstimatedDeliveryDate": by_courier}
    answer = read_ship24(event("in_transit"), delivery=delivery)
    assert answer.expected_from == datetime(2026, 4, 3, 8, tzinfo=UTC)
    assert answer.expected_to == datetime(2026, 4, 3, 18, tzinfo=UTC)
    assert (answer.events[-1].classifier, answer.events[-1].milestone) == ("EST", None)


def test_an_estimate_that_is_a_bare_date_is_the_whole_day() -> None:
    answer = read_ship24(event("in_transit"), delivery={"estimatedDeliveryDate": "2026-04-03"})
    assert answer.expected_from == datetime(2026, 4, 3, tzinfo=UTC)
    assert answer.expected_to == datetime(2026, 4, 3, 23, 59, 59, tzinfo=UTC)
    assert answer.events[-1].occurred_at is None


def test_an_estimate_after_delivery_feeds_nothing() -> None:
    answer = read_ship24(event("delivered"), delivery={"estimatedDeliveryDate": "2026-04-03T18:00:00"})
    assert (answer.expected_from, len(answer.events)) == (None, 1)


def test_the_carriers_own_id_is_the_identity() -> None:
    told = event("in_transit")
    answer = read_ship24(told, told)
    assert ([one.id for one in answer.events], answer.ignored) == ([told["eventId"]], 1)


def test_without_an_id_the_identity_is_code_time_and_number_never_a_place() -> None:
    def identity(**more: object) -> str:
        return read_one_ship24(event("in_transit", eventId=None) | more).id

    assert identity() == identity(location="Conakry") != identity(occurrenceDatetime="2026-03-20T10:00:01Z")


def test_whoever_signed_or_receives_is_not_kept() -> None:
    answer = read_ship24(event("delivered", status="Delivered. Signed by A. PERSON"))
    assert "PERSON" not in str(answer)


def test_a_push_reads_as_an_answer_does() -> None:
    pushed = whole(tracking(event("in_transit"))).removeprefix(b'{"data": ').removesuffix(b"}")
    assert len(ship24.read_answer(pushed, a_parcel(NUMBER), heard_at=HEARD).events) == 1
