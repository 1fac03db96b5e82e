"""Members of staff, their roles at offices, their API keys and sign-ins."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id, one_of, word


class Role(StrEnum):
    """What somebody does at an office."""

    COUNSELLOR = "counsellor"
    LOGISTICIAN = "logistician"
    RECEIVER = "receiver"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Person(SQLModel, table=True):
    """A member of staff. `email` in lower case; `password_hash` is Argon2id."""

    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(max_length=200, unique=True)
    name: str = Field(max_length=120)
    language: str = Field(default="en", max_length=10)
    password_hash: str | None = Field(default=None, max_length=200)
    added_at: datetime = instant()
    disabled_at: datetime | None = instant(default=None)
    looked_at: datetime | None = instant(default=None)


class RoleAt(SQLModel, table=True):
    """One role at one office; without an office, at every one (coordinator, administrator and auditor only)."""

    __tablename__ = "role_at"
    __table_args__ = (
        UniqueConstraint("person_id", "role", "office_id"),
        Index(
            "uq_role_at_everywhere",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("office_id IS NULL"),
            postgresql_where=text("office_id IS NULL"),
        ),
        one_of("role", Role),
        CheckConstraint(
            "office_id IS NOT NULL OR role IN ('coordinator', 'administrator', 'auditor')", name="everywhere"
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    role: Role = word(Role)
    office_id: UUID | None = Field(default=None, foreign_key="office.id", index=True)


class ApiKey(SQLModel, table=True):
    """`sk_PREFIX_SECRET`: the prefix finds the row, the keyed hash of the whole key proves it."""

    __tablename__ = "api_key"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    prefix: str = Field(max_length=12, unique=True)
    hash: bytes = Field(max_length=32)
    may_write: bool = True
    made_at: datetime = instant()
    expires_at: datetime = instant()
    revoked_at: datetime | None = instant(default=None)


class SignIn(SQLModel, table=True):
    """One browser's session. Only the hash of its token is here; the token changes at every sign-in."""

    __tablename__ = "sign_in"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    hash: bytes = Field(max_length=32, unique=True)
    begun_at: datetime = instant()
    used_at: datetime = instant()
    ended_at: datetime | None = instant(default=None)


class Guesses(SQLModel, table=True):
    """How often something was guessed wrong in a window, for every process alike. `subject` is a keyed hash."""

    subject: bytes = Field(primary_key=True, max_length=32)
    since: datetime = instant()
    count: int = 0
