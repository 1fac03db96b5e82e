"""Cases, consents and cards."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from api.access import open_to
from api.edge import Edge, shown_with_etag
from api.paging import Cursor, Limit, Page, after, page
from api.v1.views import office_codes
from shipments import codes
from shipments.cases import carding, opening, turning
from shipments.cases.card import Card
from shipments.cases.case import Case, ConsentKind, Turn
from shipments.cases.opening import CaseAsked, CaseChange
from shipments.cases.personal import Personal, may_read_personal, read_personal
from shipments.journal import Noted, Outcome
from shipments.offices.office import office_by_code
from shipments.offices.person import Role
from shipments.offices.scope import find
from shipments.shapes import Instant, OfficeCode, Text

WORKS_WITH_CASES = frozenset({Role.COUNSELLOR, Role.RECEIVER, Role.COORDINATOR})
SEES_CASES = WORKS_WITH_CASES | {Role.LOGISTICIAN}


class CaseView(msgspec.Struct, frozen=True):
    """A case. `personal` only for those who work with the person; null for everybody else."""

    code: str
    host_office: str
    origin_office: str
    language: str
    opened_at: Instant
    planned_departure: date | None
    departed_on: date | None
    withdrawn_on: date | None
    has_card: bool
    version: int
    personal: Personal | None = None


class CaseRow(msgspec.Struct, frozen=True):
    """A case in a list: nothing personal."""

    code: str
    host_office: str
    origin_office: str
    language: str
    opened_at: Instant
    planned_departure: date | None


class OnDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The day it happened."""

    at: date


class Withdrawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The day, and why."""

    at: date
    reason: Text


class ConsentGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How, for what, and on which day somebody agreed."""

    kind: ConsentKind
    purpose: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    at: date


class CardView(msgspec.Struct, frozen=True):
    """Shown once: neither can be shown again."""

    url: str
    pin: str


@post("/cases", status_code=201, sync_to_thread=True, opt=open_to())
def open_case(data: JSONBody[CaseAsked], edge: NamedDependency[Edge]) -> Response[CaseView]:
    """Open a case. Name, contact and outside references are sealed under a key of the person's own."""

    def verb(session: Session) -> CaseView:
        return case_view(session, opening.open_case(session, edge.ring, data, by=edge.by, now=edge.now))

    return edge.write(verb, status=201)


