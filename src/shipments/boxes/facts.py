"""Facts about boxes, and which boxes a transaction gave new facts to."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from shipments.boxes.box import Box, BoxFact, Happened
from shipments.offices.scope import Actor

_BOXES = "boxes with new facts"
_BATCHES = "batches with new facts"


def facts_changed(session: Session, boxes: Iterable[UUID], batches: Iterable[UUID] = ()) -> None:
    """Their progress, and when cards end, is worked out again before this transaction ends (see `transaction`).

    The batches that the boxes are in now follow by themselves; `batches` names others, such as one that a box left.
    """
    session.info.setdefault(_BOXES, set()).update(boxes)
    session.info.setdefault(_BATCHES, set()).update(batches)


def take_changed(session: Session) -> tuple[set[UUID], set[UUID]]:
    """Boxes and batches named since the last call; forgets them."""
    return session.info.pop(_BOXES, set()), session.info.pop(_BATCHES, set())


def record(
    session: Session,
    box: Box,
    happened: Happened,
    *,
    by: Actor,
    at: datetime,
    now: datetime,
    note: str = "",
    corrects_id: UUID | None = None,
    **details: str | int | None,
) -> BoxFact:
    """Appends a fact about one box."""
    fact = BoxFact(
        box_id=box.id,
        happened=happened,
        occurred_at=at,
        heard_at=now,
        person_id=by.person_id,
        note=note,
        details=details,
        corrects_id=corrects_id,
    )
    session.add(fact)
    facts_changed(session, [box.id])
    return fact
