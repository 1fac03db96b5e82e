"""What carriers told an account by themselves, counted for the ledger."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from shipments.tracking.pushes.push import Push, PushState


class Pushes(msgspec.Struct, frozen=True):
    """What the carrier told by itself. `parked`: none of our legs has its reference yet.

    `trouble`: of the newest that cannot be read, in English, without numbers or names; None where all can be.
    """

    waiting: int = 0
    parked: int = 0
    heard: int = 0
    unreadable: int = 0
    news: int = 0
    trouble: str | None = None


def pushes_told(session: Session, account_id: UUID, first: datetime, last: datetime) -> Pushes:
    """Of the messages that came within this time."""
    within = (col(Push.account_id) == account_id, col(Push.received_at) >= first, col(Push.received_at) < last)
    statement = select(col(Push.state), func.count(), func.sum(Push.news)).where(*within).group_by(col(Push.state))
    rows = session.exec(statement).all()
    counts = {state.value: count for state, count, _ in rows}
    trouble = _newest_trouble(session, *within) if PushState.UNREADABLE in counts else None
    return Pushes(**counts, news=sum(news for _, _, news in rows), trouble=trouble)


def _newest_trouble(session: Session, *within: ColumnElement[bool]) -> str | None:
    unreadable = select(Push.trouble).where(*within, col(Push.state) == PushState.UNREADABLE)
    return session.exec(unreadable.order_by(col(Push.received_at).desc(), col(Push.id).desc()).limit(1)).first()
