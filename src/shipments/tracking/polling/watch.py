"""When a leg is asked about next, and who is asking now."""

from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from shipments.database import instant


class Urgency(IntEnum):
    """Who goes first where the budget is short: the lower, the sooner."""

    NEAR_A_CHANGE = 0
    UNDER_WAY = 1
    QUIET = 2


class LegWatch(SQLModel, table=True):
    """A leg that is asked about. A worker writes only with the newest `fence`.

    `wait_s`: what it waits between two calls as things stand, for the forecast. `leg_calls`: calls about it since
    `leg_day_started`, the start of its account's day. `arrival_at`: as last estimated by the carrier.
    `answer_digest`: of the last answer, where it held no doubt; the same again is nothing new. `pushed_at`: when the
    carrier last told us by itself.
    """

    __tablename__ = "leg_watch"
    __table_args__ = (
        Index(
            "ix_leg_watch_due",
            "account_id",
            "urgency",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        CheckConstraint("fence >= 0 AND failures >= 0 AND leg_calls >= 0", name="counts_not_negative"),
        CheckConstraint("urgency BETWEEN 0 AND 2", name="urgency_known"),
        CheckConstraint("wait_s > 0", name="wait_positive"),
    )

    leg_id: UUID = Field(primary_key=True, foreign_key="leg.id")
    account_id: UUID = Field(foreign_key="carrier_account.id", index=True)
    urgency: int = Urgency.UNDER_WAY
    due_at: datetime | None = instant(default=None)
    wait_s: int | None = None
    leased_until: datetime | None = instant(default=None)
    fence: int = 0
    failures: int = 0
    asked_at: datetime | None = instant(default=None)
    since: datetime | None = instant(default=None)
    leg_day_started: datetime | None = instant(default=None)
    leg_calls: int = 0
    arrival_at: datetime | None = instant(default=None)
    answer_digest: bytes | None = None
    pushed_at: datetime | None = instant(default=None)
    trouble: str | None = Field(default=None, max_length=300)
