"""Asking carriers to tell us of legs by themselves: what is not asked yet, what ends soon, what is over.

The calls are made by jobs/subscribing.py, outside any transaction. Each has its place in the account's budget.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from shipments.database import insert_or_ignore
from shipments.errors import CarrierError, CarrierOverQuota
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.administering import FORMER_SERVES
from shipments.tracking.accounts.logins import hook_secrets
from shipments.tracking.calls import budgets, ledger
from shipments.tracking.calls.call import CallKind, Outcome
from shipments.tracking.calls.ending import OUTCOMES
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.carriers.pushing import Hook, Subscribed, Subscribes
from shipments.tracking.polling.due import backoff
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.polling.ways import ways_of
from shipments.tracking.pushes.push import Subscription

RENEWED_BEFORE = timedelta(days=2)
MOST_ENTERED = 1_000
GIVEN_UP_AFTER = 5
"""Failures, after which a subscription that is over is left to the carrier."""
NOT_TOLD = "The carrier does not tell of this number by itself: it is polled only."
Came = Mapping[str, Subscribed] | CarrierError | None
"""By reference, what became of each leg's subscription; None: the carrier does not know the one that was named."""


class Errand(msgspec.Struct, frozen=True):
    """One call to make, not before `at`. `hook` None: to be told no more. `due_at`: what tells this worker's claim."""

    account_id: UUID
    carrier: Subscribes
    call_id: UUID
    at: datetime
    due_at: datetime
    legs: Mapping[UUID, LegAsked]
    hook: Hook | None
    key: str | None


def hook_address(base_url: str, account: CarrierAccount) -> str:
    """Where a carrier tells us of an account's legs."""
    return f"{base_url.rstrip('/')}/hooks/{account.carrier}/{account.id}"


def may_be_told(account: CarrierAccount, base_url: str) -> bool:
    """Whether its carrier can be asked to tell, and can reach us: over HTTPS, or from a private address."""
    asked = account.hook_secret_sealed is not None and isinstance(CARRIERS.get(account.carrier), Subscribes)
    return asked and (account.allow_private or urlsplit(base_url).scheme == "https")


def enter_subscriptions(session: Session, *, base_url: str, now: datetime) -> Sequence[UUID]:
    """Marks what is to be asked for, renewed and ended. Returns the accounts that have something due."""
    hooked = select(CarrierAccount).where(col(CarrierAccount.hook_secret_sealed).is_not(None))
    accounts = session.execute(hooked.order_by(col(CarrierAccount.id))).scalars().all()
    told = [account for account in accounts if may_be_told(account, base_url)]
    for account in told:
        _enter_missing(session, account, now)
        _renew_after_rotation(session, account, now)
        _end_those_over(session, account, now)
    due = select(col(Subscription.account_id)).where(col(Subscription.due_at) <= now).distinct()
    waiting = set(session.execute(due).scalars())
    return [account.id for account in told if account.id in waiting]


def _enter_missing(session: Session, account: CarrierAccount, now: datetime) -> None:
    missing = (
        select(col(LegWatch.leg_id))
        .outerjoin(Subscription, col(Subscription.leg_id) == col(LegWatch.leg_id))
        .where(col(LegWatch.account_id) == account.id, col(LegWatch.due_at).is_not(None))
        .where(col(Subscription.leg_id).is_(None))
        .limit(MOST_ENTERED)
    )
    ways = ways_of(session, session.execute(missing).scalars().all())
    carrier = CARRIERS[account.carrier]
    assert isinstance(carrier, Subscribes), "looked at by may_be_told"
    rows = []
    for leg, way in ways.items():
        told = carrier.may_subscribe(way.asked)
        row = {"leg_id": leg, "account_id": account.id, "failures": 0}
        rows.append({**row, "due_at": now if told else None, "trouble": None if told else NOT_TOLD})
    insert_or_ignore(session, Subscription.__table__, rows)  # type: ignore[attr-defined]


def _renew_after_rotation(session: Session, account: CarrierAccount, now: datetime) -> None:
    """While the former secret is still taken, every carrier is given the new one."""
    if account.hook_former_until is None or account.hook_former_until <= now:
        return
    _make_due(session, account, now, col(Subscription.made_at) < account.hook_former_until - FORMER_SERVES)


def _end_those_over(session: Session, account: CarrierAccount, now: datetime) -> None:
    """Of legs that are not watched any more: those without a key end by themselves."""
    over = select(col(LegWatch.leg_id)).where(col(LegWatch.account_id) == account.id, col(LegWatch.due_at).is_(None))
    _make_due(session, account, now, col(Subscription.leg_id).in_(over), col(Subscription.carrier_key).is_not(None))
    session.execute(
        delete(Subscription).where(
            col(Subscription.account_id) == account.id,
            col(Subscription.leg_id).in_(over),
            col(Subscription.carrier_key).is_(None),
        ),
        execution_options={"synchronize_session": False},
    )


