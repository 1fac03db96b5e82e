"""Cases are opened, found and changed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec
from msgspec import UNSET, UnsetType
from sqlmodel import Session, col, select

from shipments.cases.case import Case, OutsideReference, PersonalKeyRow
from shipments.cases.noting import note_case
from shipments.cases.personal import (
    AT_HOST,
    must_work_with,
    personal_key,
    reference_index,
    seal_contact,
    seal_name,
    sealed_reference,
)
from shipments.codes import Kind, mint
from shipments.errors import Invalid, VersionStale
from shipments.offices import typed
from shipments.offices.office import receiving_office, sending_office
from shipments.offices.scope import Actor, find
from shipments.sealing import KeyRing

MOST_REFERENCES = 2
_PAST, _AHEAD = timedelta(days=366), timedelta(days=3 * 366)


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the person is reached, in the open."""

    phone: str | None = None
    email: str | None = None

    def __repr__(self) -> str:
        return "Contact(…)"


class CaseAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A case to open. Offices by code; up to two references of other systems, opaque text."""

    host_office: str
    origin_office: str
    language: str
    planned_departure: date | None = None
    name: str | None = None
    contact: Contact = Contact()
    outside_references: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "CaseAsked(…)"


class CaseChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What changes; what is left out stays. `contact` is replaced as a whole."""

    language: str | UnsetType = UNSET
    planned_departure: date | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    contact: Contact | UnsetType | None = UNSET

    def __repr__(self) -> str:
        return "CaseChange(…)"


def open_case(session: Session, ring: KeyRing, asked: CaseAsked, *, by: Actor, now: datetime) -> Case:
    """A new case at the host office. Raises Invalid, NotAllowed."""
    host = sending_office(session, asked.host_office)
    by.must_be(AT_HOST, host.id)
    origin = receiving_office(session, asked.origin_office)
    case = Case(
        code=mint(Kind.CASE),
        host_office_id=host.id,
        origin_office_id=origin.id,
        language=typed.language("language", asked.language),
        planned_departure=_departure(asked.planned_departure, now),
        opened_at=now,
    )
    session.add(case)
    wrapped = ring.new_personal_key(case.id)
    key = ring.personal(wrapped, case.id)
    seal_name(case, key, _name(asked.name))
    seal_contact(case, key, *_reached(asked.contact))
    references = [sealed_reference(ring, key, case.id, text) for text in _references(asked.outside_references)]
    session.flush()
    session.add_all([PersonalKeyRow(case_id=case.id, wrapped=wrapped), *references])
    session.flush()
    note_case(session, case, "case.open", by=by, now=now)
    return case


def change_case(
    session: Session,
    ring: KeyRing,
    code: str,
    change: CaseChange,
    *,
    expected_version: int,
    by: Actor,
    now: datetime,
) -> Case:
    """Writes what changed. Raises NotFound, NotAllowed, VersionStale, Invalid, WrongState where it was erased."""
    case = find(session, Case, code, "case", lock=True)
    must_work_with(by, case)
    if case.version != expected_version:
        raise VersionStale
    if change.language is not UNSET:
        case.language = typed.language("language", change.language)
    if change.planned_departure is not UNSET:
        case.planned_departure = _departure(change.planned_departure, now)
    if change.name is not UNSET:
        seal_name(case, personal_key(session, ring, case), _name(change.name))
    if change.contact is not UNSET:
        seal_contact(case, personal_key(session, ring, case), *_reached(change.contact or Contact()))
    case.version += 1
    session.flush()
    note_case(session, case, "case.change", by=by, now=now, fields=_fields(change))
    return case


def cases_called(session: Session, ring: KeyRing, reference: str) -> Sequence[Case]:
    """The cases in sight that another system calls `reference`, in any case of letters; newest first."""
    index = reference_index(ring, typed.line("q", reference, 80))
    called = select(OutsideReference.case_id).where(OutsideReference.index == index)
    return session.exec(select(Case).where(col(Case.id).in_(called)).order_by(col(Case.id).desc())).all()


def _departure(day: date | None, now: datetime) -> date | None:
    if day is not None and not now.date() - _PAST <= day <= now.date() + _AHEAD:
        raise Invalid([("planned_departure", "a date at most a year ago and at most three years ahead")])
    return day


def _name(name: str | None) -> str | None:
    return None if name is None else typed.line("name", name, 120)


def _reached(contact: Contact) -> tuple[str | None, str | None]:
    phone = None if contact.phone is None else typed.phone("contact.phone", contact.phone)
    email = None if contact.email is None else typed.email("contact.email", contact.email)
    return phone, email


def _references(references: Sequence[str]) -> list[str]:
    clean = [typed.line("outside_references", reference, 80) for reference in references]
    if len(clean) > MOST_REFERENCES or len({reference.casefold() for reference in clean}) < len(clean):
        raise Invalid([("outside_references", f"up to {MOST_REFERENCES} different references")])
    return clean


def _fields(change: CaseChange) -> str:
    return " ".join(field for field in change.__struct_fields__ if getattr(change, field) is not UNSET)
