"""What becomes of subscriptions after a call for them: told of from now on, ended, or asked for again later.

What a carrier says no to for its whole account, or because it is down, is no number's fault: those calls are made
again as they were, later each time, and count for none of them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, CarrierUnavailable
from shipments.tracking.calls.call import CallKind, CarrierCall, Outcome
from shipments.tracking.carriers.pushing import Subscribed
from shipments.tracking.polling.due import STEADY_AFTER, backoff
from shipments.tracking.pushes.errand import Came, Errand
from shipments.tracking.pushes.push import Subscription

RENEWED_BEFORE = timedelta(days=2)
GIVEN_UP_AFTER = 20
"""Failures, after which a number that is refused is asked for no more, and one that is over is left to the carrier.

They take three days: labels are made early, and carriers are down.
"""
_IN_VAIN = frozenset({Outcome.OVER_QUOTA, Outcome.REFUSED, Outcome.UNAVAILABLE})


def settle(
    session: Session, held: Sequence[Subscription], errand: Errand, came: Came, *, pace: float, now: datetime
) -> None:
    """`held`: those of the errand that nobody else has claimed since, locked. Its call is closed in the ledger."""
    if isinstance(came, CarrierError) and _is_no_numbers_fault(came, errand):
        due_at = now + backoff(_calls_in_vain(session, errand.account_id), pace=pace)
        for one in held:  # at one time, so that they fit into one call again
            one.trouble, one.due_at = str(came)[:300], due_at
        return
    for one in held:
        _settle(session, one, errand, came, pace, now)


def _is_no_numbers_fault(error: CarrierError, errand: Errand) -> bool:
    """An outage that is met where one is ended counts for it: some carriers fail for what they cannot end."""
    if isinstance(error, CarrierUnavailable):
        return errand.hook is not None
    return isinstance(error, CarrierOverQuota | CarrierRefused)


def _calls_in_vain(session: Session, account_id: UUID) -> int:
    """How many of the account's newest calls for subscriptions were not taken, in a row."""
    newest = (
        select(col(CarrierCall.outcome))
        .where(
            col(CarrierCall.account_id) == account_id,
            col(CarrierCall.kind) == CallKind.SUBSCRIBE,
            col(CarrierCall.outcome) != Outcome.NOT_MADE,
        )
        .order_by(col(CarrierCall.at).desc(), col(CarrierCall.id).desc())
        .limit(STEADY_AFTER)
    )
    return sum(1 for _ in takewhile(_IN_VAIN.__contains__, session.execute(newest).scalars()))


def _settle(session: Session, one: Subscription, errand: Errand, came: Came, pace: float, now: datetime) -> None:
    if isinstance(came, CarrierError):
        _failed(one, str(came), pace, now)
        if errand.hook is None and one.failures >= GIVEN_UP_AFTER:
            session.delete(one)
    elif errand.hook is None:
        session.delete(one)
    elif came is None:
        one.carrier_key, one.due_at = None, now
    else:
        _note_said(one, errand, came.get(errand.legs[one.id].reference), pace, now)


def _note_said(one: Subscription, errand: Errand, said: Subscribed | None, pace: float, now: datetime) -> None:
    if said is None:
        _failed(one, "The answer does not name this number.", pace, now)
    elif said.refused is not None:
        _failed(one, f"Refused: {said.refused}.", pace, now)
        if one.failures >= GIVEN_UP_AFTER:
            one.due_at = None
    else:
        lives = errand.carrier.subscription_lives
        one.carrier_key, one.made_at, one.failures, one.trouble = said.key, now, 0, None
        one.until = None if lives is None else now + lives
        one.due_at = None if one.until is None else one.until - RENEWED_BEFORE


def _failed(one: Subscription, why: str, pace: float, now: datetime) -> None:
    one.failures += 1
    one.trouble = why[:300]
    one.due_at = now + backoff(one.failures, pace=pace)
