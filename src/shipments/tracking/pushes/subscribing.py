"""Asking carriers to tell us of legs by themselves, call by call; what is due for it, `entering` says.

The calls are made by jobs/subscribing.py, outside any transaction. Each has its place in the account's budget.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import Session, col

from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, SealBroken
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.accounts.locking import locked_account
from shipments.tracking.accounts.logins import hook_secrets
from shipments.tracking.calls import budgets, ledger
from shipments.tracking.calls.call import CallKind, Outcome
from shipments.tracking.calls.ending import OUTCOMES
from shipments.tracking.calls.moving import Placed
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.carriers.pushing import Hook, Subscribed, Subscribes
from shipments.tracking.polling.blaming import Failure, blame
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.errand import Came, Errand
from shipments.tracking.pushes.gathering import gather
from shipments.tracking.pushes.letting_go import SHARED_FOR, subscribe_anew
from shipments.tracking.pushes.push import Subscription
from shipments.tracking.pushes.settling import settle


def hook_address(base_url: str, account: CarrierAccount) -> str:
    """Where a carrier tells us of an account's legs."""
    return f"{base_url.rstrip('/')}/hooks/{account.carrier}/{account.id}"


def may_be_told(account: CarrierAccount, base_url: str) -> bool:
    """Whether its carrier can be asked to tell, and can reach us: over HTTPS, or from a private address."""
    asked = account.hook_secret_sealed is not None and isinstance(CARRIERS.get(account.carrier), Subscribes)
    return asked and (account.allow_private or urlsplit(base_url).scheme == "https")


def set_out(
    session: Session, ring: KeyRing, account_id: UUID, *, base_url: str, lease: timedelta, now: datetime
) -> Errand | None:
    """The next call for an account, with its place in the budget; None where none is due or none may be made.

    What it is about is due again when the lease ends, so that a killed worker's errand comes back. Where the account
    takes no messages any more, only what is over is ended. Raises CarrierRefused where its push secret does not open.
    """
    account = locked_account(session, account_id)
    held_back = account.paused_until is not None and account.paused_until > now
    carrier = CARRIERS.get(account.carrier)
    if account.stopped_reason is not None or held_back or not isinstance(carrier, Subscribes):
        return None
    told = may_be_told(account, base_url)
    gathered = gather(session, account, carrier, told=told, now=now)
    chosen = gathered.subscriptions
    if not chosen:
        return None
    legs = [(one.leg_id, one.due_at) for one in chosen if one.leg_id is not None]
    per_second = None if gathered.is_over else carrier.subscriptions_per_second
    reserved = budgets.reserve(session, account, CallKind.SUBSCRIBE, legs, per_second=per_second, now=now)
    if reserved is None:
        return None
    hook = None if gathered.is_over else _hook(ring, account, base_url, now)
    due_at = reserved.at + lease
    until, apart = due_at - timedelta(seconds=carrier.usual.deadline_s), budgets.apart(account, per_second)
    about = [leg for leg, _ in legs]
    placed = Placed(reserved.call_id, reserved.at, about, apart, max(until, reserved.at), per_second)
    for one in chosen:
        one.due_at = due_at
    ids = [one.id for one in chosen]
    return Errand(account_id, carrier, placed, due_at, ids, gathered.legs, hook, chosen[0].carrier_key)


def _hook(ring: KeyRing, account: CarrierAccount, base_url: str, now: datetime) -> Hook:
    try:
        return Hook(hook_address(base_url, account), hook_secrets(ring, account, now=now)[0])
    except SealBroken:
        mended = f"'shipments accounts hook {account.name} --rotate' makes another one"
        raise CarrierRefused(f"The push secret of the account {account.name} does not open; {mended}.") from None


PLAN_WITHOUT_PUSHES = 403
"""The login is good, and its plan holds no pushes or no more new ones: whatever else it may do goes on."""


def give_up(session: Session, errand: Errand, *, now: datetime) -> None:
    """The account was stopped or paused before its turn came: the place is given back, what it was for stays due."""
    account, placed = locked_account(session, errand.account_id), errand.placed
    budgets.give_back(account, placed.at)
    budgets.uncount_legs(session, account, placed.legs, budgets.day_start(account, placed.at))
    ledger.close_call(session, placed.call_id, Outcome.NOT_MADE, now=now)
    for one in _claimed(session, errand):
        one.due_at = now


