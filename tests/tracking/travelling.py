"""Legs that were travelled, with what their carriers said, and what is learned of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from shipments.database import new_id
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.lanes.lane import Lane
from shipments.tracking.lanes.learning import learn
from shipments.tracking.milestones import Milestone as M
from tests.builders import a_batch, a_leg
from tests.story.journey import Journey, at

Columns = Any  # whatever the table takes


def travelled(journey: Journey, *days: float, **leg: Columns) -> list[UUID]:
    """For each of `days` a leg that left on day 0 and arrived after so many, with news half-way. Their ids."""
    return [
        told(journey, [(M.IN_TRANSIT, 0), (M.IN_TRANSIT, one / 2), (M.ARRIVED_DESTINATION, one)], **leg) for one in days
    ]


def told(journey: Journey, story: Sequence[tuple[M | None, float]], *, dispatched: float = 0, **leg: Columns) -> UUID:
    """A leg of a batch of its own, and what was said of it: milestone and day."""

    def work(session: Session) -> UUID:
        batch = a_batch(session, journey.host, journey.origin, dispatched_at=at(dispatched))
        way = a_leg(session, batch, **leg)
        for milestone, day in story:
            an_event(session, way.id, milestone, day)
        return way.id

    return journey.do(work, EVERYWHERE)


def say(journey: Journey, leg: UUID, milestone: M | None, day: float, **what: Columns) -> None:
    """One more thing that a carrier said."""
    journey.do(lambda session: an_event(session, leg, milestone, day, **what), EVERYWHERE)


def an_event(session: Session, leg: UUID, milestone: M | None, day: float, **what: Columns) -> UUID:
    """It happened on that day, and was heard of then."""
    id = new_id()
    defaults = {"id": id, "leg_id": leg, "source_id": str(id), "classifier": Classifier.ACT, "raw_code": "X"}
    times = {"occurred_at": at(day), "heard_at": at(day), "milestone": milestone}
    session.add(CarrierEvent(**{**defaults, **times, **what}))
    session.flush()
    return id


def take_back_arrival(journey: Journey, leg: UUID) -> None:
    """It never arrived."""
    (arrived,) = [one.id for one in journey.events(leg) if one.milestone == M.ARRIVED_DESTINATION]
    say(journey, leg, M.INFO_RECEIVED, 50, corrects_id=arrived)


def learned(journey: Journey) -> dict[tuple[str, str], Lane]:
    """Learns; then the lanes by their ends."""
    journey.do(lambda session: learn(session, now=journey.now), EVERYWHERE)
    return lanes(journey)


def lanes(journey: Journey) -> dict[tuple[str, str], Lane]:
    """By their ends."""
    found = journey.see(lambda session: session.exec(select(Lane)).all())
    return {(one.from_place, one.to_place): one for one in found}