def _make_due(session: Session, account: CarrierAccount, now: datetime, *which: object) -> None:
    """Those without failures: the others are tried again in their own time."""
    later = (col(Subscription.due_at).is_(None)) | (col(Subscription.due_at) > now)
    settled = (col(Subscription.account_id) == account.id, col(Subscription.failures) == 0)
    session.execute(
        update(Subscription).where(*settled, later, *which).values(due_at=now),  # type: ignore[arg-type]
        execution_options={"synchronize_session": False},
    )


def set_out(
    session: Session, ring: KeyRing, account_id: UUID, *, base_url: str, lease: timedelta, now: datetime
) -> Errand | None:
    """The next call for an account, with its place in the budget; None where none is due or none may be made.

    What it is about is due again when the lease ends, so that a killed worker's errand comes back.
    """
    account = session.get_one(CarrierAccount, account_id, with_for_update=True, populate_existing=True)
    held_back = account.paused_until is not None and account.paused_until > now
    if account.stopped_reason is not None or held_back or not may_be_told(account, base_url):
        return None
    carrier = CARRIERS[account.carrier]
    assert isinstance(carrier, Subscribes), "looked at by may_be_told"
    chosen, over = _chosen(session, account_id, carrier.most_per_subscription, now)
    asked = {leg: way.asked for leg, way in ways_of(session, [one.leg_id for one in chosen]).items()}
    if not asked:
        return None
    legs = [(one.leg_id, one.due_at) for one in chosen]
    reserved = budgets.reserve(session, account, CallKind.SUBSCRIBE, legs, now=now)
    if reserved is None:
        return None
    secret, *_ = hook_secrets(ring, account, now=now)
    hook = None if over else Hook(hook_address(base_url, account), secret)
    due_at = reserved.at + lease
    for one in chosen:
        one.due_at = due_at
    return Errand(account_id, carrier, reserved.call_id, reserved.at, due_at, asked, hook, chosen[0].carrier_key)


def _chosen(session: Session, account_id: UUID, most: int, now: datetime) -> tuple[Sequence[Subscription], bool]:
    """The subscriptions of one call, locked: one that is over, else as many as fit; and whether they are over."""
    rows = session.execute(
        select(Subscription, col(LegWatch.due_at).is_(None))
        .join(LegWatch, col(LegWatch.leg_id) == col(Subscription.leg_id))
        .where(col(Subscription.account_id) == account_id, col(Subscription.due_at) <= now)
        .order_by(col(Subscription.due_at), col(Subscription.leg_id))
        .limit(most)
        .with_for_update(of=Subscription, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    ending = [one for one, over in rows if over]
    return (ending[:1], True) if ending else ([one for one, _ in rows], False)


def come_back(session: Session, errand: Errand, came: Came, wire: Wire, *, pace: float, now: datetime) -> None:
    """What became of a call. Whoever comes after the lease has ended changes only the ledger."""
    outcome = Outcome.NOT_FOUND if came is None else Outcome.GRANTED
    if isinstance(came, CarrierError):
        outcome = OUTCOMES[type(came)]
    ended = ledger.CallEnded(errand.call_id, outcome, wire.status, wire.size, wire.duration_ms)
    ledger.close_calls(session, [ended], now=now)
    if isinstance(came, CarrierOverQuota):
        account = session.get_one(CarrierAccount, errand.account_id, with_for_update=True)
        wait = timedelta(seconds=came.retry_after_s) if came.retry_after_s else backoff(account.failures + 1, pace=pace)
        account.failures += 1
        account.paused_until = max(account.paused_until or now, now + wait)
    held = (
        select(Subscription)
        .where(col(Subscription.leg_id).in_(errand.legs), col(Subscription.due_at) == errand.due_at)
        .order_by(col(Subscription.leg_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for one in session.execute(held).scalars().all():
        _settle(session, one, errand, came, pace, now)


def _settle(session: Session, one: Subscription, errand: Errand, came: Came, pace: float, now: datetime) -> None:
    if isinstance(came, CarrierError):
        return _failed(session, one, errand, str(came), pace, now)
    if errand.hook is None:
        session.delete(one)
        return
    if came is None:
        one.carrier_key, one.due_at = None, now
        return
    said = came.get(errand.legs[one.leg_id].reference)
    if said is None or said.refused is not None:
        why = "The answer does not name this number." if said is None else f"Refused: {said.refused}."
        _failed(session, one, errand, why, pace, now)
    else:
        lives = errand.carrier.subscription_lives
        one.carrier_key, one.made_at, one.failures, one.trouble = said.key, now, 0, None
        one.until = None if lives is None else now + lives
        one.due_at = None if one.until is None else one.until - RENEWED_BEFORE


def _failed(session: Session, one: Subscription, errand: Errand, why: str, pace: float, now: datetime) -> None:
    one.failures += 1
    one.trouble = why[:300]
    one.due_at = now + backoff(one.failures, pace=pace)
    if errand.hook is None and one.failures >= GIVEN_UP_AFTER:
        session.delete(one)
