"""A transaction as an edge makes it, and a case with a name to keep secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlmodel import Session

from shipments.cases.case import Case
from shipments.cases.opening import CaseAsked, Contact, open_case
from shipments.database import Database
from shipments.journal import append_noted
from shipments.offices.scope import NOBODY, Actor, act_as
from shipments.sealing import KeyRing
from tests.builders import NOON

NAME, PHONE, EMAIL = "Canary Diallo", "+224 600 55 01 77", "canary@example.org"
REFERENCES = ("CANARY-001", "canary/é/2")
ASKED = CaseAsked(
    host_office="NL-AMS",
    origin_office="gn-cky",
    language="fr",
    planned_departure=date(2026, 4, 1),
    name=NAME,
    contact=Contact(phone=PHONE, email=EMAIL),
    outside_references=REFERENCES,
)


@contextmanager
def acting(database: Database, by: Actor = NOBODY) -> Iterator[Session]:
    """Commits with its journal; a refusal rolls everything back."""
    with database.writing() as session:
        act_as(session, by)
        yield session
        session.flush()
        append_noted(session)


def a_whole_case(database: Database, ring: KeyRing, by: Actor, asked: CaseAsked = ASKED) -> Case:
    with acting(database, by) as session:
        return open_case(session, ring, asked, by=by, now=NOON)
