"""Custody passes to the returnee or somebody with written authority: in part, wholly, or not."""

from datetime import timedelta

import pytest

from shipments.boxes.box import Stage
from shipments.errors import Invalid, KeyReused, TooMuch, WrongState
from shipments.progress.deriving import BoxException
from shipments.receipts import handing_over
from shipments.receipts.handing_over import LineHanded
from shipments.receipts.receipt import HandedTo
from tests.story.journey import Journey


@pytest.fixture
def box(journey: Journey) -> str:
    """Three of one thing, at the office."""
    (box,), _, _ = journey.sent()
    journey.receive(journey.arrived(box, lines=journey.counted(box)))
    return box


def some(journey: Journey, box: str, quantity: int) -> tuple[LineHanded, ...]:
    return (LineHanded(journey.lines(box)[0].id, quantity),)


def test_without_lines_everything_in_good_order_is_handed_over(journey: Journey, box: str) -> None:
    _, new = journey.hand_over(journey.handing(box))
    assert new
    assert [line.handed_over for line in journey.lines(box)] == [3]
    assert journey.the_box(box).stage == Stage.HANDED_OVER


def test_a_part_leaves_the_rest_ready(journey: Journey, box: str) -> None:
    journey.hand_over(journey.handing(box, lines=some(journey, box, 2)))
    assert journey.the_box(box).stage == Stage.READY
    with pytest.raises(TooMuch, match="1 in good order are left"):
        journey.hand_over(journey.handing(box, lines=some(journey, box, 2)))
    journey.hand_over(journey.handing(box))
    assert journey.the_box(box).stage == Stage.HANDED_OVER


def test_no_more_is_handed_over_than_arrived_in_good_order(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    journey.receive(journey.arrived(box, lines=journey.counted(box, damaged=1, missing=1)))
    with pytest.raises(TooMuch):
        journey.hand_over(journey.handing(box, lines=some(journey, box, 2)))
    journey.hand_over(journey.handing(box))
    assert [line.handed_over for line in journey.lines(box)] == [1]
    assert journey.the_box(box).stage == Stage.HANDED_OVER


def test_the_same_note_again_hands_nothing_over_twice(each_journey: Journey) -> None:
    journey = each_journey
    (box,), _, _ = journey.sent()
    journey.receive(journey.arrived(box))
    said = journey.handing(box, lines=some(journey, box, 1))
    journey.hand_over(said)
    assert journey.hand_over(said)[1] is False
    assert [line.handed_over for line in journey.lines(box)] == [1]
    with pytest.raises(KeyReused):
        journey.hand_over(journey.handing(box, id=said.id))


@pytest.fixture
def shared(each_journey: Journey) -> str:
    """A box at the office with three things of each of two cases."""
    journey = each_journey
    box = journey.box([*journey.request(3), *journey.request(3)])
    journey.dispatch(journey.batch(box))
    journey.receive(journey.arrived(box, lines=journey.counted(box)))
    return box


def test_one_returnee_takes_no_other_persons_things(each_journey: Journey, shared: str) -> None:
    journey = each_journey
    first, second = journey.lines(shared)
    for lines in (None, (LineHanded(first.id, 1), LineHanded(second.id, 1))):
        with pytest.raises(Invalid, match="lines") as refused:
            journey.hand_over(journey.handing(shared, lines=lines))
        assert str(first.id) in str(refused.value)
        assert str(second.id) in str(refused.value)
    assert [line.handed_over for line in journey.lines(shared)] == [0, 0]


def test_a_box_of_two_cases_is_handed_over_once_both_have_taken_their_own(each_journey: Journey, shared: str) -> None:
    journey = each_journey
    first, second = journey.lines(shared)
    journey.hand_over(journey.handing(shared, lines=(LineHanded(first.id, 3),)))
    assert journey.the_box(shared).stage == Stage.READY
    with pytest.raises(Invalid, match="lines"):
        journey.hand_over(journey.handing(shared))
    journey.hand_over(journey.handing(shared, lines=(LineHanded(second.id, 3),)))
    assert journey.the_box(shared).stage == Stage.HANDED_OVER


def test_two_requests_of_one_case_are_handed_over_together(journey: Journey) -> None:
    case = journey.case()
    box = journey.box([*journey.request(3, case=case), *journey.request(3, case=case)])
    journey.dispatch(journey.batch(box))
    journey.receive(journey.arrived(box))
    journey.hand_over(journey.handing(box))
    assert journey.the_box(box).stage == Stage.HANDED_OVER


def test_a_proxy_shows_written_authority(journey: Journey, box: str) -> None:
    with pytest.raises(Invalid, match="authority"):
        journey.hand_over(journey.handing(box, to=HandedTo.PROXY))
    kept, _ = journey.hand_over(journey.handing(box, to=HandedTo.PROXY, authority="letter of 2 March"))
    assert (kept.taker, kept.authority) == (HandedTo.PROXY, "letter of 2 March")


def test_nothing_is_handed_over_without_checking_who_takes_it(journey: Journey, box: str) -> None:
    with pytest.raises(Invalid, match="identity_checked"):
        journey.hand_over(journey.handing(box, identity_checked=False))


def test_a_refusal_is_kept_with_its_reason_and_nothing_passes(journey: Journey, box: str) -> None:
    journey.hand_over(journey.handing(box, refused="not what was asked for", identity_checked=False))
    assert journey.the_box(box).stage == Stage.READY
    assert journey.progress(box).exceptions == {BoxException.REFUSED}
    assert [line.handed_over for line in journey.lines(box)] == [0]
    with pytest.raises(Invalid, match="lines"):
        journey.hand_over(journey.handing(box, refused="no", lines=some(journey, box, 1)))
    journey.hand_over(journey.handing(box))
    assert not journey.progress(box).exceptions


def test_what_is_not_at_the_office_is_not_handed_over(journey: Journey, box: str) -> None:
    (under_way,), _, _ = journey.sent()
    with pytest.raises(WrongState, match="on_the_way"):
        journey.hand_over(journey.handing(under_way))
    journey.hand_over(journey.handing(box))
    with pytest.raises(WrongState, match="handed_over"):
        journey.hand_over(journey.handing(box))


def test_a_hand_over_in_the_future_is_refused(journey: Journey, box: str) -> None:
    with pytest.raises(Invalid, match="at"):
        journey.hand_over(journey.handing(box, at=journey.now + timedelta(days=3)))


def test_a_returnee_who_is_not_reached_is_shown_until_they_are(journey: Journey, box: str) -> None:
    by = journey.staff.receiver

    def tried(reached: bool) -> frozenset[BoxException]:
        journey.do(
            lambda s: handing_over.tried_to_reach(s, box, reached=reached, note="rang", by=by, now=journey.now), by
        )
        return journey.progress(box).exceptions

    assert tried(False) == {BoxException.UNREACHABLE}
    assert tried(True) == frozenset()
