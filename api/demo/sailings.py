"""One batch of the demo's past: planned, filled, dispatched, and what was heard of it on the phone."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from api.demo.crates import CrateStory
from api.demo.staff import HOST
from api.demo.ways import Heard, Sailing, Stretch
from api.practice_carrier import Practice
from api.practice_carrier.parcels import PARCEL_INTERFACES
from shipments.batches import dispatching, planning
from shipments.batches.batch import Batch, Leg
from shipments.batches.planning import Limits
from shipments.offices.scope import Actor, find
from shipments.tracking import legs
from shipments.tracking.legs import LegPlanned, Told

CUT_OFF_AFTER = timedelta(days=13)
USED_BEFORE = timedelta(days=400)
_TYPES = {"dcsa": "booking", "by_hand": "other"}


class SailingStory:
    """A batch with the crates aboard; its ships and parcels are booked at the practice carrier when it is planned."""

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
            cut_off=then + self._open_for(),
            limits=Limits(max_boxes=40),
            by=by,
            now=then,
        )
        self.code = batch.code
        session.flush()
        for position, stretch in enumerate(self.sailing.legs, start=1):
            legs.add_leg(session, batch.code, self._leg(stretch, position, then), by=by, now=then)
        planning.add_boxes(session, batch.code, [story.box for story in self._aboard], by=by, now=then)

    def _open_for(self) -> timedelta:
        """Until half a day before it leaves."""
        sailing = self.sailing
        return timedelta(days=sailing.planned - sailing.left - 0.5) if sailing.left is not None else CUT_OFF_AFTER

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
        reference = reference_of(stretch.carrier, self._number, position)
        begins, takes = self._timed(stretch, then)
        if stretch.voyage is not None:
            self._book(stretch, reference, begins, stretch.voyage)
        return LegPlanned(
            carrier=stretch.carrier,
            reference_type=_TYPES.get(stretch.carrier, "tracking_number"),
            reference=reference,
            from_place=stretch.from_place,
            to_place=stretch.to_place,
            mode=stretch.mode,
            planned_departure=(begins + takes[0] * timedelta(days=stretch.days)).isoformat(),
            planned_arrival=(begins + takes[1] * timedelta(days=stretch.days)).isoformat(),
        )

    def _timed(self, stretch: Stretch, then: datetime) -> tuple[datetime, tuple[float, float]]:
        """When the carrier's part begins, and in which part of its days it leaves and arrives by the plan.

        A ship is booked when the batch is planned; a parcel's label is made when it leaves.
        """
        if stretch.carrier not in PARCEL_INTERFACES or self.sailing.left is None:
            return then, (1 / 6, 5 / 6)
        return then + timedelta(days=self.sailing.planned - self.sailing.left), (0.1, 0.9)

    def _book(self, stretch: Stretch, reference: str, begins: datetime, story: str) -> None:
        places, days = {"from_place": stretch.from_place, "to_place": stretch.to_place}, stretch.days
        if stretch.carrier not in PARCEL_INTERFACES:
            self._practice.book(reference, **places, voyage=story, started_at=begins, days=days)
            return
        if stretch.used_before is not None:
            elsewhere = {**places, "to_place": stretch.used_before}
            self._practice.ship(stretch.carrier, reference, **elsewhere, started_at=begins - USED_BEFORE)
        self._practice.ship(stretch.carrier, reference, **places, story=story, started_at=begins, days=days)


def reference_of(carrier: str, batch: int, leg: int) -> str:
    """A number as this carrier writes its own; nobody's."""
    return {
        "dhl": f"55500{batch:04}{leg}",
        "ups": f"1Z99DEMO04{batch:07}{leg}",
        "fedex": f"5550000{batch:04}{leg}",
        "ship24": f"RD5550{batch:03}{leg}NL",
    }.get(carrier, f"DEMO{batch:03}{leg}")
