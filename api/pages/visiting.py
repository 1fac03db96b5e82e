"""Who looks at a staff page: their name, language, time zone, and the offices they work for."""

from collections.abc import Set
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from sqlmodel import Session, col, select

from api.access import STAFF
from api.edge import Edge
from api.pages.paper import page
from api.pages.speech import Tongue, tongue_of, zone_called
from shipments.offices.office import Office
from shipments.offices.person import Person, Role
from shipments.offices.scope import SEES_BOXES, Actor
from shipments.tracking.accounts.seeing import SEES_LEDGER


class OfficeThere(msgspec.Struct, frozen=True):
    """An office to choose from."""

    code: str
    name: str


class Visitor(msgspec.Struct, frozen=True):
    """`zone`: of their office, of the first one where there are several, UTC where all are.

    `sees_…`, `audits`: which pages are theirs.
    """

    person_id: UUID
    name: str
    tongue: Tongue
    zone: tzinfo
    looked_at: datetime | None
    offices: tuple[OfficeThere, ...]
    sees_boxes: bool
    audits: bool
    works: bool
    sees_ledger: bool


def visitor(session: Session, request: Request[Any, Any, State], edge: Edge) -> Visitor:
    """Whoever is signed in."""
    person_id = edge.by.person_id
    assert person_id is not None, "the guard let in somebody signed in"
    name, language, looked_at = session.exec(
        select(Person.name, Person.language, Person.looked_at).where(Person.id == person_id)
    ).one()
    offices = _offices(session, edge.by)
    everywhere = edge.by.offices() is None
    return Visitor(
        person_id=person_id,
        name=name,
        tongue=tongue_of(request, otherwise=language),
        zone=zone_called("UTC" if everywhere or not offices else offices[0].time_zone),
        looked_at=looked_at,
        offices=tuple(OfficeThere(one.code, one.name) for one in offices),
        sees_boxes=bool(edge.by.roles & SEES_BOXES),
        audits=Role.AUDITOR in edge.by.roles,
        works=bool(edge.by.roles & STAFF),
        sees_ledger=bool(edge.by.roles & SEES_LEDGER),
    )


def home_of(roles: Set[Role]) -> str:
    """Where somebody with these roles can do something."""
    if roles & SEES_BOXES:
        return "/board"
    if Role.ADMINISTRATOR in roles:
        return "/carriers"
    return "/journal" if Role.AUDITOR in roles else "/board"


def staff_page(
    request: Request[Any, Any, State], name: str, who: Visitor, values: dict[str, object], *, status: int = 200
) -> Response[bytes]:
    """A page of the inner rooms."""
    return page(request, name, who.tongue, {"who": who, **values}, status=status)


def _offices(session: Session, actor: Actor) -> list[Office]:
    offices = actor.offices()
    statement = select(Office).order_by(col(Office.code))
    if offices is not None:
        statement = statement.where(col(Office.id).in_(sorted(offices)))
    return list(session.exec(statement))
