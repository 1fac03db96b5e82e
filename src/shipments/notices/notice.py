"""One piece of news for one office, and the outbox it waits in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlmodel import Field

from shipments.database import instant, new_id, one_of, word
from shipments.offices.scope import Scoped


class News(StrEnum):
    """What kind of news."""

    FIRST_DATE = "first_date"
    DATE_CHANGED = "date_changed"
    DISPATCHED = "dispatched"
    ARRIVED = "arrived"
    HELD = "held"
    SILENT = "silent"
    OVERDUE = "overdue"
    DISPUTED = "disputed"
    RECEIVED = "received"
    UNKNOWN_CODE = "unknown_code"
    CARRIER_STOPPED = "carrier_stopped"


TELL_DATES = frozenset({News.DISPATCHED, News.FIRST_DATE, News.DATE_CHANGED})
"""News that say when something is expected."""


class Notice(Scoped, table=True):
    """The outbox: told to the offices of a batch or a box. `told_once` makes each piece of news unique."""

    __table_args__ = (
        one_of("news", News),
        Index("ix_notice_host_office_id", "host_office_id", "noticed_at"),
        Index("ix_notice_origin_office_id", "origin_office_id", "noticed_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    news: News = word(News)
    host_office_id: UUID = Field(foreign_key="office.id")
    origin_office_id: UUID = Field(foreign_key="office.id")
    object_kind: str = Field(max_length=10)
    object_code: str = Field(max_length=32, index=True)
    facts: dict[str, str | None] = Field(default_factory=dict, sa_type=JSON)
    told_once: str = Field(max_length=160, unique=True)
    noticed_at: datetime = instant()
