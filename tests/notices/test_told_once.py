"""What is worth telling is told, once, in the transaction that made it news."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from shipments.batches.batch import Batch, Mode
from shipments.boxes.box import Box
from shipments.boxes.facts import facts_changed
from shipments.errors import Invalid
from shipments.notices.notice import News
from shipments.notices.noticing import untold
from shipments.notices.queueing import queue_by_clock
from shipments.offices.scope import EVERYWHERE
from shipments.progress.keeping import rebuild
from shipments.receipts.receipt import Condition
from shipments.tracking import legs
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.lanes.journeys import LaneName
from shipments.tracking.lanes.learning import Usual, keep
from shipments.tracking.legs import Told
from shipments.tracking.milestones import Milestone, Reason
from tests.story.journey import Journey, at, days


def estimate(journey: Journey, leg: UUID, day: float | None, **window: Any) -> None:  # Any: columns
    """The carrier now expects the ship on that day, or within a window."""

    def work(session: Session) -> None:
        session.add(
            CarrierEvent(
                leg_id=leg,
                source_id=f"estimate of {journey.now}",
                classifier=Classifier.EST,
                occurred_at=None if day is None else at(day),
                heard_at=journey.now,
                said_at=journey.now,
                event="arrived",
                raw_code="TRANSPORT/ARRI",
                unlocode="GNCKY",
                **window,
            )
        )
        facts_changed(session, session.exec(select(Box.id)).all())

    journey.do(work, EVERYWHERE)


def by_clock(journey: Journey) -> int:
    return journey.do(lambda session: queue_by_clock(session, now=journey.now), EVERYWHERE)


def test_a_departure_is_told_once_a_batch_with_its_dates(each_journey: Journey) -> None:
    _, batch, _ = each_journey.sent(boxes=3)
    (told,) = each_journey.notices(batch)
    assert told.news == News.DISPATCHED
    assert told.facts["to"] is not None
    assert (told.host_office_id, told.origin_office_id) == (each_journey.host.id, each_journey.origin.id)


def test_a_first_date_that_comes_after_the_departure_is_told(journey: Journey) -> None:
    batch = journey.batch(journey.box())
    leg = journey.leg(batch, planned_arrival=None)
    journey.dispatch(batch)
    assert journey.news(batch) == [News.DISPATCHED]
    estimate(journey, leg, 20)
    estimate(journey, leg, 20)
    assert journey.news(batch) == [News.DISPATCHED, News.FIRST_DATE]


def test_a_change_of_more_than_a_day_is_told_and_a_smaller_one_is_not(journey: Journey) -> None:
    _, batch, leg = journey.sent()
    estimate(journey, leg, 20)
    known = journey.news(batch)
    estimate(journey, leg, 20.9)
    assert journey.news(batch) == known
    estimate(journey, leg, 25)
    assert journey.news(batch) == [*known, News.DATE_CHANGED]


def test_a_date_that_creeps_is_told_once_it_is_more_than_a_day_from_what_was_told(journey: Journey) -> None:
    _, batch, leg = journey.sent()
    estimate(journey, leg, 20)
    known = journey.news(batch)
    for day in (20.6, 21.2, 21.8):
        estimate(journey, leg, day)
    assert journey.news(batch) == [*known, News.DATE_CHANGED]


def test_a_date_that_goes_back_and_forth_is_told_each_time(journey: Journey) -> None:
    _, batch, leg = journey.sent()
    known = journey.news(batch)
    for day in (20, 30, 20, 30):
        estimate(journey, leg, day)
    assert journey.news(batch) == [*known, *[News.DATE_CHANGED] * 4], "the plan was another date"


def test_a_window_that_narrows_by_more_than_a_day_at_either_end_is_told(journey: Journey) -> None:
    _, batch, leg = journey.sent()
    estimate(journey, leg, None, earliest=at(20), latest=at(24))
    known = journey.news(batch)
    estimate(journey, leg, None, earliest=at(20.5), latest=at(24))
    assert journey.news(batch) == known
    estimate(journey, leg, None, earliest=at(23), latest=at(24))
    assert journey.news(batch) == [*known, News.DATE_CHANGED]
    told_first, told_then = journey.notices(batch)[-2:]
    former = {"before_from": told_first.facts["from"], "before": told_first.facts["to"]}
    assert former.items() <= told_then.facts.items(), "what it was before is told as a range too"


def test_an_arrival_in_the_country_is_told_once(journey: Journey) -> None:
    _, batch, leg = journey.sent(boxes=2)
    for milestone in (Milestone.ARRIVED_DESTINATION, Milestone.AVAILABLE_FOR_PICKUP, Milestone.DELIVERED):
        journey.tell(leg, milestone)
    assert journey.news(batch).count(News.ARRIVED) == 1


def test_a_hold_is_told_once_until_there_is_another(journey: Journey) -> None:
    _, batch, leg = journey.sent()
    for _ in range(2):
        journey.tell(leg, Milestone.EXCEPTION, reason=Reason.CUSTOMS_HOLD)
    assert journey.news(batch).count(News.HELD) == 1
    journey.tell(leg, Milestone.ARRIVED_DESTINATION)
    journey.tell(leg, Milestone.EXCEPTION, reason=Reason.CUSTOMS_HOLD)
    assert journey.news(batch).count(News.HELD) == 2


def test_a_hold_is_told_with_its_reasons_its_place_and_since_when(each_journey: Journey) -> None:
    journey = each_journey
    _, batch, leg = journey.sent()
    began = journey.now

    def stopped(session: Session) -> None:
        papers = Reason.DOCUMENTS_MISSING
        for number, (reason, place) in enumerate(((Reason.CUSTOMS_HOLD, "Dakar"), (papers, "GNCKY"), (papers, None))):
            when = began + timedelta(seconds=number)
            told = Told(milestone=Milestone.EXCEPTION, reason=reason, place=place, occurred_at=when)
            legs.tell(session, leg, told, by=journey.staff.logistician, now=when)

    journey.do(stopped, EVERYWHERE)
    (held,) = [one for one in journey.notices(batch) if one.news == News.HELD]
    told = {name: held.facts[name] for name in ("reasons", "place", "since")}
    assert told == {"reasons": "customs_hold,documents_missing", "place": "GNCKY", "since": began.isoformat()}


def test_what_lifts_one_reason_of_a_hold_leaves_the_other(journey: Journey) -> None:
    _, batch, leg = journey.sent()
    began = journey.now

    def stopped(session: Session) -> None:
        known: dict[str, Any] = {"leg_id": leg, "classifier": Classifier.ACT, "heard_at": began, "raw_code": "X"}
        for number, reason in enumerate((Reason.CUSTOMS_HOLD, Reason.DUTY_UNPAID)):
            when = began + timedelta(seconds=number)
            what: dict[str, Any] = {"milestone": Milestone.EXCEPTION, "reason": reason, "occurred_at": when}
            session.add(CarrierEvent(source_id=f"stop {number}", **known, **what))
        session.add(CarrierEvent(source_id="let go", event="customs_released", occurred_at=when, **known))
        facts_changed(session, session.exec(select(Box.id)).all())

    journey.do(stopped, EVERYWHERE)
    (held,) = [one for one in journey.notices(batch) if one.news == News.HELD]
    assert held.facts["reasons"] == "duty_unpaid"
    assert held.facts["since"] == (began + timedelta(seconds=1)).isoformat()


def test_a_hold_that_was_lifted_and_came_again_is_told_again_though_both_were_heard_at_once(journey: Journey) -> None:
    _, batch, leg = journey.sent()
    journey.tell(leg, Milestone.EXCEPTION, reason=Reason.CUSTOMS_HOLD)

    def released_and_held(session: Session) -> None:
        for number, milestone in enumerate((Milestone.IN_TRANSIT, Milestone.EXCEPTION)):
            told = Told(milestone=milestone, occurred_at=journey.now + timedelta(seconds=number))
            legs.tell(session, leg, told, by=journey.staff.logistician, now=journey.now)

    journey.do(released_and_held, EVERYWHERE)
    assert journey.news(batch).count(News.HELD) == 2


def test_the_same_hold_is_not_told_again_when_its_release_is_taken_back(journey: Journey) -> None:
    _, batch, leg = journey.sent()
    journey.tell(leg, Milestone.EXCEPTION, reason=Reason.CUSTOMS_HOLD)
    moved = journey.tell(leg, Milestone.IN_TRANSIT)
    assert "held" not in journey.the_batch(batch).exceptions
    journey.tell(leg, Milestone.INFO_RECEIVED, corrects=moved)
    assert "held" in journey.the_batch(batch).exceptions
    assert journey.news(batch).count(News.HELD) == 1


def test_a_hold_is_told_once_a_batch_however_many_boxes_are_in_it(each_journey: Journey) -> None:
    _, batch, leg = each_journey.sent(boxes=3)
    each_journey.tell(leg, Milestone.EXCEPTION, reason=Reason.CUSTOMS_HOLD)
    assert each_journey.news(batch).count(News.HELD) == 1


def test_an_arrival_heard_of_together_with_the_departure_is_told_beside_it(journey: Journey) -> None:
    batch = journey.batch(journey.box())
    leg = journey.leg(batch)
    journey.tell(leg, Milestone.ARRIVED_DESTINATION)
    journey.dispatch(batch)
    assert sorted(journey.news(batch)) == sorted([News.DISPATCHED, News.ARRIVED])


def test_a_contradiction_on_the_way_and_at_the_office_is_told_once_each(journey: Journey) -> None:
    (box,), batch, leg = journey.sent()
    journey.tell(leg, Milestone.DELIVERED)
    journey.tell(leg, Milestone.IN_TRANSIT)
    journey.tell(leg, Milestone.IN_TRANSIT)
    assert journey.news(batch).count(News.DISPUTED) == 1
    journey.receive(journey.arrived(box))
    journey.receive(journey.arrived(box, condition=Condition.WET))
    assert journey.news(box).count(News.RECEIVED) == 1
    assert News.DISPUTED in journey.news(box)


def test_another_contradiction_is_told_though_the_first_still_stands(journey: Journey) -> None:
    _, batch, leg = journey.sent()
    for milestone in (Milestone.DELIVERED, Milestone.IN_TRANSIT, Milestone.LOST, Milestone.LOST):
        journey.tell(leg, milestone)
    told = [one.facts["why"] for one in journey.notices(batch) if one.news == News.DISPUTED]
    assert told == ["carrier_fell_back", "carrier_says_lost"]


def test_what_a_carrier_contradicts_is_not_told_again_for_each_box_that_arrives(journey: Journey) -> None:
    boxes, batch, leg = journey.sent(boxes=2)
    journey.tell(leg, Milestone.DELIVERED)
    journey.tell(leg, Milestone.IN_TRANSIT)
    for box in boxes:
        journey.receive(journey.arrived(box))
        assert journey.news(box) == [News.RECEIVED]
    assert journey.news(batch).count(News.DISPUTED) == 1


def test_silence_and_lateness_are_told_once_by_the_clock_alone(each_journey: Journey) -> None:
    journey = each_journey
    _, batch, leg = journey.sent()
    left_at = journey.the_batch(batch).dispatched_at
    assert left_at is not None
    assert by_clock(journey) == 0
    journey.now += days(11)
    assert (by_clock(journey), by_clock(journey)) == (1, 0)
    assert journey.news(batch)[-1] == News.SILENT
    assert journey.notices(batch)[-1].facts["last_word"] == left_at.isoformat(), "nothing was said since it left"
    journey.now = at(60)
    assert (by_clock(journey), by_clock(journey)) == (1, 0)
    assert journey.news(batch)[-1] == News.OVERDUE
    expected_to = journey.the_batch(batch).expected_to
    assert expected_to is not None
    assert journey.notices(batch)[-1].facts["to"] == expected_to.isoformat()
    journey.tell(leg, Milestone.IN_TRANSIT)
    journey.now += days(11)
    assert by_clock(journey) == 1, "silent again, after it had spoken"


def test_a_silence_is_not_told_again_for_what_people_do_meanwhile(each_journey: Journey) -> None:
    journey = each_journey
    boxes, batch, _ = journey.sent(boxes=2)
    journey.now += days(11)
    assert by_clock(journey) == 1
    journey.receive(journey.arrived(boxes[0]))
    journey.now += days(11)
    assert by_clock(journey) == 0
    assert journey.news(batch).count(News.SILENT) == 1


def test_a_silence_is_not_told_again_because_its_lane_is_known_to_be_quieter(each_journey: Journey) -> None:
    journey = each_journey
    journey.sent()
    journey.now += days(11)
    assert by_clock(journey) == 1
    lane = Usual(journeys=3, least_s=40 * 86_400, most_s=50 * 86_400, quiet_s=9 * 86_400)
    journey.do(
        lambda session: keep(session, [(LaneName("by_hand", Mode.SEA, "NLRTM", "GNCKY"), lane)], now=journey.now),
        EVERYWHERE,
    )
    journey.now += days(5)
    assert by_clock(journey) == 0


def test_lateness_is_told_again_only_after_another_date_was_told(each_journey: Journey) -> None:
    journey = each_journey
    _, batch, leg = journey.sent()
    estimate(journey, leg, 5)
    journey.now = at(20.5)
    assert by_clock(journey) >= 1
    estimate(journey, leg, 5.9)
    journey.now = at(22)
    assert journey.news(batch).count(News.OVERDUE) == 1
    by_clock(journey)
    assert journey.news(batch).count(News.OVERDUE) == 1, "the date crept by less than a day"
    estimate(journey, leg, 30)
    journey.now = at(45.5)
    by_clock(journey)
    assert journey.news(batch).count(News.OVERDUE) == 2


def test_what_was_told_is_not_even_looked_at_again(each_journey: Journey) -> None:
    journey = each_journey
    journey.sent()
    journey.now = at(60)
    assert journey.see(lambda session: len(list(untold(session, now=journey.now)))) == 2
    assert by_clock(journey) == 2
    assert journey.see(lambda session: list(untold(session, now=journey.now))) == []


def test_nothing_is_told_twice_after_the_columns_were_lost_and_rebuilt(each_journey: Journey) -> None:
    journey = each_journey
    _, batch, leg = journey.sent(boxes=2)
    estimate(journey, leg, 30)
    journey.tell(leg, Milestone.EXCEPTION, reason=Reason.CUSTOMS_HOLD)
    journey.tell(leg, Milestone.LOST)
    journey.now = at(80)
    by_clock(journey)
    known = journey.news(batch)
    blank = {"exceptions": "", "expected_from": None, "expected_to": None, "overdue_after": None, "silent_after": None}
    for repair in (True, False):  # by the command, and by the next fact
        with journey.database.writing() as session:
            for table in (Box.__table__, Batch.__table__):  # type: ignore[attr-defined]
                session.connection().execute(update(table).values(**blank))
        if repair:
            journey.do(lambda session: len(list(rebuild(session, repair=True))), EVERYWHERE)
        journey.do(lambda session: facts_changed(session, session.exec(select(Box.id)).all()), EVERYWHERE)
        by_clock(journey)
        assert (journey.news(batch), journey.differences()) == (known, [])


def test_a_received_batch_is_neither_silent_nor_late(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    journey.receive(journey.arrived(box))
    journey.now += timedelta(days=300)
    assert by_clock(journey) == 0


def test_what_is_refused_tells_nothing(journey: Journey) -> None:
    (box,), batch, leg = journey.sent()
    known = journey.news(batch)
    with pytest.raises(Invalid):
        journey.tell(leg, Milestone.DELIVERED, reason=Reason.DAMAGED)
    assert (journey.news(batch), journey.news(box)) == (known, [])
