"""One batch of the demo's past: planned, filled, dispatched, and what was heard of it on the phone."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from api.demo.crates import CrateStory
from api.demo.staff import HOST
from api.demo.ways import Heard, Sailing, Stretch
from api.practice_carrier import Practice
from shipments.batches import dispatching, planning
from shipments.batches.batch import Batch, Leg
from shipments.batches.planning import Limits
from shipments.offices.scope import Actor, find
from shipments.tracking import legs
from shipments.tracking.legs import LegPlanned, Told

CUT_OFF_AFTER = timedelta(days=13)


class SailingStory:
    """A batch with the crates aboard; its ships are booked at the practice carrier when it is planned."""

    def __init__(self, sailing: Sailing, number: int, aboard: Sequence[CrateStory], practice: Practice) -> None:
        self.sailing = sailing
        self.code = ""
        self._number = number
        self._aboard = aboard
        self._practice = practice

    def plan(self, session: Session, by: Actor, then: datetime) -> None:
        """The logistician plans it, books its legs and puts the crates that are ready in."""
        batch = planning.plan(
            session,
            from_office=HOST,
            to_office=self.sailing.office,
            mode=self.sailing.mode,
            cut_off=then + CUT_OFF_AFTER,
            limits=Limits(max_boxes=40),
            by=by,
            now=then,
        )
        self.code = batch.code
        session.flush()
        for position, stretch in enumerate(self.sailing.legs, start=1):
            legs.add_leg(session, batch.code, self._leg(stretch, position, then), by=by, now=then)
        planning.add_boxes(session, batch.code, [story.box for story in self._aboard], by=by, now=then)

    def leave(self, session: Session, by: Actor, then: datetime) -> None:
        """It leaves."""
        dispatching.dispatch(session, self.code, at=then, override=None, by=by, now=then)

    def hears(self, heard: Heard) -> Callable[[Session, Actor, datetime], None]:
        """The logistician tells what the carrier of the last leg said on the phone."""

        def tell(session: Session, by: Actor, then: datetime) -> None:
            batch = find(session, Batch, self.code, "batch")
            last = select(Leg.id).where(Leg.batch_id == batch.id).order_by(col(Leg.position).desc())
            told = Told(milestone=heard.milestone, occurred_at=then, place=heard.place, note=heard.note or None)
            legs.tell(session, session.exec(last).first() or batch.id, told, by=by, now=then)

        return tell

    def _leg(self, stretch: Stretch, position: int, then: datetime) -> LegPlanned:
        reference = f"DEMO{self._number:03}{position}"
        if stretch.voyage is not None:
            self._practice.book(
                reference,
                stretch.from_place,
                stretch.to_place,
                voyage=stretch.voyage,
                started_at=then,
                days=stretch.days,
            )
        return LegPlanned(
            carrier="by_hand" if stretch.voyage is None else "dcsa",
            reference_type="booking" if stretch.voyage is not None else "other",
            reference=reference,
            from_place=stretch.from_place,
            to_place=stretch.to_place,
            mode=stretch.mode,
            planned_departure=(then + timedelta(days=4)).isoformat(),
            planned_arrival=(then + timedelta(days=20)).isoformat(),
        )
