"""Batches on the board, in keyset pages."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from api.paging import Page, after, page
from api.v1.views import ProgressView, has_exception, progress_from
from shipments.batches.batch import Batch, Leg, Mode
from shipments.boxes.box import Box, Stage
from shipments.offices.office import Office, office_by_code
from shipments.progress.deriving import BoxException
from shipments.progress.keeping import COLUMNS

ROWS = 8
_ORIGIN = aliased(Office)
_SHOWN = (
    *(col(Batch.id), col(Batch.code), col(Office.code), col(_ORIGIN.code), col(Batch.mode), col(Batch.cut_off)),
    *(getattr(Batch, name) for name in COLUMNS),
)


class Filtering(Protocol):
    """What to narrow by."""

    @property
    def office(self) -> str | None: ...
    @property
    def stage(self) -> Stage | None: ...
    @property
    def exception(self) -> BoxException | None: ...
    @property
    def q(self) -> str | None: ...


class BatchRow(msgspec.Struct, frozen=True):
    """A batch in a list."""

    code: str
    host_office: str
    origin_office: str
    mode: Mode
    cut_off: datetime | None
    progress: ProgressView


def batches_page(session: Session, asked: Filtering, cursor: str | None, *, now: datetime) -> Page[BatchRow]:
    """Some batches in sight, newest first. Raises Invalid."""
    statement = _narrowed(session, asked, now)
    if (last := after(cursor)) is not None:
        statement = statement.where(col(Batch.id) < last)
    found = session.execute(statement.order_by(col(Batch.id).desc()).limit(ROWS + 1)).all()
    return page([_row(row, now) for row in found], ROWS, "/board", {}).content


def _narrowed(session: Session, asked: Filtering, now: datetime) -> Select[Any]:  # Any: the columns of _SHOWN
    statement: Select[Any] = (
        select(*_SHOWN)
        .join(Office, col(Office.id) == col(Batch.host_office_id))
        .join(_ORIGIN, col(_ORIGIN.id) == col(Batch.origin_office_id))
    )
    if asked.office:
        at = office_by_code(session, asked.office).id
        statement = statement.where((col(Batch.host_office_id) == at) | (col(Batch.origin_office_id) == at))
    if asked.stage:
        statement = statement.where(col(Batch.stage) == asked.stage)
    if asked.exception:
        statement = statement.where(has_exception(Batch, asked.exception, now))
    if asked.q:
        wanted = asked.q.upper()
        holding = select(col(Box.batch_id)).where(col(Box.code) == wanted)
        referred = select(col(Leg.batch_id)).where(col(Leg.reference) == asked.q)
        either = (col(Batch.code) == wanted) | col(Batch.id).in_(holding) | col(Batch.id).in_(referred)
        statement = statement.where(either)
    return statement


def _row(row: Any, now: datetime) -> tuple[UUID, BatchRow]:  # Any: the columns of _SHOWN
    id, code, host, origin, mode, cut_off, *progress = row
    return id, BatchRow(code, host, origin, mode, cut_off, progress_from(now, *progress))
