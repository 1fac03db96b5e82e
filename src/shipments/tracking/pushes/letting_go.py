"""Legs of which an account's carrier shall tell us no more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, update
from sqlmodel import Session, col

from shipments.tracking.pushes.push import Subscription

_UNSEEN = {"synchronize_session": False}


def let_go(session: Session, legs: Sequence[UUID] | Select[Any], *, now: datetime) -> None:  # Any: of one id
    """What lives on at the carrier is kept apart from its leg, for the job to end it there; the rest is forgotten."""
    theirs = col(Subscription.leg_id).in_(legs)
    lives_on = update(Subscription).where(theirs, col(Subscription.carrier_key).is_not(None))
    session.execute(lives_on.values(leg_id=None, due_at=now, failures=0), execution_options=_UNSEEN)
    session.execute(delete(Subscription).where(theirs), execution_options=_UNSEEN)
