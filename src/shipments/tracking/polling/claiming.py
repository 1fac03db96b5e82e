"""Which legs are asked now, by whom, and at which moments of their account's budget. The asking comes after."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import exists, select
from sqlmodel import Session, col

from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.accounts.logins import open_account
from shipments.tracking.calls.budgets import apart, count_legs, day_start, left_today, move_place, next_moment
from shipments.tracking.calls.ledger import move_calls
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account, AsksMany, LegAsked
from shipments.tracking.polling.choosing import due_legs, in_order
from shipments.tracking.polling.filling import Call, Lease, fill_calls
from shipments.tracking.polling.watch import LegWatch, Urgency


class ClaimedLeg(msgspec.Struct, frozen=True, kw_only=True):
    """A leg that only this worker asks about, for the time of the lease; the rest as its watch says."""

    leg_id: UUID
    fence: int
    asked: LegAsked
    due_at: datetime
    since: datetime | None
    arrival_at: datetime | None
    pushed_at: datetime | None
    answer_digest: bytes | None
    quiet_s: int | None


class Claim(msgspec.Struct, frozen=True):
    """One call, entered in the ledger, about one leg or as many as its carrier answers for at once.

    `call_at`: its place in the budget of the account, `apart` from the next. `by_token`: its secret is of the hour.
    """

    call_id: UUID
    account: Account
    legs: tuple[ClaimedLeg, ...]
    call_at: datetime
    apart: timedelta
    by_token: bool = False


def due_accounts(session: Session, ring: KeyRing, *, now: datetime) -> list[Account]:
    """Those that may be called and have a leg that is due."""
    due = exists().where(
        col(LegWatch.account_id) == col(CarrierAccount.id),
        col(LegWatch.urgency).in_(list(Urgency)),
        col(LegWatch.due_at) <= now,
    )
    accounts = session.scalars(select(CarrierAccount).where(due).order_by(col(CarrierAccount.id)))
    return [open_account(ring, account, now=now) for account in accounts if _may_call(account, now)]


def claim_due(session: Session, ring: KeyRing, account_id: UUID, lease: Lease, *, now: datetime) -> list[Claim]:
    """Takes due legs of an account on a lease; each call gets its place in the budget and its line in the ledger.

    No more than can be asked in half the lease. Legs that were asked as often as they may today are put off.
    """
    account = session.get_one(CarrierAccount, account_id, with_for_update=True, populate_existing=True)
    if not _may_call(account, now):
        return []
    per_call = _most_per_call(account.carrier)
    places = min(_affordable(account, lease.lasts, now), -(-lease.most // per_call))
    if places <= 0:
        return []
    due = due_legs(session, account.id, most=places * per_call, now=now)
    begun = day_start(account, next_moment(account, now=now))
    before = account.day_calls if account.day_started == begun else 0
    queue = in_order(due, now=now, calls_before=before, per_call=per_call)
    calls = fill_calls(session, account, queue, places=places, per_call=per_call, lease=lease, now=now)
    opened, by_token = open_account(ring, account, now=now), account.login is LoginKind.OAUTH2
    return [Claim(call.id, opened, _claimed(call), call.at, apart(account), by_token) for call in calls]


def _claimed(call: Call) -> tuple[ClaimedLeg, ...]:
    return tuple(
        ClaimedLeg(
            leg_id=leg.leg_id,
            fence=leg.fence + 1,
            asked=way.asked,
            due_at=leg.due_at,
            since=leg.since,
            arrival_at=leg.arrival_at,
            pushed_at=leg.pushed_at,
            answer_digest=leg.answer_digest,
            quiet_s=way.quiet_s,
        )
        for leg, way in call.legs
    )


def move_claims(session: Session, account_id: UUID, claims: Sequence[Claim], *, now: datetime) -> dict[UUID, datetime]:
    """Call → its new place, of calls whose place has passed: those that make up for lost time would come in a burst.

    Those without a new place must not be made: the account was paused or stopped, or its day is spent.
    """
    account = session.get_one(CarrierAccount, account_id, with_for_update=True, populate_existing=True)
    moved: dict[UUID, datetime] = {}
    for claim in claims if _may_call(account, now) else ():
        at = move_place(account, claim.call_at, now=now)
        if at is None:
            break
        if day_start(account, at) != day_start(account, claim.call_at):
            count_legs(session, [leg.leg_id for leg in claim.legs], day_start(account, at))
        moved[claim.call_id] = at
    move_calls(session, moved)
    return moved


def may_call(session: Session, account_id: UUID, *, now: datetime) -> bool:
    """Whether an account is neither paused nor stopped."""
    return _may_call(session.get_one(CarrierAccount, account_id), now)


def _may_call(account: CarrierAccount, now: datetime) -> bool:
    return account.stopped_reason is None and (account.paused_until is None or account.paused_until <= now)


def _most_per_call(name: str) -> int:
    carrier = CARRIERS[name]
    return carrier.most_per_call if isinstance(carrier, AsksMany) else 1


def _affordable(account: CarrierAccount, lasts: timedelta, now: datetime) -> int:
    """How many calls fit into half a lease beyond what is reserved already; one where nothing is, however slow.

    Less than half, where else the last call's deadline would end after the lease.
    """
    ahead = max(timedelta(0), next_moment(account, now=now) - now)
    deadline = timedelta(seconds=CARRIERS[account.carrier].usual.deadline_s)
    window = max(min(lasts / 2, lasts - deadline), lasts / 4)
    fitting = int((window - ahead) / apart(account))
    left = left_today(account, now=now)
    places = max(fitting, 0 if ahead else 1)
    return places if left is None else min(places, left)
