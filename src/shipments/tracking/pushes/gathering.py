"""What the next call for an account is about: as many legs as fit into one, or else a subscription that is over."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from shipments.batches.batch import Leg, bare
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.budgets import is_spent
from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.carriers.pushing import Subscribes
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.polling.ways import ways_of
from shipments.tracking.pushes.push import Subscription


class Gathered(msgspec.Struct, frozen=True):
    """The subscriptions of one call, locked. `legs`: by subscription; none where it is to be ended, as it `is_over`."""

    subscriptions: Sequence[Subscription]
    legs: Mapping[UUID, LegAsked]
    is_over: bool


def gather(session: Session, account: CarrierAccount, carrier: Subscribes, *, told: bool, now: datetime) -> Gathered:
    """Empty where none is due. What is to be asked for goes first: what it shares with one that is over lives on.

    `told`: the account takes messages; else only what belongs to no leg any more is ended. Legs that were asked about
    as often as they may today wait until the next day, and hold no other back.
    """
    may_end: ColumnElement[bool] = col(Subscription.carrier_key).is_not(None)
    if carrier.subscription_is_shared:
        _leave_to_others(session, account.id, now)
        may_end &= ~_may_be_anothers(account.id)
    rows = session.execute(
        select(Subscription, _IS_OVER)
        .outerjoin(LegWatch, col(LegWatch.leg_id) == col(Subscription.leg_id))
        .where(col(Subscription.account_id) == account.id, col(Subscription.due_at) <= now)
        .where(or_(~_IS_OVER, may_end), *([] if told else [col(Subscription.leg_id).is_(None)]))
        .where(or_(col(LegWatch.leg_day_started).is_(None), ~is_spent(account, now=now)))
        .order_by(_IS_OVER, col(Subscription.due_at), col(Subscription.id))
        .limit(carrier.most_per_subscription)
        .with_for_update(of=Subscription, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    due = {one.leg_id: one for one, over in rows if not over and one.leg_id is not None}
    if not due:
        return Gathered([one for one, _ in rows[:1]], {}, is_over=True)
    ways = ways_of(session, list(due))
    legs = {one.id: ways[leg].asked for leg, one in due.items()}
    chosen = _in_one_call(due.values(), legs, carrier.most_per_subscription)
    return Gathered(chosen, {one.id: legs[one.id] for one in chosen}, is_over=False)


def _in_one_call(due: Iterable[Subscription], legs: Mapping[UUID, LegAsked], most: int) -> Sequence[Subscription]:
    """Of different numbers; what failed goes in ever smaller calls, so that it costs the others nothing."""
    room, numbers, chosen = most, set[str](), list[Subscription]()
    for one in due:
        fits, number = min(room, max(1, most >> (2 * one.failures))), bare(legs[one.id].reference)
        if len(chosen) < fits and number not in numbers:
            room = fits
            numbers.add(number)
            chosen.append(one)
    return chosen


def _leave_to_others(session: Session, account_id: UUID, now: datetime) -> None:
    """What is over here and is the subscription of another leg as well, is forgotten and not ended."""
    other, watch = aliased(Subscription), aliased(LegWatch)
    lives_on = exists().where(
        col(other.account_id) == col(Subscription.account_id),
        col(other.carrier_key) == col(Subscription.carrier_key),
        col(other.id) != col(Subscription.id),
        col(watch.leg_id) == col(other.leg_id),
        col(watch.due_at).is_not(None),
    )
    due = and_(col(Subscription.account_id) == account_id, col(Subscription.due_at) <= now)
    is_over = or_(col(Subscription.leg_id).is_(None), exists().where(_IS_OF_IT, _IS_OVER))
    session.execute(
        delete(Subscription).where(due, is_over, lives_on), execution_options={"synchronize_session": False}
    )


def _may_be_anothers(account_id: UUID) -> ColumnElement[bool]:
    """Whether a leg that has no key yet may be given this one: it has the same number, or nobody knows whose it was."""
    leg, watch, awaited, former = aliased(Leg), aliased(LegWatch), aliased(Subscription), aliased(Leg)
    has_none = or_(col(awaited.id).is_(None), col(awaited.carrier_key).is_(None) & col(awaited.due_at).is_not(None))
    of_it = select(col(former.bare_reference)).where(col(former.id) == col(Subscription.leg_id))
    number = of_it.correlate(Subscription).scalar_subquery()
    return (
        select(col(watch.leg_id))
        .join(leg, col(leg.id) == col(watch.leg_id))
        .outerjoin(awaited, col(awaited.leg_id) == col(watch.leg_id))
        .where(col(watch.account_id) == account_id, col(watch.due_at).is_not(None), has_none)
        .where(or_(col(Subscription.leg_id).is_(None), col(leg.bare_reference) == number))
        .exists()
    )


_IS_OVER: ColumnElement[bool] = col(LegWatch.due_at).is_(None)
_IS_OF_IT: ColumnElement[bool] = col(LegWatch.leg_id) == col(Subscription.leg_id)
