"""Once a day, at an hour of the office's own: what waits for the digest becomes one message."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select, update

from shipments.clock import local_date
from shipments.database import new_id
from shipments.errors import Invalid
from shipments.notices.delivery import Delivery, DeliveryLine
from shipments.notices.wish import NoticeWish
from shipments.offices.office import Office


def next_digest(hour: int | None, time_zone: str, *, now: datetime) -> datetime | None:
    """The next time, UTC, that it is this hour there; None for no digest. Raises Invalid for an hour no day has."""
    if hour is None:
        return None
    if not 0 <= hour <= 23:
        raise Invalid([("digest_hour", "an hour of the day, 0 to 23")])
    today = local_date(now, time_zone)
    days = (datetime.combine(today + timedelta(days=ahead), time(hour), ZoneInfo(time_zone)) for ahead in (0, 1, 2))
    return next(at for day in days if (at := day.astimezone(UTC)) > now)


def make_digests(session: Session, *, now: datetime) -> int:
    """One delivery for each wish whose hour has come and that has news. An hour that was missed is made up, once."""
    due = (
        select(NoticeWish, Office.time_zone)
        .join(Office, col(Office.id) == col(NoticeWish.office_id))
        .where(col(NoticeWish.next_digest_at) <= now)
        .order_by(col(NoticeWish.id))
        .with_for_update(of=NoticeWish, skip_locked=True)
    )
    made = 0
    for wish, time_zone in session.exec(due).all():
        wish.next_digest_at = next_digest(wish.digest_hour, time_zone, now=now)
        made += _make(session, wish, now)
    return made


def _make(session: Session, wish: NoticeWish, now: datetime) -> bool:
    waiting = (col(DeliveryLine.wish_id) == wish.id, col(DeliveryLine.delivery_id).is_(None))
    if session.exec(select(DeliveryLine.notice_id).where(*waiting).limit(1)).first() is None:
        return False
    delivery = Delivery(id=new_id(), wish_id=wish.id, made_at=now, next_try_at=now)
    session.add(delivery)
    session.flush()
    session.execute(
        update(DeliveryLine).where(*waiting).values(delivery_id=delivery.id),
        execution_options={"synchronize_session": False},
    )
    return True
