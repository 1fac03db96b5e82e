"""The call ledger: every call to a carrier, what it was about and what came of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index
from sqlmodel import Field, SQLModel, col

from shipments.database import instant, new_id, one_of, word


class CallKind(StrEnum):
    """What a call is for."""

    TRACK = "track"
    PAGE = "page"
    TOKEN = "token"
    SUBSCRIBE = "subscribe"


class Outcome(StrEnum):
    """What came of a call. `not_made`: its place was reserved, and then it was better not to call."""

    NEWS = "news"
    NOTHING_NEW = "nothing_new"
    NOT_FOUND = "not_found"
    GRANTED = "granted"
    OVER_QUOTA = "over_quota"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    UNREADABLE = "unreadable"
    NOT_MADE = "not_made"


class CarrierCall(SQLModel, table=True):
    """One call. Written when its place in the budget is reserved, so that a killed worker's call is not forgotten.

    `at`: its place in the budget. `ended_at`, `outcome` None: whoever made it ended before saying what came of it.
    `size`: bytes of the answer as they came.
    """

    __tablename__ = "carrier_call"
    __table_args__ = (
        one_of("kind", CallKind),
        one_of("outcome", Outcome),
        CheckConstraint("legs >= 0 AND news >= 0 AND size >= 0 AND duration_ms >= 0", name="counts_not_negative"),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="outcome_has_an_end"),
        Index("ix_carrier_call_account_id_at", "account_id", "at"),
        Index("ix_carrier_call_at", "at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID = Field(foreign_key="carrier_account.id")
    kind: CallKind = word(CallKind)
    at: datetime = instant()
    ended_at: datetime | None = instant(default=None)
    outcome: Outcome | None = word(Outcome, default=None)
    status: int | None = None
    size: int | None = None
    duration_ms: int | None = None
    legs: int = 1
    news: int = 0


class CalledLeg(SQLModel, table=True):
    """A leg that a call was about. `due_at`: when it should have been asked; the call's `at` says when it was.

    No foreign key to the leg: a mistyped leg is taken back, and its calls stay accounted for.
    """

    __tablename__ = "called_leg"

    call_id: UUID = Field(primary_key=True, foreign_key="carrier_call.id", ondelete="CASCADE")
    leg_id: UUID = Field(primary_key=True, index=True)
    due_at: datetime | None = instant(default=None)


def made_within(account_id: UUID, first: datetime, last: datetime) -> tuple[ColumnElement[bool], ...]:
    """An account's calls in a time, without those that were better not made."""
    return (*within(account_id, first, last), col(CarrierCall.outcome).is_distinct_from(Outcome.NOT_MADE))


def within(account_id: UUID, first: datetime, last: datetime) -> tuple[ColumnElement[bool], ...]:
    """As the index of the ledger has it: an account's calls by time."""
    return (col(CarrierCall.account_id) == account_id, col(CarrierCall.at) >= first, col(CarrierCall.at) < last)
