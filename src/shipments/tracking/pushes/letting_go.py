"""Legs of which an account's carrier shall tell us no more, or which it does not know by their key any more."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, delete, literal, select, update
from sqlmodel import Session, col

from shipments.database import UtcDateTime
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.pushing import shares_subscriptions
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.push import Subscription

SHARED_FOR = timedelta(days=7)
"""What is shared is ended only then, since that is for ever.

A leg that was taken back is often written down again, with the same number; what was lost is found.
"""
_UNSEEN = {"synchronize_session": False}
_SHARING = [name for name, carrier in CARRIERS.items() if shares_subscriptions(carrier)]
_IS_SHARED = col(Subscription.account_id).in_(
    select(col(CarrierAccount.id)).where(col(CarrierAccount.carrier).in_(_SHARING))
)


def when_to_end(now: datetime) -> ColumnElement[datetime]:
    """When a subscription that nobody needs from `now` on is due to be ended."""
    return case((_IS_SHARED, literal(now + SHARED_FOR, UtcDateTime)), else_=literal(now, UtcDateTime))


def let_go(session: Session, legs: Sequence[UUID] | Select[Any], *, now: datetime) -> None:  # Any: of one id
    """What lives on at the carrier is kept apart from its leg, for the job to end it there; the rest is forgotten."""
    theirs = col(Subscription.leg_id).in_(legs)
    session.execute(
        delete(Subscription).where(theirs, col(Subscription.carrier_key).is_(None)), execution_options=_UNSEEN
    )
    apart = update(Subscription).where(theirs).values(leg_id=None, due_at=when_to_end(now), failures=0)
    session.execute(apart, execution_options=_UNSEEN)


def keep_for_polling(session: Session, account_id: UUID, *, now: datetime) -> None:
    """The account is told nothing any more: what is over is still ended, and what a leg is polled by lives on there."""
    theirs = col(Subscription.account_id) == account_id
    watched = select(col(LegWatch.leg_id)).where(col(LegWatch.due_at).is_not(None))
    polled = delete(Subscription).where(theirs, col(Subscription.leg_id).in_(watched))
    session.execute(polled, execution_options=_UNSEEN)
    let_go(session, select(col(Subscription.leg_id)).where(theirs), now=now)


def subscribe_anew(session: Session, unknown: Mapping[UUID, str | None], *, now: datetime) -> None:
    """What the carrier does not know by this key any more is asked for again. `unknown`: leg → the key it had."""
    if not unknown:
        return
    of_them = select(col(Subscription.id), col(Subscription.leg_id), col(Subscription.carrier_key)).where(
        col(Subscription.leg_id).in_(unknown)
    )
    # Locked in the order of whoever comes back from a call: nobody waits crosswise.
    rows = session.execute(of_them.order_by(col(Subscription.id)).with_for_update()).all()
    lost = update(Subscription).where(col(Subscription.id).in_([id for id, leg, key in rows if key == unknown[leg]]))
    session.execute(lost.values(carrier_key=None, due_at=now), execution_options=_UNSEEN)
