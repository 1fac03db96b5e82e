"""What failed last with an account that is paused or fails again and again, as its calls in the ledger say."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from shipments.shapes import Instant
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.call import CarrierCall, Outcome

FAILED = (Outcome.OVER_QUOTA, Outcome.UNAVAILABLE, Outcome.UNREADABLE)


class FailedLast(msgspec.Struct, frozen=True):
    """A call that failed. `outcome`: over_quota, unavailable or unreadable; `status`: of its answer, if any came."""

    at: Instant
    outcome: Outcome
    status: int | None


def failed_last(session: Session, accounts: Collection[CarrierAccount], *, now: datetime) -> dict[UUID, FailedLast]:
    """Account → its newest call that failed; only of those that are paused, or that failed since they last answered."""
    failing = [one.id for one in accounts if one.failures or (one.paused_until and one.paused_until > now)]
    if not failing:
        return {}
    other = aliased(CarrierCall)
    # From the end of an account's index: an account that fails has failed lately.
    newest = (
        select(col(other.id))
        .where(col(other.account_id) == col(CarrierAccount.id), col(other.outcome).in_(FAILED))
        .order_by(col(other.at).desc())
        .limit(1)
        .correlate(CarrierAccount)
        .scalar_subquery()
    )
    found = session.execute(
        select(col(CarrierAccount.id), col(CarrierCall.at), col(CarrierCall.outcome), col(CarrierCall.status))
        .join(CarrierCall, col(CarrierCall.id) == newest)
        .where(col(CarrierAccount.id).in_(failing))
    )
    return {account: FailedLast(at, outcome, status) for account, at, outcome, status in found}
