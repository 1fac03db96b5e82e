"""Which legs are asked now, by whom, and at which moments of their account's budget. The asking comes after."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import exists, select
from sqlmodel import Session, col

from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.accounts.known import is_known
from shipments.tracking.accounts.locking import locked_account
from shipments.tracking.accounts.logins import open_account, unopened
from shipments.tracking.calls.budgets import apart, day_start, left_today, next_moment
from shipments.tracking.calls.moving import Placed, may_call
from shipments.tracking.calls.waiting import most_per_call
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account, LegAsked
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
    answer_digest: bytes | None
    quiet_s: int | None
    ended_early: bool


class Claim(msgspec.Struct, frozen=True):
    """One call, entered in the ledger, about one leg or as many as its carrier answers for at once.

    `call_at`: its place in the budget of the account, `apart` from the next; `until`: too late for its lease from then.
    `by_token`: its secret is of the hour.
    """

    call_id: UUID
    account: Account
    legs: tuple[ClaimedLeg, ...]
    call_at: datetime
    apart: timedelta
    until: datetime
    by_token: bool = False

    @property
    def placed(self) -> Placed:
        """Its place, for whoever moves it."""
        return Placed(self.call_id, self.call_at, [leg.leg_id for leg in self.legs], self.apart, self.until)


def due_accounts(session: Session, *, now: datetime) -> list[Account]:
    """Those that may be called and have a leg that is due, unopened: one that does not open is its own trouble."""
    due = exists().where(
        col(LegWatch.account_id) == col(CarrierAccount.id),
        col(LegWatch.urgency).in_(list(Urgency)),
        col(LegWatch.due_at) <= now,
    )
    accounts = session.scalars(select(CarrierAccount).where(due).order_by(col(CarrierAccount.id)))
    return [unopened(account) for account in accounts if is_known(account) and may_call(account, now)]


def claim_due(session: Session, ring: KeyRing, account_id: UUID, lease: Lease, *, now: datetime) -> list[Claim]:
    """Takes due legs of an account on a lease; each call gets its place in the budget and its line in the ledger.

    No more than can be asked in half the lease. Legs that were asked as often as they may today are put off.
    """
    account = locked_account(session, account_id)
    if not may_call(account, now):
        return []
    per_call = most_per_call(account.carrier)
    places = min(_affordable(account, lease.lasts, now), -(-lease.most // per_call))
    if places <= 0:
        return []
    due = due_legs(session, account.id, most=places * per_call, now=now)
    begun = day_start(account, next_moment(account, now=now))
    before = account.day_calls if account.day_started == begun else 0
    queue = in_order(due, now=now, calls_before=before, per_call=per_call)
    calls = fill_calls(session, account, queue, places=places, per_call=per_call, lease=lease, now=now)
    opened, by_token = open_account(ring, account, now=now), account.login is LoginKind.OAUTH2
    space, until = apart(account), now + max(lease.lasts - _deadline(account), lease.lasts / 2)
    return [Claim(call.id, opened, _claimed(call), call.at, space, until, by_token) for call in calls]


def _claimed(call: Call) -> tuple[ClaimedLeg, ...]:
    return tuple(
        ClaimedLeg(
            leg_id=leg.leg_id,
            fence=leg.fence + 1,
            asked=way.asked,
            due_at=leg.due_at,
            since=leg.since,
            answer_digest=leg.answer_digest,
            quiet_s=way.quiet_s,
            ended_early=way.ended_early,
        )
        for leg, way in call.legs
    )


def _affordable(account: CarrierAccount, lasts: timedelta, now: datetime) -> int:
    """How many calls fit into half a lease beyond what is reserved already; one where nothing is, however slow.

    Less than half, where else the last call's deadline would end after the lease.
    """
    ahead = max(timedelta(0), next_moment(account, now=now) - now)
    window = max(min(lasts / 2, lasts - _deadline(account)), lasts / 4)
    fitting = int((window - ahead) / apart(account))
    left = left_today(account, now=now)
    places = max(fitting, 0 if ahead else 1)
    return places if left is None else min(places, left)


def _deadline(account: CarrierAccount) -> timedelta:
    return timedelta(seconds=CARRIERS[account.carrier].usual.deadline_s)
