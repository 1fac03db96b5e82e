"""What is learned of lanes from the journeys that ended, and what becomes of it."""

import random
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlmodel import Session, select

from shipments.batches.batch import Leg, Mode
from shipments.boxes.box import Stage
from shipments.notices.notice import News
from shipments.offices.scope import EVERYWHERE
from shipments.progress.carrier_news import QUIET_DAYS
from shipments.progress.expecting import ONWARD_DAYS
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.lanes.lane import Lane
from shipments.tracking.lanes.learning import changed_lanes, learn
from shipments.tracking.milestones import Milestone as M
from shipments.tracking.polling.ways import ways_of
from tests.story.fixtures import each_journey, journey
from tests.story.journey import Journey, at
from tests.tracking.travelling import an_event, learned, say, take_back_arrival, told, travelled

__all__ = ["each_journey", "journey"]
DAY_S = 86_400
Columns = Any  # whatever the table takes


def the_lane(journey: Journey) -> Lane:
    """The only one, after learning."""
    (lane,) = learned(journey).values()
    return lane


# What is learned


def test_a_lane_is_learned_from_three_journeys_that_ended_and_not_from_two(each_journey: Journey) -> None:
    travelled(each_journey, 20, 30)
    assert learned(each_journey) == {}
    travelled(each_journey, 26)
    lane = the_lane(each_journey)
    assert (lane.journeys, lane.least_s, lane.most_s) == (3, 20 * DAY_S, 30 * DAY_S)
    assert (lane.carrier, lane.mode, lane.from_place, lane.to_place) == ("dcsa", Mode.SEA, "NLRTM", "GNCKY")


def test_of_ten_and_more_journeys_the_earliest_and_the_latest_tenth_are_left_out(each_journey: Journey) -> None:
    travelled(each_journey, 1, *range(20, 38), 90)
    lane = the_lane(each_journey)
    assert (lane.journeys, lane.least_s, lane.most_s) == (20, 20 * DAY_S, 36 * DAY_S)


def test_each_carrier_mode_and_pair_of_ports_is_a_lane_of_its_own(each_journey: Journey) -> None:
    for what in ({}, {"to_place": "SNDKR"}, {"mode": Mode.AIR}, {"carrier": "by_hand"}, {"from_place": "BEANR"}):
        travelled(each_journey, 20, 21, 22, **what)
    assert each_journey.do(lambda session: learn(session, now=each_journey.now), EVERYWHERE) == 5


def test_quiet_is_how_long_most_gaps_between_two_pieces_of_news_were(each_journey: Journey) -> None:
    for _ in range(3):
        told(each_journey, [(M.IN_TRANSIT, 0), (M.IN_TRANSIT, 1), (M.IN_TRANSIT, 3), (M.ARRIVED_DESTINATION, 4)])
    assert the_lane(each_journey).quiet_s == 2 * DAY_S
    told(each_journey, [(M.IN_TRANSIT, 0), (M.ARRIVED_DESTINATION, 9)])  # one of ten gaps
    assert the_lane(each_journey).quiet_s == 2 * DAY_S


def test_what_is_said_after_the_arrival_is_no_gap(each_journey: Journey) -> None:
    for leg in travelled(each_journey, 10, 10, 10):
        say(each_journey, leg, M.DELIVERED, 60)
    assert the_lane(each_journey).quiet_s == 5 * DAY_S


def test_without_news_of_leaving_the_first_leg_left_with_its_batch_and_a_later_one_teaches_nothing(
    each_journey: Journey,
) -> None:
    for _ in range(3):
        told(each_journey, [(M.ARRIVED_DESTINATION, 20)], dispatched=2)
        told(each_journey, [(M.ARRIVED_DESTINATION, 20)], dispatched=2, position=2, to_place="SNDKR")
    assert {ends: lane.least_s for ends, lane in learned(each_journey).items()} == {("NLRTM", "GNCKY"): 18 * DAY_S}


