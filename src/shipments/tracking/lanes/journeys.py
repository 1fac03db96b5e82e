"""What journeys on each lane were like, counted by the database itself from the legs that ended."""

from typing import Any, NamedTuple

from sqlalchemy import CTE, BigInteger, ColumnElement, FromClause, Select, Subquery, and_, case, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from shipments.batches.batch import Dispatch, Leg, Mode
from shipments.tracking.carriers.believing import ARRIVALS
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.milestones import ARRIVED, MOVING

FEWEST = 3  # journeys; fewer say nothing of the next one
MANY = 10  # from so many on the earliest and the latest tenth are left out


class LaneName(NamedTuple):
    """What tells a lane from the others."""

    carrier: str
    mode: Mode
    from_place: str
    to_place: str


class _Seconds(FunctionElement[int]):
    """A time as whole seconds since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Seconds, "sqlite")
def _on_sqlite(element: _Seconds, compiler: SQLCompiler, **how: Any) -> str:  # Any: the compiler's own
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **how)}) AS INTEGER)"


@compiles(_Seconds, "postgresql")
def _on_postgresql(element: _Seconds, compiler: SQLCompiler, **how: Any) -> str:  # Any: the compiler's own
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **how)})) AS BIGINT)"


def journeys_by_way() -> Select[Any]:  # Any: the columns of LaneName, then journeys, least_s, most_s, quiet_s
    """For each lane with enough journeys: how many, the range in which most lie, how long most gaps are."""
    happened = _happened()
    journeys = _journeys(happened)
    took = _ranked(journeys, journeys.c.arrived - journeys.c.left)
    gaps = _gaps(happened, journeys)
    quiet = _ranked(gaps, gaps.c.gap, gaps.c.gap > 0)
    of_gaps = select(*_way(quiet), _at(quiet, _last(quiet)).label("quiet_s")).group_by(*_way(quiet)).subquery()
    return (
        select(
            *_way(took),
            func.max(took.c.count),
            _at(took, case((took.c.count >= MANY, (took.c.count + 9) // 10), else_=1)),
            _at(took, _last(took)),
            func.coalesce(func.max(of_gaps.c.quiet_s), 0),
        )
        .outerjoin(of_gaps, and_(*(took.c[name] == of_gaps.c[name] for name in LaneName._fields)))
        .where(took.c.count >= FEWEST)
        .group_by(*_way(took))
    )


def _happened() -> CTE:
    """What happened on legs, when that is known, and was not taken back."""
    event = CarrierEvent
    taken_back = select(col(event.corrects_id)).where(col(event.corrects_id).is_not(None))
    told = map(col, (event.leg_id, event.milestone, event.event, event.unlocode))
    return (
        select(*told, _Seconds(col(event.occurred_at)).label("at"))
        .where(
            *(col(event.classifier) == Classifier.ACT, col(event.milestone).is_not(None)),
            *(col(event.occurred_at).is_not(None), col(event.id).not_in(taken_back)),
        )
        .cte("happened")
    )


def _journeys(happened: CTE) -> CTE:
    """Legs that ended: when they left, or at first their batch, and when they arrived."""
    arrival = or_(
        happened.c.milestone.in_(ARRIVED),
        and_(happened.c.event.in_(ARRIVALS), happened.c.unlocode == col(Leg.to_place)),
    )
    moved = func.min(case((happened.c.milestone.in_(MOVING), happened.c.at)))
    left = func.coalesce(moved, func.min(_Seconds(col(Dispatch.at))))
    arrived = func.min(case((arrival, happened.c.at)))
    ways = [getattr(Leg, name) for name in LaneName._fields]
    return (
        select(*ways, col(Leg.id).label("leg_id"), left.label("left"), arrived.label("arrived"))
        .join(happened, happened.c.leg_id == col(Leg.id))
        .outerjoin(Dispatch, and_(col(Dispatch.batch_id) == col(Leg.batch_id), col(Leg.position) == 1))
        .group_by(col(Leg.id))
        .having(left <= arrived)
        .cte("journeys")
    )


def _gaps(happened: CTE, journeys: CTE) -> Subquery:
    """From leaving to the first news, and from each to the next until it arrived."""
    former = func.lag(happened.c.at).over(partition_by=happened.c.leg_id, order_by=happened.c.at)
    gap = happened.c.at - func.coalesce(former, journeys.c.left)
    return (
        select(*_way(journeys), gap.label("gap"))
        .join(happened, happened.c.leg_id == journeys.c.leg_id)
        .where(happened.c.at.between(journeys.c.left, journeys.c.arrived))
        .subquery()
    )


def _ranked(rows: FromClause, value: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Subquery:
    """Each value with its place among those of its lane, and how many there are."""
    place = func.row_number().over(partition_by=_way(rows), order_by=value)
    count = func.count().over(partition_by=_way(rows))
    columns = (*_way(rows), value.label("value"), place.label("place"), count.label("count"))
    return select(*columns).where(*conditions).subquery()


def _at(ranked: FromClause, place: ColumnElement[int] | Any) -> ColumnElement[int]:  # Any: CASE with integers
    return func.max(case((ranked.c.place == place, ranked.c.value)))


def _last(ranked: FromClause) -> ColumnElement[int]:
    """The place below which most lie: nine of ten, or all where there are few."""
    return case((ranked.c.count >= MANY, (ranked.c.count * 9 + 9) // 10), else_=ranked.c.count)


def _way(rows: FromClause) -> list[ColumnElement[Any]]:
    return [rows.c[name] for name in LaneName._fields]
