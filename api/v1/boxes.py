"""Boxes: from an empty carton to a sealed one, and what became of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from api.access import open_to
from api.edge import Edge, shown_with_etag
from api.paging import Cursor, Limit, Page
from api.v1 import box_list, box_timeline
from api.v1.box_timeline import Fact
from api.v1.views import ProgressView, office_codes, progress_view
from shipments import codes
from shipments.batches.batch import Batch
from shipments.boxes import checking, ending, packing
from shipments.boxes.box import Box, BoxLine, Happened, Stage, Wood
from shipments.boxes.checking import ElectricalTestDone, Hazards
from shipments.boxes.ending import BEFORE_LEAVING
from shipments.boxes.packing import LineToPack
from shipments.offices.person import Role
from shipments.offices.scope import find
from shipments.progress.carrier_news import Contradiction
from shipments.progress.deriving import BoxException
from shipments.progress.keeping import progress_now
from shipments.requests.request import RequestLine
from shipments.shapes import Grams, Instant, Millimetres, OfficeCode, SealNumber, Text

PACKS = frozenset({Role.LOGISTICIAN})


class BoxRegistered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Outer measures in millimetres. `host_office` where you pack at several offices."""

    origin_office: OfficeCode
    length_mm: Millimetres
    width_mm: Millimetres
    height_mm: Millimetres
    host_office: OfficeCode | None = None


class Packing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes in, or out."""

    lines: Annotated[tuple[LineToPack, ...], msgspec.Meta(min_length=1, max_length=200)]


class Checked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answered checklist. `electrical`: one test for each electrical line."""

    wood: Wood
    hazards: Hazards
    electrical: Annotated[tuple[ElectricalTestDone, ...], msgspec.Meta(max_length=200)] = ()


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Weight in grams, packed; the number on the seal."""

    gross_weight_g: Grams
    seal_number: SealNumber


class Reopened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the seal is broken."""

    reason: Text


