"""What becomes news by the clock alone: silence and lateness, each until something new is heard or told."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, bindparam, exists, func, select
from sqlmodel import Session, col

from shipments.batches.batch import Batch, Leg
from shipments.notices.notice import TELL_DATES, News, Notice
from shipments.progress.deriving import TRAVELS
from shipments.tracking.event import CarrierEvent

AT_A_TIME = 500  # of each kind; whoever is not told now is told by the next round


class Untold(msgspec.Struct, frozen=True):
    """A batch that is silent or overdue since `since`. `anew`: the last word, or the last date told, before that.

    For as long as that stays the last one, it is the same silence or lateness.
    """

    news: News
    code: str
    host_office_id: UUID
    origin_office_id: UUID
    expected_to: datetime | None
    since: datetime
    anew: datetime


def untold(session: Session, *, now: datetime) -> Iterator[Untold]:
    """Those that nobody was told of, whoever acts; found by the database."""
    for news, statement in _UNTOLD.items():
        for row in session.connection().execute(statement, {"now": now}):
            yield Untold(news, *row)


def _untold(news: News, since: Any, anew: ColumnElement[Any]) -> Any:  # Any: a column, and a select of six
    """Of `Untold` all but the news. What was told since then is left out by an index, before anything is counted."""
    return (
        select(*_BATCH, since, anew)
        .where(col(Batch.stage).in_(TRAVELS), since < _NOW, ~_told(news, since), ~_told(news, anew))
        .order_by(col(Batch.id))
        .limit(AT_A_TIME)
    )


def _told(news: News, after: Any) -> ColumnElement[bool]:  # Any: a column or an expression
    return exists().where(
        col(Notice.object_code) == col(Batch.code), col(Notice.news) == news, col(Notice.noticed_at) >= after
    )


def _last_word() -> ScalarSelect[Any]:
    said = select(func.max(col(CarrierEvent.heard_at))).join(Leg, col(Leg.id) == col(CarrierEvent.leg_id))
    return said.where(col(Leg.batch_id) == col(Batch.id)).correlate(Batch).scalar_subquery()


def _last_date_told() -> ScalarSelect[Any]:
    told = select(func.max(col(Notice.noticed_at))).where(
        col(Notice.object_code) == col(Batch.code), col(Notice.news).in_(TELL_DATES)
    )
    return told.correlate(Batch).scalar_subquery()


_BATCH = [col(Batch.code), col(Batch.host_office_id), col(Batch.origin_office_id), col(Batch.expected_to)]
_NOW: BindParameter[datetime] = bindparam("now")
_LEFT = col(Batch.dispatched_at)
_UNTOLD = {
    News.SILENT: _untold(News.SILENT, col(Batch.silent_after), func.coalesce(_last_word(), _LEFT)),
    News.OVERDUE: _untold(News.OVERDUE, col(Batch.overdue_after), func.coalesce(_last_date_told(), _LEFT)),
}
