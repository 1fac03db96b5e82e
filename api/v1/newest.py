"""The newest rows in sight, found by each office's own index.

A row is in sight from either of two offices. Asked with OR, a database collects every row of both and sorts them; so
each office is asked from each side for no more than the page needs.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, select, true, union
from sqlmodel import col

from shipments.batches.batch import Batch
from shipments.boxes.box import Box
from shipments.offices.scope import in_sight


def newest(
    table: type[Box] | type[Batch],
    conditions: Sequence[ColumnElement[bool]],
    *,
    own: frozenset[UUID] | None,
    office: UUID | None,
    most: int,
) -> ColumnElement[bool]:
    """The condition for rows of `table` that may be among the `most` newest in sight for which `conditions` hold.

    `own`: the offices of whoever acts, None for all of them. Of `office`, else of all that are `own`. What is out of
    sight is left out here, whoever executes it.
    """
    offices = own if office is None else frozenset({office})
    sight = in_sight(table, own)
    conditions = [*conditions, *([] if sight is None else [sight])]
    if offices is None:
        return and_(true(), *conditions)
    key, host, origin = col(table.id), col(table.host_office_id), col(table.origin_office_id)
    sides = [side == one for one in sorted(offices) for side in (host, origin)]
    pages = [select(key).where(side, *conditions).order_by(key.desc()).limit(most) for side in sides]
    return key.in_(union(*(select(page.subquery().c.id) for page in pages))) if pages else false()
