"""A message on its way out of the house, and the news that it carries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id


class Delivery(SQLModel, table=True):
    """One mail or webhook call. Its id is the message's own for ever, so that a receiver knows a repetition.

    It waits until `next_try_at`, or it is over: sent, or given up. A worker writes only with the newest `fence`.
    """

    __table_args__ = (
        CheckConstraint(
            "(next_try_at IS NULL) = (sent_at IS NOT NULL OR gave_up_at IS NOT NULL)", name="waits_or_is_over"
        ),
        CheckConstraint("sent_at IS NULL OR gave_up_at IS NULL", name="ends_once"),
        CheckConstraint("fence >= 0 AND attempts >= 0", name="counts_not_negative"),
        Index(
            "ix_delivery_next_try_at",
            "next_try_at",
            sqlite_where=text("next_try_at IS NOT NULL"),
            postgresql_where=text("next_try_at IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    wish_id: UUID = Field(foreign_key="notice_wish.id", index=True)
    made_at: datetime = instant(index=True)
    next_try_at: datetime | None = instant(default=None)
    leased_until: datetime | None = instant(default=None)
    fence: int = 0
    attempts: int = 0
    sent_at: datetime | None = instant(default=None)
    gave_up_at: datetime | None = instant(default=None)
    trouble: str | None = Field(default=None, max_length=200)


class DeliveryLine(SQLModel, table=True):
    """One piece of news for one wish, once: its key says so. Without `delivery_id` it waits for the day's digest."""

    __tablename__ = "delivery_line"

    wish_id: UUID = Field(primary_key=True, foreign_key="notice_wish.id")
    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id")
    delivery_id: UUID | None = Field(default=None, foreign_key="delivery.id", index=True)
