"""A login with a carrier and its budget, shared by every worker."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id, one_of, word


class LoginKind(StrEnum):
    """A key in a header, or a client that is given a token for an hour or so (OAuth 2, client credentials)."""

    KEY = "key"
    OAUTH2 = "oauth2"


class ClientIn(StrEnum):
    """Where a client's id and secret stand when a token is asked for: Basic authorization, or the form."""

    HEADER = "header"
    BODY = "body"


class PausedWhy(StrEnum):
    """Why an account is left alone for a while. `asked_to_wait`: its carrier said until when; `over_quota`: it wants
    fewer calls and did not say; `day_over`: it said so again, so that the day's calls count as used up; `down`: its
    calls failed again and again.
    """

    ASKED_TO_WAIT = "asked_to_wait"
    OVER_QUOTA = "over_quota"
    DAY_OVER = "day_over"
    DOWN = "down"


class CarrierAccount(SQLModel, table=True):
    """A login with a carrier, its secrets sealed, and what it may be asked.

    `office_id`: whose legs it serves; None: every office's. `token_*`: the access token of an OAuth 2 login, fetched by
    whoever holds `token_leased_until`.

    The budget: calls stand `1 / per_second` apart, `next_call_at` is the first moment that no call has reserved.
    `day_calls` counts those reserved since `day_started`; a day begins `resets_at_minute` minutes after midnight UTC.
    `paused_until` and `stopped_reason` hold every leg of the account back; `failures`: since a call was last answered.

    `hook_*`: the secret that the carrier's pushes prove themselves with, and the one before it, valid for a while.
    """

    __tablename__ = "carrier_account"
    __table_args__ = (
        one_of("login", LoginKind),
        one_of("client_in", ClientIn),
        one_of("paused_why", PausedWhy),
        CheckConstraint("per_second > 0", name="per_second_positive"),
        CheckConstraint("per_day > 0", name="per_day_positive"),
        CheckConstraint("per_leg_per_day > 0", name="per_leg_per_day_positive"),
        CheckConstraint("resets_at_minute BETWEEN 0 AND 1439", name="resets_within_a_day"),
        CheckConstraint("day_calls >= 0 AND failures >= 0", name="counts_not_negative"),
        CheckConstraint("paused_why IS NULL OR paused_until IS NOT NULL", name="reason_of_a_pause"),
        CheckConstraint("(token_sealed IS NULL) = (token_until IS NULL)", name="token_has_an_end"),
        CheckConstraint("(hook_former_sealed IS NULL) = (hook_former_until IS NULL)", name="former_secret_has_an_end"),
    )

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        """No secret, not even sealed."""
        return [("name", self.name), ("carrier", self.carrier)]

    def pause_at(self, now: datetime) -> datetime | None:
        """Until when it is paused; None: it is not."""
        return self.paused_until if self.paused_until is not None and self.paused_until > now else None

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=40, unique=True)
    carrier: str = Field(max_length=40, index=True)
    office_id: UUID | None = Field(default=None, foreign_key="office.id")
    base_url: str = Field(max_length=300)
    login: LoginKind = word(LoginKind, default=LoginKind.KEY)
    header: str = Field(default="API-Key", max_length=60)
    client_in: ClientIn = word(ClientIn, default=ClientIn.HEADER)
    token_url: str = Field(default="", max_length=300)
    scope: str = Field(default="", max_length=300)
    secret_sealed: bytes
    token_sealed: bytes | None = None
    token_until: datetime | None = instant(default=None)
    token_leased_until: datetime | None = instant(default=None)
    allow_private: bool = False
    per_second: float = 5.0
    per_day: int | None = None
    per_leg_per_day: int | None = None
    resets_at_minute: int = 0
    next_call_at: datetime | None = instant(default=None)
    day_started: datetime | None = instant(default=None)
    day_calls: int = 0
    paused_until: datetime | None = instant(default=None)
    paused_why: PausedWhy | None = word(PausedWhy, default=None)
    stopped_reason: str | None = Field(default=None, max_length=200)
    failures: int = 0
    hook_secret_sealed: bytes | None = None
    hook_former_sealed: bytes | None = None
    hook_former_until: datetime | None = instant(default=None)
