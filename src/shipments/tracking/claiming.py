"""Which legs are asked now, by whom, and at which moment of their account's budget. The asking comes after."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from shipments.batches.batch import Dispatch, Leg
from shipments.sealing import KeyRing
from shipments.tracking.account import CarrierAccount
from shipments.tracking.carriers.answers import Account, LegAsked
from shipments.tracking.watch import LegWatch


class Claim(msgspec.Struct, frozen=True):
    """A leg that only this worker asks about, for the time of the lease.

    `call_at`: its place in the budget of the account, `apart` from the next.
    """

    leg_id: UUID
    fence: int
    carrier: str
    account: Account
    leg: LegAsked
    since: datetime | None
    call_at: datetime
    apart: timedelta


def claim_due(session: Session, ring: KeyRing, *, most: int, lease: timedelta, now: datetime) -> list[Claim]:
    """Takes up to `most` due legs on a lease, oldest first, and reserves a moment in its account's budget for each.

    Each account is given what it can afford: a slow one holds no other back.
    """
    claims: list[Claim] = []
    for account in session.execute(_callable(now)).scalars().all():
        share = min(most - len(claims), _affordable(account, lease, now))
        if share > 0:
            claims += _claim_of(session, ring, account, share, lease, now)
    return claims


def _claim_of(
    session: Session, ring: KeyRing, account: CarrierAccount, most: int, lease: timedelta, now: datetime
) -> list[Claim]:
    due = (
        select(col(LegWatch.leg_id))
        .where(
            col(LegWatch.account_id) == account.id,
            col(LegWatch.due_at) <= now,
            (col(LegWatch.leased_until).is_(None)) | (col(LegWatch.leased_until) < now),
        )
        .order_by(col(LegWatch.due_at))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    claimed = session.execute(
        update(LegWatch)
        .where(col(LegWatch.leg_id).in_(due.scalar_subquery()))
        .values(fence=col(LegWatch.fence) + 1, leased_until=now + lease)
        .returning(col(LegWatch.leg_id), col(LegWatch.fence), col(LegWatch.since)),
        execution_options={"synchronize_session": False},
    ).all()
    if not claimed:
        return []
    asked, opened = _asked(session, [row.leg_id for row in claimed]), _opened(ring, account)
    return [
        Claim(
            leg_id=row.leg_id,
            fence=row.fence,
            carrier=account.carrier,
            account=opened,
            leg=asked[row.leg_id],
            since=row.since,
            call_at=reserve_call(account, now=now),
            apart=_apart(account),
        )
        for row in claimed
    ]


def reserve_call(account: CarrierAccount, *, now: datetime) -> datetime:
    """The next free moment of an account, locked in this session; no other worker is given the same."""
    at = max(now, account.next_call_at or now)
    account.next_call_at = at + _apart(account)
    return at


def _apart(account: CarrierAccount) -> timedelta:
    return timedelta(seconds=1 / account.per_second)


def may_call(session: Session, account_id: UUID, *, now: datetime) -> bool:
    """Whether an account is neither paused nor stopped."""
    account = session.get_one(CarrierAccount, account_id)
    return account.stopped_reason is None and (account.paused_until is None or account.paused_until <= now)


def _callable(now: datetime) -> Any:  # Any: a select of CarrierAccount
    free = (col(CarrierAccount.paused_until).is_(None)) | (col(CarrierAccount.paused_until) <= now)
    return (
        select(CarrierAccount)
        .where(free, col(CarrierAccount.stopped_reason).is_(None))
        .order_by(col(CarrierAccount.id))
        .with_for_update()
    )


def _affordable(account: CarrierAccount, lease: timedelta, now: datetime) -> int:
    """How many calls fit into half a lease beyond what is reserved already; one where nothing is, however slow."""
    ahead = max(timedelta(0), (account.next_call_at or now) - now)
    fitting = int((lease / 2 - ahead).total_seconds() * account.per_second)
    return max(fitting, 0 if ahead else 1)


def _opened(ring: KeyRing, account: CarrierAccount) -> Account:
    return Account(
        id=account.id,
        carrier=account.carrier,
        base_url=account.base_url,
        header=account.header,
        secret=ring.open_answer(account.secret_sealed, f"carrier_account:{account.id}").decode(),
        allow_private=account.allow_private,
    )


def _asked(session: Session, legs: Sequence[UUID]) -> dict[UUID, LegAsked]:
    last = (
        select(col(Leg.batch_id), func.max(Leg.position).label("position"))
        .where(col(Leg.batch_id).in_(select(col(Leg.batch_id)).where(col(Leg.id).in_(legs))))
        .group_by(col(Leg.batch_id))
        .subquery()
    )
    rows = session.execute(
        select(Leg, col(Dispatch.at), last.c.position)
        .join(last, last.c.batch_id == col(Leg.batch_id))
        .outerjoin(Dispatch, col(Dispatch.batch_id) == col(Leg.batch_id))
        .where(col(Leg.id).in_(legs))
    )
    return {
        leg.id: LegAsked(
            reference_type=leg.reference_type,
            reference=leg.reference,
            mode=leg.mode,
            from_place=leg.from_place,
            to_place=leg.to_place,
            dispatched_at=dispatched_at,
            is_last=leg.position == last_position,
        )
        for leg, dispatched_at, last_position in rows
    }
