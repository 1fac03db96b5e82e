"""When each leg arrives: the carrier's own estimate, else the history of its lane, else the plan."""

from datetime import timedelta

from shipments.batches.batch import Mode
from shipments.boxes.box import Stage
from shipments.progress.deriving import BoxException, progress_of
from shipments.progress.expecting import (
    ONWARD_DAYS,
    PLAN_DAYS,
    UNPLANNED_DAYS,
    LegExpected,
    Source,
    expected_of_legs,
)
from shipments.progress.facts import BoxFacts, Stretch
from shipments.tracking.event import Classifier
from shipments.tracking.milestones import Milestone
from tests.builders import NOON
from tests.progress.telling import DAY, FIRST_LEG, LAST_LEG, estimate, leg, said, sent, window

SEA, ROAD = Mode.SEA, Mode.ROAD
USUAL = {"journeys": 14, "least_s": 20, "most_s": 26}
TO_PORT = leg(1, SEA, "GNCKY", planned_departure=2, planned_arrival=22)


def on(*legs: Stretch) -> dict[str, tuple[Stretch, ...]]:
    return {"legs": legs}


def days(facts: BoxFacts, position: int = 1) -> tuple[float, float, Source]:
    """First and last day after noon, and where they come from."""
    one = the_leg(facts, position)
    return (one.earliest - NOON) / DAY, (one.latest - NOON) / DAY, one.source


def the_leg(facts: BoxFacts, position: int = 1) -> LegExpected:
    return expected_of_legs(facts)[{1: FIRST_LEG, 2: LAST_LEG}[position]]


# Estimates


def test_the_carriers_estimate_goes_before_history_and_history_before_the_plan() -> None:
    plan = leg(1, SEA, "GNCKY", planned_departure=2, planned_arrival=22)
    known = leg(1, SEA, "GNCKY", planned_departure=2, planned_arrival=22, **USUAL)
    assert days(sent(**on(plan))) == (22, 22 + PLAN_DAYS[SEA], Source.PLAN)
    assert days(sent(**on(known))) == (22, 28, Source.HISTORY)
    assert days(sent(estimate(30, leg_id=FIRST_LEG), **on(known))) == (30, 30, Source.ESTIMATE)


def test_an_estimate_that_is_a_window_or_a_day_or_of_no_zone_is_expected_as_its_range() -> None:
    assert days(sent(window(20, 23, leg_id=FIRST_LEG), **on(TO_PORT))) == (20, 23, Source.ESTIMATE)
    moment_in_a_window = window(20, 23, leg_id=FIRST_LEG, occurred_at=NOON + 21 * DAY)
    assert days(sent(moment_in_a_window, **on(TO_PORT))) == (20, 23, Source.ESTIMATE)


def test_the_range_of_an_estimate_widens_what_the_office_expects() -> None:
    least, most = ONWARD_DAYS[SEA]
    progress = progress_of(sent(window(20, 23)))
    assert (progress.expected_from, progress.expected_to) == (NOON + (20 + least) * DAY, NOON + (23 + most) * DAY)


def test_the_newest_estimate_counts_whether_it_is_a_moment_or_a_range() -> None:
    older = estimate(20, leg_id=FIRST_LEG, said_at=NOON + 2 * DAY)
    newer = window(25, 27, leg_id=FIRST_LEG, said_at=NOON + 3 * DAY)
    assert days(sent(newer, older, **on(TO_PORT))) == (25, 27, Source.ESTIMATE)


def test_an_estimate_whose_carrier_does_not_say_when_it_was_made_is_as_new_as_it_was_heard() -> None:
    told = [estimate(day, leg_id=FIRST_LEG, heard_at=NOON + heard * DAY) for day, heard in ((20, 3), (25, 5), (21, 4))]
    assert days(sent(*told, **on(TO_PORT)))[0] == 25


def test_an_estimate_goes_before_a_newer_plan_of_the_carrier() -> None:
    plan = window(18, 18, leg_id=FIRST_LEG, classifier=Classifier.PLN, said_at=NOON + 9 * DAY)
    assert days(sent(plan, estimate(20, leg_id=FIRST_LEG, said_at=NOON + DAY), **on(TO_PORT)))[0] == 20


def test_an_estimate_for_another_port_is_not_ours() -> None:
    assert days(sent(estimate(9, leg_id=FIRST_LEG, unlocode="MAPTM"), **on(TO_PORT)))[2] == Source.PLAN


def test_an_estimate_that_was_taken_back_counts_no_more() -> None:
    wrong = estimate(30, leg_id=FIRST_LEG)
    right = said(Milestone.INFO_RECEIVED, 3, leg_id=FIRST_LEG, corrects_id=wrong.id)
    assert days(sent(wrong, right, **on(TO_PORT)))[2] == Source.PLAN


def test_an_estimate_wholly_in_the_past_stays_and_makes_the_box_overdue() -> None:
    progress = progress_of(sent(window(3, 4)))
    assert progress.stage == Stage.ON_THE_WAY
    assert progress.overdue_after == NOON + (4 + ONWARD_DAYS[SEA][1] + 1) * DAY, "once that day is over everywhere"
    assert BoxException.OVERDUE in progress.exceptions_at(progress.overdue_after + timedelta(seconds=1))


# Arrivals


def test_what_has_arrived_is_expected_no_more() -> None:
    told = (estimate(30, leg_id=FIRST_LEG), said(Milestone.ARRIVED_DESTINATION, 24, leg_id=FIRST_LEG))
    assert days(sent(*told, **on(TO_PORT))) == (24, 24, Source.ARRIVED)


