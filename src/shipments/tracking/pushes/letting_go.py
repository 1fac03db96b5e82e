"""Legs of which an account's carrier shall tell us no more, or which it does not know by their key any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlmodel import Session, col

from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.pushing import shares_subscriptions
from shipments.tracking.pushes.push import Subscription

SHARED_FOR = timedelta(days=7)
"""A leg that was taken back is often written down again, with the same number: what is shared is ended only then."""
_UNSEEN = {"synchronize_session": False}
_SHARING = [name for name, carrier in CARRIERS.items() if shares_subscriptions(carrier)]


def let_go(session: Session, legs: Sequence[UUID] | Select[Any], *, now: datetime) -> None:  # Any: of one id
    """What lives on at the carrier is kept apart from its leg, for the job to end it there; the rest is forgotten."""
    theirs = col(Subscription.leg_id).in_(legs)
    sharing = select(col(CarrierAccount.id)).where(col(CarrierAccount.carrier).in_(_SHARING))
    is_shared = col(Subscription.account_id).in_(sharing)
    for which, due_at in ((is_shared, now + SHARED_FOR), (~is_shared, now)):
        lives_on = update(Subscription).where(theirs, which, col(Subscription.carrier_key).is_not(None))
        session.execute(lives_on.values(leg_id=None, due_at=due_at, failures=0), execution_options=_UNSEEN)
    session.execute(delete(Subscription).where(theirs), execution_options=_UNSEEN)


def forget_all(session: Session, account_id: UUID) -> None:
    """Of an account; nothing is ended at its carrier."""
    theirs = delete(Subscription).where(col(Subscription.account_id) == account_id)
    session.execute(theirs, execution_options=_UNSEEN)


def subscribe_anew(session: Session, legs: Sequence[UUID], *, now: datetime) -> None:
    """What the carrier does not know by its key any more is asked for again."""
    if legs:
        unknown = update(Subscription).where(col(Subscription.leg_id).in_(legs))
        session.execute(unknown.values(carrier_key=None, due_at=now), execution_options=_UNSEEN)
