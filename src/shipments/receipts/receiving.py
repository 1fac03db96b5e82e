"""Confirming that a box arrived, and explaining what does not add up."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from shipments import codes, journal
from shipments.boxes.box import Box, BoxLine, Stage
from shipments.boxes.facts import facts_changed
from shipments.boxes.packing import locked_box, noted
from shipments.errors import Invalid, KeyReused, NotFound, WrongState
from shipments.offices.person import Role
from shipments.offices.scope import Actor
from shipments.receipts.receipt import CLOCK_ERROR, Condition, Explanation, Receipt, ReceiptLine
from shipments.receipts.standing import standing_receipt
from shipments.shapes import Count, Instant, Line, Note, Quantity, SealNumber, TypedCode

RECEIVERS = frozenset({Role.RECEIVER, Role.COORDINATOR})
EXPLAINERS_HERE = frozenset({Role.LOGISTICIAN})
NOT_DISPATCHED = frozenset({Stage.REGISTERED, Stage.PACKED, Stage.WAITING})


class LineCounted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found of one box line; the three add up to its quantity."""

    box_line: UUID
    good: Count
    damaged: Count
    missing: Count


class Surplus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that nobody had listed."""

    description: Line
    quantity: Quantity


class Arrived(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an office says. `id` is the caller's and makes a repeat harmless; `corrects` names an earlier receipt."""

    id: UUID
    box: TypedCode
    arrived_at: Instant
    condition: Condition
    seal_number: SealNumber | None = None
    lines: Annotated[tuple[LineCounted, ...], msgspec.Meta(max_length=500)] = ()
    surplus: Annotated[tuple[Surplus, ...], msgspec.Meta(max_length=100)] = ()
    note: Note = ""
    corrects: UUID | None = None


def receive(session: Session, said: Arrived, *, by: Actor, now: datetime) -> tuple[Receipt, bool]:
    """Keeps the receipt. Returns it and whether it is new: the same again changes nothing.

    A receipt that contradicts others, a box that had ended or a hand-over is kept and flagged, since it happened.
    Raises NotFound, NotAllowed, WrongState (never dispatched), Invalid, KeyReused (same id, other content).
    """
    box = locked_box(session, codes.read(codes.Kind.BOX, said.box))
    by.must_be(RECEIVERS, box.origin_office_id)
    digest = body_hash(said)
    if (known := session.get(Receipt, said.id)) is not None:
        if known.body_hash != digest:
            raise KeyReused
        return known, False
    if box.stage in NOT_DISPATCHED:
        raise WrongState(f"Box {box.code} has not been dispatched.", state=box.stage, expected="dispatched")
    if said.arrived_at > now + CLOCK_ERROR:
        raise Invalid([("arrived_at", "a time that is not in the future; check the clock of the phone")])
    packed = {line.id: line for line in session.exec(select(BoxLine).where(BoxLine.box_id == box.id))}
    _refuse_miscounted(said.lines, packed)
    _refuse_foreign_correction(session, said, box)
    receipt = Receipt(
        id=said.id,
        box_id=box.id,
        office_id=box.origin_office_id,
        person_id=by.person_id,
        arrived_at=said.arrived_at,
        heard_at=now,
        condition=said.condition,
        seal_number=said.seal_number,
        note=said.note,
        counted=len(said.lines) == len(packed),
        body_hash=digest,
        corrects_id=said.corrects,
    )
    session.add(receipt)
    session.flush()
    session.add_all(_receipt_lines(said))
    session.flush()
    _count(session, box, packed)
    facts_changed(session, [box.id])
    journal.note(session, noted(box, "box.receive", by, now, receipt=str(said.id)))
    return receipt, True


def explain(session: Session, line_id: UUID, *, text: str, settled: bool, by: Actor, now: datetime) -> Explanation:
    """What either end says about a discrepancy. Raises NotFound, NotAllowed."""
    row = session.exec(
        select(ReceiptLine, Box)
        .join(Receipt, col(Receipt.id) == ReceiptLine.receipt_id)
        .join(Box, col(Box.id) == Receipt.box_id)
        .where(ReceiptLine.id == line_id)
    ).one_or_none()
    if row is None:
        raise NotFound("receipt line", str(line_id))
    line, box = row
    if by.is_a(Role.LOGISTICIAN, box.host_office_id):
        by.must_be(EXPLAINERS_HERE, box.host_office_id)
    else:
        by.must_be(RECEIVERS | EXPLAINERS_HERE, box.origin_office_id)
    said = Explanation(receipt_line_id=line.id, person_id=by.person_id, heard_at=now, text=text, settled=settled)
    session.add(said)
    facts_changed(session, [box.id])
    journal.note(session, noted(box, "box.explain", by, now, settled=settled))
    return said


def body_hash(said: msgspec.Struct) -> bytes:
    """What makes two notes with one id the same note: 32 bytes."""
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).digest()


def _count(session: Session, box: Box, packed: dict[UUID, BoxLine]) -> None:
    receipts = session.exec(select(Receipt).where(Receipt.box_id == box.id)).all()
    standing = standing_receipt(receipts)
    counts = session.exec(
        select(ReceiptLine).where(
            ReceiptLine.receipt_id == (standing.id if standing else None), col(ReceiptLine.box_line_id).is_not(None)
        )
    )
    found = {line.box_line_id: line for line in counts}
    for line in packed.values():
        count = found.get(line.id)
        if count and line.handed_over > count.good:
            continue  # progress shows the contradiction; a count that cannot be true is not taken over
        line.good, line.damaged, line.missing = (count.good, count.damaged, count.missing) if count else (None,) * 3


def _receipt_lines(said: Arrived) -> list[ReceiptLine]:
    counted = [
        ReceiptLine(
            receipt_id=said.id, box_line_id=line.box_line, good=line.good, damaged=line.damaged, missing=line.missing
        )
        for line in said.lines
    ]
    return counted + [
        ReceiptLine(receipt_id=said.id, surplus=extra.quantity, description=extra.description) for extra in said.surplus
    ]


def _refuse_miscounted(lines: Sequence[LineCounted], packed: dict[UUID, BoxLine]) -> None:
    wrong: list[tuple[str, str]] = []
    for index, line in enumerate(lines):
        known = packed.get(line.box_line)
        if known is None:
            wrong.append((f"lines[{index}].box_line", "the id of a line of this box"))
        elif line.good + line.damaged + line.missing != known.quantity:
            wrong.append(
                (
                    f"lines[{index}]",
                    f"good + damaged + missing = {known.quantity}, as packed; what is more goes to surplus",
                )
            )
    if len({line.box_line for line in lines}) < len(lines):
        wrong.append(("lines", "each box line once"))
    if wrong:
        raise Invalid(wrong)


def _refuse_foreign_correction(session: Session, said: Arrived, box: Box) -> None:
    if said.corrects is not None:
        other = session.get(Receipt, said.corrects)
        if other is None or other.box_id != box.id:
            raise Invalid([("corrects", "the id of an earlier receipt of this box")])