def test_a_leg_that_is_not_the_last_ends_where_its_ship_arrives_at_its_own_port(each_journey: Journey) -> None:
    for port in ("MAPTM", "ESALG", "ESALG"):
        for leg in (told(each_journey, [(M.IN_TRANSIT, 0)], to_place="MAPTM") for _ in range(2)):
            say(each_journey, leg, M.IN_TRANSIT, 8, event="discharged", unlocode=port)
    assert learned(each_journey) == {}, "only two came to Tanger Med"
    leg = told(each_journey, [(M.IN_TRANSIT, 0)], to_place="MAPTM")
    say(each_journey, leg, M.IN_TRANSIT, 9, event="arrived", unlocode="MAPTM")
    assert the_lane(each_journey).journeys == 3


@pytest.mark.parametrize(
    ("milestone", "what"),
    [(M.DELIVERED, {"classifier": Classifier.EST}), (M.DELIVERED, {"occurred_at": None}), (None, {})],
)
def test_estimates_times_without_zone_and_unknown_codes_teach_nothing(
    journey: Journey, milestone: M | None, what: Columns
) -> None:
    for _ in range(3):
        leg = told(journey, [(M.IN_TRANSIT, 0)])
        say(journey, leg, milestone, 20, **what)
    assert learned(journey) == {}


def test_what_was_taken_back_does_not_count_and_a_lane_with_too_few_journeys_is_forgotten(
    each_journey: Journey,
) -> None:
    legs = travelled(each_journey, 20, 21, 22)
    assert the_lane(each_journey).journeys == 3

    def take_back(session: Session) -> None:
        arrival = session.exec(
            select(CarrierEvent).where(CarrierEvent.leg_id == legs[0], CarrierEvent.milestone == M.ARRIVED_DESTINATION)
        ).one()
        an_event(session, legs[0], M.INFO_RECEIVED, 23, corrects_id=arrival.id)

    each_journey.do(take_back, EVERYWHERE)
    assert learned(each_journey) == {}


def test_legs_by_hand_teach_too(journey: Journey) -> None:
    for _ in range(3):
        _, _, leg = journey.sent()
        journey.tell(leg, M.IN_TRANSIT)
        journey.now += timedelta(days=2)
        journey.tell(leg, M.ARRIVED_DESTINATION)
    assert the_lane(journey).carrier == "by_hand"


def test_the_same_journeys_in_any_order_teach_the_same(journey: Journey) -> None:
    order = random.Random(7)
    for number in range(12):
        story = [(M.ACCEPTED, 0.0), *((M.IN_TRANSIT, day + number / 3) for day in range(1, 20, 3)), (M.DELIVERED, 27.0)]
        for ends in ("GNCKY", "SNDKR"):
            order.shuffle(story)
            told(journey, story, to_place=ends)
    one, other = learned(journey).values()
    ours = ("journeys", "least_s", "most_s", "quiet_s")
    assert [getattr(one, name) for name in ours] == [getattr(other, name) for name in ours]


def test_the_database_counts_as_a_person_would(each_journey: Journey) -> None:
    chance = random.Random(11)
    for number in range(60):
        days = [0.0, *(chance.randint(1, 400) / 10 for _ in range(chance.randint(1, 6)))]
        story = [(M.IN_TRANSIT, day) for day in days]
        end = chance.randint(1, 400) / 10
        told(each_journey, [*story, (M.DELIVERED, end)], to_place=("GNCKY", "SNDKR", "NGAPP")[number % 3])
    found = {
        ends: (lane.journeys, lane.least_s, lane.most_s, lane.quiet_s) for ends, lane in learned(each_journey).items()
    }
    assert found == {("NLRTM", port): counted(each_journey, port) for port in ("GNCKY", "SNDKR", "NGAPP")}


def counted(journey: Journey, port: str) -> tuple[int, int, int, int]:
    """Journeys, least, most, quiet: with paper and pencil."""
    took, gaps = [], []
    for leg in journey.see(lambda session: session.exec(select(Leg.id).where(Leg.to_place == port)).all()):
        events = journey.events(leg)
        end = min(one.occurred_at for one in events if one.milestone == M.DELIVERED and one.occurred_at)
        points = sorted({one.occurred_at for one in events if one.occurred_at and one.occurred_at <= end})
        took.append(int((end - points[0]).total_seconds()))
        gaps += [int((later - one).total_seconds()) for one, later in pairwise(points)]
    return len(took), tenth(took, 1), tenth(took, 9), tenth(gaps, 9)


