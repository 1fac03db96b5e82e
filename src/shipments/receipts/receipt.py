"""What an office says arrived, and what it handed over. Facts: appended, corrected by other facts."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id, one_of, word

CLOCK_ERROR = timedelta(days=2)  # a phone that was offline may be this wrong


class Condition(StrEnum):
    """How a box looked on arrival."""

    GOOD = "good"
    DAMAGED = "damaged"
    OPENED = "opened"
    WET = "wet"


class Receipt(SQLModel, table=True):
    """Goods received note of one box. `id` is the caller's, so that a repeated note is the same note."""

    __table_args__ = (one_of("condition", Condition), Index("ix_receipt_box_id", "box_id", "heard_at"))

    id: UUID = Field(primary_key=True)
    box_id: UUID = Field(foreign_key="box.id")
    office_id: UUID = Field(foreign_key="office.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    arrived_at: datetime = instant()
    heard_at: datetime = instant()
    condition: Condition = word(Condition)
    seal_number: str | None = Field(default=None, max_length=40)
    note: str = Field(default="", max_length=1000)
    counted: bool
    body_hash: bytes = Field(max_length=32)
    corrects_id: UUID | None = Field(default=None, foreign_key="receipt.id")


class ReceiptLine(SQLModel, table=True):
    """A counted line; with `surplus` above zero and no box line, something nobody had listed."""

    __tablename__ = "receipt_line"
    __table_args__ = (
        Index("uq_receipt_line_box_line", "receipt_id", "box_line_id", unique=True),
        CheckConstraint("good >= 0 AND damaged >= 0 AND missing >= 0 AND surplus >= 0", name="counts_not_negative"),
        CheckConstraint(
            "(box_line_id IS NULL) = (surplus > 0) AND (surplus = 0 OR length(description) > 0)",
            name="surplus_says_what",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    receipt_id: UUID = Field(foreign_key="receipt.id", index=True)
    box_line_id: UUID | None = Field(default=None, foreign_key="box_line.id", index=True)
    good: int = 0
    damaged: int = 0
    missing: int = 0
    surplus: int = 0
    description: str = Field(default="", max_length=300)


class Explanation(SQLModel, table=True):
    """What either end says about a line that does not add up. `settled` closes it."""

    __table_args__ = (Index("ix_explanation_receipt_line_id", "receipt_line_id", "heard_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    receipt_line_id: UUID = Field(foreign_key="receipt_line.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    heard_at: datetime = instant()
    text: str = Field(max_length=1000)
    settled: bool = False


class HandedTo(StrEnum):
    """Who takes the box."""

    RETURNEE = "returnee"
    PROXY = "proxy"


class Handover(SQLModel, table=True):
    """Takeover certificate: custody passes, wholly or in part, or is refused. `id` is the caller's."""

    __table_args__ = (
        one_of("taker", HandedTo),
        CheckConstraint("identity_checked OR refused IS NOT NULL", name="identity_checked"),
        CheckConstraint(
            "taker <> 'proxy' OR coalesce(length(authority), 0) > 0 OR refused IS NOT NULL", name="proxy_has_authority"
        ),
        Index("ix_handover_box_id", "box_id", "heard_at"),
    )

    id: UUID = Field(primary_key=True)
    box_id: UUID = Field(foreign_key="box.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    at: datetime = instant()
    heard_at: datetime = instant()
    taker: HandedTo = word(HandedTo)
    identity_checked: bool
    authority: str | None = Field(default=None, max_length=300)
    refused: str | None = Field(default=None, max_length=500)
    body_hash: bytes = Field(max_length=32)


class HandoverLine(SQLModel, table=True):
    """How many of a box line passed into the returnee's hands."""

    __tablename__ = "handover_line"
    __table_args__ = (
        Index("uq_handover_line_box_line", "handover_id", "box_line_id", unique=True),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    handover_id: UUID = Field(foreign_key="handover.id", index=True)
    box_line_id: UUID = Field(foreign_key="box_line.id", index=True)
    quantity: int
