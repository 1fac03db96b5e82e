"""Organisations and their offices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field, Session, SQLModel, select

from shipments.database import instant, new_id
from shipments.errors import Invalid


class Organisation(SQLModel, table=True):
    """Who runs, hosts or receives."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=200, unique=True)


class Office(SQLModel, table=True):
    """A place with staff, in one country. It may send, receive or both. Its contact is public."""

    __table_args__ = (
        CheckConstraint("length(country) = 2 AND country = upper(country)", name="country_iso3166"),
        CheckConstraint("may_send OR may_receive", name="has_a_purpose"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    code: str = Field(max_length=20, unique=True)
    name: str = Field(max_length=120)
    country: str = Field(max_length=2)
    time_zone: str = Field(max_length=60)
    languages: list[str] = Field(sa_type=JSON)
    public_phone: str = Field(max_length=40)
    public_address: str = Field(max_length=300)
    public_hours: str = Field(default="", max_length=120)
    may_send: bool = False
    may_receive: bool = False
    opened_at: datetime = instant()


def office_by_code(session: Session, code: str, field: str = "office") -> Office:
    """The office called `code`, e.g. `GN-CKY`; upper and lower case are one. Raises Invalid for `field`."""
    found = session.exec(select(Office).where(Office.code == code.strip().upper())).one_or_none()
    if found is None:
        raise Invalid([(field, f"the code of an office; there is none called {code[:20]!r}")])
    return found


def receiving_office(session: Session, code: str, field: str = "origin_office") -> Office:
    """As `office_by_code`, and it must receive boxes."""
    office = office_by_code(session, code, field)
    if not office.may_receive:
        raise Invalid([(field, f"an office that receives boxes; {office.code} does not")])
    return office


def sending_office(session: Session, code: str, field: str = "host_office") -> Office:
    """As `office_by_code`, and it must send boxes."""
    office = office_by_code(session, code, field)
    if not office.may_send:
        raise Invalid([(field, f"an office that sends boxes; {office.code} does not")])
    return office
