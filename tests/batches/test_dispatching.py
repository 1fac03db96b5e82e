"""Boxes leave together, whole, and not before every gate is closed or overridden by name."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from shipments.batches import planning
from shipments.batches.batch import Batch, Dispatch, Mode
from shipments.batches.dispatching import Override, open_gates
from shipments.boxes import checking, ending, packing
from shipments.boxes.box import ElectricalTest, Happened, Stage, Wood
from shipments.boxes.checking import ElectricalTestDone
from shipments.cases import turning
from shipments.errors import GatesOpen, Invalid, NotAllowed, NotFound, VersionStale, WrongState
from shipments.offices.scope import EVERYWHERE
from shipments.requests.request import RequestLine
from tests.builders import an_item
from tests.story.journey import SAFE, Journey


def join(journey: Journey, batch: str, *boxes: str) -> None:
    by = journey.staff.logistician
    journey.do(lambda session: planning.add_boxes(session, batch, boxes, by=by, now=journey.now), by)


def leave(journey: Journey, batch: str, box: str) -> None:
    by = journey.staff.logistician
    journey.do(lambda session: planning.remove_box(session, batch, box, by=by, now=journey.now), by)


def check(journey: Journey, box: str, wood: Wood = Wood.PLYWOOD, /, **hazards: Any) -> None:  # Any: as Hazards
    journey.do(lambda session: journey.check(session, box, wood, **hazards), journey.staff.logistician)


def gates(journey: Journey, batch: str) -> list[str]:
    """The names of those that keep the batch here."""
    return journey.see(
        lambda session: [
            gate.gate for gate in open_gates(session, session.exec(select(Batch).where(Batch.code == batch)).one())
        ]
    )


# Membership


def test_a_box_is_in_one_batch_at_a_time(journey: Journey) -> None:
    box = journey.box()
    first, second = journey.batch(box), journey.batch()
    with pytest.raises(WrongState, match="in another batch"):
        join(journey, second, box)
    leave(journey, first, box)
    assert journey.the_box(box).stage == Stage.PACKED
    join(journey, second, box)
    assert journey.the_box(box).stage == Stage.WAITING
    assert journey.the_batch(first).stage == Stage.REGISTERED
    assert journey.differences() == []


def test_all_boxes_join_or_none_and_the_refusal_names_each_that_does_not_fit(journey: Journey) -> None:
    good, taken = journey.box(), journey.box()
    journey.batch(taken)
    (gone,), _, _ = journey.sent()
    batch = journey.batch()
    with pytest.raises(WrongState) as refused:
        join(journey, batch, good, taken, gone)
    assert taken in str(refused.value)
    assert gone in str(refused.value)
    assert good not in str(refused.value)
    assert journey.the_box(good).batch_id is None
    with pytest.raises(NotFound, match="BX-0000-0000-0"):
        join(journey, batch, good, "BX-0000-0000-0")
    assert journey.the_box(good).batch_id is None


def test_joining_twice_is_joining_once(journey: Journey) -> None:
    box = journey.box()
    batch = journey.batch(box)
    version = journey.the_box(box).version
    join(journey, batch, box, box)
    assert journey.the_box(box).version == version


def test_a_box_that_is_not_in_a_batch_cannot_leave_it(journey: Journey) -> None:
    with pytest.raises(NotFound):
        leave(journey, journey.batch(), journey.box())


def test_a_change_names_the_version_that_it_changes(journey: Journey) -> None:
    batch, by = journey.batch(), journey.staff.logistician

    def change(session: Session, version: int) -> Batch:
        limits = planning.Limits(max_boxes=1)
        return planning.change(session, batch, cut_off=None, limits=limits, version=version, by=by, now=journey.now)

    journey.do(lambda session: change(session, 1), by)
    with pytest.raises(VersionStale):
        journey.do(lambda session: change(session, 1), by)


# Gates


def test_a_batch_with_every_gate_closed_leaves_once(each_journey: Journey) -> None:
    journey = each_journey
    box = journey.box()
    batch = journey.batch(box)
    assert gates(journey, batch) == []
    journey.dispatch(batch)
    assert journey.the_box(box).stage == journey.the_batch(batch).stage == Stage.ON_THE_WAY
    with pytest.raises(WrongState, match="left on"):
        journey.dispatch(batch)
    with pytest.raises(WrongState, match="left on"):
        leave(journey, batch, box)
    with pytest.raises(WrongState, match="left on"):
        join(journey, batch, journey.box())


def _nothing(journey: Journey) -> str:
    return journey.batch()


def _unsealed(journey: Journey) -> str:
    return journey.batch(journey.box(sealed=False))


def _unchecked_since_it_was_filled(journey: Journey) -> str:
    (line,) = journey.request(5)
    box, by = journey.box([line], quantity=1, sealed=False), journey.staff.logistician
    journey.do(lambda session: journey.pack(session, box, {line: 1}), by)
    journey.seal(box)
    return journey.batch(box)


def _unmarked_wood(journey: Journey) -> str:
    box = journey.box()
    check(journey, box, Wood.UNMARKED)
    return journey.batch(box)


def _holds(hazard: str) -> Callable[[Journey], str]:
    def made(journey: Journey) -> str:
        box = journey.box()
        check(journey, box, **{hazard: True})
        return journey.batch(box)

    return made


def _flies_with(**hazards: bool | int) -> Callable[[Journey], str]:
    def made(journey: Journey) -> str:
        box = journey.box()
        check(journey, box, **hazards)
        return journey.batch(box, mode=Mode.AIR)

    return made


def _before_the_returnee_left(journey: Journey) -> str:
    return journey.batch(journey.box(journey.request(3, case=journey.case(departed=False))))


def _withdrawn(journey: Journey) -> str:
    case, by = journey.case(), journey.staff.counsellor
    batch = journey.batch(journey.box(journey.request(3, case=case)))
    journey.do(
        lambda s: turning.case_withdrawn(s, case, on=journey.now.date(), reason="stays", by=by, now=journey.now), by
    )
    return batch


def _ended(how: Happened) -> Callable[[Journey], str]:
    def made(journey: Journey) -> str:
        box, by = journey.box(), journey.staff.logistician
        batch = journey.batch(box, journey.box())
        journey.do(lambda s: ending.end(s, box, how=how, at=journey.now, reason="fire", by=by, now=journey.now), by)
        return batch

    return made


def _too_many(journey: Journey) -> str:
    return journey.batch(journey.box(), journey.box(), max_boxes=1)


def _too_heavy(journey: Journey) -> str:
    return journey.batch(journey.box(), max_weight_g=12_499)


def _too_large(journey: Journey) -> str:
    return journey.batch(journey.box(), max_volume_mm3=600 * 400 * 400 - 1)


@pytest.mark.parametrize(
    ("made", "gate"),
    [
        (_nothing, "boxes"),
        (_unsealed, "seals"),
        (_unchecked_since_it_was_filled, "checks"),
        (_unmarked_wood, "checks"),
        (_holds("fuel"), "checks"),
        (_holds("gas"), "checks"),
        (_holds("aerosol"), "checks"),
        (_flies_with(glue=True), "flight"),
        (_flies_with(battery_wh=101), "flight"),
        (_before_the_returnee_left, "departed"),
        (_withdrawn, "withdrawn"),
        (_ended(Happened.LOST), "ended"),
        (_ended(Happened.DESTROYED), "ended"),
        (_too_many, "limits"),
        (_too_heavy, "limits"),
        (_too_large, "limits"),
    ],
)
def test_an_open_gate_keeps_a_batch_here_and_is_named(
    journey: Journey, made: Callable[[Journey], str], gate: str
) -> None:
    batch = made(journey)
    with pytest.raises(GatesOpen) as refused:
        journey.dispatch(batch)
    listed = refused.value.details["gates"]
    assert isinstance(listed, list)
    assert [one["gate"] for one in listed] == [gate]
    assert listed[0]["reason"]
    assert journey.the_batch(batch).dispatched_at is None


def test_glue_and_a_small_battery_go_by_sea_and_the_battery_flies(journey: Journey) -> None:
    assert gates(journey, _flies_with(battery_wh=100)(journey)) == []
    box = journey.box()
    check(journey, box, glue=True, battery_wh=5_000)
    assert gates(journey, journey.batch(box)) == []


def test_all_open_gates_are_listed_together(journey: Journey) -> None:
    unsealed = journey.box(journey.request(3, case=journey.case(departed=False)), sealed=False)
    check(journey, unsealed, Wood.UNMARKED, fuel=True)
    assert gates(journey, journey.batch(unsealed)) == ["seals", "checks", "checks", "departed"]


def test_an_electrical_thing_needs_a_test_that_it_passed(journey: Journey) -> None:
    (line,) = journey.request(1)

    def electrify(session: Session) -> None:
        session.get_one(RequestLine, line).item_id = an_item(session, electrical=True).id

    journey.do(electrify, EVERYWHERE)
    box, by = journey.box([line], quantity=1), journey.staff.logistician
    batch = journey.batch(box)
    assert gates(journey, batch) == ["checks"]
    (inside,) = journey.lines(box)

    def test(session: Session, passed: bool) -> None:
        done = ElectricalTestDone(inside.id, "SN-1", "T. Ester", "insulation", date(2026, 3, 2).isoformat(), passed)
        checking.check(session, box, wood=Wood.PLYWOOD, hazards=SAFE, electrical=[done], by=by, now=journey.now)

    journey.do(lambda session: test(session, False), by)
    assert gates(journey, batch) == ["checks"]
    journey.do(lambda session: test(session, True), by)
    assert gates(journey, batch) == []


def test_every_electrical_thing_needs_a_test_and_no_passed_one_hides_a_failed_one(journey: Journey) -> None:
    (line,) = journey.request(2)

    def electrify(session: Session) -> None:
        session.get_one(RequestLine, line).item_id = an_item(session, electrical=True).id

    journey.do(electrify, EVERYWHERE)
    box, by = journey.box([line], quantity=2), journey.staff.logistician
    (inside,) = journey.lines(box)
    batch = journey.batch(box)

    def reasons(*passed: bool) -> list[str]:
        done = [
            ElectricalTestDone(inside.id, f"SN-{number}", "T. Ester", "earth", "2026-03-02", outcome)
            for number, outcome in enumerate(passed)
        ]
        journey.do(
            lambda s: checking.check(s, box, wood=Wood.PLYWOOD, hazards=SAFE, electrical=done, by=by, now=journey.now),
            by,
        )
        return journey.see(
            lambda s: [gate.reason for gate in open_gates(s, s.exec(select(Batch).where(Batch.code == batch)).one())]
        )

    assert reasons(True) == [f"{box}: hammer: 1 of 2 tested."]
    for passed in ((False, True), (True, False), (True, True, False)):
        assert reasons(*passed) == [f"{box}: hammer failed its electrical test."]
    assert reasons(True, True) == []


def test_electrical_tests_outlive_what_is_unpacked(journey: Journey) -> None:
    (line,) = journey.request(1)
    box, by = journey.box([line], quantity=1, sealed=False), journey.staff.logistician
    (inside,) = journey.lines(box)
    done = ElectricalTestDone(inside.id, "SN-1", "T. Ester", "earth", "2026-03-02", False)
    journey.do(
        lambda s: checking.check(s, box, wood=Wood.PLYWOOD, hazards=SAFE, electrical=[done], by=by, now=journey.now), by
    )
    journey.do(lambda s: packing.unpack(s, box, [packing.LineToPack(line, 1)], by=by, now=journey.now), by)
    (test,) = journey.see(lambda s: s.exec(select(ElectricalTest)).all())
    assert (test.request_line_id, test.serial, test.passed) == (line, "SN-1", False)


def test_a_named_person_lets_a_batch_pass_one_gate_and_says_why(each_journey: Journey) -> None:
    journey = each_journey
    batch = _before_the_returnee_left(journey)
    journey.dispatch(batch, override=Override("departed", "flies tonight, ticket seen"))
    (left,) = journey.see(lambda session: session.exec(select(Dispatch)).all())
    assert (left.override_gate, left.override_reason) == ("departed", "flies tonight, ticket seen")
    assert left.person_id == journey.staff.logistician.person_id


def test_safety_is_never_overridden_nor_a_gate_that_is_closed_nor_two_at_once(journey: Journey) -> None:
    with pytest.raises(GatesOpen) as refused:
        journey.dispatch(_unsealed(journey), override=Override("seals", "in a hurry"))
    assert "cannot be overridden" in str(refused.value.details["gates"])
    with pytest.raises(Invalid, match="a gate that is open now"):
        journey.dispatch(journey.batch(journey.box()), override=Override("departed", "just in case"))
    both = journey.batch(journey.box(journey.request(3, case=journey.case(departed=False))), max_weight_g=1)
    with pytest.raises(GatesOpen):
        journey.dispatch(both, override=Override("limits", "one more will fit"))


def test_a_departure_is_neither_in_the_future_nor_years_ago(journey: Journey) -> None:
    batch = journey.batch(journey.box())
    for wrong in (journey.now + timedelta(hours=2), journey.now - timedelta(days=500)):
        with pytest.raises(Invalid):
            journey.dispatch(batch, at=wrong)


def test_only_logisticians_of_the_sending_office_plan(journey: Journey) -> None:
    batch, staff = journey.batch(), journey.staff
    with pytest.raises(NotAllowed):
        journey.do(lambda s: planning.add_boxes(s, batch, [], by=staff.receiver, now=journey.now), staff.receiver)
    with pytest.raises(NotFound):
        journey.do(lambda s: planning.add_boxes(s, batch, [], by=staff.stranger, now=journey.now), staff.stranger)