class Ended(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of the box, when, and how you know."""

    how: Literal["withdrawn", "lost", "found", "returned", "destroyed"]
    at: Instant
    reason: Text


class BoxLineView(msgspec.Struct, frozen=True):
    """What is in it; counts are null until a receipt counts them."""

    id: UUID
    request_line: UUID
    description: str
    quantity: int
    good: int | None
    damaged: int | None
    missing: int | None
    handed_over: int


class BoxView(msgspec.Struct, frozen=True):
    """A box. Millimetres, grams. `open_checks`: what would keep it from leaving, in words."""

    code: str
    host_office: str
    origin_office: str
    length_mm: int
    width_mm: int
    height_mm: int
    gross_weight_g: int | None
    seal_number: str | None
    sealed_at: Instant | None
    registered_at: Instant
    batch: str | None
    progress: ProgressView
    contradictions: list[Contradiction]
    lines: list[BoxLineView]
    open_checks: list[str]
    version: int


@post("/boxes", status_code=201, sync_to_thread=True, opt=open_to(PACKS))
def register_box(data: JSONBody[BoxRegistered], edge: NamedDependency[Edge]) -> Response[BoxView]:
    """Register an empty box of at most 1 m³ for one origin office."""

    def verb(session: Session) -> BoxView:
        box = packing.register(session, **msgspec.structs.asdict(data), by=edge.by, now=edge.now)
        return box_view(session, box, edge.now)

    return edge.write(verb, status=201)


@get("/boxes", opt=open_to())
async def list_boxes(
    edge: NamedDependency[Edge],
    office: FromQuery[OfficeCode | None] = None,
    stage: FromQuery[Stage | None] = None,
    exception: FromQuery[BoxException | None] = None,
    q: FromQuery[Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = 50,
) -> Response[Page[box_list.BoxRow]]:
    """Boxes in sight, newest first. `q`: a box or batch code."""
    asked = box_list.Asked(office, stage, exception, q, cursor, limit)
    return await edge.wiring.off_loop(lambda: edge.read(lambda session: box_list.listed(session, asked, edge.now)))


@get("/boxes/{code:str}", sync_to_thread=True, opt=open_to())
def read_box(code: FromPath[str], edge: NamedDependency[Edge]) -> Response[BoxView]:
    """One box with what is in it and how far it is."""
    return shown_with_etag(edge.read(lambda session: box_view(session, _box(session, code), edge.now)))


@get("/boxes/{code:str}/timeline", sync_to_thread=True, opt=open_to())
def read_timeline(code: FromPath[str], edge: NamedDependency[Edge]) -> list[Fact]:
    """Every fact about a box in the order in which it happened, with when we heard and from whom."""
    return edge.read(lambda session: box_timeline.timeline(session, _box(session, code)))


@post("/boxes/{code:str}/pack", status_code=200, sync_to_thread=True, opt=open_to())
def pack(code: FromPath[str], data: JSONBody[Packing], edge: NamedDependency[Edge]) -> Response[BoxView]:
    """Put approved things in: all of the lines, or none."""

    def verb(session: Session) -> BoxView:
        box = packing.pack(session, _number(code), data.lines, by=edge.by, now=edge.now)
        return box_view(session, box, edge.now)

    return edge.write(verb)


@post("/boxes/{code:str}/unpack", status_code=200, sync_to_thread=True, opt=open_to())
def unpack(code: FromPath[str], data: JSONBody[Packing], edge: NamedDependency[Edge]) -> Response[BoxView]:
    """Take things out again."""

    def verb(session: Session) -> BoxView:
        box = packing.unpack(session, _number(code), data.lines, by=edge.by, now=edge.now)
        return box_view(session, box, edge.now)

    return edge.write(verb)


@post("/boxes/{code:str}/checks", status_code=200, sync_to_thread=True, opt=open_to())
def check(code: FromPath[str], data: JSONBody[Checked], edge: NamedDependency[Edge]) -> Response[BoxView]:
    """Answer the checklist: wood, hazards, electrical tests. The last answer counts."""

    def verb(session: Session) -> BoxView:
        checking.check(
            session,
            _number(code),
            wood=data.wood,
            hazards=data.hazards,
            electrical=data.electrical,
            by=edge.by,
            now=edge.now,
        )
        return box_view(session, _box(session, code), edge.now)

    return edge.write(verb)


@post("/boxes/{code:str}/seal", status_code=200, sync_to_thread=True, opt=open_to())
def seal(code: FromPath[str], data: JSONBody[Sealed], edge: NamedDependency[Edge]) -> Response[BoxView]:
    """Weigh and seal."""

    def verb(session: Session) -> BoxView:
        box = packing.seal(session, _number(code), **msgspec.structs.asdict(data), by=edge.by, now=edge.now)
        return box_view(session, box, edge.now)

    return edge.write(verb)


@post("/boxes/{code:str}/reopen", status_code=200, sync_to_thread=True, opt=open_to())
def reopen(code: FromPath[str], data: JSONBody[Reopened], edge: NamedDependency[Edge]) -> Response[BoxView]:
    """Break the seal, before it has left."""

    def verb(session: Session) -> BoxView:
        box = packing.reopen(session, _number(code), reason=data.reason, by=edge.by, now=edge.now)
        return box_view(session, box, edge.now)

    return edge.write(verb)


@post("/boxes/{code:str}/ended", status_code=200, sync_to_thread=True, opt=open_to())
def end(code: FromPath[str], data: JSONBody[Ended], edge: NamedDependency[Edge]) -> Response[BoxView]:
    """Its way ended early: withdrawn before it left, lost, returned, destroyed; or what was lost is found."""

    def verb(session: Session) -> BoxView:
        fate = Happened(data.how)
        box = ending.end(session, _number(code), how=fate, at=data.at, reason=data.reason, by=edge.by, now=edge.now)
        return box_view(session, box, edge.now)

    return edge.write(verb)


def box_view(session: Session, box: Box, now: datetime) -> BoxView:
    """As it is shown, with its progress as of `now`."""
    derived = progress_now(session, box)
    offices = office_codes(session, [box.host_office_id, box.origin_office_id])
    batch = session.exec(select(Batch.code).where(Batch.id == box.batch_id)).first() if box.batch_id else None
    return BoxView(
        code=box.code,
        host_office=offices[box.host_office_id],
        origin_office=offices[box.origin_office_id],
        length_mm=box.length_mm,
        width_mm=box.width_mm,
        height_mm=box.height_mm,
        gross_weight_g=box.gross_weight_g,
        seal_number=box.seal_number,
        sealed_at=box.sealed_at,
        registered_at=box.registered_at,
        batch=batch,
        progress=progress_view(session, box, now),
        contradictions=sorted(derived.contradictions),
        lines=lines_in(session, box),
        open_checks=checking.check_troubles(session, box) if box.stage in BEFORE_LEAVING else [],
        version=box.version,
    )


def lines_in(session: Session, box: Box) -> list[BoxLineView]:
    """What is in a box."""
    rows = session.exec(
        select(BoxLine, RequestLine.description, RequestLine.substitute)
        .join(RequestLine, col(RequestLine.id) == BoxLine.request_line_id)
        .where(BoxLine.box_id == box.id)
        .order_by(col(BoxLine.id))
    )
    return [
        BoxLineView(
            id=line.id,
            request_line=line.request_line_id,
            description=substitute or description,
            quantity=line.quantity,
            good=line.good,
            damaged=line.damaged,
            missing=line.missing,
            handed_over=line.handed_over,
        )
        for line, description, substitute in rows
    ]


def _number(code: str) -> str:
    return codes.read(codes.Kind.BOX, code)


def _box(session: Session, code: str) -> Box:
    return find(session, Box, _number(code), "box")


HANDLERS = [register_box, list_boxes, read_box, read_timeline, pack, unpack, check, seal, reopen, end]
