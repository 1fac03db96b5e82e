"""What is worth telling is told, once, in the transaction that made it news."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from shipments.boxes.box import Box
from shipments.boxes.facts import facts_changed
from shipments.errors import Invalid
from shipments.notices.notice import News
from shipments.notices.queueing import queue_by_clock
from shipments.offices.scope import EVERYWHERE
from shipments.receipts.receipt import Condition
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.milestones import Milestone, Reason
from tests.story.journey import Journey, at, days


def estimate(journey: Journey, leg: UUID, day: float) -> None:
    """The carrier now expects the ship on that day."""

    def work(session: Session) -> None:
        session.add(
            CarrierEvent(
                leg_id=leg,
                source_id=f"estimate of {journey.now}",
                classifier=Classifier.EST,
                occurred_at=at(day),
                heard_at=journey.now,
                said_at=journey.now,
                event="arrived",
                raw_code="TRANSPORT/ARRI",
                unlocode="GNCKY",
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
    assert told.facts["expected_to"] is not None
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
    known = len(journey.news(batch))
    for day in (20, 30, 20, 30):
        estimate(journey, leg, day)
    assert journey.news(batch)[known:].count(News.DATE_CHANGED) >= 3


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


def test_silence_and_lateness_are_told_once_by_the_clock_alone(each_journey: Journey) -> None:
    journey = each_journey
    _, batch, leg = journey.sent()
    assert by_clock(journey) == 0
    journey.now += days(11)
    assert (by_clock(journey), by_clock(journey)) == (1, 0)
    assert journey.news(batch)[-1] == News.SILENT
    journey.now = at(60)
    assert (by_clock(journey), by_clock(journey)) == (1, 0)
    assert journey.news(batch)[-1] == News.OVERDUE
    journey.tell(leg, Milestone.IN_TRANSIT)
    journey.now += days(11)
    assert by_clock(journey) == 1, "silent again, after it had spoken"


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
