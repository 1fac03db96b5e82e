"""News about carriers that somebody at the sending end must act on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlmodel import Session, col

from shipments.batches.batch import Batch, Leg
from shipments.database import new_id
from shipments.notices.notice import News
from shipments.notices.queueing import news_row, write_news
from shipments.offices.office import Office
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
    # One inside the other: from the batches of an office on, which end with the first, not from all legs of an account.
    with_it = exists().where(
        *(col(Leg.batch_id) == col(Batch.id), col(LegWatch.leg_id) == col(Leg.id)),
        col(LegWatch.account_id) == col(CarrierAccount.id),
    )
    travels = exists().where(
        col(Batch.host_office_id) == col(Office.id),
        col(Batch.stage).in_(TRAVELS),
        with_it.correlate_except(Leg, LegWatch),
    )
    rows = session.execute(
        select(col(Office.id), col(CarrierAccount.name), col(CarrierAccount.carrier))
        .select_from(Office)
        .join(CarrierAccount, travels)
        .where(col(CarrierAccount.name).in_(accounts))
    )
    return write_news(session, [_stopped(office, name, carrier, now) for office, name, carrier in rows], now)


def _stopped(office_id: UUID, account: str, carrier: str, now: datetime) -> dict[str, Any]:  # Any: columns
    return {
        "id": new_id(),
        "news": News.CARRIER_STOPPED,
        "object_kind": "carrier",
        "object_code": account,
        "host_office_id": office_id,
        "origin_office_id": office_id,
        "facts": {"carrier": carrier, "account": account},
        "told_once": f"{News.CARRIER_STOPPED}:{account}:{office_id}:{now:%Y-%m-%d}",
    }
