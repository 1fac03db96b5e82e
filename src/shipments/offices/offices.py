"""Offices are opened."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlmodel import Session, select

from shipments import journal
from shipments.errors import Conflict, Invalid
from shipments.journal import Noted
from shipments.offices import typed
from shipments.offices.office import Office, Organisation
from shipments.offices.people import must_administer
from shipments.offices.scope import Actor


class OfficeAsked(msgspec.Struct, frozen=True):
    """A new office. `country` is an ISO 3166 code of two letters, `time_zone` an IANA name."""

    organisation: str
    code: str
    name: str
    country: str
    time_zone: str
    languages: tuple[str, ...]
    public_phone: str
    public_address: str
    public_hours: str = ""
    may_send: bool = False
    may_receive: bool = False


def add_office(session: Session, asked: OfficeAsked, *, by: Actor, now: datetime) -> Office:
    """Opens it. Raises Invalid, Conflict where the code is taken, NotAllowed."""
    must_administer(by, [None])
    code = typed.line("code", asked.code, 20).upper()
    _refuse_unfit(asked, code)
    if session.exec(select(Office.id).where(Office.code == code)).first() is not None:
        raise Conflict(f"There is an office {code} already.")
    name = typed.line("organisation", asked.organisation, 200)
    organisation = session.exec(select(Organisation).where(Organisation.name == name)).one_or_none()
    if organisation is None:
        organisation = Organisation(name=name)
        session.add(organisation)
        session.flush()
    office = Office(
        organisation_id=organisation.id,
        code=code,
        name=typed.line("name", asked.name, 120),
        country=asked.country,
        time_zone=asked.time_zone,
        languages=[typed.language("languages", one) for one in asked.languages],
        public_phone=typed.phone("public_phone", asked.public_phone),
        public_address=typed.line("public_address", asked.public_address, 300),
        public_hours=asked.public_hours[:120],
        may_send=asked.may_send,
        may_receive=asked.may_receive,
        opened_at=now,
    )
    session.add(office)
    session.flush()
    journal.note(session, Noted(now, "office.add", "office", code, by.person_id, office.id))
    return office


def _refuse_unfit(asked: OfficeAsked, code: str) -> None:
    wrong: list[tuple[str, str]] = []
    if not code.isascii() or not code.replace("-", "").isalnum():
        wrong.append(("code", "letters, digits and dashes, e.g. GN-CKY"))
    if not (len(asked.country) == 2 and asked.country.isascii() and asked.country.isupper()):
        wrong.append(("country", "two capital letters of ISO 3166, e.g. GN"))
    try:
        ZoneInfo(asked.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        wrong.append(("time_zone", "an IANA time zone, e.g. Africa/Conakry"))
    if not asked.languages:
        wrong.append(("languages", "at least one language"))
    if not (asked.may_send or asked.may_receive):
        wrong.append(("may_send, may_receive", "at least one of them"))
    if wrong:
        raise Invalid(wrong)
