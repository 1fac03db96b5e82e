"""From an empty carton to a sealed box: register, pack, unpack, seal, reopen."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Uuid, column, table
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from shipments import codes, journal
from shipments.boxes.box import (
    LARGEST_MM3,
    Box,
    BoxLine,
    Happened,
    Stage,
)
from shipments.boxes.facts import facts_changed, record
from shipments.cases.case import Case
from shipments.errors import Invalid, NotFound, WrongState
from shipments.journal import Noted
from shipments.offices.office import Office, receiving_office, sending_office
from shipments.offices.person import Role
from shipments.offices.scope import Actor, find
from shipments.requests.asking import must_be_alive, must_not_be_withdrawn
from shipments.requests.request import RequestLine, SupplyRequest
from shipments.shapes import Quantity

PACKERS = frozenset({Role.LOGISTICIAN})
HERE = frozenset({Stage.REGISTERED, Stage.PACKED, Stage.WAITING})
STILL_HERE = HERE | {Stage.WITHDRAWN}
_BATCH = table("batch", column("id", Uuid()))  # a later chapter: named, not imported


class LineToPack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of one request line."""

    request_line: UUID
    quantity: Quantity


def register(
    session: Session,
    *,
    origin_office: str,
    host_office: str | None,
    length_mm: int,
    width_mm: int,
    height_mm: int,
    by: Actor,
    now: datetime,
) -> Box:
    """A new, empty box of one logistician's office. Outer measures in millimetres, at most 1 m³.

    Raises Invalid for an unknown office or too large a box, NotAllowed.
    """
    host = _host(session, host_office, by)
    by.must_be(PACKERS, host)
    if length_mm * width_mm * height_mm > LARGEST_MM3:
        raise Invalid([("length_mm, width_mm, height_mm", "a box of at most 1 m³; use a smaller crate or several")])
    box = Box(
        code=codes.mint(codes.Kind.BOX),
        host_office_id=host,
        origin_office_id=receiving_office(session, origin_office).id,
        length_mm=length_mm,
        width_mm=width_mm,
        height_mm=height_mm,
        registered_at=now,
    )
    session.add(box)
    session.flush()
    facts_changed(session, [box.id])
    journal.note(session, noted(box, "box.register", by, now))
    return box


def pack(session: Session, code: str, lines: Sequence[LineToPack], *, by: Actor, now: datetime) -> Box:
    """Puts approved things in. All of the lines, or none. Raises NotFound, WrongState, TooMuch, Invalid."""
    box = open_box(session, code, by)
    _refuse_unseen(session, lines)
    for asked in sorted(lines, key=lambda line: line.request_line):
        line, request = _line_for(session, box, asked.request_line)
        _must_be_wanted(session, request)
        line.pack(asked.quantity)
        _put_in(session, box, asked)
    box.version += 1
    box.filled_at = now
    facts_changed(session, [box.id])
    journal.note(session, noted(box, "box.pack", by, now, lines=len(lines)))
    return box


def unpack(session: Session, code: str, lines: Sequence[LineToPack], *, by: Actor, now: datetime) -> Box:
    """Takes things out again, of a withdrawn box too. Raises NotFound, WrongState, Invalid for more than is in it."""
    box = open_box(session, code, by, STILL_HERE)
    for asked in sorted(lines, key=lambda line: line.request_line):
        inside = _inside(session, box, asked.request_line)
        if inside is None or inside.quantity < asked.quantity:
            raise Invalid([("lines", f"at most what is in {code}: {inside.quantity if inside else 0}")])
        line, _ = _line_for(session, box, asked.request_line)
        line.packed -= asked.quantity
        if inside.quantity == asked.quantity:
            session.delete(inside)
        else:
            inside.quantity -= asked.quantity
    box.version += 1
    box.filled_at = now
    facts_changed(session, [box.id])
    journal.note(session, noted(box, "box.unpack", by, now, lines=len(lines)))
    return box


def seal(session: Session, code: str, *, gross_weight_g: int, seal_number: str, by: Actor, now: datetime) -> Box:
    """Closes and weighs it. Raises NotFound, WrongState for a sealed or empty box. Checks may follow until dispatch."""
    box = open_box(session, code, by)
    if session.exec(select(BoxLine.id).where(BoxLine.box_id == box.id)).first() is None:
        raise WrongState(f"Box {code} is empty. Pack it first.", state="empty", expected="packed")
    box.seal(now, seal_number, gross_weight_g)
    box.version += 1
    record(session, box, Happened.SEALED, by=by, at=now, now=now, seal_number=seal_number, weight_g=gross_weight_g)
    journal.note(session, noted(box, "box.seal", by, now))
    return box


