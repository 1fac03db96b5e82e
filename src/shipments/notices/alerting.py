"""News about carriers that somebody at the sending end must act on."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from shipments.batches.batch import Batch, Leg
from shipments.notices.notice import News
from shipments.notices.queueing import news_row, write_news
from shipments.progress.deriving import TRAVELS


def queue_unknown(session: Session, unknown: Sequence[tuple[UUID, str]], *, now: datetime) -> int:
    """(leg, code) of events whose code nobody mapped: once for each batch and code. Returns how many are new."""
    if not unknown:
        return 0
    rows = session.execute(
        select(col(Leg.id), Batch)
        .join(Batch, col(Batch.id) == col(Leg.batch_id))
        .where(col(Leg.id).in_({leg for leg, _ in unknown}))
    )
    batches = {row[0]: row[1] for row in rows}
    told = [
        news_row(batches[leg], "batch", (News.UNKNOWN_CODE, code, {"code": code}))
        for leg, code in dict.fromkeys(unknown)
    ]
    return write_news(session, told, now)


def queue_stopped(session: Session, carriers: Sequence[str], *, now: datetime) -> int:
    """Accounts whose login was refused: once a day for each office that sends with them."""
    if not carriers:
        return 0
    rows = session.execute(
        select(Batch, col(Leg.carrier))
        .join(Leg, col(Leg.batch_id) == col(Batch.id))
        .where(col(Leg.carrier).in_(carriers), col(Batch.stage).in_(TRAVELS))
    )
    told = {}
    for batch, carrier in rows:
        row = news_row(batch, "carrier", (News.CARRIER_STOPPED, "", {"carrier": carrier}))
        once = f"{News.CARRIER_STOPPED}:{carrier}:{batch.host_office_id}:{now:%Y-%m-%d}"
        told[once] = {**row, "origin_office_id": batch.host_office_id, "object_code": carrier, "told_once": once}
    return write_news(session, list(told.values()), now)
