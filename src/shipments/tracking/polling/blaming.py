"""What a call that failed means for its whole account: a pause, a breaker, or a stop. Once for all its legs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlmodel import Session, col

from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, CarrierUnreadable
from shipments.tracking.accounts.account import CarrierAccount, PausedWhy
from shipments.tracking.accounts.locking import locked_account
from shipments.tracking.calls.budgets import next_day
from shipments.tracking.calls.call import CallKind, CarrierCall, Outcome
from shipments.tracking.polling.due import backoff

BREAKER_OPENS_AFTER = 5
YOUNG = timedelta(minutes=1)


class Failure(msgspec.Struct, frozen=True):
    """A call that failed. `call_at`: its place. `spoilt`: its token is out of use now, so that another is fetched.

    `of_legs`: what cannot be read costs the legs that were asked about; else, as of a token, the whole account.
    """

    error: CarrierError
    call_at: datetime
    spoilt: bool = False
    of_legs: bool = True

    def is_outage(self, *, answering: bool) -> bool:
        """Whether the carrier seems to be down for the whole account."""
        if isinstance(self.error, CarrierOverQuota | CarrierRefused) or answering:
            return False
        return not (self.of_legs and isinstance(self.error, CarrierUnreadable))


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

    `answering`: other calls of the same time were answered, so it is not down. Calls that failed at the same time are
    one failure. Returns whether it stopped just now.
    """
    quota = [one for one in failures if isinstance(one.error, CarrierOverQuota)]
    down = any(one.is_outage(answering=answering) for one in failures)
    if quota or down:
        account.failures += 1
    for one in quota:
        _pause_for_quota(session, account, one, pace, now)
    if down and account.failures >= BREAKER_OPENS_AFTER:
        wait = backoff(account.failures - BREAKER_OPENS_AFTER, pace=pace)
        _pause_until(account, now + wait, PausedWhy.DOWN)
    refused = (one for one in failures if isinstance(one.error, CarrierRefused))
    wrong = next((one for one in refused if not one.spoilt or _token_was_young(session, account, one.call_at)), None)
    session.add(account)
    if wrong is None or account.stopped_reason is not None:
        return False
    account.stopped_reason = str(wrong.error)[:200]
    return True


def blame_account(session: Session, account_id: UUID, error: CarrierError, *, pace: float, now: datetime) -> str | None:
    """The same where no leg could be asked about, since there is no token. Returns its name if it stopped just now.

    Our own no blames nobody.
    """
    if error.by_us:
        return None
    account = locked_account(session, account_id)
    stopped = blame(session, account, [Failure(error, now, of_legs=False)], answering=False, pace=pace, now=now)
    return account.name if stopped else None


def _pause_for_quota(session: Session, account: CarrierAccount, one: Failure, pace: float, now: datetime) -> None:
    """As long as it says; else backed off; and where a new try fails again, until the day's budget begins anew."""
    assert isinstance(one.error, CarrierOverQuota)
    if one.error.retry_after_s is not None:
        _pause_until(account, now + timedelta(seconds=one.error.retry_after_s), PausedWhy.ASKED_TO_WAIT)
    elif account.per_day is not None and _was_told_before(session, account, one.call_at):
        _pause_until(account, next_day(account, now), PausedWhy.DAY_OVER)
    else:
        _pause_until(account, now + backoff(account.failures, pace=pace), PausedWhy.OVER_QUOTA)


def _pause_until(account: CarrierAccount, until: datetime, why: PausedWhy) -> None:
    """Of two pauses the longer one holds, and says why."""
    if account.paused_until is None or account.paused_until <= until:
        account.paused_until, account.paused_why = until, why


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
