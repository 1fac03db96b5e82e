"""What became of what offices wished to be told."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlmodel import Session, col

from shipments.notices.delivery import Delivery
from shipments.notices.wishing import current_wishes


class WishReport(msgspec.Struct, frozen=True):
    """One wish, with how many of its messages wait, were sent and were given up; `trouble`: the newest of any."""

    id: UUID
    office: str
    address: str
    language: str
    digest_hour: int | None
    waiting: int
    sent: int
    given_up: int
    trouble: str | None


def report(session: Session) -> list[WishReport]:
    """Every wish that has not ended, by office."""
    counts = {row.wish_id: row for row in session.execute(_counts())}
    troubles = {row.wish_id: row.trouble for row in session.execute(_troubles())}
    return [
        WishReport(
            id=wish.id,
            office=office.code,
            address=wish.address,
            language=wish.language,
            digest_hour=wish.digest_hour,
            waiting=counts[wish.id].waiting if wish.id in counts else 0,
            sent=counts[wish.id].sent if wish.id in counts else 0,
            given_up=counts[wish.id].given_up if wish.id in counts else 0,
            trouble=troubles.get(wish.id),
        )
        for wish, office in current_wishes(session)
    ]


def _counts() -> Any:  # Any: a select of four columns
    return select(
        col(Delivery.wish_id),
        func.count(col(Delivery.next_try_at)).label("waiting"),
        func.count(col(Delivery.sent_at)).label("sent"),
        func.count(col(Delivery.gave_up_at)).label("given_up"),
    ).group_by(col(Delivery.wish_id))


def _troubles() -> Any:  # Any: a select of two columns, the newest last
    return (
        select(col(Delivery.wish_id), col(Delivery.trouble))
        .where(col(Delivery.trouble).is_not(None))
        .order_by(col(Delivery.made_at), col(Delivery.id))
    )
