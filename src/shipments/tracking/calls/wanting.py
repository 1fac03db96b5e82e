"""How often a day watched legs want to be asked about, worked out by the database from what their watches say.

What a watch says is as old as its last answer: of an account that fails, or is paused or stopped, it says too little.
"""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_
from sqlmodel import Session, col, select

from shipments.batches.batch import Leg
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.seeing import DAY
from shipments.tracking.polling.due import NEAR, STEADY_AFTER, UNDER_WAY, WHEN_NEAR, tries_a_day
from shipments.tracking.polling.watch import LegWatch, Urgency

Number = ColumnElement[Any]  # Any: databases make whole, decimal and floating numbers of one expression


class Watched(msgspec.Struct, frozen=True):
    """Legs of one urgency, added up. `askings`: how often a day all of them want to be asked about, `most` the one that
    wants it most often. `alone`: of those that fail, which share no call. `new`: never answered for yet.
    """

    urgency: Urgency
    legs: int
    askings: float
    most: float
    new: int
    alone: float = 0.0
    failing: int = 0


def watched_legs(session: Session, account: CarrierAccount, *, now: datetime) -> list[Watched]:
    """Added up by urgency. All of its legs: a budget is one, whoever's legs they are."""
    each = _each(account, now).c
    shared, alone = (func.sum(case((each.fails == fails, each.askings), else_=0.0)) for fails in (0, 1))
    columns: Any = (  # Any: more columns than the types of a select count
        *(each.urgency, func.count(), shared, func.max(each.askings)),
        *(func.sum(each.is_new), alone, func.sum(each.fails)),
    )
    return [
        Watched(Urgency(urgency), legs, float(askings), float(most), new, float(alone), failing)
        for urgency, legs, askings, most, new, alone, failing in session.exec(select(*columns).group_by(each.urgency))
    ]


def _each(account: CarrierAccount, now: datetime) -> Subquery:
    """Leg by leg, its wish cut to what one leg may have a day."""
    fails, near = col(LegWatch.failures) > 0, _came_near(now)
    askings = _greater(_wanted(near, now), case((fails, _tries()), else_=0.0))
    if account.per_leg_per_day is not None:
        askings = case((askings > account.per_leg_per_day, float(account.per_leg_per_day)), else_=askings)
    columns: Any = (
        case((near, Urgency.NEAR_A_CHANGE), else_=col(LegWatch.urgency)).label("urgency"),
        askings.label("askings"),
        case((fails, 1), else_=0).label("fails"),
        case((col(LegWatch.wait_s).is_(None), 1), else_=0).label("is_new"),
    )
    watched: Subquery = (
        select(*columns)
        .join(Leg, col(Leg.id) == LegWatch.leg_id)
        .where(LegWatch.account_id == account.id, col(LegWatch.due_at).is_not(None))
        .subquery()
    )
    return watched


def _came_near(now: datetime) -> ColumnElement[bool]:
    """Under way when it was last answered for, and near a change of stage by now."""
    arrives = col(LegWatch.arrival_at)
    near = (and_(col(Leg.mode) == mode, arrives.between(now - span, now + span)) for mode, span in NEAR.items())
    return and_(col(LegWatch.urgency) == Urgency.UNDER_WAY, or_(*near))


def _wanted(near: ColumnElement[bool], now: datetime) -> Number:
    """As often as its watch says, or where it says nothing its mode; what is due by now wants one at the least."""
    usual = case(*((col(Leg.mode) == mode, wait.total_seconds()) for mode, wait in UNDER_WAY.items()))
    when_near = case(*((col(Leg.mode) == mode, wait.total_seconds()) for mode, wait in WHEN_NEAR.items()))
    written = func.coalesce(col(LegWatch.wait_s), usual)
    wait = case((and_(near, when_near < written), when_near), else_=written)
    return _greater(DAY.total_seconds() / wait, case((col(LegWatch.due_at) <= now, 1.0), else_=0.0))


def _tries() -> Number:
    """How often a leg that goes on failing is tried again."""
    fewer = ((col(LegWatch.failures) == count, float(tries_a_day(count))) for count in range(1, STEADY_AFTER))
    return case(*fewer, else_=float(tries_a_day(STEADY_AFTER)))


def _greater(one: Number, other: Number) -> Number:
    """SQLite and PostgreSQL have no function of the same name for it."""
    return case((one > other, one), else_=other)
