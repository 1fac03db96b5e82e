"""Requests: asked, answered line by line, withdrawn."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from api.access import open_to
from api.edge import Edge
from api.paging import Cursor, Limit, Page, after, page
from api.v1.views import office_codes
from shipments import codes
from shipments.cases.case import Case
from shipments.catalogue.item import Item, Kit
from shipments.offices.office import Office, office_by_code
from shipments.offices.person import Role
from shipments.offices.scope import find
from shipments.requests import answering, asking
from shipments.requests.answering import LineAnswer
from shipments.requests.asking import LineAsked
from shipments.requests.request import Answer, RequestLine, SupplyRequest
from shipments.shapes import Instant, OfficeCode, Text, TypedCode

ASKS = frozenset({Role.COUNSELLOR, Role.COORDINATOR})
ANSWERS = frozenset({Role.LOGISTICIAN, Role.COORDINATOR})


_ORIGIN = aliased(Office)
# In columns and prepared once: every answer that shows a request asks them, of a request that is in sight.
_ABOUT = (
    select_columns(col(Case.code), col(Office.code), col(_ORIGIN.code))
    .select_from(SupplyRequest)
    .join(Case, col(Case.id) == col(SupplyRequest.case_id))
    .join(Office, col(Office.id) == col(SupplyRequest.host_office_id))
    .join(_ORIGIN, col(_ORIGIN.id) == col(SupplyRequest.origin_office_id))
    .where(col(SupplyRequest.id) == bindparam("id"))
)
_LINES: Any = (  # Any: more columns than the types of a select count
    select_columns(
        *(col(RequestLine.id), col(Item.code).label("item"), col(Kit.code).label("kit"), col(RequestLine.description)),
        *(col(RequestLine.quantity), col(RequestLine.declared_value_cents), col(RequestLine.answer)),
        *(col(RequestLine.approved), col(RequestLine.substitute), col(RequestLine.reason), col(RequestLine.packed)),
    )
    .select_from(RequestLine)
    .outerjoin(Item, col(Item.id) == col(RequestLine.item_id))
    .outerjoin(Kit, col(Kit.id) == col(RequestLine.kit_id))
    .where(col(RequestLine.request_id) == bindparam("id"))
    .order_by(col(RequestLine.position))
)


class RequestAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan asks for, for one case."""

    case: TypedCode
    lines: Annotated[tuple[LineAsked, ...], msgspec.Meta(min_length=1, max_length=100)]
    needed_by: date | None = None


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers to the lines named; without any, every line as asked."""

    lines: Annotated[tuple[LineAnswer, ...], msgspec.Meta(min_length=1, max_length=200)] | None = None


class Because(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Text


class LineView(msgspec.Struct, frozen=True):
    """One thing asked for, what was said to it, and how many boxes hold of it. Money in euros."""

    id: UUID
    item: str | None
    kit: str | None
    description: str
    quantity: int
    declared_value_eur: float | None
    answer: Answer | None
    approved_quantity: int | None
    substitute: str | None
    reason: str | None
    packed_quantity: int


class RequestView(msgspec.Struct, frozen=True):
    """A request with its lines."""

    code: str
    case: str
    host_office: str
    origin_office: str
    asked_at: Instant
    needed_by: date | None
    state: str
    lines: list[LineView]


class RequestRow(msgspec.Struct, frozen=True):
    """A request in a list."""

    code: str
    case: str
    host_office: str
    origin_office: str
    asked_at: Instant
    needed_by: date | None
    state: str


@post("/requests", status_code=201, sync_to_thread=True, opt=open_to())
def ask(data: JSONBody[RequestAsked], edge: NamedDependency[Edge]) -> Response[RequestView]:
    """Log a request. A kit becomes one line an item, so that it can be filled in part."""

    def verb(session: Session) -> RequestView:
        case = codes.read(codes.Kind.CASE, data.case)
        request = asking.ask(session, case, data.lines, needed_by=data.needed_by, by=edge.by, now=edge.now)
        return request_view(session, request)

    return edge.write(verb, status=201)


@post("/requests/{code:str}/approve", status_code=200, sync_to_thread=True, opt=open_to())
def approve(
    code: FromPath[str], edge: NamedDependency[Edge], data: JSONBody[Approval | None] = None
) -> Response[RequestView]:
    """Answer line by line: approved, substituted, short or declined, with reasons."""

    def verb(session: Session) -> RequestView:
        number = codes.read(codes.Kind.REQUEST, code)
        lines = data.lines if data else None
        return request_view(session, answering.approve(session, number, lines, by=edge.by, now=edge.now))

    return edge.write(verb)


@post("/requests/{code:str}/decline", status_code=200, sync_to_thread=True, opt=open_to())
def decline(code: FromPath[str], data: JSONBody[Because], edge: NamedDependency[Edge]) -> Response[RequestView]:
    """Decline every line, for one reason."""

    def verb(session: Session) -> RequestView:
        number = codes.read(codes.Kind.REQUEST, code)
        return request_view(session, answering.decline(session, number, reason=data.reason, by=edge.by, now=edge.now))

    return edge.write(verb)


@post("/requests/{code:str}/withdraw", status_code=200, sync_to_thread=True, opt=open_to())
def withdraw(code: FromPath[str], data: JSONBody[Because], edge: NamedDependency[Edge]) -> Response[RequestView]:
    """Take the request back, unless something of it is packed."""

    def verb(session: Session) -> RequestView:
        number = codes.read(codes.Kind.REQUEST, code)
        return request_view(session, asking.withdraw(session, number, reason=data.reason, by=edge.by, now=edge.now))

    return edge.write(verb)


@get("/requests/{code:str}", sync_to_thread=True, opt=open_to())
def read_request(code: FromPath[str], edge: NamedDependency[Edge]) -> RequestView:
    """One request with its lines."""
    number = codes.read(codes.Kind.REQUEST, code)
    return edge.read(lambda session: request_view(session, find(session, SupplyRequest, number, "request")))


@get("/requests", sync_to_thread=True, opt=open_to())
def list_requests(
    edge: NamedDependency[Edge],
    office: FromQuery[OfficeCode | None] = None,
    q: FromQuery[Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = 50,
) -> Response[Page[RequestRow]]:
    """Requests in sight, newest first. `q`: the code of a request or of its case."""

    def show(session: Session) -> Response[Page[RequestRow]]:
        statement = (
            select(SupplyRequest, Case.code)
            .join(Case, col(Case.id) == SupplyRequest.case_id)
            .order_by(col(SupplyRequest.id).desc())
            .limit(limit + 1)
        )
        if office:
            at = office_by_code(session, office).id
            statement = statement.where((SupplyRequest.host_office_id == at) | (SupplyRequest.origin_office_id == at))
        if q:
            wanted = codes.canonical(q)
            statement = statement.where((SupplyRequest.code == wanted) | (Case.code == wanted))
        if (last := after(cursor)) is not None:
            statement = statement.where(col(SupplyRequest.id) < last)
        found = session.exec(statement).all()
        offices = office_codes(session, [id for one, _ in found for id in (one.host_office_id, one.origin_office_id)])
        answered = _answered(session, [one.id for one, _ in found])
        rows = [(one.id, _row(one, case, offices, one.id in answered)) for one, case in found]
        return page(rows, limit, "/api/v1/requests", {"office": office, "q": q})

    return edge.read(show)


def request_view(session: Session, request: SupplyRequest) -> RequestView:
    """As it is shown."""
    session.flush()
    connection = session.connection()
    case, host, origin = connection.execute(_ABOUT, {"id": request.id}).one()
    lines = connection.execute(_LINES, {"id": request.id}).all()
    return RequestView(
        code=request.code,
        case=case,
        host_office=host,
        origin_office=origin,
        asked_at=request.asked_at,
        needed_by=request.needed_by,
        state=_state(request, all(line.answer for line in lines)),
        lines=[_line(line) for line in lines],
    )


def _line(line: Any) -> LineView:  # Any: a row of _LINES
    return LineView(
        id=line.id,
        item=line.item,
        kit=line.kit,
        description=line.description,
        quantity=line.quantity,
        declared_value_eur=None if line.declared_value_cents is None else line.declared_value_cents / 100,
        answer=line.answer,
        approved_quantity=line.approved,
        substitute=line.substitute,
        reason=line.reason,
        packed_quantity=line.packed,
    )


def _row(request: SupplyRequest, case: str, offices: dict[UUID, str], answered: bool) -> RequestRow:
    return RequestRow(
        request.code,
        case,
        offices[request.host_office_id],
        offices[request.origin_office_id],
        request.asked_at,
        request.needed_by,
        _state(request, answered),
    )


def _state(request: SupplyRequest, answered: bool) -> str:
    if request.withdrawn_at is not None:
        return "withdrawn"
    return "answered" if answered else "asked"


def _answered(session: Session, ids: list[UUID]) -> set[UUID]:
    waiting = session.exec(
        select(RequestLine.request_id)
        .where(col(RequestLine.request_id).in_(ids), col(RequestLine.answer).is_(None))
        .distinct()
    )
    return set(ids) - set(waiting)


HANDLERS = [ask, approve, decline, withdraw, read_request, list_requests]
