"""The newest rows in sight, found by each office's own index.

A row is in sight from either of two offices. Asked with OR, a database collects every row of both and sorts them; so
each office is asked from each side for no more than the page needs.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, union
from sqlmodel import Session, col

from shipments.batches.batch import Batch
from shipments.boxes.box import Box
from shipments.offices.scope import actor_of


def newest(
    session: Session,
    table: type[Box] | type[Batch],
    conditions: Sequence[ColumnElement[bool]],
    *,
    office: UUID | None,
    most: int,
) -> ColumnElement[bool]:
    """The condition for rows of `table` that may be among the `most` newest for which `conditions` hold.

    Of `office`, else of every office of whoever acts; for one who acts everywhere it is `conditions` alone.
    """
    offices = actor_of(session).offices() if office is None else frozenset({office})
    every = col(table.id).is_not(None)
    if offices is None:
        return every.__and__(*conditions) if conditions else every
    sides = [side == one for one in sorted(offices) for side in (col(table.host_office_id), col(table.origin_office_id))]
    pages = [select(col(table.id)).where(side, *conditions).order_by(col(table.id).desc()).limit(most) for side in sides]
    return col(table.id).in_(union(*(select(page.subquery().c.id) for page in pages)))
