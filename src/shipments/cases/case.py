"""The case of one returnee. Who it is stands in sealed fields only."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id, one_of, word
from shipments.offices.scope import Scoped


class Case(Scoped, table=True):
    """One returnee, by our code. The sealed fields open with the key in PersonalKeyRow."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(max_length=32, unique=True)
    host_office_id: UUID = Field(foreign_key="office.id", index=True)
    origin_office_id: UUID = Field(foreign_key="office.id", index=True)
    language: str = Field(max_length=10)
    planned_departure: date | None = None
    name_sealed: bytes | None = None
    phone_sealed: bytes | None = None
    email_sealed: bytes | None = None
    opened_at: datetime = instant()
    version: int = 1


class PersonalKeyRow(SQLModel, table=True):
    """A person's wrapped key. Destroying this row makes what it sealed unreadable."""

    __tablename__ = "personal_key"

    case_id: UUID = Field(primary_key=True, foreign_key="case.id")
    wrapped: bytes


class OutsideReference(SQLModel, table=True):
    """What another system calls the case: opaque text, sealed; `index` is a keyed hash to search by."""

    __tablename__ = "outside_reference"
    __table_args__ = (UniqueConstraint("case_id", "index"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="case.id", index=True)
    sealed: bytes
    index: bytes = Field(max_length=32, index=True)


class Turn(StrEnum):
    """What decides over a case."""

    DEPARTED = "departed"
    WITHDRAWN = "withdrawn"


class CaseTurn(SQLModel, table=True):
    """A fact: the returnee left, or withdrew. Each at most once."""

    __tablename__ = "case_turn"
    __table_args__ = (UniqueConstraint("case_id", "turn"), one_of("turn", Turn))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="case.id")
    turn: Turn = word(Turn)
    on: date
    reason: str = Field(default="", max_length=500)
    heard_at: datetime = instant()
    person_id: UUID | None = Field(default=None, foreign_key="person.id")


class ConsentKind(StrEnum):
    """How somebody agreed."""

    WRITTEN = "written"
    AUDIO = "audio"
    VERBAL_CERTIFIED = "verbal_certified"


class Consent(SQLModel, table=True):
    """A fact: the returnee agreed to a purpose."""

    __table_args__ = (one_of("kind", ConsentKind),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="case.id", index=True)
    kind: ConsentKind = word(ConsentKind)
    purpose: str = Field(max_length=200)
    on: date
    heard_at: datetime = instant()
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
