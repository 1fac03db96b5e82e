"""What is packed was approved; a sealed box stays shut; both databases hold it so."""

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from shipments.boxes import packing
from shipments.boxes.box import Box, BoxLine, Stage
from shipments.boxes.packing import LineToPack
from shipments.cases import turning
from shipments.errors import Invalid, NotAllowed, NotFound, ShipmentsError, TooMuch, WrongState
from shipments.offices.scope import EVERYWHERE
from tests.builders import a_case, a_request, an_office, lines_of
from tests.story.journey import Journey


def pack(journey: Journey, box: str, *lines: LineToPack) -> None:
    by = journey.staff.logistician
    journey.do(lambda session: packing.pack(session, box, lines, by=by, now=journey.now), by)


def unpack(journey: Journey, box: str, *lines: LineToPack) -> None:
    by = journey.staff.logistician
    journey.do(lambda session: packing.unpack(session, box, lines, by=by, now=journey.now), by)


def reopen(journey: Journey, box: str) -> None:
    by = journey.staff.logistician
    journey.do(lambda session: packing.reopen(session, box, reason="a look inside", by=by, now=journey.now), by)


def test_no_more_is_packed_than_was_approved_over_several_boxes(journey: Journey) -> None:
    (line,) = journey.request(5)
    journey.box([line], quantity=3, sealed=False)
    second = journey.box([line], quantity=1, sealed=False)
    with pytest.raises(TooMuch, match="1 of 5 approved are left"):
        pack(journey, second, LineToPack(line, 2))
    pack(journey, second, LineToPack(line, 1))
    assert journey.request_line(line).packed == 5
    assert [one.quantity for one in journey.lines(second)] == [2]


def test_of_several_lines_all_are_packed_or_none(journey: Journey) -> None:
    saw, plane = journey.request(5, 1)
    box = journey.box([saw], quantity=1, sealed=False)
    with pytest.raises(TooMuch):
        pack(journey, box, LineToPack(saw, 2), LineToPack(plane, 2))
    assert (journey.request_line(saw).packed, journey.request_line(plane).packed) == (1, 0)


def test_a_line_without_an_answer_cannot_be_packed(journey: Journey) -> None:
    (line,) = journey.request(None)
    with pytest.raises(TooMuch):
        journey.box([line], quantity=1)


def test_two_packers_at_once_pack_no_more_than_was_approved(each_journey: Journey) -> None:
    journey = each_journey
    (line,) = journey.request(9)
    boxes = [journey.box([line], quantity=1, sealed=False) for _ in range(2)]
    together, outcomes = threading.Barrier(2), []

    def packer(box: str) -> None:
        together.wait(timeout=10)
        for _ in range(5):
            try:
                pack(journey, box, LineToPack(line, 1))
                outcomes.append(True)
            except ShipmentsError:
                outcomes.append(False)

    packers = [threading.Thread(target=packer, args=(box,)) for box in boxes]
    for thread in packers:
        thread.start()
    for thread in packers:
        thread.join(timeout=30)
    assert sorted(outcomes) == [False] * 3 + [True] * 7
    assert journey.request_line(line).packed == 9
    assert sum(one.quantity for box in boxes for one in journey.lines(box)) == 9


def test_what_is_taken_out_may_be_packed_elsewhere(journey: Journey) -> None:
    (line,) = journey.request(3)
    box = journey.box([line], quantity=3, sealed=False)
    unpack(journey, box, LineToPack(line, 1))
    assert [one.quantity for one in journey.lines(box)] == [2]
    unpack(journey, box, LineToPack(line, 2))
    assert journey.lines(box) == []
    assert journey.request_line(line).packed == 0
    with pytest.raises(Invalid, match="at most what is in"):
        unpack(journey, box, LineToPack(line, 1))


def test_a_box_takes_lines_of_several_requests_for_the_same_office_and_of_no_other(journey: Journey) -> None:
    box = journey.box([*journey.request(1), *journey.request(1)], quantity=1, sealed=False)
    assert len(journey.lines(box)) == 2

    def elsewhere(session: Session) -> LineToPack:
        lagos = an_office(session, "NG-ABV")
        request = a_request(session, a_case(session, journey.host, lagos))
        return LineToPack(lines_of(session, request)[0].id, 1)

    with pytest.raises(Invalid, match="same offices"):
        pack(journey, box, journey.do(elsewhere, EVERYWHERE))
    with pytest.raises(NotFound, match="There is no request line"):
        pack(journey, box, LineToPack(uuid4(), 1))


