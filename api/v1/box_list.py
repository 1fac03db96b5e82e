"""The list of boxes: only the columns it shows, in keyset pages."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from api.paging import Page, after, page
from api.v1.views import ProgressView, has_exception, progress_from
from shipments import codes
from shipments.batches.batch import Batch
from shipments.boxes.box import Box, Stage
from shipments.offices.office import Office, office_by_code
from shipments.progress.deriving import BoxException

_ORIGIN = aliased(Office)


class Asked(msgspec.Struct, frozen=True):
    """The filters of a list, as the query string has them."""

    office: str | None
    stage: Stage | None
    exception: BoxException | None
    q: str | None
    cursor: str | None
    limit: int


class BoxRow(msgspec.Struct, frozen=True):
    """A box in a list."""

    code: str
    host_office: str
    origin_office: str
    batch: str | None
    gross_weight_g: int | None
    progress: ProgressView


def listed(session: Session, asked: Asked, now: datetime) -> Response[Page[BoxRow]]:
    """One page, newest first. Raises Invalid."""
    statement = _narrowed(session, asked, now).order_by(col(Box.id).desc()).limit(asked.limit + 1)
    rows = [_row(row, now) for row in session.execute(statement)]
    query = {name: getattr(asked, name) for name in ("office", "stage", "exception", "q")}
    return page(rows, asked.limit, "/api/v1/boxes", query)


def _narrowed(session: Session, asked: Asked, now: datetime) -> Any:  # Any: a select of the columns of BoxRow
    statement = (
        select(
            *(
                col(Box.id),
                col(Box.code),
                col(Office.code),
                col(_ORIGIN.code),
                col(Batch.code),
                col(Box.gross_weight_g),
            ),
            *(col(Box.stage), col(Box.exceptions), col(Box.expected_from), col(Box.expected_to)),
            *(col(Box.overdue_after), col(Box.silent_after), col(Box.heard_at)),
        )
        .join(Office, col(Office.id) == col(Box.host_office_id))
        .join(_ORIGIN, col(_ORIGIN.id) == col(Box.origin_office_id))
        .outerjoin(Batch, col(Batch.id) == col(Box.batch_id))
    )
    if asked.office:
        at = office_by_code(session, asked.office).id
        statement = statement.where((col(Box.host_office_id) == at) | (col(Box.origin_office_id) == at))
    if asked.stage:
        statement = statement.where(col(Box.stage) == asked.stage)
    if asked.exception:
        statement = statement.where(has_exception(Box, asked.exception, now))
    if asked.q:
        wanted = codes.canonical(asked.q)
        statement = statement.where((col(Box.code) == wanted) | (col(Batch.code) == wanted))
    if (last := after(asked.cursor)) is not None:
        statement = statement.where(col(Box.id) < last)
    return statement


def _row(row: Any, now: datetime) -> tuple[UUID, BoxRow]:  # Any: the columns of `_narrowed`
    id, code, host, origin, batch, weight, *progress = row
    return id, BoxRow(code, host, origin, batch, weight, progress_from(now, *progress))
