"""The list of boxes: only the columns it shows, in keyset pages."""

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from api.paging import Page, after, page
from api.v1.newest import newest
from api.v1.views import ProgressView, has_exception, progress_from
from shipments import codes
from shipments.batches.batch import Batch
from shipments.boxes.box import Box, Stage
from shipments.database import UtcDateTime
from shipments.offices.office import Office, office_by_code
from shipments.offices.scope import actor_of
from shipments.progress.deriving import BoxException

_ORIGIN = aliased(Office)


_LISTED: Any = (  # Any: more columns than the types of a select count
    select(
        *(col(Box.id), col(Box.code), col(Office.code), col(_ORIGIN.code), col(Batch.code), col(Box.gross_weight_g)),
        *(col(Box.stage), col(Box.exceptions), col(Box.expected_from), col(Box.expected_to)),
        *(col(Box.overdue_after), col(Box.silent_after), col(Box.heard_at)),
    )
    .join(Office, col(Office.id) == col(Box.host_office_id))
    .join(_ORIGIN, col(_ORIGIN.id) == col(Box.origin_office_id))
    .outerjoin(Batch, col(Batch.id) == col(Box.batch_id))
)


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
    office = office_by_code(session, asked.office).id if asked.office else None
    values = {"now": now, "wanted": codes.canonical(asked.q or ""), "last": after(asked.cursor)}
    statement = _page_of(
        actor_of(session).offices(),
        office,
        asked.stage,
        asked.exception,
        bool(asked.q),
        bool(asked.cursor),
        asked.limit,
    )
    # On the connection: narrowed once more outside, SQLite would collect every box of the office after all.
    rows = [_row(row, now) for row in session.connection().execute(statement, values).all()]
    query = {name: getattr(asked, name) for name in ("office", "stage", "exception", "q")}
    return page(rows, asked.limit, "/api/v1/boxes", query)


@lru_cache(maxsize=512)
def _page_of(
    own: frozenset[UUID] | None,
    office: UUID | None,
    stage: Stage | None,
    exception: BoxException | None,
    searched: bool,
    continued: bool,
    limit: int,
) -> Any:  # Any: see _LISTED
    """Made once for each set of offices and kind of filter: to make it costs more than to run it."""
    conditions: list[ColumnElement[bool]] = []
    if stage:
        conditions.append(col(Box.stage) == stage)
    if exception:
        conditions.append(has_exception(Box, exception, bindparam("now", type_=UtcDateTime)))
    if searched:
        batch = select(col(Batch.id)).where(col(Batch.code) == bindparam("wanted"))
        conditions.append(or_(col(Box.code) == bindparam("wanted"), col(Box.batch_id).in_(batch)))
    if continued:
        conditions.append(col(Box.id) < bindparam("last"))
    shown = newest(Box, conditions, own=own, office=office, most=limit + 1)
    return _LISTED.where(shown).order_by(col(Box.id).desc()).limit(limit + 1)


def _row(row: Any, now: datetime) -> tuple[UUID, BoxRow]:  # Any: the columns of _LISTED
    id, code, host, origin, batch, weight, *progress = row
    return id, BoxRow(code, host, origin, batch, weight, progress_from(now, *progress))