def come_back(session: Session, errand: Errand, came: Came, wire: Wire, *, pace: float, now: datetime) -> str | None:
    """What became of a call. Whoever comes after the lease has ended changes only the ledger and the account.

    Returns the name of the account if it stopped just now.
    """
    stopped = None if wire.status == PLAN_WITHOUT_PUSHES else _blamed(session, errand, came, pace, now)
    ended = ledger.CallEnded(errand.placed.call_id, _outcome(came), wire.status, wire.size, wire.duration_ms)
    ledger.close_calls(session, [ended], now=now)
    held = _claimed(session, errand)
    settle(session, held, errand, came, pace=pace, now=now)
    shared = errand.carrier.subscription_is_shared
    if errand.hook is None and shared and not isinstance(came, CarrierError):
        _ask_anew_for_others(session, errand, now)
    elif isinstance(came, Mapping):
        lost = errand.legs.keys() - {one.id for one in held}
        if lost and shared:
            lost -= _still_watched(session, errand)
        references = {errand.legs[id].reference for id in lost}
        _end_what_was_lost(session, errand, [came[one] for one in references if one in came], now)
    return stopped


def _outcome(came: Came) -> Outcome:
    if isinstance(came, CarrierError):
        return OUTCOMES[type(came)]
    unknown = came is None or (came and all(one.refused for one in came.values()))
    return Outcome.NOT_FOUND if unknown else Outcome.GRANTED


def _blamed(session: Session, errand: Errand, came: Came, pace: float, now: datetime) -> str | None:
    """A no is for the whole account; anything else costs these subscriptions only, which are tried again later."""
    if not isinstance(came, CarrierOverQuota | CarrierRefused):
        return None
    account = locked_account(session, errand.account_id)
    failure = Failure(came, errand.placed.at, spoilt=account.login is LoginKind.OAUTH2)
    return account.name if blame(session, account, [failure], answering=True, pace=pace, now=now) else None


def _claimed(session: Session, errand: Errand) -> Sequence[Subscription]:
    """Those of the errand that nobody else has claimed since; locked."""
    claimed = (
        select(Subscription)
        .where(col(Subscription.id).in_(errand.subscriptions), col(Subscription.due_at) == errand.due_at)
        .order_by(col(Subscription.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.execute(claimed).scalars().all()


def _still_watched(session: Session, errand: Errand) -> set[UUID]:
    """The errand's subscriptions whose leg is asked about with this account: whoever else asks for it gets the same."""
    watched = select(col(LegWatch.leg_id)).where(
        col(LegWatch.leg_id).in_(errand.placed.legs),
        col(LegWatch.account_id) == errand.account_id,
        col(LegWatch.due_at).is_not(None),
    )
    legs = set(session.execute(watched).scalars())
    return {id for id, leg in zip(errand.subscriptions, errand.placed.legs, strict=True) if leg in legs}


def _ask_anew_for_others(session: Session, errand: Errand, now: datetime) -> None:
    """Legs that were given this key while it was being ended, or may be just now: they are told so when asked again."""
    key, trouble = col(Subscription.carrier_key), col(Subscription.trouble)
    under_way = key.is_(None) & trouble.is_(None) & (col(Subscription.due_at) > now)
    others = select(col(Subscription.leg_id), key).where(
        col(Subscription.account_id) == errand.account_id,
        col(Subscription.leg_id).is_not(None),
        or_(key == errand.key, under_way),
    )
    subscribe_anew(session, dict(map(tuple, session.execute(others))), now=now)


def _end_what_was_lost(session: Session, errand: Errand, made: Sequence[Subscribed], now: datetime) -> None:
    """What was made for legs that were moved or removed meanwhile, or made twice: it would live on there for ever."""
    keys = {one.key for one in made if one.key is not None}
    known = select(col(Subscription.carrier_key)).where(
        col(Subscription.account_id) == errand.account_id, col(Subscription.carrier_key).in_(keys)
    )
    due_at = now + SHARED_FOR if errand.carrier.subscription_is_shared else now
    for key in sorted(keys - set(session.execute(known).scalars())):
        session.add(Subscription(account_id=errand.account_id, carrier_key=key, due_at=due_at))
