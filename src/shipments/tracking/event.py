"""What a carrier said about a leg."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, UniqueConstraint, exists
from sqlalchemy.orm import aliased
from sqlmodel import Field, SQLModel, col

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
    `earliest`, `latest`: the range in which it lies, where the carrier gives a window, a day or no zone that we know.
    """

    __tablename__ = "carrier_event"
    __table_args__ = (
        UniqueConstraint("leg_id", "source_id"),
        one_of("classifier", Classifier),
        one_of("milestone", Milestone),
        one_of("reason", Reason),
        CheckConstraint("reason IS NULL OR coalesce(milestone, '') = 'exception'", name="reason_of_exception"),
        CheckConstraint("(earliest IS NULL) = (latest IS NULL) AND earliest <= latest", name="range_in_order"),
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
    earliest: datetime | None = instant(default=None)
    latest: datetime | None = instant(default=None)
    milestone: Milestone | None = word(Milestone, default=None)
    event: str | None = Field(default=None, max_length=40)
    reason: Reason | None = word(Reason, default=None)
    raw_code: str = Field(max_length=80)
    raw_text: str = Field(default="", max_length=300)
    place: str | None = Field(default=None, max_length=200)
    unlocode: str | None = Field(default=None, max_length=5)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    corrects_id: UUID | None = Field(default=None, foreign_key="carrier_event.id")


_other = aliased(CarrierEvent)
STANDS: ColumnElement[bool] = ~exists().where(
    col(_other.leg_id) == col(CarrierEvent.leg_id), col(_other.corrects_id) == col(CarrierEvent.id)
)
"""Of an event: no other one takes it back."""


class Dated(Protocol):
    """What a carrier said: a row, or a plain value."""

    @property
    def occurred_at(self) -> datetime | None: ...
    @property
    def earliest(self) -> datetime | None: ...
    @property
    def latest(self) -> datetime | None: ...
    @property
    def heard_at(self) -> datetime: ...


def moment_of(said: Dated) -> datetime:
    """Where it stands among others: at its time, else in the middle of its range, else where we heard it."""
    if said.occurred_at is None and said.earliest is not None and said.latest is not None:
        return said.earliest + (said.latest - said.earliest) / 2
    return said.occurred_at or said.heard_at
