"""Writes what was derived into the columns that lists read, in the transaction that brought the facts.

`rebuild` works everything out anew and reports each difference; there should be none.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, Select, bindparam, func, update
from sqlalchemy import select as columns
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, col

from shipments.batches.batch import Batch
from shipments.boxes.box import Box, Stage
from shipments.database import write_many
from shipments.progress.deriving import TRAVELS, BoxException, Progress, progress_of, progress_of_each
from shipments.progress.gathering import facts_of, in_portions
from shipments.progress.recounting import recount

ORDER = {stage: rank for rank, stage in enumerate(Stage)}
Columns = dict[str, Any]  # Any: the values of cached columns


class Change(msgspec.Struct, frozen=True):
    """What new facts did to one box or batch: the cached columns before, the progress after."""

    id: UUID
    before: Columns
    after: Progress

    @property
    def differs(self) -> bool:
        """Whether anything that lists show has changed."""
        return columns_of(self.after) != self.before

    @property
    def travels_again(self) -> bool:
        """Whether it is on its way now, and was not before."""
        return self.after.stage in TRAVELS and self.before["stage"] not in TRAVELS


class Changes(msgspec.Struct, frozen=True):
    """Of one transaction. A batch changes with its boxes; its news is told once, not once a box."""

    boxes: Sequence[Change]
    batches: Sequence[Change]


def settle(session: Session, boxes: Iterable[UUID], batches: Iterable[UUID] = ()) -> Changes:
    """Derives the progress of `boxes`, of their batches and of `batches`, and writes what differs. Returns that."""
    session.flush()
    changed: list[Change] = []
    concerned = set(batches)
    for portion in in_portions(sorted(boxes)):
        changed += [one for one in _derived_boxes(session, portion) if one.differs]
        concerned |= _batches_of(session, portion)
    _write(session, Box, changed)
    moved: list[Change] = []
    for portion in in_portions(sorted(concerned)):
        moved += [one for one in _derived_batches(session, portion) if one.differs]
    _write(session, Batch, moved)
    return Changes(changed, moved)


def _batches_of(session: Session, boxes: Sequence[UUID]) -> set[UUID]:
    batches = session.connection().scalars(_BATCHES, {"ids": boxes})
    return {batch for batch in batches if batch is not None}


def count_all(session: Session) -> int:
    """How many boxes and batches `rebuild` will yield."""
    return sum(session.scalar(columns(func.count()).select_from(table)) or 0 for table in (Box, Batch))


def rebuild(session: Session, *, repair: bool) -> Iterator[tuple[str, Columns, Columns]]:
    """Works out every box and batch anew; yields (code, cached, derived) of each; writes what differs if asked.

    Before them, and only where they differ, the sums and copies of `recounting`.
    """
    yield from recount(session, repair=repair)
    for table, derive in ((Box, _derived_boxes), (Batch, _derived_batches)):
        ids = session.scalars(columns(col(table.id)).order_by(col(table.id))).all()
        for portion in in_portions(ids):
            codes = {row.id: row.code for row in session.execute(_codes(table, portion))}
            changes = derive(session, portion)
            yield from ((codes[one.id], one.before, columns_of(one.after)) for one in changes)
            if repair:
                _write(session, table, [one for one in changes if one.differs])


def progress_now(session: Session, box: Box) -> Progress:
    """One box, worked out from its facts as they are at this moment of the transaction."""
    session.flush()
    return progress_of(facts_of(session, [box.id])[box.id])


def columns_of(progress: Progress) -> Columns:
    """As lists keep it. Exceptions and contradictions: words between commas, in order."""
    return {
        "stage": progress.stage,
        "exceptions": ",".join(sorted(progress.exceptions)),
        "expected_from": progress.expected_from,
        "expected_to": progress.expected_to,
        "overdue_after": progress.overdue_after,
        "silent_after": progress.silent_after,
        "heard_at": progress.heard_at,
    }


def _codes(table: type[Box] | type[Batch], ids: Sequence[UUID]) -> Select[UUID, str]:
    return columns(col(table.id), col(table.code)).where(col(table.id).in_(ids))


def _derived_boxes(session: Session, boxes: Sequence[UUID]) -> list[Change]:
    cached = _cached(session, Box, boxes)
    return [Change(id, cached[id], progress) for id, progress in progress_of_each(facts_of(session, boxes))]


def _derived_batches(session: Session, batches: Sequence[UUID]) -> list[Change]:
    cached = _cached(session, Batch, batches)
    members: dict[UUID, list[Columns]] = {batch: [] for batch in batches}
    for batch, *values in session.connection().execute(_MEMBERS, {"ids": batches}):
        members[batch].append(dict(zip(COLUMNS, values, strict=True)))
    return [Change(batch, cached[batch], progress_of_batch(boxes)) for batch, boxes in members.items()]


def progress_of_batch(boxes: Sequence[Columns]) -> Progress:
    """A batch is as far as the box that is least far; boxes that ended early do not hold it back."""
    alive = [box for box in boxes if ORDER[box["stage"]] <= ORDER[Stage.HANDED_OVER]] or list(boxes)
    if not alive:
        return Progress(Stage.REGISTERED)
    words = {word for box in boxes for word in box["exceptions"].split(",") if word}
    return Progress(
        stage=min((box["stage"] for box in alive), key=ORDER.__getitem__),
        exceptions=frozenset(map(BoxException, words)),
        expected_from=_least(alive, "expected_from"),
        expected_to=_least(alive, "expected_to"),
        overdue_after=_least(alive, "overdue_after"),
        silent_after=_least(alive, "silent_after"),
        heard_at=max(box["heard_at"] for box in boxes if box["heard_at"]),
    )


def _least(boxes: Sequence[Columns], column: str) -> datetime | None:
    return min((box[column] for box in boxes if box[column] is not None), default=None)


COLUMNS = tuple(columns_of(Progress(Stage.REGISTERED)))


# Prepared once, and in columns: they run in every transaction that brings a fact.
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_BATCHES = columns(col(Box.batch_id)).where(col(Box.id).in_(_IDS)).distinct()
_MEMBERS = columns(col(Box.batch_id), *(getattr(Box, name) for name in COLUMNS)).where(col(Box.batch_id).in_(_IDS))
# Locked before the facts are read: two transactions with facts about one box must not each miss the other's.
_CACHED = {
    table: columns(col(table.id), *(getattr(table, name) for name in COLUMNS))
    .where(col(table.id).in_(_IDS))
    .order_by(col(table.id))
    .with_for_update(key_share=True)
    for table in (Box, Batch)
}
_KEEP = {
    table: update(table).where(col(table.id) == bindparam("of")).values({name: bindparam(name) for name in COLUMNS})
    for table in (Box, Batch)
}


def _cached(session: Session, table: type[Box] | type[Batch], ids: Sequence[UUID]) -> dict[UUID, Columns]:
    rows = session.connection().execute(_CACHED[table], {"ids": ids})
    return {id: dict(zip(COLUMNS, values, strict=True)) for id, *values in rows}


def _write(session: Session, table: type[Box] | type[Batch], changes: Sequence[Change]) -> None:
    if not changes:
        return
    rows = [{"of": one.id, **columns_of(one.after)} for one in changes]
    write_many(session, _KEEP[table], rows)
    for row in rows:
        loaded = session.identity_map.get(identity_key(table, row["of"]))
        if loaded is not None:
            for name in COLUMNS:
                set_committed_value(loaded, name, row[name])
