"""The columns that lists read are what the facts say, after any walk through the verbs, on both engines."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from shipments import journal
from shipments.batches import planning
from shipments.batches.batch import Batch, Mode
from shipments.boxes import ending, packing
from shipments.boxes.box import Box, BoxLine, Happened, Stage
from shipments.errors import ShipmentsError
from shipments.offices.scope import EVERYWHERE, act_as
from shipments.progress.keeping import count_all, rebuild
from shipments.receipts import handing_over, receiving
from shipments.receipts.receipt import ReceiptLine
from shipments.requests.request import RequestLine
from shipments.tracking.lanes.journeys import LaneName
from shipments.tracking.lanes.learning import Usual, keep
from shipments.tracking.milestones import Milestone
from shipments.transaction import finish
from tests.story.journey import Journey

STEPS = 45


class Walk:
    """Steps chosen by chance among three batches; a refusal is a step too, and must leave no trace."""

    def __init__(self, journey: Journey, seed: int) -> None:
        self.journey, self.chance = journey, random.Random(seed)
        self.done: list[str] = []
        boxes = [journey.box(quantity=2) for _ in range(5)]
        self.boxes = boxes
        self.batches = [journey.batch(*boxes[:2]), journey.batch(boxes[2])]
        self.legs = [journey.leg(batch) for batch in self.batches]
        self.verbs: list[Callable[[], object]] = [
            self.seal, self.reopen, self.join, self.leave, self.dispatch, self.tell, self.tell, self.tell,
            self.receive, self.receive, self.hand_over, self.contact, self.end, self.leg, self.explain, self.learn,
        ]  # fmt: skip

    def step(self) -> None:
        verb = self.chance.choice(self.verbs)
        try:
            verb()
            self.done.append(verb.__name__)
        except ShipmentsError:
            pass

    def seal(self) -> None:
        self.journey.seal(self._box(), self.chance.choice(["S1", "S2"]))

    def reopen(self) -> None:
        journey, by = self.journey, self.journey.staff.logistician
        journey.do(lambda s: packing.reopen(s, self._box(), reason="a look inside", by=by, now=journey.now), by)

    def join(self) -> None:
        journey, by = self.journey, self.journey.staff.logistician
        journey.do(lambda s: planning.add_boxes(s, self._batch(), [self._box()], by=by, now=journey.now), by)

    def leave(self) -> None:
        journey, by = self.journey, self.journey.staff.logistician
        journey.do(lambda s: planning.remove_box(s, self._batch(), self._box(), by=by, now=journey.now), by)

    def dispatch(self) -> None:
        self.journey.dispatch(self._batch())

    def tell(self) -> None:
        when = self.journey.now + timedelta(days=self.chance.randint(-3, 1))
        self.journey.tell(self.chance.choice(self.legs), self.chance.choice(list(Milestone)), occurred_at=when)

    def receive(self) -> None:
        box = self._box()
        lines = self.journey.counted(box, missing=self.chance.randint(0, 1)) if self.chance.random() < 0.6 else ()
        self.journey.receive(self.journey.arrived(box, lines=lines, seal_number=self.chance.choice([None, "S1"])))

    def hand_over(self) -> None:
        refused = self.chance.choice([None, None, "not what was asked for"])
        self.journey.hand_over(self.journey.handing(self._box(), refused=refused))

    def contact(self) -> None:
        journey, by, reached = self.journey, self.journey.staff.receiver, self.chance.random() < 0.5
        journey.do(
            lambda s: handing_over.tried_to_reach(s, self._box(), reached=reached, note="", by=by, now=journey.now), by
        )

    def end(self) -> None:
        journey, by = self.journey, self.journey.staff.logistician
        how = self.chance.choice([Happened.LOST, Happened.FOUND, Happened.WITHDRAWN, Happened.RETURNED])
        journey.do(
            lambda s: ending.end(s, self._box(), how=how, at=journey.now, reason="so", by=by, now=journey.now), by
        )

    def leg(self) -> None:
        self.legs.append(self.journey.leg(self._batch()))

    def learn(self) -> None:
        journey, least_s = self.journey, self.chance.randint(1, 20) * 86_400
        usual = Usual(journeys=5, least_s=least_s, most_s=2 * least_s, quiet_s=least_s // 5)
        way = LaneName("by_hand", Mode.SEA, "NLRTM", "GNCKY")
        changed = [(way, self.chance.choice([usual, usual, None]))]
        journey.do(lambda s: keep(s, changed, now=journey.now), EVERYWHERE)

    def explain(self) -> None:
        journey, by = self.journey, self.journey.staff.logistician
        lines = journey.see(lambda s: s.exec(select(ReceiptLine.id)).all())
        line = self.chance.choice(lines) if lines else UUID(int=0)
        journey.do(lambda s: receiving.explain(s, line, text="found", settled=True, by=by, now=journey.now), by)

    def _box(self) -> str:
        return self.chance.choice(self.boxes)

    def _batch(self) -> str:
        return self.chance.choice(self.batches)


@pytest.mark.parametrize("seed", [3, 14])
def test_after_any_walk_through_the_verbs_a_rebuild_finds_no_difference(each_journey: Journey, seed: int) -> None:
    journey = each_journey
    walk = Walk(journey, seed)
    for _ in range(STEPS):
        walk.step()
    assert len(set(walk.done)) >= 6, walk.done
    assert journey.differences() == []
    assert journey.see(lambda session: [fault for _, fault in journal.verify(session) if fault]) == []
    _quantities_add_up(journey)


def _quantities_add_up(journey: Journey) -> None:
    def packed(session: Session) -> dict[UUID, int]:
        inside: dict[UUID, int] = {}
        for line in session.exec(select(BoxLine)):
            inside[line.request_line_id] = inside.get(line.request_line_id, 0) + line.quantity - line.given_back
            good = line.quantity if line.good is None else line.good
            assert line.handed_over <= good
            assert line.good is None or good + (line.damaged or 0) + (line.missing or 0) == line.quantity
        return inside

    inside = journey.see(packed)
    for line in journey.see(lambda session: session.exec(select(RequestLine)).all()):
        assert inside.get(line.id, 0) == line.packed <= (line.approved or 0)


def test_a_column_that_somebody_changed_is_found_and_repaired(each_journey: Journey) -> None:
    journey = each_journey
    (box,), batch, leg = journey.sent()
    journey.tell(leg, Milestone.ARRIVED_DESTINATION, place="GNCKY")
    with journey.database.writing() as session:
        session.connection().execute(update(Box.__table__).values(stage=Stage.HANDED_OVER))  # type: ignore[attr-defined]
        session.connection().execute(update(Batch.__table__).values(exceptions="held"))  # type: ignore[attr-defined]
    assert set(journey.differences()) == {box, batch}
    assert journey.do(_repaired, journey.staff.coordinator) == {box, batch}
    assert journey.differences() == []
    assert journey.the_box(box).stage == journey.the_batch(batch).stage == Stage.IN_THE_COUNTRY


def test_counts_that_somebody_changed_are_found_and_repaired_and_mislead_no_progress(each_journey: Journey) -> None:
    journey = each_journey
    (box, other), batch, _ = journey.sent(boxes=2)
    journey.receive(journey.arrived(box, lines=journey.counted(box, missing=1)))
    journey.hand_over(journey.handing(box))
    before = [journey.the_box(code).model_dump() for code in (box, other)]
    lines = [line.model_dump() for line in journey.lines(box)]
    line = journey.lines(box)[0].request_line_id
    changes: list[tuple[Any, dict[str, Any]]] = [
        (BoxLine, {"handed_over": 0, "good": None, "damaged": None, "missing": None}),
        (RequestLine, {"packed": 0}),
        (Batch, {"dispatched_at": None}),
        (Box, {"sealed_at": None, "seal_number": None, "gross_weight_g": None}),
    ]
    with journey.database.writing() as session:
        for table, values in changes:
            session.connection().execute(update(table.__table__).values(values))
    assert set(journey.differences()) == {box, other, batch, journey.request_of(line), *_other_requests(journey, other)}
    journey.do(_repaired, journey.staff.coordinator)
    assert journey.differences() == []
    assert [journey.the_box(code).model_dump() for code in (box, other)] == before
    assert [line.model_dump() for line in journey.lines(box)] == lines
    assert journey.request_line(line).packed == 3
    assert journey.the_batch(batch).dispatched_at is not None


def _other_requests(journey: Journey, box: str) -> set[str]:
    return {journey.request_of(line.request_line_id) for line in journey.lines(box)}


def test_a_rebuild_counts_what_it_looks_at(journey: Journey) -> None:
    journey.sent(boxes=2)
    assert journey.see(count_all) == 3
    assert journey.see(lambda session: len(list(rebuild(session, repair=False)))) == 3


def _repaired(session: Session) -> set[str]:
    return {code for code, cached, derived in rebuild(session, repair=True) if cached != derived}


def test_a_batch_is_as_far_as_the_box_that_is_least_far_and_ended_boxes_hold_nothing_back(journey: Journey) -> None:
    (first, second), batch, leg = journey.sent(boxes=2)
    journey.tell(leg, Milestone.ARRIVED_DESTINATION)
    journey.receive(journey.arrived(first))
    assert journey.the_batch(batch).stage == Stage.IN_THE_COUNTRY
    by = journey.staff.logistician
    journey.do(
        lambda s: ending.end(s, second, how=Happened.LOST, at=journey.now, reason="sea", by=by, now=journey.now), by
    )
    assert journey.the_batch(batch).stage == Stage.READY


def _at_once(first: Callable[[Session], object], second: Callable[[], object], journey: Journey) -> None:
    """`first` in a transaction that commits only after `second` has begun on another thread."""
    other = threading.Thread(target=second)
    with journey.database.writing() as session:
        act_as(session, journey.staff.receiver)
        first(session)
        finish(session, now=journey.now)
        other.start()
        other.join(timeout=0.3)
    other.join(timeout=10)
    assert not other.is_alive()


def test_a_carriers_word_heard_during_a_receipt_does_not_undo_it(each_journey: Journey) -> None:
    journey = each_journey
    (box,), _, leg = journey.sent()
    said, by = journey.arrived(box), journey.staff.receiver
    _at_once(
        lambda session: receiving.receive(session, said, by=by, now=journey.now),
        lambda: journey.tell(leg, Milestone.IN_TRANSIT),
        journey,
    )
    assert journey.the_box(box).stage == Stage.READY
    assert len(journey.events(leg)) == 1
    assert journey.differences() == []


def test_two_boxes_of_a_batch_received_at_once_bring_the_batch_as_far_as_both(each_journey: Journey) -> None:
    journey = each_journey
    (first, second), batch, _ = journey.sent(boxes=2)
    said, by = journey.arrived(first), journey.staff.receiver
    _at_once(
        lambda session: receiving.receive(session, said, by=by, now=journey.now),
        lambda: journey.receive(journey.arrived(second)),
        journey,
    )
    assert journey.the_batch(batch).stage == Stage.READY
    assert journey.differences() == []
