"""What carriers tell us by themselves: the inbox of their pushes, and what we asked them to tell."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id, one_of, word


class PushState(StrEnum):
    """`parked`: no leg of ours that has left has its reference yet."""

    WAITING = "waiting"
    PARKED = "parked"
    HEARD = "heard"
    UNREADABLE = "unreadable"


class Push(SQLModel, table=True):
    """One message of a carrier, proved genuine, acknowledged, and read later by a job. The same body counts once
    for each subscription of ours that it came of.

    `subscription_key`: the carrier's key of the subscription that it says it came of; not proved.
    """

    __tablename__ = "carrier_push"
    __table_args__ = (
        one_of("state", PushState),
        UniqueConstraint("account_id", "digest"),
        Index("ix_carrier_push_state", "state", "received_at"),
        CheckConstraint("size >= 0 AND news >= 0", name="counts_not_negative"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID = Field(foreign_key="carrier_account.id")
    digest: bytes
    body_sealed: bytes
    size: int
    received_at: datetime = instant()
    subscription_key: str | None = Field(default=None, max_length=120)
    state: PushState = word(PushState, default=PushState.WAITING)
    read_at: datetime | None = instant(default=None)
    news: int = 0
    trouble: str | None = Field(default=None, max_length=300)


class PushedReference(SQLModel, table=True):
    """A reference that a parked message speaks of, without what people type into it."""

    __tablename__ = "pushed_reference"

    push_id: UUID = Field(primary_key=True, foreign_key="carrier_push.id", ondelete="CASCADE")
    reference: str = Field(primary_key=True, max_length=80, index=True)


class Subscription(SQLModel, table=True):
    """That a carrier tells us of a leg by itself. `until` None: for as long as it lives there.

    `leg_id` None: of a leg that is not asked about with this account any more. It is to be ended there.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        Index("ix_subscription_due", "account_id", "due_at"),
        CheckConstraint("failures >= 0", name="failures_not_negative"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    leg_id: UUID | None = Field(default=None, unique=True, foreign_key="leg.id")
    account_id: UUID = Field(foreign_key="carrier_account.id")
    carrier_key: str | None = Field(default=None, max_length=120)
    made_at: datetime | None = instant(default=None)
    until: datetime | None = instant(default=None)
    due_at: datetime | None = instant(default=None)
    failures: int = 0
    trouble: str | None = Field(default=None, max_length=300)
