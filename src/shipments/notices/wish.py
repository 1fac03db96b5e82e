"""Who wishes to be told how: an office, at an address, at once or once a day."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id, one_of, word


class Channel(StrEnum):
    """The way by which news leave the house."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class WishEnd(StrEnum):
    """Why an office is no longer told."""

    REMOVED = "removed"
    GONE = "gone"


class NoticeWish(SQLModel, table=True):
    """An office is told of what passes through it, at `address`: an e-mail address, or the URL of a webhook.

    `digest_hour` in the office's time zone: once a day, in one mail, next at `next_digest_at`; None: at once.
    Until `former_until` webhooks are signed with the former secret too. An ended wish keeps neither address nor secret.
    """

    __tablename__ = "notice_wish"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("ended_reason", WishEnd),
        CheckConstraint("(ended_at IS NULL) = (ended_reason IS NULL)", name="ended_for_a_reason"),
        CheckConstraint("(ended_at IS NULL) = (address <> '')", name="address_until_the_end"),
        CheckConstraint(
            "(channel = 'webhook' AND ended_at IS NULL) = (secret_sealed IS NOT NULL)", name="webhooks_have_a_secret"
        ),
        CheckConstraint("(former_secret_sealed IS NULL) = (former_until IS NULL)", name="former_secret_ends"),
        CheckConstraint(
            "digest_hour IS NULL OR (digest_hour BETWEEN 0 AND 23 AND channel = 'email')", name="digests_are_mails"
        ),
        CheckConstraint("(digest_hour IS NULL OR ended_at IS NOT NULL) = (next_digest_at IS NULL)", name="digest_due"),
        Index(
            "uq_notice_wish_address",
            "office_id",
            "channel",
            "address",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    office_id: UUID = Field(foreign_key="office.id")
    channel: Channel = word(Channel)
    address: str = Field(max_length=500)
    language: str = Field(max_length=10)
    digest_hour: int | None = None
    next_digest_at: datetime | None = instant(default=None)
    secret_sealed: bytes | None = None
    former_secret_sealed: bytes | None = None
    former_until: datetime | None = instant(default=None)
    allow_private: bool = False
    wished_at: datetime = instant()
    ended_at: datetime | None = instant(default=None)
    ended_reason: WishEnd | None = word(WishEnd, default=None)
