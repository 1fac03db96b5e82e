"""Rows with invented defaults plus what matters to the test, put straight into the tables.

They need a session that acts as somebody (`act_as`) only where the test reads scoped rows back.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import Session, SQLModel, select

from shipments import codes
from shipments.batches.batch import Batch, Dispatch, Leg, Mode
from shipments.boxes.box import Box, BoxFact, BoxLine, Happened
from shipments.cases.case import Case
from shipments.catalogue.item import Item, Kit, KitLine
from shipments.database import new_id
from shipments.offices.office import Office, Organisation
from shipments.offices.person import Person, Role, RoleAt
from shipments.offices.scope import Actor
from shipments.requests.request import Answer, RequestLine, SupplyRequest

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_numbers = count(1)
Row = TypeVar("Row", bound=SQLModel)
Columns = Any  # whatever the columns of the table take


def an_organisation(session: Session, **what: Columns) -> Organisation:
    """The first one there is, else a new one."""
    found = None if what else session.exec(select(Organisation)).first()
    return found or _put(session, Organisation, {"name": f"Foundation {next(_numbers)}"}, what)


def an_office(session: Session, code: str = "", **what: Columns) -> Office:
    """An office that sends and receives; its country is the first part of `code`, e.g. `GN-CKY`."""
    code = code or f"NL-{next(_numbers):03}"
    return _put(
        session,
        Office,
        {
            "organisation_id": what.get("organisation_id") or an_organisation(session).id,
            "code": code,
            "name": f"Office {code}",
            "country": code[:2],
            "time_zone": "Africa/Conakry" if code.startswith("GN") else "Europe/Amsterdam",
            "languages": ["en", "fr"],
            "public_phone": "+00 555 0100",
            "public_address": "1 Example Street",
            "may_send": True,
            "may_receive": True,
            "opened_at": NOON,
        },
        what,
    )


def a_person(session: Session, roles: Sequence[tuple[Role, Office | None]] = (), **what: Columns) -> Person:
    """A member of staff who holds `roles`."""
    number = next(_numbers)
    defaults = {"email": f"person{number}@example.org", "name": f"Person {number}", "added_at": NOON}
    person = _put(session, Person, defaults, what)
    for role, office in roles:
        _put(
            session,
            RoleAt,
            {"person_id": person.id, "role": role, "office_id": office.id if office else None},
        )
    return person


def an_actor(
    session: Session,
    role: Role = Role.LOGISTICIAN,
    *offices: Office | None,
    may_write: bool = True,
) -> Actor:
    """A person in the table who acts with `role` at each of `offices`; None among them: at every office."""
    person = a_person(session, [(role, office) for office in offices])
    grants = frozenset((role, office.id if office else None) for office in offices)
    return Actor(person.id, grants, may_write=may_write)


def a_case(session: Session, host: Office, origin: Office, **what: Columns) -> Case:
    """A case without name or contact."""
    defaults = {"code": codes.mint(codes.Kind.CASE), "language": "fr", "opened_at": NOON}
    return _put(session, Case, {**defaults, **_between(host, origin)}, what)


def an_item(session: Session, **what: Columns) -> Item:
    """A hand tool of 800 g and 12 euro."""
    number = next(_numbers)
    return _put(
        session,
        Item,
        {
            "code": f"hammer-{number}",
            "names": {"en": f"Hammer {number}", "fr": f"Marteau {number}"},
            "hs_heading": "8205",
            "typical_weight_g": 800,
            "typical_value_eur": 12,
        },
        what,
    )


def a_kit(session: Session, items: Mapping[UUID, int], **what: Columns) -> Kit:
    """A kit of `items`: item id → quantity."""
    number = next(_numbers)
    kit = _put(session, Kit, {"code": f"kit-{number}", "names": {"en": f"Kit {number}"}}, what)
    for item_id, quantity in items.items():
        _put(session, KitLine, {"kit_id": kit.id, "item_id": item_id, "quantity": quantity})
    return kit


def a_request(session: Session, case: Case, approved: Sequence[int | None] = (1,), **what: Columns) -> SupplyRequest:
    """A request with one line for each of `approved`: the quantity approved, or None while unanswered."""
    defaults = {
        "code": codes.mint(codes.Kind.REQUEST),
        "case_id": case.id,
        "host_office_id": case.host_office_id,
        "origin_office_id": case.origin_office_id,
        "asked_at": NOON,
    }
    request = _put(session, SupplyRequest, defaults, what)
    for position, quantity in enumerate(approved, start=1):
        a_request_line(session, request, position=position, approved=quantity)
    return request


def a_request_line(
    session: Session, request: SupplyRequest, *, approved: int | None = 1, **what: Columns
) -> RequestLine:
    """A line of `request` at the next free position."""
    answered = {} if approved is None else {"answer": Answer.APPROVED, "answered_at": NOON}
    taken = session.exec(select(RequestLine.position).where(RequestLine.request_id == request.id)).all()
    defaults = {
        "request_id": request.id,
        "position": max(taken, default=0) + 1,
        "description": "hammer",
        "quantity": max(approved or 1, 1),
        "declared_value_cents": 1_200,
        "approved": approved,
    }
    return _put(session, RequestLine, {**defaults, **answered}, what)


def lines_of(session: Session, request: SupplyRequest) -> Sequence[RequestLine]:
    """Its lines in order."""
    statement = select(RequestLine).where(RequestLine.request_id == request.id)
    return sorted(session.exec(statement).all(), key=lambda line: line.position)


def a_box(session: Session, host: Office, origin: Office, **what: Columns) -> Box:
    """An open box; with `sealed_at` it has a seal and a weight too, and the fact that it was sealed."""
    defaults: dict[str, object] = {
        "code": codes.mint(codes.Kind.BOX),
        **_between(host, origin),
        "length_mm": 600,
        "width_mm": 400,
        "height_mm": 400,
        "registered_at": NOON,
    }
    if what.get("sealed_at"):
        defaults |= {"seal_number": f"S{next(_numbers):06}", "gross_weight_g": 12_500}
    box = _put(session, Box, defaults, what)
    if box.sealed_at:
        details = {"seal_number": box.seal_number, "weight_g": box.gross_weight_g}
        a_box_fact(session, box, Happened.SEALED, occurred_at=box.sealed_at, details=details)
    return box


def a_box_fact(session: Session, box: Box, happened: Happened, **what: Columns) -> BoxFact:
    """Something that people did to `box`, heard when it happened."""
    at = what.get("occurred_at", NOON)
    defaults = {"box_id": box.id, "happened": happened, "occurred_at": at, "heard_at": at}
    return _put(session, BoxFact, defaults, what)


def a_box_line(session: Session, box: Box, line: RequestLine, quantity: int = 1) -> BoxLine:
    """`quantity` of a request line in the box, booked on the request line too."""
    line.pack(quantity)
    session.add(line)
    return _put(session, BoxLine, {"box_id": box.id, "request_line_id": line.id, "quantity": quantity})


def a_batch(session: Session, host: Office, origin: Office, boxes: Sequence[Box] = (), **what: Columns) -> Batch:
    """A batch with `boxes` in it, and the facts that they joined; with `dispatched_at` its Dispatch too."""
    defaults = {
        "code": codes.mint(codes.Kind.BATCH),
        **_between(host, origin),
        "mode": Mode.SEA,
        "planned_at": NOON,
    }
    batch = _put(session, Batch, defaults, what)
    for position, box in enumerate(boxes, start=1):
        box.batch_id, box.batch_position = batch.id, position
        session.add(box)
        a_box_fact(session, box, Happened.JOINED_BATCH, details={"batch": batch.code})
    if batch.dispatched_at:
        _put(
            session,
            Dispatch,
            {"batch_id": batch.id, "at": batch.dispatched_at, "heard_at": batch.dispatched_at},
        )
    return batch


def a_leg(session: Session, batch: Batch, **what: Columns) -> Leg:
    """Rotterdam to Conakry by sea, four weeks, with a practice reference."""
    taken = session.exec(select(Leg.position).where(Leg.batch_id == batch.id)).all()
    return _put(
        session,
        Leg,
        {
            "batch_id": batch.id,
            "position": max(taken, default=0) + 1,
            "mode": Mode.SEA,
            "carrier": "dcsa",
            "reference_type": "equipment",
            "reference": f"PRCU{next(_numbers):07}",
            "from_place": "NLRTM",
            "to_place": "GNCKY",
            "planned_departure": NOON + timedelta(days=3),
            "planned_arrival": NOON + timedelta(days=31),
            "added_at": NOON,
        },
        what,
    )


def _between(host: Office, origin: Office) -> dict[str, UUID]:
    return {"host_office_id": host.id, "origin_office_id": origin.id}


def _put(
    session: Session,
    table: type[Row],
    defaults: Mapping[str, object],
    what: Mapping[str, object] | None = None,
) -> Row:
    values = {**defaults, **(what or {})}
    if "id" in table.model_fields:
        values.setdefault("id", new_id())
    unknown = values.keys() - table.model_fields.keys()
    if unknown:
        raise TypeError(f"{table.__name__} has no {', '.join(sorted(unknown))}")
    row = table(**values)
    session.add(row)
    session.flush()
    return row
