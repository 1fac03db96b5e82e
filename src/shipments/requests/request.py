"""What a reintegration plan asks for."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id, one_of, word
from shipments.errors import TooMuch
from shipments.offices.scope import Scoped


class SupplyRequest(Scoped, table=True):
    """A request of one case; its lines say what for."""

    __tablename__ = "supply_request"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(max_length=32, unique=True)
    case_id: UUID = Field(foreign_key="case.id", index=True)
    host_office_id: UUID = Field(foreign_key="office.id", index=True)
    origin_office_id: UUID = Field(foreign_key="office.id", index=True)
    needed_by: date | None = None
    asked_at: datetime = instant()
    asked_by: UUID | None = Field(default=None, foreign_key="person.id")
    withdrawn_at: datetime | None = instant(default=None)
    withdrawn_reason: str | None = Field(default=None, max_length=500)


class Answer(StrEnum):
    """What the foundation said to a line."""

    APPROVED = "approved"
    SUBSTITUTED = "substituted"
    SHORT = "short"
    DECLINED = "declined"


class RequestLine(SQLModel, table=True):
    """One thing asked for. `packed` sums what boxes hold of it; the database keeps it within what was approved."""

    __tablename__ = "request_line"
    __table_args__ = (
        UniqueConstraint("request_id", "position"),
        CheckConstraint("quantity BETWEEN 1 AND 10000", name="quantity_sane"),
        CheckConstraint("approved BETWEEN 0 AND quantity", name="approved_within_quantity"),
        CheckConstraint("packed >= 0 AND packed <= coalesce(approved, 0)", name="packed_within_approved"),
        CheckConstraint("declared_value_cents > 0", name="value_above_zero"),
        CheckConstraint("(answer IS NULL) = (approved IS NULL)", name="answered_with_quantity"),
        CheckConstraint("item_id IS NOT NULL OR length(description) > 0", name="says_what"),
        one_of("answer", Answer),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    request_id: UUID = Field(foreign_key="supply_request.id")
    position: int
    item_id: UUID | None = Field(default=None, foreign_key="item.id", index=True)
    kit_id: UUID | None = Field(default=None, foreign_key="kit.id", index=True)
    description: str = Field(max_length=300)
    quantity: int
    declared_value_cents: int | None = None
    answer: Answer | None = word(Answer, default=None)
    approved: int | None = None
    substitute: str | None = Field(default=None, max_length=300)
    reason: str | None = Field(default=None, max_length=500)
    answered_at: datetime | None = instant(default=None)
    packed: int = 0

    def pack(self, quantity: int) -> None:
        """Books `quantity` more into boxes. Raises TooMuch beyond what was approved."""
        allowed = (self.approved or 0) - self.packed
        if quantity > allowed:
            raise TooMuch(
                f"Line {self.id}: {quantity} cannot be packed, {allowed} of {self.approved or 0} approved are left.",
                state=f"approved {self.approved or 0}, packed {self.packed}",
                expected=f"at most {allowed} more",
            )
        self.packed += quantity
