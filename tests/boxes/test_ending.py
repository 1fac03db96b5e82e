"""A box whose way ends early does not keep what is in it from being packed again."""

from datetime import datetime

import pytest

from shipments.boxes import ending, packing
from shipments.boxes.box import Happened, Stage
from shipments.boxes.packing import LineToPack
from shipments.errors import TooMuch, WrongState
from tests.story.journey import Journey


def end(journey: Journey, box: str, how: Happened, at: datetime | None = None) -> None:
    by = journey.staff.coordinator
    journey.do(lambda s: ending.end(s, box, how=how, at=at or journey.now, reason="so", by=by, now=journey.now), by)


def reopen(journey: Journey, box: str) -> None:
    by = journey.staff.logistician
    journey.do(lambda s: packing.reopen(s, box, reason="to unpack it", by=by, now=journey.now), by)


def test_a_withdrawn_box_is_reopened_and_unpacked_and_stays_withdrawn(each_journey: Journey) -> None:
    journey = each_journey
    (line,) = journey.request(3)
    box, by = journey.box([line]), journey.staff.logistician
    end(journey, box, Happened.WITHDRAWN)
    reopen(journey, box)
    journey.do(lambda s: packing.unpack(s, box, [LineToPack(line, 3)], by=by, now=journey.now), by)
    assert (journey.request_line(line).packed, journey.lines(box)) == (0, [])
    assert journey.the_box(box).stage == Stage.WITHDRAWN
    journey.box([line])
    assert journey.request_line(line).packed == 3


def test_a_withdrawn_box_is_neither_filled_nor_checked_nor_sealed(journey: Journey) -> None:
    (line,) = journey.request(5)
    box, by = journey.box([line]), journey.staff.logistician
    end(journey, box, Happened.WITHDRAWN)
    reopen(journey, box)
    with pytest.raises(WrongState, match="is withdrawn"):
        journey.do(lambda s: journey.pack(s, box, {line: 1}), by)
    with pytest.raises(WrongState, match="is withdrawn"):
        journey.do(lambda s: journey.check(s, box), by)
    with pytest.raises(WrongState, match="is withdrawn"):
        journey.seal(box)


@pytest.mark.parametrize("how", [Happened.LOST, Happened.RETURNED, Happened.DESTROYED])
def test_what_went_with_a_box_can_be_packed_anew(each_journey: Journey, how: Happened) -> None:
    journey = each_journey
    (line,) = journey.request(3)
    box = journey.box([line])
    journey.dispatch(journey.batch(box))
    end(journey, box, how)
    assert journey.request_line(line).packed == 0
    assert [one.quantity for one in journey.lines(box)] == [3]
    journey.box([line])
    assert journey.request_line(line).packed == 3


def test_what_went_is_given_back_once_however_often_the_box_ends(journey: Journey) -> None:
    (line,) = journey.request(3)
    box = journey.box([line], quantity=2)
    journey.dispatch(journey.batch(box))
    for how in (Happened.LOST, Happened.RETURNED, Happened.DESTROYED):
        end(journey, box, how)
        assert (journey.request_line(line).packed, journey.lines(box)[0].given_back) == (0, 2)


def test_what_is_found_counts_again(journey: Journey) -> None:
    (line,) = journey.request(5)
    box = journey.box([line], quantity=3)
    journey.dispatch(journey.batch(box))
    end(journey, box, Happened.LOST)
    journey.box([line], quantity=2)
    end(journey, box, Happened.FOUND)
    assert (journey.request_line(line).packed, journey.lines(box)[0].given_back) == (5, 0)
    assert journey.the_box(box).stage == Stage.ON_THE_WAY


def test_a_find_that_was_replaced_is_refused_until_the_replacement_is_out(journey: Journey) -> None:
    (line,) = journey.request(3)
    box, by = journey.box([line]), journey.staff.logistician
    journey.dispatch(journey.batch(box))
    end(journey, box, Happened.LOST)
    replacement = journey.box([line], sealed=False)
    with pytest.raises(TooMuch, match="Take the replacement out of its box"):
        end(journey, box, Happened.FOUND)
    journey.do(lambda s: packing.unpack(s, replacement, [LineToPack(line, 3)], by=by, now=journey.now), by)
    end(journey, box, Happened.FOUND)
    assert journey.request_line(line).packed == 3


def test_only_what_has_left_is_sent_back(journey: Journey) -> None:
    box = journey.box()
    batch = journey.batch(box)
    with pytest.raises(WrongState) as refused:
        end(journey, box, Happened.RETURNED)
    assert refused.value.details == {"state": "waiting", "expected": "dispatched"}
    journey.dispatch(batch)
    end(journey, box, Happened.RETURNED)
    assert journey.the_box(box).stage == Stage.RETURNED
