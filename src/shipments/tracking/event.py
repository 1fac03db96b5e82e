"""What a carrier said about a leg, and when it is asked next."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id, one_of, word
from shipments.tracking.milestones import Milestone, Reason


class Classifier(StrEnum):
    """Whether it happened, is estimated, or is planned. Only ACT moves progress."""

    ACT = "ACT"
    EST = "EST"
    PLN = "PLN"


class CarrierEvent(SQLModel, table=True):
    """One thing a carrier said. Appended only. `milestone` None: we do not know the code, and do not guess.

    `occurred_at` is when it happened or shall happen, `said_at` when the carrier wrote it down, `heard_at` when we did.
    """

    __tablename__ = "carrier_event"
    __table_args__ = (
        UniqueConstraint("leg_id", "source_id"),
        one_of("classifier", Classifier),
        one_of("milestone", Milestone),
        one_of("reason", Reason),
        CheckConstraint("reason IS NULL OR coalesce(milestone, '') = 'exception'", name="reason_of_exception"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    leg_id: UUID = Field(foreign_key="leg.id")
    source_id: str = Field(max_length=80)
    classifier: Classifier = word(Classifier)
    occurred_at: datetime | None = instant(default=None)
    occurred_as_written: str = Field(default="", max_length=60)
    tz_known: bool = True
    heard_at: datetime = instant()
    said_at: datetime | None = instant(default=None)
    milestone: Milestone | None = word(Milestone, default=None)
    event: str | None = Field(default=None, max_length=40)
    reason: Reason | None = word(Reason, default=None)
    raw_code: str = Field(max_length=80)
    raw_text: str = Field(default="", max_length=300)
    place: str | None = Field(default=None, max_length=200)
    unlocode: str | None = Field(default=None, max_length=5)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    corrects_id: UUID | None = Field(default=None, foreign_key="carrier_event.id")


class CarrierAccount(SQLModel, table=True):
    """A login with a carrier. The secret is sealed; `paused_until` holds every leg of the account back.

    `next_call_at`: the first moment that no call of any worker has reserved yet; calls stand `1 / per_second` apart.
    """

    __tablename__ = "carrier_account"
    __table_args__ = (CheckConstraint("per_second > 0", name="per_second_positive"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    carrier: str = Field(max_length=40, unique=True)
    base_url: str = Field(max_length=300)
    header: str = Field(default="API-Key", max_length=60)
    secret_sealed: bytes
    allow_private: bool = False
    per_second: float = 5.0
    next_call_at: datetime | None = instant(default=None)
    paused_until: datetime | None = instant(default=None)
    stopped_reason: str | None = Field(default=None, max_length=200)
    failures: int = 0


class LegWatch(SQLModel, table=True):
    """When a leg is asked next, and who is asking now. A worker writes only with the newest `fence`."""

    __tablename__ = "leg_watch"
    __table_args__ = (
        Index(
            "ix_leg_watch_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        CheckConstraint("fence >= 0 AND failures >= 0", name="counts_not_negative"),
    )

    leg_id: UUID = Field(primary_key=True, foreign_key="leg.id")
    account_id: UUID = Field(foreign_key="carrier_account.id", index=True)
    due_at: datetime | None = instant(default=None)
    leased_until: datetime | None = instant(default=None)
    fence: int = 0
    failures: int = 0
    asked_at: datetime | None = instant(default=None)
    since: datetime | None = instant(default=None)
    trouble: str | None = Field(default=None, max_length=300)
