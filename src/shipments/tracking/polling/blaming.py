"""What a call that failed means for its whole account: a pause, a breaker, or a stop. Once for all its legs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlmodel import Session, col

from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, CarrierUnreadable
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.budgets import next_day
from shipments.tracking.calls.call import CallKind, CarrierCall, Outcome
from shipments.tracking.polling.due import backoff

BREAKER_OPENS_AFTER = 5
YOUNG = timedelta(minutes=1)


class Failure(msgspec.Struct, frozen=True):
    """A call that failed. `call_at`: its place. `spoilt`: its token is out of use now, so that another is fetched."""

    error: CarrierError
    call_at: datetime
    spoilt: bool = False


def blame(
    session: Session,
    account: CarrierAccount,
    failures: Sequence[Failure],
    *,
    answering: bool,
    pace: float,
    now: datetime,
) -> bool:
    """Pauses or stops the account, which the caller has locked, before these calls are ended in the ledger.

    `answering`: other calls of the same time were answered, so it is not down. Returns whether it stopped just now.
    """
    stopped = False
    for one in failures:
        if isinstance(one.error, CarrierOverQuota):
            _pause(session, account, one, one.error.retry_after_s, pace, now)
        elif isinstance(one.error, CarrierRefused):
            if not one.spoilt or _token_was_young(session, account, one.call_at):
                stopped = stopped or account.stopped_reason is None
                account.stopped_reason = account.stopped_reason or str(one.error)[:200]
        elif not isinstance(one.error, CarrierUnreadable) and not answering:
            account.failures += 1
            if account.failures >= BREAKER_OPENS_AFTER:
                account.paused_until = _later(account, now + backoff(account.failures - BREAKER_OPENS_AFTER, pace=pace))
    session.add(account)
    return stopped


def blame_account(session: Session, account_id: UUID, error: CarrierError, *, pace: float, now: datetime) -> str | None:
    """The same where no leg could be asked about, since there is no token. Returns its name if it stopped just now."""
    account = session.get_one(CarrierAccount, account_id, with_for_update=True, populate_existing=True)
    stopped = blame(session, account, [Failure(error, now)], answering=False, pace=pace, now=now)
    return account.name if stopped else None


def _pause(
    session: Session, account: CarrierAccount, one: Failure, retry_after_s: float | None, pace: float, now: datetime
) -> None:
    """As long as it says; else backed off; and where a new try fails again, until the day's budget begins anew."""
    account.failures += 1
    if retry_after_s is not None:
        until = now + timedelta(seconds=retry_after_s)
    elif account.per_day is not None and _was_told_before(session, account, one.call_at):
        until = next_day(account, now)
    else:
        until = now + backoff(account.failures, pace=pace)
    account.paused_until = _later(account, until)


def _later(account: CarrierAccount, until: datetime) -> datetime:
    return max(account.paused_until or until, until)


def _was_told_before(session: Session, account: CarrierAccount, call_at: datetime) -> bool:
    """Whether the last call that had ended before this one was made was over quota too."""
    last = (
        select(col(CarrierCall.outcome))
        .where(
            col(CarrierCall.account_id) == account.id,
            col(CarrierCall.at) <= call_at,
            col(CarrierCall.ended_at) <= call_at,
            col(CarrierCall.outcome) != Outcome.NOT_MADE,
        )
        .order_by(col(CarrierCall.at).desc())
        .limit(1)
    )
    return session.scalar(last) is Outcome.OVER_QUOTA


def _token_was_young(session: Session, account: CarrierAccount, call_at: datetime) -> bool:
    """Whether a token was had just before the call: then it is the login that is wrong, not the token's age."""
    granted = select(col(CarrierCall.id)).where(
        col(CarrierCall.account_id) == account.id,
        col(CarrierCall.at).between(call_at - YOUNG, call_at),
        col(CarrierCall.kind) == CallKind.TOKEN,
        col(CarrierCall.outcome) == Outcome.GRANTED,
    )
    return session.scalar(granted.limit(1)) is not None
