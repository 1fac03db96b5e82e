"""From news to messages that wait, to messages that somebody is sending, to what became of them.

The sending lies between, outside any transaction.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, delete, insert, or_, select, update
from sqlmodel import Session, col

from shipments import journal
from shipments.database import new_id
from shipments.journal import Noted
from shipments.notices.delivery import Delivery, DeliveryLine
from shipments.notices.notice import News, Notice
from shipments.notices.outgoing import Failed, Outgoing, Sent, Tried
from shipments.notices.wish import Channel, NoticeWish, WishEnd
from shipments.notices.wishing import end_wish
from shipments.offices.office import Office

# Only the sending end can mend these.
FOR_SENDERS = frozenset({News.UNKNOWN_CODE, News.CARRIER_STOPPED})
HOUR = timedelta(hours=1)
WAITS = (HOUR / 60, HOUR / 12, HOUR / 3, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 24 * HOUR)  # about three days
LONGEST_WAIT = 24 * HOUR
KEPT_FOR = timedelta(days=90)
# Asked in every transaction that has news: made once, and past the ORM.
_WISHES = select(col(NoticeWish.office_id), col(NoticeWish.id), col(NoticeWish.digest_hour)).where(
    col(NoticeWish.office_id).in_(bindparam("offices", expanding=True)), col(NoticeWish.ended_at).is_(None)
)


def queue_deliveries(session: Session, notices: Sequence[Mapping[str, Any]], *, now: datetime) -> int:
    """A line for each notice and wish; with its own delivery where the office wishes to know at once."""
    told = [(notice, office) for notice in notices for office in _told_offices(notice)]
    wishes = _wishes_of(session, {office for _, office in told})
    lines, deliveries = [], []
    for notice, office in told:
        for wish, digest_hour in wishes[office]:
            delivery = new_id() if digest_hour is None else None
            lines.append({"wish_id": wish, "notice_id": notice["id"], "delivery_id": delivery})
            if delivery:
                deliveries.append({"id": delivery, "wish_id": wish, "made_at": now, "next_try_at": now})
    if deliveries:
        session.connection().execute(insert(Delivery).values(fence=0, attempts=0), deliveries)
    if lines:
        session.connection().execute(insert(DeliveryLine), lines)
    return len(lines)


def claim_deliveries(
    session: Session, channels: Iterable[Channel], *, most: int, lease: timedelta, now: datetime
) -> list[Outgoing]:
    """Takes up to `most` messages that are due on a lease, oldest first; none of a wish that others are sending to.

    News that overtake each other would leave the former date as the last word.
    """
    wishes = select(col(NoticeWish.id)).where(
        col(NoticeWish.channel).in_(list(channels)), col(NoticeWish.ended_at).is_(None)
    )
    being_sent_to = select(col(Delivery.wish_id)).where(
        col(Delivery.next_try_at).is_not(None), col(Delivery.leased_until) >= now
    )
    due = (
        select(col(Delivery.id))
        .where(
            col(Delivery.next_try_at) <= now,
            (col(Delivery.leased_until).is_(None)) | (col(Delivery.leased_until) < now),
            col(Delivery.wish_id).in_(wishes),
            col(Delivery.wish_id).not_in(being_sent_to),
        )
        .order_by(col(Delivery.next_try_at), col(Delivery.id))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    claimed = session.execute(
        update(Delivery)
        .where(col(Delivery.id).in_(due.scalar_subquery()))
        .values(fence=col(Delivery.fence) + 1, leased_until=now + lease)
        .returning(col(Delivery.id), col(Delivery.fence), col(Delivery.wish_id), col(Delivery.made_at)),
        execution_options={"synchronize_session": False},
    ).all()
    return _loaded(session, claimed, now + lease)


def record_deliveries(session: Session, tried: Sequence[Tried], *, now: datetime) -> int:
    """What became of messages. Returns how many were left out because their lease was lost."""
    held = _still_held(session, tried)
    for one in tried:
        delivery = held.get(one.outgoing.id)
        if delivery is None:
            continue
        delivery.attempts += 1
        delivery.leased_until = None
        if isinstance(one.outcome, Sent):
            delivery.sent_at, delivery.next_try_at, delivery.trouble = now, None, None
        else:
            _put_off(delivery, one.outcome, now)
    session.flush()
    for wish_id in {one.outgoing.wish.id for one in tried if isinstance(one.outcome, Failed) and one.outcome.gone}:
        _end_gone(session, wish_id, now)
    return len(tried) - len(held)


def forget_old(session: Session, *, now: datetime) -> int:
    """Drops what was over more than KEPT_FOR ago, and what was made while its wish ended. Returns how many messages."""
    ended = select(col(NoticeWish.id)).where(col(NoticeWish.ended_at).is_not(None))
    waits = col(Delivery.next_try_at).is_not(None)
    over = or_(and_(~waits, col(Delivery.made_at) < now - KEPT_FOR), and_(waits, col(Delivery.wish_id).in_(ended)))
    lines = or_(
        col(DeliveryLine.delivery_id).in_(select(col(Delivery.id)).where(over)),
        and_(col(DeliveryLine.delivery_id).is_(None), col(DeliveryLine.wish_id).in_(ended)),
    )
    connection = session.connection()
    connection.execute(delete(DeliveryLine).where(lines))
    return connection.execute(delete(Delivery).where(over)).rowcount


def wait_after(attempts: int, wait_s: float | None) -> timedelta | None:
    """How long to wait after so many attempts, or longer if the receiver asked; None: it is time to give up."""
    if attempts > len(WAITS):
        return None
    wait = WAITS[attempts - 1] * random.uniform(0.9, 1.1)  # so that messages that failed together part
    return min(max(wait, timedelta(seconds=wait_s or 0)), LONGEST_WAIT * 1.1)


def _told_offices(notice: Mapping[str, Any]) -> set[UUID]:
    host, origin = notice["host_office_id"], notice["origin_office_id"]
    return {host} if notice["news"] in FOR_SENDERS else {host, origin}


def _wishes_of(session: Session, offices: set[UUID]) -> Mapping[UUID, list[tuple[UUID, int | None]]]:
    found: defaultdict[UUID, list[tuple[UUID, int | None]]] = defaultdict(list)
    if offices:
        for office, wish, digest_hour in session.connection().execute(_WISHES, {"offices": list(offices)}):
            found[office].append((wish, digest_hour))
    return found


def _loaded(session: Session, claimed: Sequence[Row[Any]], leased_until: datetime) -> list[Outgoing]:
    if not claimed:
        return []
    told = defaultdict(list)
    lines = (
        select(col(DeliveryLine.delivery_id), Notice)
        .join(Notice, col(Notice.id) == col(DeliveryLine.notice_id))
        .where(col(DeliveryLine.delivery_id).in_([row.id for row in claimed]))
        .order_by(col(Notice.noticed_at), col(Notice.id))
    )
    for delivery, notice in session.execute(lines):
        told[delivery].append(notice)
    wishes = {
        wish.id: (wish, time_zone)
        for wish, time_zone in session.execute(
            select(NoticeWish, col(Office.time_zone))
            .join(Office, col(Office.id) == col(NoticeWish.office_id))
            .where(col(NoticeWish.id).in_({row.wish_id for row in claimed}))
        )
    }
    offices = _codes(session, [notice for notices in told.values() for notice in notices])
    return [
        Outgoing(row.id, row.fence, leased_until, row.made_at, *wishes[row.wish_id], told[row.id], offices)
        for row in sorted(claimed, key=lambda row: (row.made_at, row.id))
    ]


def _codes(session: Session, notices: Sequence[Notice]) -> dict[UUID, str]:
    ids = {id for notice in notices for id in (notice.host_office_id, notice.origin_office_id)}
    rows = session.execute(select(col(Office.id), col(Office.code)).where(col(Office.id).in_(ids)))
    return {row.id: row.code for row in rows}


def _still_held(session: Session, tried: Sequence[Tried]) -> dict[UUID, Delivery]:
    """Those whose fence is still the newest; locked."""
    fences = {one.outgoing.id: one.outgoing.fence for one in tried}
    rows = session.execute(
        select(Delivery)
        .where(col(Delivery.id).in_(fences))
        .order_by(col(Delivery.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalars()
    return {row.id: row for row in rows if fences[row.id] == row.fence and row.next_try_at is not None}


def _put_off(delivery: Delivery, failed: Failed, now: datetime) -> None:
    wait = None if failed.for_good or failed.gone else wait_after(delivery.attempts, failed.wait_s)
    delivery.trouble = failed.trouble[:200]
    delivery.next_try_at = now + wait if wait else None
    delivery.gave_up_at = None if wait else now


def _end_gone(session: Session, wish_id: UUID, now: datetime) -> None:
    wish = session.get_one(NoticeWish, wish_id, with_for_update=True, populate_existing=True)
    if wish.ended_at is None:
        end_wish(session, wish, WishEnd.GONE, now=now)
        journal.note(session, Noted(now, "notices.gone", "notice_wish", str(wish.id), office_id=wish.office_id))
