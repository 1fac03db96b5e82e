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
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.polling.watch import LegWatch


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


def queue_stopped(session: Session, accounts: Sequence[str], *, now: datetime) -> int:
    """Accounts, by name, whose login was refused: once a day for each office whose boxes travel with them."""
    if not accounts:
        return 0
    rows = session.execute(
        select(Batch, col(CarrierAccount.name), col(CarrierAccount.carrier))
        .join(Leg, col(Leg.batch_id) == col(Batch.id))
        .join(LegWatch, col(LegWatch.leg_id) == col(Leg.id))
        .join(CarrierAccount, col(CarrierAccount.id) == col(LegWatch.account_id))
        .where(col(CarrierAccount.name).in_(accounts), col(Batch.stage).in_(TRAVELS))
    )
    told = {}
    for batch, account, carrier in rows:
        row = news_row(batch, "carrier", (News.CARRIER_STOPPED, "", {"carrier": carrier, "account": account}))
        once = f"{News.CARRIER_STOPPED}:{account}:{batch.host_office_id}:{now:%Y-%m-%d}"
        told[once] = {**row, "origin_office_id": batch.host_office_id, "object_code": account, "told_once": once}
    return write_news(session, list(told.values()), now)
