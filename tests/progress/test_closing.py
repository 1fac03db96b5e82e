"""A card ends a while after all the boxes of its case are over, however they ended, and lives on if more follows."""

import threading
from datetime import datetime

import pytest
from sqlmodel import Session, col, select

from shipments.boxes import ending, packing
from shipments.boxes.box import Happened
from shipments.boxes.packing import LineToPack
from shipments.cases.card import Card
from shipments.cases.carding import AFTER_CLOSURE, issue_card
from shipments.cases.case import Case
from shipments.offices.scope import act_as
from shipments.receipts import handing_over
from shipments.sealing import KeyRing
from shipments.transaction import finish
from tests.story.journey import Journey, days


@pytest.fixture
def case(each_journey: Journey, ring: KeyRing) -> str:
    """A returnee who left, and holds a card."""
    journey = each_journey
    code, by = journey.case(), journey.staff.counsellor
    journey.do(lambda s: issue_card(s, ring, code, base_url="https://example.org", by=by, now=journey.now), by)
    return code


def ends(journey: Journey, case: str) -> datetime | None:
    """When its only card ends."""
    of_case = select(Card.expires_at).join(Case, col(Case.id) == Card.case_id).where(Case.code == case)
    return journey.see(lambda session: session.exec(of_case).one())


def sent(journey: Journey, case: str) -> str:
    box = journey.box(journey.request(3, case=case))
    journey.dispatch(journey.batch(box))
    return box


def end(journey: Journey, box: str, how: Happened) -> None:
    by = journey.staff.logistician
    journey.do(lambda s: ending.end(s, box, how=how, at=journey.now, reason="so", by=by, now=journey.now), by)


def test_a_card_ends_ninety_days_after_the_last_box_is_handed_over(each_journey: Journey, case: str) -> None:
    journey = each_journey
    first, second = sent(journey, case), sent(journey, case)
    for box in (first, second):
        journey.receive(journey.arrived(box))
    journey.hand_over(journey.handing(first))
    assert ends(journey, case) is None
    journey.hand_over(journey.handing(second))
    assert ends(journey, case) == journey.now + AFTER_CLOSURE


@pytest.mark.parametrize("how", [Happened.LOST, Happened.RETURNED, Happened.DESTROYED])
def test_a_card_ends_after_a_box_that_never_arrives_too(each_journey: Journey, case: str, how: Happened) -> None:
    journey = each_journey
    box = sent(journey, case)
    assert ends(journey, case) is None
    end(journey, box, how)
    assert ends(journey, case) == journey.now + AFTER_CLOSURE


def test_a_box_that_turns_up_lets_the_card_live_on(each_journey: Journey, case: str) -> None:
    journey = each_journey
    box = sent(journey, case)
    end(journey, box, Happened.LOST)
    journey.receive(journey.arrived(box))
    assert ends(journey, case) is None


def test_another_box_lets_the_card_live_on_from_the_first_thing_in_it(each_journey: Journey, case: str) -> None:
    journey = each_journey
    end(journey, sent(journey, case), Happened.DESTROYED)
    (line,) = journey.request(3, case=case)
    box = journey.box(journey.request(1), quantity=1, sealed=False)
    by = journey.staff.logistician
    journey.do(lambda s: packing.pack(s, box, [LineToPack(line, 3)], by=by, now=journey.now), by)
    assert ends(journey, case) is None


def test_no_card_ends_while_something_is_still_to_be_packed(each_journey: Journey, case: str) -> None:
    journey = each_journey
    sent_line, _waiting = journey.request(3, 2, case=case)
    box = journey.box([sent_line])
    journey.dispatch(journey.batch(box))
    end(journey, box, Happened.DESTROYED)
    assert ends(journey, case) is None


def test_late_news_of_a_box_that_is_over_moves_no_date(each_journey: Journey, case: str) -> None:
    journey = each_journey
    box = sent(journey, case)
    journey.receive(journey.arrived(box))
    journey.hand_over(journey.handing(box))
    date = ends(journey, case)
    journey.now += days(10)
    journey.receive(journey.arrived(box))
    assert ends(journey, case) == date


def test_two_boxes_handed_over_at_once_let_the_card_end(each_journey: Journey, case: str) -> None:
    journey = each_journey
    first, second = sent(journey, case), sent(journey, case)
    for box in (first, second):
        journey.receive(journey.arrived(box))
    said, by = journey.handing(first), journey.staff.receiver
    other = threading.Thread(target=lambda: journey.hand_over(journey.handing(second)))
    with journey.database.writing() as session:
        act_as(session, by)
        _handed(session, journey, said)
        other.start()
        other.join(timeout=0.3)
    other.join(timeout=10)
    assert not other.is_alive()
    assert ends(journey, case) is not None


def _handed(session: Session, journey: Journey, said: handing_over.HandedOver) -> None:
    handing_over.hand_over(session, said, by=journey.staff.receiver, now=journey.now)
    finish(session, now=journey.now)