@get("/cases", sync_to_thread=True, opt=open_to(SEES_CASES))
def list_cases(
    edge: NamedDependency[Edge],
    office: FromQuery[OfficeCode | None] = None,
    q: FromQuery[Annotated[str, msgspec.Meta(min_length=1, max_length=80)] | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = 50,
) -> Response[Page[CaseRow]]:
    """Cases in sight, newest first. `q`: a case code, or what another system calls the case, whole.

    The latter finds cases whose personal fields you may read; what it finds is in the journal.
    """

    def show(session: Session) -> tuple[Response[Page[CaseRow]], list[Noted]]:
        called: list[UUID] = []
        statement = select(Case).order_by(col(Case.id).desc()).limit(limit + 1)
        if office:
            at = office_by_code(session, office).id
            statement = statement.where((col(Case.host_office_id) == at) | (col(Case.origin_office_id) == at))
        if (last := after(cursor)) is not None:
            statement = statement.where(col(Case.id) < last)
        if q:
            called = [case.id for case in _called(session, edge, q)]
            statement = statement.where((col(Case.id).in_(called)) | (col(Case.code) == codes.canonical(q)))
        found = session.exec(statement).all()
        offices = office_codes(session, [id for case in found for id in (case.host_office_id, case.origin_office_id)])
        rows = [(case.id, _row(case, offices)) for case in found]
        looks = [_look(edge, case, "case.find_by_reference") for case in found[:limit] if case.id in called]
        return page(rows, limit, "/api/v1/cases", {"office": office, "q": q}), looks

    return edge.look(show)


@get("/cases/{code:str}", sync_to_thread=True, opt=open_to(SEES_CASES))
def read_case(code: FromPath[str], edge: NamedDependency[Edge]) -> Response[CaseView]:
    """One case. Whoever works with the person also sees name and contact; that look is in the journal."""
    number = codes.read(codes.Kind.CASE, code)

    def show(session: Session) -> tuple[CaseView, list[Noted]]:
        case = find(session, Case, number, "case")
        if not may_read_personal(edge.by, case):
            return case_view(session, case), []
        personal = read_personal(session, edge.ring, case)
        return case_view(session, case, personal), [_look(edge, case, "case.read_personal")]

    return shown_with_etag(edge.look(show))


@patch("/cases/{code:str}", sync_to_thread=True, opt=open_to())
def change_case(code: FromPath[str], data: JSONBody[CaseChange], edge: NamedDependency[Edge]) -> Response[CaseView]:
    """Change what is named; the rest stays. Needs If-Match with the ETag that was read."""

    def verb(session: Session, version: int) -> CaseView:
        number = codes.read(codes.Kind.CASE, code)
        case = opening.change_case(session, edge.ring, number, data, expected_version=version, by=edge.by, now=edge.now)
        return case_view(session, case)

    return edge.change(verb)


@post("/cases/{code:str}/departed", status_code=200, sync_to_thread=True, opt=open_to())
def depart(code: FromPath[str], data: JSONBody[OnDay], edge: NamedDependency[Edge]) -> Response[CaseView]:
    """The returnee has left the host country: boxes may follow."""

    def verb(session: Session) -> CaseView:
        number = codes.read(codes.Kind.CASE, code)
        return case_view(session, turning.case_departed(session, number, on=data.at, by=edge.by, now=edge.now))

    return edge.write(verb)


@post("/cases/{code:str}/withdrawn", status_code=200, sync_to_thread=True, opt=open_to())
def withdraw_case(code: FromPath[str], data: JSONBody[Withdrawn], edge: NamedDependency[Edge]) -> Response[CaseView]:
    """The returnee withdrew. Their card is dead at once."""

    def verb(session: Session) -> CaseView:
        number = codes.read(codes.Kind.CASE, code)
        case = turning.case_withdrawn(session, number, on=data.at, reason=data.reason, by=edge.by, now=edge.now)
        return case_view(session, case)

    return edge.write(verb)


@post("/cases/{code:str}/consents", status_code=200, sync_to_thread=True, opt=open_to())
def consent(code: FromPath[str], data: JSONBody[ConsentGiven], edge: NamedDependency[Edge]) -> Response[CaseView]:
    """The returnee agreed to a purpose."""

    def verb(session: Session) -> CaseView:
        number = codes.read(codes.Kind.CASE, code)
        turning.consent(session, number, kind=data.kind, purpose=data.purpose, on=data.at, by=edge.by, now=edge.now)
        return case_view(session, find(session, Case, number, "case"))

    return edge.write(verb)


@post("/cases/{code:str}/card", status_code=201, sync_to_thread=True, opt=open_to())
def issue_card(code: FromPath[str], edge: NamedDependency[Edge]) -> Response[CardView]:
    """A new card; the one before it is dead. Address and PIN are shown in this answer only."""

    def verb(session: Session) -> CardView:
        number = codes.read(codes.Kind.CASE, code)
        card = carding.issue_card(session, edge.ring, number, base_url=edge.base_url, by=edge.by, now=edge.now)
        return CardView(card.url, card.pin)

    return edge.write(verb, status=201)


@delete("/cases/{code:str}/card", status_code=204, sync_to_thread=True, opt=open_to())
def revoke_card(code: FromPath[str], edge: NamedDependency[Edge]) -> None:
    """The card is dead from now on."""
    edge.act(lambda session: carding.revoke_card(session, codes.read(codes.Kind.CASE, code), by=edge.by, now=edge.now))


@post("/cases/{code:str}/card/unlock", status_code=200, sync_to_thread=True, opt=open_to())
def unlock_card(code: FromPath[str], edge: NamedDependency[Edge]) -> Response[CaseView]:
    """The PIN may be tried five times again."""

    def verb(session: Session) -> CaseView:
        number = codes.read(codes.Kind.CASE, code)
        carding.unlock_card(session, number, by=edge.by, now=edge.now)
        return case_view(session, find(session, Case, number, "case"))

    return edge.write(verb)


def case_view(session: Session, case: Case, personal: Personal | None = None) -> CaseView:
    """As it is shown, with what was decided so far."""
    offices = office_codes(session, [case.host_office_id, case.origin_office_id])
    turns = turning.turns_of(session, case)
    card = session.exec(select(Card.id).where(Card.case_id == case.id, col(Card.revoked_at).is_(None))).first()
    return CaseView(
        code=case.code,
        host_office=offices[case.host_office_id],
        origin_office=offices[case.origin_office_id],
        language=case.language,
        opened_at=case.opened_at,
        planned_departure=case.planned_departure,
        departed_on=turns.get(Turn.DEPARTED),
        withdrawn_on=turns.get(Turn.WITHDRAWN),
        has_card=card is not None,
        version=case.version,
        personal=personal,
    )


def _called(session: Session, edge: Edge, reference: str) -> list[Case]:
    found = opening.cases_called(session, edge.ring, reference)
    return [case for case in found if may_read_personal(edge.by, case)]


def _look(edge: Edge, case: Case, action: str) -> Noted:
    return Noted(edge.now, action, "case", case.code, edge.by.person_id, case.host_office_id, Outcome.SAW)


def _row(case: Case, offices: dict[UUID, str]) -> CaseRow:
    return CaseRow(
        case.code,
        offices[case.host_office_id],
        offices[case.origin_office_id],
        case.language,
        case.opened_at,
        case.planned_departure,
    )


HANDLERS = [
    open_case,
    list_cases,
    read_case,
    change_case,
    depart,
    withdraw_case,
    consent,
    issue_card,
    revoke_card,
    unlock_card,
]
