"""How often an account's legs were asked about, and how late: one pass over its calls, added up by the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Float, case, func, select
from sqlmodel import Session, col

from shipments.tracking.calls.call import CalledLeg, CarrierCall, made_within

DAY_S = 86_400
LATE, HOUR = timedelta(minutes=1), timedelta(hours=1)
"""A worker looks about so often; what is asked within it was asked in time."""


class LegCalls(msgspec.Struct, frozen=True):
    """The calls about one leg. `due`: those that had a due time; of them `late` and `by_an_hour`, and in seconds the
    worst and the sum of those that were late at all. `worst_s` None: none had one; negative: all were early.
    """

    leg_id: UUID
    asked: int
    due: int
    late: int
    by_an_hour: int
    worst_s: float | None
    waited_s: float


class Late(msgspec.Struct, frozen=True):
    """Of the legs asked in these days: how many more than a minute, and more than an hour, after they were due.

    The worst and the mean are in seconds, over all that had a due time; what was in time counts as none. A leg that was
    put off to the next day for its own limit was due anew then.
    """

    asked: int
    late: int
    by_an_hour: int
    worst_s: int
    mean_s: int


def calls_by_leg(session: Session, account_id: UUID, first: datetime, last: datetime) -> list[LegCalls]:
    """One for each leg that was asked about in that time, of whatever office."""
    each = (
        select(col(CalledLeg.leg_id), _seconds_late(session).label("late_s"))
        .select_from(CarrierCall)
        .join(CalledLeg, col(CalledLeg.call_id) == col(CarrierCall.id))
        .where(*made_within(account_id, first, last))
        .offset(0)  # a fence: else each use of the difference below works it out anew
        .subquery()
    )
    late_s = each.c.late_s
    rows = session.connection().execute(
        select(
            each.c.leg_id,
            func.count(),
            func.count(late_s),
            *(func.sum(case((late_s > limit.total_seconds(), 1), else_=0)) for limit in (LATE, HOUR)),
            func.max(late_s),
            func.sum(case((late_s > 0, late_s), else_=0.0)),
        ).group_by(each.c.leg_id)
    )
    return [LegCalls(*row) for row in rows]


def lateness(legs: Sequence[LegCalls]) -> Late | None:
    """All legs together; None: none had a due time. Pure."""
    due = sum(one.due for one in legs)
    if not due:
        return None
    return Late(
        asked=due,
        late=sum(one.late for one in legs),
        by_an_hour=sum(one.by_an_hour for one in legs),
        worst_s=_whole(max(one.worst_s for one in legs if one.worst_s is not None)),
        mean_s=_whole(sum(one.waited_s for one in legs) / due),
    )


def _seconds_late(session: Session) -> ColumnElement[float]:
    """How long after its due time a leg was asked about."""
    at, due = col(CarrierCall.at), col(CalledLeg.due_at)
    if session.get_bind().dialect.name == "sqlite":
        return (func.julianday(at) - func.julianday(due)) * DAY_S
    return func.date_part("epoch", at - due, type_=Float())


def _whole(seconds: float) -> int:
    return max(0, round(seconds))