def test_a_parcel_in_the_country_is_expected_when_its_courier_says_until_it_is_delivered() -> None:
    courier = leg(1, Mode.COURIER, "GNCKY", planned_departure=2, planned_arrival=9)
    landed, announced = said(Milestone.ARRIVED_DESTINATION, 5, leg_id=FIRST_LEG), estimate(9, leg_id=FIRST_LEG)
    delivered = said(Milestone.DELIVERED, 8, leg_id=FIRST_LEG)
    assert days(sent(landed, announced, **on(courier))) == (9, 9, Source.ESTIMATE)
    assert days(sent(landed, estimate(4, leg_id=FIRST_LEG), **on(courier))) == (5, 5, Source.ARRIVED)
    assert days(sent(landed, announced, delivered, **on(courier))) == (8, 8, Source.ARRIVED)
    assert days(sent(landed, **on(courier))) == (5, 5, Source.ARRIVED)


def test_a_ship_that_comes_to_the_end_of_a_leg_that_is_not_the_last_has_arrived_there() -> None:
    there = said(Milestone.IN_TRANSIT, 9, leg_id=FIRST_LEG, event="discharged", unlocode="MAPTM")
    elsewhere = said(Milestone.IN_TRANSIT, 9, leg_id=FIRST_LEG, event="discharged", unlocode="ESALG")
    assert days(sent(there)) == (9, 9, Source.ARRIVED)
    assert days(sent(elsewhere))[2] == Source.PLAN


def test_an_estimated_arrival_is_no_arrival() -> None:
    assert (
        days(
            sent(said(Milestone.ARRIVED_DESTINATION, 9, classifier=Classifier.EST, event="arrived", unlocode="GNCKY")),
            2,
        )[2]
        == Source.ESTIMATE
    )


# History


def test_history_counts_from_when_the_leg_left() -> None:
    known = leg(1, SEA, "GNCKY", planned_departure=2, **USUAL)
    assert days(sent(said(Milestone.IN_TRANSIT, 6, leg_id=FIRST_LEG), **on(known))) == (26, 32, Source.HISTORY)


def test_history_counts_from_the_planned_departure_or_from_when_the_batch_left_whichever_is_later() -> None:
    for planned, left in ((5, 5), (-5, 1)):
        known = leg(1, SEA, "GNCKY", planned_departure=planned, **USUAL)
        assert days(sent(**on(known))) == (left + 20, left + 26, Source.HISTORY)


def test_history_says_of_how_many_journeys_it_is_made() -> None:
    assert the_leg(sent(**on(leg(1, SEA, "GNCKY", **USUAL)))).journeys == 14


def test_a_departure_without_a_zone_moves_no_history() -> None:
    known = leg(1, SEA, "GNCKY", planned_departure=2, **USUAL)
    zoneless = said(Milestone.IN_TRANSIT, None, leg_id=FIRST_LEG)
    assert days(sent(zoneless, **on(known))) == (22, 28, Source.HISTORY)


def test_nothing_is_known_of_when_a_leg_leaves_before_its_batch_has_left_without_a_plan() -> None:
    known = leg(1, SEA, "GNCKY", planned_arrival=22, **USUAL)
    assert days(sent(dispatched_at=None, **on(known)))[2] == Source.PLAN


# From leg to leg


def test_no_leg_leaves_before_the_former_has_arrived() -> None:
    inland = leg(2, ROAD, "GNKNK", planned_departure=24, planned_arrival=26)
    late = sent(estimate(30, leg_id=FIRST_LEG), **on(TO_PORT, inland))
    assert days(late, 2) == (32, 32, Source.PLAN), "two days by road, as planned"
    early = sent(estimate(20, leg_id=FIRST_LEG), **on(TO_PORT, inland))
    assert days(early, 2) == (26, 26 + PLAN_DAYS[ROAD], Source.PLAN)


def test_the_history_of_a_later_leg_begins_where_the_former_is_expected() -> None:
    inland = leg(2, ROAD, "GNKNK", planned_departure=24, journeys=5, least_s=1, most_s=4)
    assert days(sent(window(23, 30, leg_id=FIRST_LEG), **on(TO_PORT, inland)), 2) == (25, 34, Source.HISTORY)


def test_a_later_leg_with_an_estimate_of_its_own_does_not_wait_for_the_former() -> None:
    inland = leg(2, ROAD, "GNKNK", planned_departure=24, planned_arrival=26)
    told = (estimate(30, leg_id=FIRST_LEG), estimate(27, unlocode="GNKNK"))
    assert days(sent(*told, **on(TO_PORT, inland)), 2) == (27, 27, Source.ESTIMATE)


def test_a_later_leg_of_which_nothing_is_known_is_carried_on_from_the_former() -> None:
    least, most = UNPLANNED_DAYS[ROAD]
    facts = sent(estimate(30, leg_id=FIRST_LEG), **on(TO_PORT, leg(2, ROAD, "GNKNK")))
    assert days(facts, 2) == (30 + least, 30 + most, Source.CARRIED)


def test_of_a_way_of_which_nothing_is_known_nothing_is_expected() -> None:
    facts = sent(**on(leg(1, SEA, "GNCKY"), leg(2, ROAD, "GNKNK")))
    assert expected_of_legs(facts) == {}
    assert progress_of(facts).expected_to is None


def test_nothing_is_expected_any_more_of_what_goes_back_to_the_sender() -> None:
    told = sent(estimate(25), said(Milestone.RETURNING, 20))
    assert progress_of(told).expected_to is None
    assert progress_of(told).overdue_after is None
    assert progress_of(sent(estimate(25))).expected_to is not None