def reopen(session: Session, code: str, *, reason: str, by: Actor, now: datetime) -> Box:
    """Breaks the seal before it leaves, or of a withdrawn box to unpack it. Raises NotFound, WrongState."""
    box = locked_box(session, code)
    by.must_be(PACKERS, box.host_office_id)
    must_be_here(box, STILL_HERE)
    old = box.seal_number
    box.reopen()
    box.version += 1
    record(session, box, Happened.REOPENED, by=by, at=now, now=now, note=reason, seal_number=old)
    journal.note(session, noted(box, "box.reopen", by, now))
    return box


def open_box(session: Session, code: str, by: Actor, stages: frozenset[Stage] = HERE) -> Box:
    """The box, locked, if it is open and in one of `stages`. Raises NotFound, NotAllowed, WrongState."""
    box = locked_box(session, code)
    by.must_be(PACKERS, box.host_office_id)
    box.must_be_open()
    must_be_here(box, stages)
    return box


def locked_box(session: Session, code: str) -> Box:
    """The box, locked after the batch that it is in: whoever locks both does it in this order. Raises NotFound."""
    batch = find(session, Box, code, "box").batch_id
    while True:
        if batch is not None:
            session.execute(columns(_BATCH.c.id).where(_BATCH.c.id == batch).with_for_update())
        box = find(session, Box, code, "box", lock=True)
        if box.batch_id in (None, batch):
            return box
        batch = box.batch_id  # it joined between the two looks; a deadlock, if it comes to one, is run again


def must_be_here(box: Box, stages: frozenset[Stage] = HERE) -> None:
    """Raises WrongState once the box has left or ended."""
    if box.stage not in stages:
        raise WrongState(f"Box {box.code} is {box.stage}.", state=box.stage, expected="still at the host office")


def noted(box: Box, action: str, by: Actor, now: datetime, **details: str | int | bool | None) -> Noted:
    """A journal line about a box."""
    return Noted(
        at=now,
        action=action,
        object_kind="box",
        object_code=box.code,
        person_id=by.person_id,
        office_id=box.host_office_id,
        details=details,
    )


def _host(session: Session, code: str | None, by: Actor) -> UUID:
    if code is not None:
        return sending_office(session, code).id
    mine = by.offices(PACKERS) or frozenset()
    sending = session.exec(select(Office.id).where(col(Office.id).in_(mine), col(Office.may_send))).all()
    if len(sending) != 1:
        raise Invalid([("host_office", "the code of the sending office, since you do not work at exactly one")])
    return sending[0]


def _refuse_unseen(session: Session, lines: Sequence[LineToPack]) -> None:
    asked = {line.request_line for line in lines}
    seen = session.exec(
        select(RequestLine.id)
        .join(SupplyRequest, col(SupplyRequest.id) == RequestLine.request_id)
        .where(col(RequestLine.id).in_(asked))
    )
    if unseen := sorted(map(str, asked.difference(seen))):
        raise NotFound("request line", *unseen)


def _line_for(session: Session, box: Box, line_id: UUID) -> tuple[RequestLine, SupplyRequest]:
    row = session.exec(
        select(RequestLine, SupplyRequest)
        .join(SupplyRequest, col(SupplyRequest.id) == RequestLine.request_id)
        .where(RequestLine.id == line_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("request line", str(line_id))
    line, request = row
    if (request.host_office_id, request.origin_office_id) != (box.host_office_id, box.origin_office_id):
        raise Invalid([("lines.request_line", f"a line of a request for the same offices as box {box.code}")])
    return line, request


def _must_be_wanted(session: Session, request: SupplyRequest) -> None:
    must_not_be_withdrawn(request)
    must_be_alive(session, session.get_one(Case, request.case_id))


def _inside(session: Session, box: Box, line_id: UUID) -> BoxLine | None:
    return session.exec(
        select(BoxLine).where(BoxLine.box_id == box.id, BoxLine.request_line_id == line_id)
    ).one_or_none()


def _put_in(session: Session, box: Box, asked: LineToPack) -> None:
    inside = _inside(session, box, asked.request_line)
    if inside is None:
        session.add(BoxLine(box_id=box.id, request_line_id=asked.request_line, quantity=asked.quantity))
        session.flush()
    else:
        inside.quantity += asked.quantity
