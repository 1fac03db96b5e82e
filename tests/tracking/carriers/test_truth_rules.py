"""The truth rules that hold for every carrier alike, and where the others are tested.

Sources: the rules of the language (facts and their times, claims, unknown codes) and the traps seen in other trackers.
What a rule means for one carrier alone stands in that carrier's `test_…_truth.py`; RULES says where.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shipments.tracking.carriers import dcsa
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from shipments.tracking.milestones import Milestone
from tests.tracking.carriers.telling import BOOKING, DISPATCHED, HEARD, a_leg, paper, read, said
from tests.tracking.carriers.telling_fedex import NUMBER as FEDEX_NUMBER
from tests.tracking.carriers.telling_fedex import estimated, read_fedex, scan
from tests.tracking.carriers.telling_parcels import (
    DHL_NUMBER,
    UPS_NUMBER,
    a_parcel,
    dhl_event,
    read_dhl,
    read_ups,
    ups_activity,
)
from tests.tracking.carriers.telling_ship24 import NUMBER as SHIP24_NUMBER
from tests.tracking.carriers.telling_ship24 import event, read_ship24

M = Milestone
Tell = Callable[[str], Answer]
Told = Callable[[LegAsked | None], Answer]


def ups_at(written: str) -> Answer:
    """UPS writes a moment in three pieces."""
    day, time, offset = written[:10].replace("-", ""), written[11:19].replace(":", ""), written[19:]
    return read_ups(ups_activity("I/OR/005", day, time, gmt=False, gmtOffset=offset))


MOVED_AT: Mapping[str, Tell] = {
    "dcsa": lambda at: read(said("TRANSPORT/DEPA", at=at)),
    "dhl": lambda at: read_dhl(dhl_event("PL", at)),
    "ups": ups_at,
    "fedex": lambda at: read_fedex(scan("IT", at)),
    "ship24": lambda at: read_ship24(event("in_transit", at)),
}
PRE_TRANSIT: Mapping[str, Answer] = {
    "dcsa": read(paper("CONF", "BKG", documentID=BOOKING)),
    "dhl": read_dhl(dhl_event(None, code="pre-transit")),
    "ups": read_ups(ups_activity("M/MP/003")),
    "fedex": read_fedex(scan("OC")),
    "ship24": read_ship24(event("info_received")),
}
UNKNOWN: Mapping[str, Answer] = {
    "dcsa": read(said("EQUIPMENT/ZZZZ", "GNCKY")),
    "dhl": read_dhl(dhl_event(None, code="teleported", country="GN")),
    "ups": read_ups(ups_activity("I/ZZ/999", country="GN")),
    "fedex": read_fedex(scan("ZZ", country="GN")),
    "ship24": read_ship24(event("teleported")),
}
DELIVERED: Mapping[str, Told] = {
    "dhl": lambda leg: read_dhl(dhl_event("OK", country="GN", code="delivered"), leg=leg),
    "ups": lambda leg: read_ups(ups_activity("D/KB/011", country="GN"), leg=leg),
    "fedex": lambda leg: read_fedex(scan("DL", country="GN"), leg=leg),
    "ship24": lambda leg: read_ship24(event("delivered"), leg=leg),
}
NUMBERS = {"dhl": DHL_NUMBER, "ups": UPS_NUMBER, "fedex": FEDEX_NUMBER, "ship24": SHIP24_NUMBER}


def estimate_of(name: str, written: str, to_place: str) -> tuple[Answer, ReadEvent]:
    """What becomes of an estimate of the arrival at a place."""
    leg = a_leg(to_place=to_place) if name == "dcsa" else a_parcel(NUMBERS[name], to_place=to_place)
    answer = {
        "dcsa": lambda: read(said("TRANSPORT/ARRI", to_place, written, eventClassifierCode="EST"), leg=leg),
        "dhl": lambda: read_dhl(leg=leg, destination=None, estimatedTimeOfDelivery=written),
        "ups": lambda: read_ups(leg=leg, deliveryDate=[{"type": "SDD", "date": written.replace("-", "")[:8]}]),
        "fedex": lambda: read_fedex(leg=leg, dateAndTimes=estimated(written)),
        "ship24": lambda: read_ship24(
            leg=leg, destinationCountryCode=None, delivery={"estimatedDeliveryDate": written}
        ),
    }[name]()
    (only,) = answer.events
    return answer, only


@pytest.mark.parametrize("name", MOVED_AT)
def test_10_00_at_plus_5_is_05_00_utc(name: str) -> None:
    (only,) = MOVED_AT[name]("2026-03-20T10:00:00+05:00").events
    assert (only.occurred_at, only.tz_known) == (datetime(2026, 3, 20, 5, tzinfo=UTC), True)


@pytest.mark.parametrize("name", MOVED_AT)
def test_a_time_without_zone_and_place_is_kept_as_written_and_marked(name: str) -> None:
    (only,) = MOVED_AT[name]("2026-03-20T10:00:00").events
    assert (only.occurred_at, only.tz_known, only.milestone) == (None, False, M.IN_TRANSIT)
    assert only.occurred_as_written.replace("-", "").startswith("20260320")


@pytest.mark.parametrize("name", sorted(MOVED_AT.keys() - {"ups"}))  # whose times have no fractions
@pytest.mark.parametrize("fraction", ["5", "500", "500000", "500000999"])
def test_a_time_is_read_down_to_its_nanoseconds(name: str, fraction: str) -> None:
    (only,) = MOVED_AT[name](f"2026-03-20T10:00:00.{fraction}Z").events
    assert only.occurred_at == datetime(2026, 3, 20, 10, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("name", PRE_TRANSIT)
def test_pre_transit_is_not_in_transit(name: str) -> None:
    (only,) = PRE_TRANSIT[name].events
    assert only.milestone is M.INFO_RECEIVED


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_stays_unknown_is_kept_raw_and_named(name: str) -> None:
    answer = UNKNOWN[name]
    (only,) = answer.events
    assert (only.milestone, only.event) == (None, None)
    assert only.raw_code in answer.problems[0]


@pytest.mark.parametrize("name", DELIVERED)
def test_what_is_delivered_on_a_leg_before_the_last_is_not_at_the_office(name: str) -> None:
    (at_the_end,) = DELIVERED[name](None).events
    assert at_the_end.milestone is M.DELIVERED
    (at_a_hub,) = DELIVERED[name](a_parcel(NUMBERS[name], is_last=False)).events
    assert at_a_hub.milestone is M.IN_TRANSIT


@pytest.mark.parametrize("days", [91, 180, 400])
def test_sea_freight_is_not_given_up_after_90_days(days: int) -> None:
    heard_at = DISPATCHED + timedelta(days=days)
    arrived = said("TRANSPORT/ARRI", "GNCKY", (heard_at - timedelta(days=1)).isoformat())
    answer = dcsa.read_answer(json.dumps([arrived]).encode(), a_leg(), heard_at=heard_at)
    assert (answer.found, answer.problems) == (True, ())
    assert [one.milestone for one in answer.events] == [M.ARRIVED_DESTINATION]


@pytest.mark.parametrize("name", ["dcsa", *NUMBERS])
@pytest.mark.parametrize(
    ("to_place", "earliest", "latest"),
    [
        ("GNCKY", "2026-04-05T00:00:00+00:00", "2026-04-05T23:59:59+00:00"),  # one zone
        ("BRSSZ", "2026-04-04T10:00:00+00:00", "2026-04-06T11:59:59+00:00"),  # several: from the first to the last
    ],
)
def test_an_estimated_day_is_a_range_and_no_moment(name: str, to_place: str, earliest: str, latest: str) -> None:
    answer, only = estimate_of(name, "2026-04-05", to_place)
    assert (only.occurred_at, only.classifier, only.milestone) == (None, "EST", None)
    assert (only.earliest, only.latest) == (datetime.fromisoformat(earliest), datetime.fromisoformat(latest))
    assert (answer.expected_from, answer.expected_to, only.unlocode) == (only.earliest, only.latest, to_place)


@pytest.mark.parametrize("name", ["dcsa", "dhl", "fedex", "ship24"])
def test_an_estimate_without_zone_is_recorded_as_a_range_over_every_zone(name: str) -> None:
    answer, only = estimate_of(name, "2026-04-05T18:00:00", "BRSSZ")
    assert (only.occurred_at, only.tz_known, only.classifier) == (None, False, "EST")
    assert only.earliest == answer.expected_from == datetime(2026, 4, 5, 4, tzinfo=UTC)
    assert only.latest == answer.expected_to == datetime(2026, 4, 6, 6, tzinfo=UTC)


@pytest.mark.parametrize("name", ["dcsa", "dhl", "fedex", "ship24"])
def test_an_estimated_moment_is_a_moment_and_no_range(name: str) -> None:
    answer, only = estimate_of(name, "2026-04-05T18:00:00+02:00", "GNCKY")
    assert only.occurred_at == answer.expected_from == answer.expected_to == datetime(2026, 4, 5, 16, tzinfo=UTC)
    assert (only.earliest, only.latest) == (None, None)


def test_of_a_window_both_ends_are_kept_and_its_end_is_the_moment() -> None:
    window = {"estimatedFrom": "2026-04-05T08:00:00Z", "estimatedThrough": "2026-04-05T18:00:00Z"}
    (only,) = read_dhl(estimatedDeliveryTimeFrame=window).events
    assert only.earliest == datetime(2026, 4, 5, 8, tzinfo=UTC)
    assert only.latest == only.occurred_at == datetime(2026, 4, 5, 18, tzinfo=UTC)


@pytest.mark.parametrize("name", NUMBERS)
def test_where_a_carrier_does_not_say_when_it_estimated_the_hearing_stands_for_it(name: str) -> None:
    _, only = estimate_of(name, "2026-04-05", "GNCKY")
    assert only.created_at == HEARD


def test_a_dcsa_estimate_is_as_old_as_its_carrier_says() -> None:
    _, only = estimate_of("dcsa", "2026-04-05", "GNCKY")
    assert only.created_at == datetime(2026, 3, 20, 11, tzinfo=UTC)


RULES: Mapping[str, tuple[str, ...]] = {
    "offsets are kept": ("test_10_00_at_plus_5_is_05_00_utc",),
    "zoneless times are marked": ("test_a_time_without_zone_and_place_is_kept_as_written_and_marked",),
    "nanoseconds": ("test_a_time_is_read_down_to_its_nanoseconds",),
    "gmtTime 74700": ("test_gmt_time_is_read_with_and_without_its_leading_zero_and_with_colons",),
    "only ACT moves": ("test_only_act_moves_progress", "test_events_are_act_and_only_act_moves_progress"),
    "EST and PLN feed the expected date": ("test_the_newest_estimate_feeds_the_expected_date_whatever_the_order",),
    "a change of it is news": ("test_a_changed_estimate_is_itself_news", "test_a_changed_date_is_itself_news"),
    "EMPTY is ignored": ("test_empty_equipment_is_not_ours",),
    "last port": (
        "test_arrived_is_said_only_at_our_own_last_port",
        "test_arrived_is_said_only_in_the_country_where_our_last_leg_ends",
        "test_a_code_off_an_air_waybill_says_arrived_only_at_our_own_last_port",
    ),
    "the hub is not the office": (
        "test_the_hub_is_not_the_office",
        "test_what_is_delivered_on_a_leg_before_the_last_is_not_at_the_office",
        "test_whoever_an_air_waybill_is_delivered_to_is_not_our_office",
    ),
    "contradictory delivered": ("test_a_contradictory_delivered_is_kept_on_both_sides",),
    "return legs after delivery": (
        "test_a_return_after_delivery_is_kept_and_delivered_is_not_believed_for_the_senders_door",
        "test_a_return_leg_after_delivery_ends_at_the_sender_and_not_with_us",
        "test_a_return_leg_after_delivery_is_told_and_ends_with_the_sender",
    ),
    "reused numbers": (
        "test_a_number_used_before_does_not_bring_its_old_way_back",
        "test_a_number_used_before_does_not_bring_its_old_voyage_back",
        "test_a_number_delivered_before_our_dispatch_was_another_parcels",
    ),
    "another parcel in the answer": (
        "test_another_parcel_in_the_answer_is_left_out_and_named_without_its_number",
        "test_where_nothing_tells_two_businesses_apart_neither_is_believed",
    ),
    "UPS 200 not found": ("test_not_found_is_a_200_with_a_warning_and_no_package",),
    "UPS type D needs 011": ("test_type_d_is_delivered_only_with_status_code_011",),
    "FedEx failures in a 200": ("test_a_failure_inside_a_200_is_not_found_and_no_problem",),
    "EA, CA, SP and RC by column": (
        "test_ea_ca_sp_and_rc_as_a_scan_are_read_only_where_the_text_says_which",
        "test_ea_ca_sp_and_rc_as_a_status_mean_what_the_list_says",
    ),
    "one bad shipment in thirty": (
        "test_one_bad_shipment_in_a_batch_of_thirty_costs_one",
        "test_one_bad_shipment_in_thirty_costs_one",
        "test_one_bad_package_in_thirty_costs_one",
        "test_one_bad_event_in_thirty_costs_one",
        "test_one_bad_tracking_in_thirty_costs_one",
    ),
    "pre-transit is not in transit": ("test_pre_transit_is_not_in_transit",),
    "unknown stays unknown": ("test_unknown_stays_unknown_is_kept_raw_and_named",),
    "sea freight is not given up": ("test_sea_freight_is_not_given_up_after_90_days",),
}
"""Each rule, and the tests that are named after it."""


@pytest.mark.parametrize("rule", RULES)
def test_every_truth_rule_has_tests_named_after_it(rule: str) -> None:
    written = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in RULES[rule] if f"def {name}(" not in written] == []