def tenth(values: list[int], number: int) -> int:
    """Below it, or at it, lie so many tenths."""
    return sorted(values)[-(-len(values) * number // 10) - 1]


def test_only_what_changes_by_more_than_an_hour_is_written(each_journey: Journey) -> None:
    travelled(each_journey, 20, 22, 24)
    before = the_lane(each_journey)
    travelled(each_journey, 24.04, 20 - 0.04)
    assert the_lane(each_journey).learned_at == before.learned_at
    assert each_journey.see(changed_lanes) == []
    travelled(each_journey, 24.1)
    after = the_lane(each_journey)
    assert (after.learned_at > before.learned_at, after.journeys, after.most_s) == (True, 6, int(24.1 * DAY_S))


def test_a_leg_knows_how_quiet_its_lane_is(each_journey: Journey) -> None:
    known = travelled(each_journey, 20, 20, 20)
    unknown = travelled(each_journey, 20, to_place="SNDKR")
    learned(each_journey)
    ways = each_journey.see(lambda session: ways_of(session, [*known, *unknown]))
    assert {leg: way.quiet_s for leg, way in ways.items()} == dict.fromkeys(known, 10 * DAY_S) | dict.fromkeys(unknown)


# What becomes of it


def under_way(journey: Journey) -> tuple[str, str]:
    """A box at sea with a leg by hand on NLRTM to GNCKY, and its batch. It left just now, planned for day 20."""
    (box,), batch, _ = journey.sent()
    return box, batch


def test_boxes_on_a_lane_that_changed_are_expected_by_it_and_their_office_is_told(each_journey: Journey) -> None:
    journey = each_journey
    box, batch = under_way(journey)
    left = journey.the_batch(batch).dispatched_at
    assert left is not None
    travelled(journey, 30, 40, 50, carrier="by_hand")
    learned(journey)
    least, most = ONWARD_DAYS[Mode.SEA]
    assert journey.the_box(box).expected_from == left + timedelta(days=30 + least)
    assert journey.the_box(box).expected_to == left + timedelta(days=50 + most)
    assert journey.news(batch)[-1] == News.DATE_CHANGED
    assert journey.differences() == []


def test_silence_is_judged_by_the_lane_once_it_is_known(journey: Journey) -> None:
    box, _ = under_way(journey)
    before = journey.the_box(box).silent_after
    travelled(journey, 24, 24, 24, carrier="by_hand")
    learned(journey)
    after = journey.the_box(box).silent_after
    assert before is not None
    assert after is not None
    assert after - before == timedelta(days=12 * 1.5 - QUIET_DAYS[Mode.SEA])


def test_a_batch_that_waits_is_expected_by_the_lane_too(journey: Journey) -> None:
    box = journey.box()
    batch = journey.batch(box)
    journey.leg(batch, planned_departure=at(5).isoformat(), planned_arrival=None)
    assert journey.the_box(box).expected_to is None
    travelled(journey, 30, 40, 50, carrier="by_hand")
    learned(journey)
    assert (journey.the_box(box).stage, journey.the_box(box).expected_from) == (Stage.WAITING, at(5 + 30 + 2))
    assert journey.differences() == []


def test_learning_the_same_again_changes_no_box(journey: Journey) -> None:
    _, batch = under_way(journey)
    travelled(journey, 30, 40, 50, carrier="by_hand")
    learned(journey)
    known = journey.news(batch)
    assert journey.do(lambda session: learn(session, now=journey.now), EVERYWHERE) == 0
    assert journey.news(batch) == known


def test_a_forgotten_lane_leaves_its_boxes_to_the_plan(journey: Journey) -> None:
    box, _ = under_way(journey)
    planned = journey.the_box(box).expected_to
    legs = travelled(journey, 30, 40, 50, carrier="by_hand")
    learned(journey)
    assert journey.the_box(box).expected_to != planned
    take_back_arrival(journey, legs[0])
    assert learned(journey) == {}
    assert journey.the_box(box).expected_to == planned
    assert journey.differences() == []
