"""What a carrier's no means for its account, and who must know of it."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from shipments.errors import CarrierError
from shipments.notices.alerting import queue_stopped
from shipments.tracking.polling.blaming import blame_account


def blame_and_tell(session: Session, account_id: UUID, error: CarrierError, *, pace: float, now: datetime) -> None:
    """No token was had: the account is paused, or stopped and somebody told."""
    stopped = blame_account(session, account_id, error, pace=pace, now=now)
    queue_stopped(session, [stopped] if stopped else [], now=now)