def test_a_sealed_box_is_neither_filled_nor_emptied_nor_sealed_again(journey: Journey) -> None:
    (line,) = journey.request(5)
    box = journey.box([line], quantity=1)
    steps: list[Callable[[], None]] = [
        lambda: pack(journey, box, LineToPack(line, 1)),
        lambda: unpack(journey, box, LineToPack(line, 1)),
        lambda: journey.seal(box),
    ]
    for step in steps:
        with pytest.raises(WrongState, match="Reopen it first") as refused:
            step()
        assert refused.value.details == {"state": "sealed", "expected": "open"}


def test_a_reopened_box_is_open_registered_and_can_be_sealed_with_another_number(journey: Journey) -> None:
    box = journey.box()
    assert journey.the_box(box).stage == Stage.PACKED
    reopen(journey, box)
    opened = journey.the_box(box)
    assert (opened.stage, opened.seal_number, opened.gross_weight_g) == (Stage.REGISTERED, None, None)
    with pytest.raises(WrongState, match="open already"):
        reopen(journey, box)
    journey.seal(box, "S2")
    assert (journey.the_box(box).stage, journey.the_box(box).seal_number) == (Stage.PACKED, "S2")


def test_an_empty_box_is_not_sealed(journey: Journey) -> None:
    box = journey.box([], sealed=False)
    with pytest.raises(WrongState, match="is empty"):
        journey.seal(box)


def test_nothing_is_packed_for_a_case_that_was_withdrawn_and_what_is_in_comes_out(journey: Journey) -> None:
    case, by = journey.case(), journey.staff.counsellor
    (line,) = journey.request(5, case=case)
    box = journey.box([line], quantity=2, sealed=False)
    journey.do(
        lambda s: turning.case_withdrawn(s, case, on=journey.now.date(), reason="stays", by=by, now=journey.now), by
    )
    with pytest.raises(WrongState, match="was withdrawn"):
        pack(journey, box, LineToPack(line, 1))
    unpack(journey, box, LineToPack(line, 2))
    assert journey.request_line(line).packed == 0


def test_a_box_that_has_left_is_not_opened_filled_or_checked(journey: Journey) -> None:
    (box,), _, _ = journey.sent()
    by = journey.staff.logistician
    with pytest.raises(WrongState, match="on_the_way"):
        reopen(journey, box)
    with pytest.raises(WrongState, match="on_the_way"):
        journey.do(lambda session: journey.check(session, box), by)


def test_a_box_above_one_cubic_metre_and_an_unknown_office_are_refused(journey: Journey) -> None:
    by = journey.staff.logistician

    def register(session: Session, office: str, millimetres: int) -> Box:
        return packing.register(
            session,
            origin_office=office,
            host_office=None,
            length_mm=millimetres,
            width_mm=1_000,
            height_mm=1_000,
            by=by,
            now=journey.now,
        )

    with pytest.raises(Invalid, match="at most 1 m³"):
        journey.do(lambda session: register(session, "GN-CKY", 1_001), by)
    with pytest.raises(Invalid, match="origin_office"):
        journey.do(lambda session: register(session, "XX-XXX", 1_000), by)
    assert journey.do(lambda session: register(session, "GN-CKY", 1_000).code, by)


def test_only_logisticians_of_the_host_office_pack_and_strangers_see_no_box(journey: Journey) -> None:
    (line,) = journey.request(5)
    box = journey.box([line], quantity=1, sealed=False)
    staff, more = journey.staff, [LineToPack(line, 1)]
    with pytest.raises(NotAllowed):
        journey.do(lambda s: packing.pack(s, box, more, by=staff.receiver, now=journey.now), staff.receiver)
    with pytest.raises(NotFound):
        journey.do(lambda s: packing.pack(s, box, more, by=staff.stranger, now=journey.now), staff.stranger)


@pytest.mark.parametrize("columns", [{"quantity": 0}, {"handed_over": 4}, {"good": 3, "damaged": 1, "missing": 0}])
def test_the_database_itself_refuses_box_lines_that_do_not_add_up(
    each_journey: Journey, columns: dict[str, int]
) -> None:
    box = each_journey.box()
    (line,) = each_journey.lines(box)

    def tamper(session: Session) -> None:
        session.execute(update(BoxLine).where(col(BoxLine.id) == line.id).values(**columns))

    with pytest.raises(IntegrityError):
        each_journey.do(tamper, EVERYWHERE)
