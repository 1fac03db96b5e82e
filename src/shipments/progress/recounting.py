"""Sums and copies beside the progress columns, counted anew from the facts that they were made of.

`rebuild` (see `keeping`) reports and repairs them with the rest: what lists show, and what verbs decide by.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, func, select, update
from sqlmodel import Session, SQLModel, col

from shipments.batches.batch import Batch, Dispatch
from shipments.boxes.box import Box, BoxLine, Happened
from shipments.boxes.latest import latest, uncorrected
from shipments.progress.facts import Arrival, Deed, Passing
from shipments.progress.gathering import arrivals_of, deeds_of, in_portions, passings_of
from shipments.receipts.standing import standing_receipt
from shipments.requests.request import RequestLine, SupplyRequest

Columns = dict[str, Any]  # Any: the values of columns
Difference = tuple[str, Columns, Columns]
COUNTS = ("good", "damaged", "missing", "handed_over")
SEAL = ("sealed_at", "seal_number", "gross_weight_g")


def recount(session: Session, *, repair: bool) -> Iterator[Difference]:
    """(code, kept, counted) of what differs, whoever acts; writes it if asked. Names of lines are beside their counts.

    Raises IntegrityError where the database refuses the repair, such as more packed than was approved.
    """
    yield from _requests(session, repair)
    yield from _batches(session, repair)
    for portion in in_portions(session.connection().scalars(_IDS_OF_BOXES).all()):
        boxes = {row.id: row for row in session.connection().execute(_BOXES, {"ids": portion})}
        yield from _seals(session, portion, boxes, repair)
        yield from _lines(session, portion, boxes, repair)


def _requests(session: Session, repair: bool) -> Iterator[Difference]:
    for id, code, position, kept, packed in _differing(session, _PACKED, RequestLine, repair):
        _mend(session, RequestLine, id, {"packed": packed}, repair)
        name = f"packed of line {position}"
        yield code, {name: kept}, {name: packed}


def _batches(session: Session, repair: bool) -> Iterator[Difference]:
    for id, code, kept, at in _differing(session, _DISPATCHED, Batch, repair):
        _mend(session, Batch, id, {"dispatched_at": at}, repair)
        yield code, {"dispatched_at": kept}, {"dispatched_at": at}


def _differing(session: Session, statement: Any, table: Any, repair: bool) -> Sequence[Any]:  # Any: rows of both
    """The rows, locked and read again where they are to be repaired: others may be writing the same sum."""
    rows: Sequence[Any] = session.connection().execute(statement).all()
    if rows and repair:
        locked = {row.id for row in rows}
        session.connection().execute(select(table.id).where(table.id.in_(locked)).order_by(table.id).with_for_update())
        rows = [row for row in session.connection().execute(statement) if row.id in locked]
    return rows


def _seals(session: Session, ids: Sequence[UUID], boxes: Mapping[UUID, Any], repair: bool) -> Iterator[Difference]:
    deeds = deeds_of(session, ids)
    for id in ids:
        kept = {name: getattr(boxes[id], name) for name in SEAL}
        counted = _sealed(uncorrected(deeds.get(id, ())))
        if kept != counted:
            _mend(session, Box, id, counted, repair)
            yield boxes[id].code, kept, counted


def _sealed(deeds: Sequence[Deed]) -> Columns:
    last = latest(deeds, {Happened.SEALED, Happened.REOPENED})
    if last is None or last.happened == Happened.REOPENED:
        return dict.fromkeys(SEAL)
    return dict(zip(SEAL, (last.occurred_at, last.seal_number, last.weight_g), strict=True))


def _lines(session: Session, ids: Sequence[UUID], boxes: Mapping[UUID, Any], repair: bool) -> Iterator[Difference]:
    arrivals, passings = arrivals_of(session, ids), passings_of(session, ids)
    for line in session.connection().execute(_LINES, {"ids": ids}).all():
        kept = {name: getattr(line, name) for name in COUNTS}
        counted = _counted(line, arrivals.get(line.box_id, ()), passings.get(line.box_id, ()))
        if kept != counted:
            _mend(session, BoxLine, line.id, counted, repair)
            where = f" of box line {line.id}"
            named = ({name + where: value for name, value in columns.items()} for columns in (kept, counted))
            yield boxes[line.box_id].code, *named


def _counted(line: Any, arrivals: Sequence[Arrival], passings: Sequence[Passing]) -> Columns:  # Any: a row of _LINES
    """A count that contradicts what was handed over is not taken over, as in `receiving`."""
    handed = sum(quantity for one in passings for line_id, quantity in one.handed if line_id == line.id)
    standing = standing_receipt(arrivals)
    found = {line_id: counts for line_id, *counts, _ in standing.found} if standing else {}
    counts: Sequence[int | None] = found.get(line.id, (None, None, None))
    if counts[0] is not None and counts[0] < handed:
        fits = line.good is None or line.good >= handed
        counts = (line.good, line.damaged, line.missing) if fits else (None, None, None)
    return dict(zip(COUNTS, (*counts, handed), strict=True))


def _mend(session: Session, table: type[SQLModel], id: UUID, columns: Columns, repair: bool) -> None:
    if repair:
        session.execute(update(table).where(table.id == id).values(columns))  # type: ignore[attr-defined]


_INSIDE = func.coalesce(func.sum(col(BoxLine.quantity) - col(BoxLine.given_back)), 0)
_PACKED = (
    select(
        col(RequestLine.id),
        col(SupplyRequest.code),
        col(RequestLine.position),
        col(RequestLine.packed),
        _INSIDE,
    )
    .join(SupplyRequest, col(SupplyRequest.id) == col(RequestLine.request_id))
    .outerjoin(BoxLine, col(BoxLine.request_line_id) == col(RequestLine.id))
    .group_by(col(RequestLine.id), col(SupplyRequest.code), col(RequestLine.position), col(RequestLine.packed))
    .having(col(RequestLine.packed) != _INSIDE)
)
_DISPATCHED = (
    select(col(Batch.id), col(Batch.code), col(Batch.dispatched_at), col(Dispatch.at))
    .outerjoin(Dispatch, col(Dispatch.batch_id) == col(Batch.id))
    .where(col(Batch.dispatched_at).is_distinct_from(col(Dispatch.at)))
)
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_IDS_OF_BOXES = select(col(Box.id)).order_by(col(Box.id))
# Locked as verbs lock them, so that no receipt or hand-over is half seen.
_BOXES = (
    select(col(Box.id), col(Box.code), *(getattr(Box, name) for name in SEAL))
    .where(col(Box.id).in_(_IDS))
    .order_by(col(Box.id))
    .with_for_update(key_share=True)
)
_LINES = select(
    col(BoxLine.id), col(BoxLine.box_id), col(BoxLine.quantity), *(getattr(BoxLine, name) for name in COUNTS)
).where(col(BoxLine.box_id).in_(_IDS))
