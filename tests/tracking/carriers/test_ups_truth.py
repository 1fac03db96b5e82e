"""The truth rules, one test each, for UPS."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from shipments.tracking.carriers import ups
from shipments.tracking.carriers.answers import NOT_FOUND, Answer, ReadEvent
from shipments.tracking.milestones import Milestone, Reason
from tests.tracking.carriers.telling import DISPATCHED, HEARD
from tests.tracking.carriers.telling_parcels import (
    UPS_NUMBER,
    Said,
    a_parcel,
    a_ups_answer,
    read_one_ups,
    read_ups,
    read_ups_packages,
    ups_activity,
    ups_package,
)

M = Milestone


def milestones(answer: Answer) -> list[Milestone | None]:
    return [event.milestone for event in answer.events]


def read(answer: object, **leg: object) -> Answer:
    return ups.read_answer(json.dumps(answer).encode(), a_parcel(UPS_NUMBER, **leg), heard_at=HEARD)


def test_a_whole_answer_reads_without_a_problem() -> None:
    answer = read(a_ups_answer())
    assert (answer.found, answer.problems, answer.expected_to) == (True, (), None)
    assert milestones(answer) == [
        M.DELIVERED,
        M.OUT_FOR_DELIVERY,
        M.ARRIVED_DESTINATION,
        M.EXCEPTION,
        *[M.IN_TRANSIT] * 3,
        M.INFO_RECEIVED,
    ]


@pytest.mark.parametrize("gmt_time", ["074700", "74700", "07:47:00", "7:47:00", "07:47", "7:47"])
def test_gmt_time_is_read_with_and_without_its_leading_zero_and_with_colons(gmt_time: str) -> None:
    event = read_one_ups(ups_activity("I/AR/005", time="024700", gmtTime=gmt_time, gmtOffset="-05:00"))
    assert (event.occurred_at, event.tz_known) == (datetime(2026, 3, 20, 7, 47, tzinfo=UTC), True)
    assert event.occurred_as_written == "20260320 024700 -05:00"


def test_midnight_without_any_of_its_zeros_is_midnight() -> None:
    assert read_one_ups(ups_activity("I/AR/005", gmtTime="0")).occurred_at == datetime(2026, 3, 20, tzinfo=UTC)


def test_gmt_alone_is_enough() -> None:
    activity = ups_activity("I/AR/005", gmtTime="15:44:34") | {"date": None, "time": None, "gmtOffset": None}
    event = read_one_ups(activity)
    assert event.occurred_at == datetime(2026, 3, 20, 15, 44, 34, tzinfo=UTC)
    assert event.occurred_as_written == "20260320 15:44:34 GMT"


@pytest.mark.parametrize("gmt", [{}, {"gmtDate": "20260320"}, {"gmtDate": "20260399", "gmtTime": "?"}])
def test_an_offset_is_kept_so_that_10_00_at_plus_5_is_05_00_utc(gmt: Said) -> None:
    event = read_one_ups(ups_activity("I/AR/005", gmt=False, gmtOffset="+05:00", **gmt))
    assert (event.occurred_at, event.tz_known) == (datetime(2026, 3, 20, 5, 0, tzinfo=UTC), True)


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("NL", datetime(2026, 3, 20, 9, 0, tzinfo=UTC)),
        ("DE", datetime(2026, 3, 20, 9, 0, tzinfo=UTC)),  # two zones that agree
        ("US", None),  # several that do not: not guessed
        (None, None),
    ],
)
def test_a_time_without_zone_is_marked_and_placed_only_where_the_zone_is_known(
    country: str | None, expected: datetime | None
) -> None:
    event = read_one_ups(ups_activity("I/AR/005", country=country, gmt=False))
    assert (event.occurred_at, event.tz_known) == (expected, False)
    assert (event.occurred_as_written, event.milestone) == ("20260320 100000", M.IN_TRANSIT)


def test_a_bare_date_is_not_made_into_midnight() -> None:
    event = read_one_ups(ups_activity("I/AR/005", country="NL", gmt=False, time=""))
    assert (event.occurred_at, event.tz_known, event.milestone) == (None, False, M.IN_TRANSIT)


@pytest.mark.parametrize(
    ("codes", "milestone"),
    [
        ("D/KB/011", M.DELIVERED),
        ("D/-/011", M.DELIVERED),
        ("D/KB/-", None),
        ("D/KB/000", None),
        ("D/KB/072", M.OUT_FOR_DELIVERY),
        ("D/KB/005", M.IN_TRANSIT),
        ("D/KB/026", M.ARRIVED_DESTINATION),
        ("D/KB/161", M.AVAILABLE_FOR_PICKUP),
        ("I/KB/011", None),
        ("-/-/011", None),
    ],
)
def test_type_d_is_delivered_only_with_status_code_011(codes: str, milestone: Milestone | None) -> None:
    event = read_one_ups(ups_activity(codes, country="GN"))
    assert event.milestone is milestone
    assert event.event is not None


def test_a_delivery_that_is_not_proven_is_named() -> None:
    assert "delivered is type D with code 011" in read_ups(ups_activity("D/KB/-")).problems[0]


def test_not_found_is_a_200_with_a_warning_and_no_package() -> None:
    warning = {"code": "TW0001", "message": "Tracking Information Not Found"}
    answer = {"trackResponse": {"shipment": [{"inquiryNumber": UPS_NUMBER, "warnings": [warning]}]}}
    assert read(answer) == NOT_FOUND
    assert read({"response": {"errors": [warning]}}) == NOT_FOUND


def test_another_warning_is_named() -> None:
    answer = {"trackResponse": {"shipment": [{"warnings": [{"code": "TW9999", "message": UPS_NUMBER}]}]}}
    assert read(answer) == Answer(found=False, problems=("UPS warns: TW9999",))


def test_what_is_gone_after_120_days_is_named() -> None:
    answer = {"trackResponse": {"shipment": [{"warnings": [{"code": "TW0001"}]}]}}
    (problem,) = read(answer, dispatched_at=HEARD - timedelta(days=121)).problems
    assert "120 days" in problem
    assert read(answer, dispatched_at=HEARD - timedelta(days=119)).problems == ()


@pytest.mark.parametrize(
    ("dates", "time", "first", "last"),
    [
        ([("SDD", "20260405")], None, "2026-04-05T00:00:00", "2026-04-05T23:59:59"),
        ([("SDD", "20260405"), ("RDD", "20260407")], ("EOD", None, None), "2026-04-07T00:00:00", "2026-04-07T23:59:59"),
        ([("SDD", "20260405")], ("EDW", "90000", "130000"), "2026-04-05T09:00:00", "2026-04-05T13:00:00"),
        ([("SDD", "20260405")], ("CMT", None, "120000"), "2026-04-05T00:00:00", "2026-04-05T12:00:00"),
    ],
)
def test_delivery_date_and_time_feed_the_expected_date_as_a_range(
    dates: list[tuple[str, str]], time: tuple[str, str | None, str | None] | None, first: str, last: str
) -> None:
    said = [{"type": kind, "date": date} for kind, date in dates]
    hours = dict(zip(("type", "startTime", "endTime"), time, strict=True)) if time else None
    answer = read_ups(ups_activity("I/AR/005"), deliveryDate=said, deliveryTime=hours)
    assert answer.expected_from == datetime.fromisoformat(first).replace(tzinfo=UTC)
    assert answer.expected_to == datetime.fromisoformat(last).replace(tzinfo=UTC)
    assert [event.classifier for event in answer.events] == ["ACT", "EST"]
    assert milestones(answer)[1] is None


def test_an_expected_day_reaches_over_every_zone_of_the_country() -> None:
    said = [{"type": "SDD", "date": "20260405"}]
    answer = read_ups(ups_activity("I/AR/005"), deliveryDate=said, leg=a_parcel(UPS_NUMBER, to_place="BRSSZ"))
    assert answer.expected_from is not None
    assert answer.expected_to is not None
    assert answer.expected_from <= datetime(2026, 4, 5, 2, tzinfo=UTC)
    assert answer.expected_to >= datetime(2026, 4, 6, 4, 59, 59, tzinfo=UTC)


def test_once_delivered_nothing_is_expected() -> None:
    dates = [{"type": "SDD", "date": "20260405"}, {"type": "DEL", "date": "20260320"}]
    assert read_ups(ups_activity("I/AR/005"), deliveryDate=dates).expected_to is None
    assert read_ups(ups_activity("D/KB/011", country="GN"), deliveryDate=dates[:1]).expected_to is None


def test_a_changed_date_is_itself_news() -> None:
    def told(date: str) -> set[str]:
        answer = read_ups(ups_activity("I/AR/005"), deliveryDate=[{"type": "SDD", "date": date}])
        return {event.id for event in answer.events}

    assert len(told("20260405") & told("20260407")) == 1  # the scan
    assert told("20260405") == told("20260405")


@pytest.mark.parametrize("codes", ["I/AR/005", "I/DP/005", "I/XD/005", "X/IP/013", "I/-/071"])
def test_arrived_is_said_only_in_the_country_where_our_last_leg_ends(codes: str) -> None:
    assert read_one_ups(ups_activity(codes, country="GN")).milestone is M.ARRIVED_DESTINATION
    assert read_one_ups(ups_activity(codes, country="MA")).milestone is M.IN_TRANSIT
    assert read_one_ups(ups_activity(codes)).milestone is M.IN_TRANSIT
    not_last = a_parcel(UPS_NUMBER, is_last=False)
    assert read_one_ups(ups_activity(codes, country="GN"), not_last).milestone is M.IN_TRANSIT


def test_what_is_only_noted_in_an_office_proves_no_arrival() -> None:
    assert read_one_ups(ups_activity("I/AR/005", country="GN", logicalScan=True)).milestone is M.IN_TRANSIT


def test_customs_clears_papers_before_arrival_so_that_it_proves_none() -> None:
    event = read_one_ups(ups_activity("I/-/014", country="GN"))
    assert (event.milestone, event.event) == (M.IN_TRANSIT, "customs_released")


@pytest.mark.parametrize("codes", ["D/-/143", "D/-/144", "D/-/161", "I/-/017", "D/-/026", "DD/-/-"])
def test_the_hub_is_not_the_office(codes: str) -> None:
    milestone = read_one_ups(ups_activity(codes, country="GN")).milestone
    assert milestone in (M.AVAILABLE_FOR_PICKUP, M.ARRIVED_DESTINATION)


def test_in_transit_by_type_and_out_for_delivery_by_status_code_is_out_for_delivery() -> None:
    assert read_one_ups(ups_activity("I/OT/021")).milestone is M.OUT_FOR_DELIVERY


def test_two_letters_mean_different_things_with_different_types() -> None:
    assert read_one_ups(ups_activity("M/DP/003")).milestone is M.INFO_RECEIVED
    assert read_one_ups(ups_activity("M/DP/-")).milestone is M.INFO_RECEIVED
    assert read_one_ups(ups_activity("I/DP/005")).event == "departed"
    assert read_one_ups(ups_activity("M/VP/-")).milestone is M.CANCELLED


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ("X/CP/013", Reason.CUSTOMS_HOLD),
        ("X/ZZ/013", None),
        ("X/ZZ/005", None),
        ("X/ZZ/046", Reason.DELAY),
        ("X/7F/-", Reason.DUTY_UNPAID),
    ],
)
def test_an_exception_is_never_shown_as_on_the_way(codes: str, reason: Reason | None) -> None:
    event = read_one_ups(ups_activity(codes))
    assert (event.milestone, event.reason) == (M.EXCEPTION, reason)


@pytest.mark.parametrize("codes", ["I/ZZ/999", "ZZ/-/-", "-/ZZ/-", "ZZ/ZZ/999", "D/KB/999"])
def test_a_code_that_nobody_knows_is_kept_raw_and_named_and_not_guessed(codes: str) -> None:
    answer = read_ups(ups_activity(codes, country="GN"))
    (event,) = answer.events
    assert (event.milestone, event.event, event.raw_code) == (None, None, codes)
    assert answer.problems == (f"event 1: the code {codes} is unknown",)


def test_a_contradictory_delivered_is_kept_on_both_sides() -> None:
    answer = read_ups(ups_activity("I/AR/005", "20260322", country="GN"), ups_activity("D/KB/011", "20260321"))
    assert milestones(answer) == [M.ARRIVED_DESTINATION, M.DELIVERED]


@pytest.mark.parametrize("country", ["NL", None])
def test_a_return_leg_after_delivery_ends_at_the_sender_and_not_with_us(country: str | None) -> None:
    answer = read_ups(
        ups_activity("D/KB/011", "20260328", country=country),
        ups_activity("I/-/035", "20260324", country="GN"),
        ups_activity("D/KB/011", "20260320", country="GN"),
    )
    assert milestones(answer) == [M.RETURNED, M.RETURNING, M.DELIVERED]


def test_a_delivery_in_another_country_is_not_ours() -> None:
    assert read_one_ups(ups_activity("D/KB/011", country="MA")).milestone is M.IN_TRANSIT


@pytest.mark.parametrize(
    ("day", "time"), [("20260405", "000000"), ("20990101", "0"), ("19700101", "0"), ("soon", "0"), ("20261399", "99")]
)
def test_a_time_that_cannot_be_believed_is_kept_as_written_and_moves_nothing(day: str, time: str) -> None:
    answer = read_ups(ups_activity("D/KB/011", day, time, "GN"))
    (event,) = answer.events
    assert (event.occurred_at, event.milestone) == (None, None)
    assert event.occurred_as_written.startswith(f"{day} {time}")
    assert "event 1 (D/KB/011) moves nothing" in answer.problems[0]


def test_a_number_used_before_does_not_bring_its_old_way_back() -> None:
    old = ups_activity("I/AR/005", "20251201")
    answer = read_ups(ups_activity("I/OR/005"), old)
    assert [event.event for event in answer.events] == ["origin_scan"]
    assert "a number used before" in answer.problems[0]
    assert len(read_ups(old, leg=a_parcel(UPS_NUMBER, dispatched_at=None)).events) == 1


def test_a_number_delivered_before_our_dispatch_was_another_parcels() -> None:
    old = [ups_activity("D/KB/011", "20260210", country="GN"), ups_activity("I/AR/005", "20260209")]
    assert not read_ups(*old).found
    answer = read_ups(ups_activity("I/OR/005"), *old)
    assert [event.event for event in answer.events] == ["origin_scan"]
    assert "delivered before our dispatch" in answer.problems[0]
    assert len(read_ups(*old, leg=a_parcel(UPS_NUMBER, dispatched_at=DISPATCHED - timedelta(days=30))).events) == 2


def _goes(country: str, end: str = "DESTINATION") -> Said:
    return {"packageAddress": [{"type": end, "address": {"countryCode": country}, "name": "A. PERSON"}]}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"trackingNumber": "1ZOTHER0000000099"}, "another number"),
        (_goes("BR"), "goes to another country"),
        (_goes("US", "ORIGIN"), "comes from another country"),
    ],
)
def test_another_parcel_in_the_answer_is_left_out_and_named_without_its_number(other: Said, why: str) -> None:
    stranger = ups_package(ups_activity("D/KB/011", country="GN"), **other)
    answer = read_ups_packages(stranger, ups_package(ups_activity("I/OR/005")))
    assert [event.event for event in answer.events] == ["origin_scan"]
    assert why in answer.problems[0]
    assert "1ZOTHER" not in str(answer)
    assert not read_ups_packages(stranger).found


def test_an_alternate_number_names_its_package() -> None:
    package = ups_package(trackingNumber="1ZOTHER0000000099", alternateTrackingNumber=[{"number": UPS_NUMBER.lower()}])
    assert read_ups_packages(package).found


def test_a_package_without_number_in_an_answer_about_another_number_is_not_ours() -> None:
    package = ups_package(ups_activity("I/OR/005"), trackingNumber=None)
    shipment = {"inquiryNumber": "1ZOTHER0000000099", "package": [package]}
    assert not read({"trackResponse": {"shipment": [shipment]}}).found
    assert read_ups_packages(package).found


def test_one_bad_package_in_thirty_costs_one() -> None:
    packages: list[object] = [ups_package(ups_activity("I/AR/005", f"202603{day:02}")) for day in range(1, 30)]
    packages.insert(11, {"trackingNumber": UPS_NUMBER, "activity": 7})
    answer = read_ups_packages(*packages)
    assert len(answer.events) == 29
    assert "activity is malformed" in answer.problems[0]


def test_the_identity_is_code_time_and_reference_never_a_place() -> None:
    first = read_one_ups(ups_activity("I/AR/005", country="MA"))
    second = read_one_ups(ups_activity("I/AR/005", time="120000", gmtTime="100000", gmtOffset="+02:00", country="DE"))
    assert first.id == second.id
    assert first.id != read_one_ups(ups_activity("I/DP/005")).id
    assert first.id != read_one_ups(ups_activity("I/AR/005", time="100001")).id


def test_any_order_and_repetition_tells_the_same() -> None:
    def told(activities: list[Said]) -> list[ReadEvent]:
        return sorted(read_ups(*activities).events, key=lambda event: event.id)

    activities = [ups_activity("I/AR/005", f"2026031{day}", country="GN") for day in range(5)]
    shuffled = [*activities, *activities]
    random.Random(1).shuffle(shuffled)
    assert told(shuffled) == told(activities)


def test_people_streets_and_signatures_are_not_read() -> None:
    answer = str(read(a_ups_answer()))
    assert "PERSON" not in answer
    assert "SENDER" not in answer


def test_a_place_and_a_text_are_safe_to_show() -> None:
    rude = "\u202eyrkanoC\x00\u2066\r\n" * 2000
    activity = ups_activity("I/AR/005", location={"address": {"city": rude, "country": "GN"}})
    activity["status"]["description"] = rude
    event = read_one_ups(activity)
    assert event.milestone is M.ARRIVED_DESTINATION
    for text in (event.place, event.raw_text):
        assert text
        assert len(text) <= 200
        assert text.isprintable()
