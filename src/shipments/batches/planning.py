"""Putting boxes together for one way, and the legs of that way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import func
from sqlmodel import Session, col, select

from shipments import codes, journal
from shipments.batches.batch import Batch, Mode
from shipments.boxes.box import Box, BoxFact, Happened
from shipments.boxes.facts import facts_changed, record
from shipments.boxes.packing import must_be_here
from shipments.errors import NotFound, VersionStale, WrongState
from shipments.journal import Noted
from shipments.offices.office import receiving_office, sending_office
from shipments.offices.person import Role
from shipments.offices.scope import Actor, find
from shipments.shapes import Quantity

PLANNERS = frozenset({Role.LOGISTICIAN})


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most a batch may hold: grams, cubic millimetres, boxes."""

    max_weight_g: Annotated[int, msgspec.Meta(ge=1, le=10**9)] | None = None
    max_volume_mm3: Annotated[int, msgspec.Meta(ge=1, le=10**15)] | None = None
    max_boxes: Quantity | None = None


def plan(
    session: Session,
    *,
    from_office: str,
    to_office: str,
    mode: Mode,
    cut_off: datetime | None,
    limits: Limits,
    by: Actor,
    now: datetime,
) -> Batch:
    """A new, empty batch. Raises Invalid, NotAllowed."""
    sender = sending_office(session, from_office, "from_office")
    by.must_be(PLANNERS, sender.id)
    batch = Batch(
        code=codes.mint(codes.Kind.BATCH),
        host_office_id=sender.id,
        origin_office_id=receiving_office(session, to_office, "to_office").id,
        mode=mode,
        cut_off=cut_off,
        planned_at=now,
        **msgspec.structs.asdict(limits),
    )
    session.add(batch)
    journal.note(session, noted(batch, "batch.plan", by, now))
    return batch


def change(
    session: Session, code: str, *, cut_off: datetime | None, limits: Limits, version: int, by: Actor, now: datetime
) -> Batch:
    """Another cut-off, other limits. Raises NotFound, WrongState, VersionStale."""
    batch = batch_to_plan(session, code, by)
    if batch.version != version:
        raise VersionStale
    batch.cut_off = cut_off
    batch.max_weight_g, batch.max_volume_mm3, batch.max_boxes = msgspec.structs.astuple(limits)
    batch.version += 1
    journal.note(session, noted(batch, "batch.change", by, now))
    return batch


def add_boxes(session: Session, code: str, boxes: Sequence[str], *, by: Actor, now: datetime) -> Batch:
    """Puts boxes into a batch: all of them, or none and the refusal names each that does not fit.

    Raises NotFound for the batch and for every box that cannot be seen, WrongState for boxes that cannot join.
    """
    batch = batch_to_plan(session, code, by)
    named = select(Box).where(col(Box.code).in_(boxes)).order_by(col(Box.id)).with_for_update()
    found = {box.code: box for box in session.exec(named.execution_options(populate_existing=True))}
    if unseen := [one for one in dict.fromkeys(boxes) if one not in found]:
        raise NotFound("box", *unseen)
    joining = [found[one] for one in dict.fromkeys(boxes) if found[one].batch_id != batch.id]
    if misfits := [trouble for box in joining if (trouble := _misfit(box, batch))]:
        raise WrongState(
            "None was added: " + "; ".join(misfits), state="; ".join(misfits), expected="free boxes for this way"
        )
    position = _last_position(session, batch)
    for box in joining:
        position += 1
        box.batch_id, box.batch_position = batch.id, position
        box.version += 1
        record(session, box, Happened.JOINED_BATCH, by=by, at=now, now=now, batch=batch.code)
    batch.version += 1
    journal.note(session, noted(batch, "batch.add_boxes", by, now, boxes=len(joining)))
    return batch


def remove_box(session: Session, code: str, box_code: str, *, by: Actor, now: datetime) -> Batch:
    """Takes one box out again; one that was taken out before stays out. Raises NotFound, WrongState."""
    batch = batch_to_plan(session, code, by)
    box = find(session, Box, box_code, "box", lock=True)
    if box.batch_id != batch.id:
        if not _was_taken_out(session, box, batch):
            raise NotFound("box of this batch", box_code)
        return batch
    box.batch_id = box.batch_position = None
    box.version += 1
    batch.version += 1
    record(session, box, Happened.LEFT_BATCH, by=by, at=now, now=now, batch=batch.code)
    facts_changed(session, [], batches=[batch.id])
    journal.note(session, noted(batch, "batch.remove_box", by, now, box=box_code))
    return batch


def boxes_of(session: Session, batch: Batch) -> Sequence[UUID]:
    """Ids of the boxes in a batch, in their order."""
    return session.exec(select(Box.id).where(Box.batch_id == batch.id).order_by(col(Box.batch_position))).all()


def batch_to_plan(session: Session, code: str, by: Actor) -> Batch:
    """The batch, locked, if it may be planned now. Raises NotFound, NotAllowed, WrongState."""
    batch = find(session, Batch, code, "batch", lock=True)
    by.must_be(PLANNERS, batch.host_office_id)
    batch.must_be_here()
    return batch


def noted(batch: Batch, action: str, by: Actor, now: datetime, **details: str | int | bool | None) -> Noted:
    """A journal line about a batch."""
    return Noted(
        at=now,
        action=action,
        object_kind="batch",
        object_code=batch.code,
        person_id=by.person_id,
        office_id=batch.host_office_id,
        details=details,
    )


def _was_taken_out(session: Session, box: Box, batch: Batch) -> bool:
    left = select(BoxFact.details).where(BoxFact.box_id == box.id, BoxFact.happened == Happened.LEFT_BATCH)
    return any(details.get("batch") == batch.code for details in session.exec(left))


def _misfit(box: Box, batch: Batch) -> str | None:
    if box.batch_id is not None:
        return f"{box.code} is in another batch"
    if (box.host_office_id, box.origin_office_id) != (batch.host_office_id, batch.origin_office_id):
        return f"{box.code} goes another way"
    try:
        must_be_here(box)
    except WrongState as error:
        return str(error)
    return None


def _last_position(session: Session, batch: Batch) -> int:
    return session.exec(select(func.max(Box.batch_position)).where(Box.batch_id == batch.id)).one() or 0
