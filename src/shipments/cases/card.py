"""The card a returnee holds: a QR with a secret token, and a PIN for the rest."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id

_ALIVE = text("revoked_at IS NULL")


class Card(SQLModel, table=True):
    """At most one card of a case is alive. The token is kept as a keyed hash, the PIN as Argon2id with pepper."""

    __table_args__ = (
        CheckConstraint("pin_failures BETWEEN 0 AND 5", name="five_failures"),
        Index("ix_card_case_id", "case_id"),
        Index("uq_card_alive", "case_id", unique=True, sqlite_where=_ALIVE, postgresql_where=_ALIVE),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="case.id")
    token_hash: bytes = Field(max_length=32, unique=True)
    pin_hash: str = Field(max_length=200)
    pin_failures: int = 0
    issued_at: datetime = instant()
    expires_at: datetime | None = instant(default=None)
    revoked_at: datetime | None = instant(default=None)
