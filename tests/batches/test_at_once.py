"""What is decided over a batch holds while others do something else at the same moment: PostgreSQL, real threads."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import Session

from shipments.batches import dispatching, planning
from shipments.boxes import packing
from shipments.boxes.box import Stage, Wood
from shipments.cases import turning
from shipments.errors import ShipmentsError, WrongState
from shipments.offices.scope import Actor
from shipments.progress.deriving import BoxException
from shipments.tracking import legs
from shipments.tracking.legs import Told
from shipments.tracking.milestones import Milestone, Reason
from tests.story.fixtures import led
from tests.story.journey import Journey

HALF = 0.5


@pytest.fixture
def journey(fresh_postgres_url: str) -> Iterator[Journey]:
    database = led("postgresql").to(fresh_postgres_url)
    yield Journey(database)
    database.close()


class Second(threading.Thread):
    """Somebody else's step, begun once the first has come to `reached`; what came of it, and when."""

    def __init__(self, reached: threading.Event, step: Callable[[], object]) -> None:
        super().__init__()
        self.reached, self.step = reached, step
        self.refused: ShipmentsError | None = None
        self.ended = 0.0
        self.start()

    def run(self) -> None:
        if not self.reached.wait(timeout=10):
            return
        try:
            self.step()
        except ShipmentsError as error:
            self.refused = error
        self.ended = time.monotonic()

    def done(self) -> float:
        """The moment of its end. Fails where it never ran to one."""
        self.join(timeout=20)
        assert self.ended > 0
        return self.ended


def slow(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> threading.Event:  # Any: a module of ours
    """From now on this function takes half a second after its answer, and says when it has it."""
    reached, real = threading.Event(), getattr(module, name)

    def slowly(*given: Any) -> Any:
        answer = real(*given)
        reached.set()
        time.sleep(HALF)
        return answer

    monkeypatch.setattr(module, name, slowly)
    return reached


def ready(journey: Journey) -> tuple[str, str, str]:
    """A case, its box, and their batch that may leave."""
    case = journey.case()
    box = journey.box(journey.request(5, case=case))
    return case, box, journey.batch(box)


def _reopen(journey: Journey, box: str) -> Callable[[Session], object]:
    return lambda s: packing.reopen(s, box, reason="look", by=journey.staff.logistician, now=journey.now)


def _check(journey: Journey, box: str) -> Callable[[Session], object]:
    return lambda s: journey.check(s, box, Wood.UNMARKED, fuel=True)


@pytest.mark.parametrize("step", [_reopen, _check])
def test_a_box_that_is_leaving_is_neither_reopened_nor_checked(
    journey: Journey,
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[[Journey, str], Callable[[Session], object]],
) -> None:
    _, box, batch = ready(journey)
    reached = slow(monkeypatch, dispatching, "open_gates")
    other = Second(reached, lambda: journey.do(step(journey, box), journey.staff.logistician))
    journey.dispatch(batch)
    other.done()
    assert isinstance(other.refused, WrongState)
    assert journey.the_box(box).stage == Stage.ON_THE_WAY
    assert journey.the_box(box).sealed_at is not None


def test_a_case_that_is_leaving_is_withdrawn_only_after_it_has_left(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, _, batch = ready(journey)
    reached, by = slow(monkeypatch, dispatching, "open_gates"), journey.staff.counsellor
    other = Second(
        reached,
        lambda: journey.do(
            lambda s: turning.case_withdrawn(s, case, on=journey.now.date(), reason="x", by=by, now=journey.now), by
        ),
    )
    journey.dispatch(batch)
    left = time.monotonic()
    assert other.done() > left - HALF / 2
    assert other.refused is None
    assert journey.the_batch(batch).dispatched_at is not None


def test_a_box_that_joins_while_a_carrier_is_quoted_hears_of_it(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, batch = journey.box(), journey.batch(journey.box())
    leg, by = journey.leg(batch), journey.staff.logistician
    told = Told(milestone=Milestone.EXCEPTION, reason=Reason.DAMAGED, occurred_at=journey.now)
    reached = slow(monkeypatch, planning, "_last_position")
    other = Second(reached, lambda: journey.do(lambda s: legs.tell(s, leg, told, by=by, now=journey.now), by))
    journey.do(lambda s: planning.add_boxes(s, batch, [box], by=by, now=journey.now), by)
    other.done()
    assert other.refused is None
    assert BoxException.DAMAGED in journey.progress(box).exceptions
    assert journey.differences() == []


def test_two_who_want_the_same_boxes_lock_them_in_one_order(journey: Journey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named in either order: a deadlock would be an error here, since nothing is run again."""
    boxes = [journey.box() for _ in range(3)]
    first, second, by = journey.batch(), journey.batch(), journey.staff.logistician
    reached = slow(monkeypatch, planning, "_last_position")
    other = Second(reached, lambda: add(journey, second, boxes[::-1], by))
    add(journey, first, boxes, by)
    other.done()
    assert isinstance(other.refused, WrongState)
    assert {journey.the_box(box).batch_id for box in boxes} == {journey.the_batch(first).id}


def add(journey: Journey, batch: str, boxes: list[str], by: Actor) -> None:
    journey.do(lambda s: planning.add_boxes(s, batch, boxes, by=by, now=journey.now), by)
