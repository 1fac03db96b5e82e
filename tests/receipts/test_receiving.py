"""What an office says arrived: kept once, kept though it contradicts, and counts that add up."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from shipments.boxes import ending
from shipments.boxes.box import Happened, Stage
from shipments.errors import Invalid, KeyReused, NotAllowed, NotFound, WrongState
from shipments.progress.carrier_news import Contradiction
from shipments.progress.deriving import BoxException
from shipments.receipts import receiving
from shipments.receipts.receipt import Condition, Receipt, ReceiptLine
from shipments.receipts.receiving import LineCounted, Surplus
from shipments.tracking.milestones import Milestone
from tests.story.journey import Journey, days


def receipts(journey: Journey) -> int:
    return len(journey.see(lambda session: session.exec(select(Receipt.id)).all()))


def explain(journey: Journey, *, settled: bool) -> None:
    """From the sending end, of the one line that does not add up."""
    by = journey.staff.logistician

    def odd(session: Session) -> UUID:
        lines = session.exec(select(ReceiptLine)).all()
        return next(line.id for line in lines if line.missing + line.damaged + line.surplus)

    line = journey.see(odd)
    journey.do(lambda s: receiving.explain(s, line, text="left behind", settled=settled, by=by, now=journey.now), by)


def test_the_same_note_again_is_the_same_receipt(each_journey: Journey) -> None:
    journey = each_journey
    (box,), _, _ = journey.sent()
    said = journey.arrived(box, lines=journey.counted(box))
    assert journey.receive(said)[1] is True
    heard = journey.the_box(box).heard_at
    first, new = journey.receive(said)
    assert (first.id, new, receipts(journey)) == (said.id, False, 1)
    assert journey.the_box(box).heard_at == heard


def test_another_note_under_the_same_id_is_refused(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    said = journey.arrived(box)
    journey.receive(said)
    with pytest.raises(KeyReused):
        journey.receive(journey.arrived(box, id=said.id, condition=Condition.WET))


def test_a_box_that_never_left_is_not_received(journey: Journey) -> None:
    box = journey.box()
    with pytest.raises(WrongState) as refused:
        journey.receive(journey.arrived(box))
    assert refused.value.details == {"state": "packed", "expected": "dispatched"}


def test_a_box_without_any_word_of_a_carrier_is_received_all_the_same(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    journey.receive(journey.arrived(box))
    assert journey.the_box(box).stage == Stage.READY


def test_two_officers_of_one_office_confirm_the_same_box_and_agree_or_are_disputed(each_journey: Journey) -> None:
    journey = each_journey
    (box, other), _, _ = journey.sent(boxes=2)
    second = journey.staff.second_receiver
    journey.receive(journey.arrived(box, lines=journey.counted(box)))
    journey.receive(journey.arrived(box, lines=journey.counted(box)), by=second)
    assert (journey.the_box(box).exceptions, receipts(journey)) == ("", 2)
    journey.receive(journey.arrived(other, lines=journey.counted(other)))
    journey.receive(journey.arrived(other, lines=journey.counted(other, missing=1)), by=second)
    assert journey.progress(other).contradictions == {Contradiction.RECEIPTS_DIFFER}
    assert [line.good for line in journey.lines(other)] == [3], "the count that came first counts"


def test_which_of_two_receipts_counts_does_not_depend_on_the_order_they_are_heard_in(journey: Journey) -> None:
    (box, other), _, _ = journey.sent(boxes=2)
    early, late = journey.now + timedelta(hours=1), journey.now + timedelta(hours=2)
    for one, times in ((box, (early, late)), (other, (late, early))):
        for when in times:
            missing = 1 if when == early else 2
            journey.receive(journey.arrived(one, arrived_at=when, lines=journey.counted(one, missing=missing)))
    assert [line.missing for line in (*journey.lines(box), *journey.lines(other))] == [1, 1]
    assert journey.progress(box).exceptions == journey.progress(other).exceptions


def test_a_phones_clock_may_be_two_days_wrong_and_no_more(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    with pytest.raises(Invalid, match="check the clock"):
        journey.receive(journey.arrived(box, arrived_at=journey.now + timedelta(days=2, minutes=5)))
    journey.receive(journey.arrived(box, arrived_at=journey.now + days(2)))
    journey.receive(journey.arrived(box, arrived_at=journey.now - days(1.9)))
    assert not journey.progress(box).contradictions
    journey.receive(journey.arrived(box, arrived_at=journey.now - days(3)))
    assert journey.progress(box).contradictions == {Contradiction.RECEIVED_BEFORE_DISPATCH}


def test_a_count_adds_up_to_what_was_packed(journey: Journey) -> None:
    (box, other), _, _ = journey.sent(boxes=2)
    (line,), (foreign,) = journey.lines(box), journey.lines(other)
    for wrong in (
        [LineCounted(line.id, 3, 1, 0)],
        [LineCounted(line.id, 2, 0, 0)],
        [LineCounted(foreign.id, 3, 0, 0)],
        [LineCounted(uuid4(), 3, 0, 0)],
        [LineCounted(line.id, 3, 0, 0), LineCounted(line.id, 3, 0, 0)],
    ):
        with pytest.raises(Invalid, match="lines"):
            journey.receive(journey.arrived(box, lines=tuple(wrong)))
    assert receipts(journey) == 0
    journey.receive(journey.arrived(box, lines=(LineCounted(line.id, 1, 1, 1),)))
    (counted,) = journey.lines(box)
    assert (counted.good, counted.damaged, counted.missing) == (1, 1, 1)
    assert journey.progress(box).exceptions == {BoxException.SHORT, BoxException.DAMAGED}


def test_what_nobody_had_listed_is_kept_as_a_line_of_its_own_and_disputed(each_journey: Journey) -> None:
    journey = each_journey
    (box,), _, _ = journey.sent()
    journey.receive(journey.arrived(box, lines=journey.counted(box), surplus=(Surplus("a kettle", 2),)))
    assert journey.progress(box).contradictions == {Contradiction.SURPLUS}
    kept = journey.see(lambda session: session.exec(select(ReceiptLine).where(ReceiptLine.surplus > 0)).one())
    assert (kept.description, kept.surplus, kept.box_line_id) == ("a kettle", 2, None)
    explain(journey, settled=True)
    assert not journey.progress(box).contradictions


def test_a_correction_names_what_it_corrects_and_counts_instead(journey: Journey) -> None:
    (box, other), _, _ = journey.sent(boxes=2)
    wrong, _ = journey.receive(journey.arrived(box, lines=journey.counted(box, missing=2)))
    assert journey.progress(box).exceptions == {BoxException.SHORT}
    with pytest.raises(Invalid, match="corrects"):
        journey.receive(journey.arrived(other, corrects=wrong.id))
    journey.receive(journey.arrived(box, lines=journey.counted(box), corrects=wrong.id))
    assert not journey.progress(box).exceptions
    assert [line.missing for line in journey.lines(box)] == [0]
    assert receipts(journey) == 2


def test_an_explanation_from_either_end_settles_a_discrepancy_only_if_it_says_so(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    journey.receive(journey.arrived(box, lines=journey.counted(box, missing=1)))
    explain(journey, settled=False)
    assert journey.progress(box).exceptions == {BoxException.SHORT}
    explain(journey, settled=True)
    assert not journey.progress(box).exceptions


def test_two_who_found_the_same_still_agree_once_one_of_them_is_settled(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    for by in (journey.staff.receiver, journey.staff.second_receiver):
        journey.receive(journey.arrived(box, lines=journey.counted(box, missing=1)), by=by)
    explain(journey, settled=True)
    assert not journey.progress(box).contradictions


def test_counts_that_agree_in_sum_and_not_line_by_line_are_disputed(journey: Journey) -> None:
    box = journey.box(journey.request(2, 2), quantity=2)
    journey.dispatch(journey.batch(box))
    first, second = journey.lines(box)
    for short, whole in ((first, second), (second, first)):
        counts = (LineCounted(short.id, 1, 0, 1), LineCounted(whole.id, 2, 0, 0))
        journey.receive(journey.arrived(box, lines=counts))
    assert journey.progress(box).contradictions == {Contradiction.RECEIPTS_DIFFER}


def test_what_was_given_up_and_arrives_is_kept_and_disputed(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    by = journey.staff.logistician
    journey.now += days(60)
    lost_at = journey.now
    journey.do(lambda s: ending.end(s, box, how=Happened.LOST, at=lost_at, reason="sea", by=by, now=journey.now), by)
    assert journey.the_box(box).stage == Stage.LOST
    journey.receive(journey.arrived(box, arrived_at=lost_at - days(1)))
    assert journey.the_box(box).stage == Stage.READY
    assert journey.progress(box).contradictions == {Contradiction.RECEIVED_AFTER_END}


def test_a_late_word_of_the_carrier_takes_no_box_out_of_the_office(journey: Journey) -> None:
    (box,), _, leg = journey.sent()
    journey.receive(journey.arrived(box))
    journey.tell(leg, Milestone.IN_TRANSIT)
    journey.tell(leg, Milestone.LOST)
    assert journey.the_box(box).stage == Stage.READY


def test_a_count_that_contradicts_a_hand_over_is_kept_and_disputed_and_undoes_nothing(each_journey: Journey) -> None:
    journey = each_journey
    (box,), _, _ = journey.sent()
    first, _ = journey.receive(journey.arrived(box, lines=journey.counted(box)))
    journey.hand_over(journey.handing(box))
    journey.receive(journey.arrived(box, lines=journey.counted(box, missing=1), corrects=first.id))
    assert receipts(journey) == 2
    assert [(line.good, line.missing, line.handed_over) for line in journey.lines(box)] == [(3, 0, 3)]
    assert journey.the_box(box).stage == Stage.HANDED_OVER
    assert journey.progress(box).contradictions == {Contradiction.HANDED_OVER_MORE_THAN_GOOD}
    assert journey.differences() == []


def test_a_first_count_after_the_hand_over_that_contradicts_it_is_kept_too(each_journey: Journey) -> None:
    journey = each_journey
    (box,), _, _ = journey.sent()
    journey.receive(journey.arrived(box))
    journey.hand_over(journey.handing(box))
    journey.receive(journey.arrived(box, lines=journey.counted(box, damaged=1)))
    assert [line.good for line in journey.lines(box)] == [None]
    assert Contradiction.HANDED_OVER_MORE_THAN_GOOD in journey.progress(box).contradictions
    assert journey.differences() == []


def found(journey: Journey, box: str, at: datetime) -> None:
    """From the sending end."""
    by = journey.staff.logistician
    journey.do(lambda s: ending.end(s, box, how=Happened.FOUND, at=at, reason="ashore", by=by, now=journey.now), by)


def test_a_box_reported_lost_that_arrived_can_be_found_and_is_disputed_no_more(each_journey: Journey) -> None:
    journey = each_journey
    (box,), _, _ = journey.sent()
    by = journey.staff.logistician
    journey.do(
        lambda s: ending.end(s, box, how=Happened.LOST, at=journey.now, reason="sea", by=by, now=journey.now), by
    )
    journey.receive(journey.arrived(box))
    assert journey.progress(box).contradictions == {Contradiction.RECEIVED_AFTER_END}
    found(journey, box, journey.now)
    assert not journey.progress(box).contradictions
    assert journey.the_box(box).stage == Stage.READY


def test_what_is_found_was_reported_lost_before_and_at_an_earlier_time(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    by = journey.staff.logistician
    with pytest.raises(WrongState) as refused:
        found(journey, box, journey.now)
    assert refused.value.details == {"state": "on_the_way", "expected": "lost"}
    journey.now += days(1)
    lost_at = journey.now
    journey.do(lambda s: ending.end(s, box, how=Happened.LOST, at=lost_at, reason="sea", by=by, now=journey.now), by)
    for early in (lost_at, lost_at - days(0.5)):
        with pytest.raises(Invalid, match="at"):
            found(journey, box, early)
    found(journey, box, lost_at + timedelta(seconds=1))
    assert journey.the_box(box).stage == Stage.ON_THE_WAY
    with pytest.raises(WrongState):
        found(journey, box, journey.now)


def test_a_seal_number_is_kept_as_typed_and_compared_without_its_gaps(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    kept, _ = journey.receive(journey.arrived(box, seal_number="s - 1"))
    assert kept.seal_number == "s - 1"
    assert not journey.progress(box).contradictions


def test_only_the_office_that_the_box_goes_to_receives_it(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    with pytest.raises(NotAllowed):
        journey.receive(journey.arrived(box), by=journey.staff.logistician)
    with pytest.raises(NotFound):
        journey.receive(journey.arrived(box), by=journey.staff.stranger)
