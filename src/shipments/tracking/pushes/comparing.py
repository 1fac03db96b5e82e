"""What a message says beside what is known: it holds only what is new, and it may have waited."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlmodel import Session, col

from shipments.tracking.carriers import parcels
from shipments.tracking.carriers.answers import Answer
from shipments.tracking.event import STANDS, CarrierEvent, Classifier
from shipments.tracking.hearing import is_undated_estimate
from shipments.tracking.milestones import Milestone


def beside_what_is_known(
    session: Session, answers: Mapping[UUID, Answer], came_at: Mapping[UUID, datetime]
) -> Mapping[UUID, Answer]:
    """Leg → its answer, which came at that time; the legs are locked."""
    legs = [leg for leg, answer in answers.items() if answer.events]
    if not legs:
        return answers
    returned, estimated = _returned_since(session, legs), _newest_estimates(session, legs)
    return {
        leg: _without_outdated(_after_return(answer, returned.get(leg)), came_at[leg], estimated.get(leg))
        for leg, answer in answers.items()
    }


def _returned_since(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, datetime]:
    """Leg → when it was first said to be sent back."""
    rows = session.execute(
        select(col(CarrierEvent.leg_id), func.min(col(CarrierEvent.occurred_at)))
        .where(
            col(CarrierEvent.leg_id).in_(legs),
            col(CarrierEvent.milestone) == Milestone.RETURNING,
            col(CarrierEvent.classifier) == Classifier.ACT,
            STANDS,
        )
        .group_by(col(CarrierEvent.leg_id))
    )
    return {leg: at for leg, at in rows if at is not None}


def _after_return(answer: Answer, returned_at: datetime | None) -> Answer:
    """What came before it must be looked up, or a return would be a delivery."""
    if returned_at is None or not answer.events:
        return answer
    known = msgspec.structs.replace(answer.events[0], milestone=Milestone.RETURNING, occurred_at=returned_at)
    _, *events = parcels.delivered_back([known, *answer.events])
    return msgspec.structs.replace(answer, events=tuple(events))


def _newest_estimates(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, datetime]:
    """Leg → when its newest estimate was said."""
    said_at = func.coalesce(col(CarrierEvent.said_at), col(CarrierEvent.heard_at))
    rows = session.execute(
        select(col(CarrierEvent.leg_id), func.max(said_at))
        .where(col(CarrierEvent.leg_id).in_(legs), col(CarrierEvent.classifier) == Classifier.EST)
        .group_by(col(CarrierEvent.leg_id))
    )
    return dict(map(tuple, rows))


def _without_outdated(answer: Answer, came_at: datetime, newest: datetime | None) -> Answer:
    """While a message waited, something newer may have been estimated: what it says of that is no news."""
    if newest is None or came_at >= newest or not any(is_undated_estimate(one, came_at) for one in answer.events):
        return answer
    events = tuple(one for one in answer.events if not is_undated_estimate(one, came_at))
    return msgspec.structs.replace(answer, events=events, expected_from=None, expected_to=None)
