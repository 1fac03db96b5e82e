"""The journal, for auditors: newest first, and nothing else of the programme."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlmodel import Session, col, select

from api.access import open_to
from api.edge import Edge
from api.pages.visiting import staff_page, visitor
from shipments.errors import Invalid
from shipments.journal import JournalEntry
from shipments.offices.person import Person, Role
from shipments.offices.scope import Actor

ROWS = 50
AUDITS = frozenset({Role.AUDITOR})


@get("/journal", sync_to_thread=True, opt=open_to(AUDITS))
def show_journal(request: Request[Any, Any, State], edge: NamedDependency[Edge]) -> Response[bytes]:
    """`q`: the code of what an entry is about. `before`: the entry that the page before ended with."""
    q = request.query_params.get("q", "").strip()[:80]
    before = _number(request.query_params.get("before", ""))

    def show(session: Session) -> Response[bytes]:
        found = entries(session, edge.by, q, before)
        older = found[ROWS - 1][0].seq if len(found) > ROWS else None
        values = {"entries": found[:ROWS], "q": q, "older": older}
        return staff_page(request, "journal.html", visitor(session, request, edge), values)

    return edge.read(show)


def entries(session: Session, by: Actor, q: str, before: int | None) -> list[tuple[JournalEntry, str | None]]:
    """With the name of the member of staff who acted; one more than a page holds if there are more."""
    statement = select(JournalEntry, Person.name).join(Person, col(Person.id) == JournalEntry.person_id, isouter=True)
    offices = by.offices(AUDITS)
    if offices is not None:
        statement = statement.where(col(JournalEntry.office_id).in_(sorted(offices)))
    if q:
        statement = statement.where(col(JournalEntry.object_code).in_(sorted({q, q.upper()})))
    if before is not None:
        statement = statement.where(col(JournalEntry.seq) < before)
    return [
        (entry, name) for entry, name in session.exec(statement.order_by(col(JournalEntry.seq).desc()).limit(ROWS + 1))
    ]


def _number(typed: str) -> int | None:
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 16):
        raise Invalid([("before", "the number of an entry")])
    return int(typed)


HANDLERS = [show_journal]
