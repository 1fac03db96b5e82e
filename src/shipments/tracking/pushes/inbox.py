"""The inbox of what carriers tell us by themselves: kept at once, read later by a job (jobs/hearing.py).

A message of a leg whose batch has not left yet is parked too: only the dispatch tells a number that is used again from
ours, and what is heard can not be unheard. It is read once the batch leaves.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.sql.selectable import Select
from sqlmodel import Session, col

from shipments.batches.batch import Batch, Leg
from shipments.database import insert_or_ignore, new_id
from shipments.errors import SealBroken
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.known import with_known_carrier
from shipments.tracking.accounts.logins import hook_secrets
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.pushing import Pushes
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.push import Push, PushedReference, PushState, Subscription

OLDEST, NEWEST = timedelta(days=3), timedelta(hours=1)
KEPT_FOR = timedelta(days=30)  # longer than OLDEST, so that a message that comes again is always known
PARKED_FOR = timedelta(days=60)


class HookOpen(msgspec.Struct, frozen=True):
    """An account that takes messages: whose, and what they prove themselves with now."""

    carrier: Pushes
    secrets: Sequence[str]

    def __repr__(self) -> str:
        return f"HookOpen({self.carrier.name!r})"


def open_hook(session: Session, ring: KeyRing, carrier: str, account_id: UUID, *, now: datetime) -> HookOpen | None:
    """The hook of a carrier's account; None where there is no such account, or it has no secret. Only reads."""
    account = session.get(CarrierAccount, account_id)
    told = CARRIERS.get(carrier)
    if account is None or account.carrier != carrier or not isinstance(told, Pushes):
        return None
    try:
        secrets = hook_secrets(ring, account, now=now)
    except SealBroken:
        return None
    return HookOpen(told, secrets) if secrets else None


def is_timely(made_at: datetime | None, *, now: datetime) -> bool:
    """Whether a message is of now, as far as it says when it was made."""
    return made_at is None or now - OLDEST <= made_at <= now + NEWEST


def keep_push(
    session: Session, ring: KeyRing, account_id: UUID, body: bytes, *, subscription: str | None = None, now: datetime
) -> bool:
    """Keeps a genuine message, sealed, until a job reads it. False: it was here before, and nothing happens.

    `subscription`: the carrier's key of the one that it came of, where it says so. The same of another one of ours is
    kept too: there may be news of that one's leg as well. No proof covers the key: any other makes no other message.
    """
    digest = hashlib.sha256(body).digest()
    if _kept(session, ring, account_id, body, digest, subscription, now):
        return True
    if subscription is None or not _is_another_of_ours(session, account_id, digest, subscription):
        return False
    digest = hashlib.sha256(body + subscription.encode()).digest()
    return _kept(session, ring, account_id, body, digest, subscription, now)


def _kept(
    session: Session, ring: KeyRing, account_id: UUID, body: bytes, digest: bytes, key: str | None, now: datetime
) -> bool:
    id = new_id()
    row = {
        "id": id,
        "account_id": account_id,
        "digest": digest,
        "body_sealed": ring.seal_answer(body, _place(id)),
        "size": len(body),
        "received_at": now,
        "subscription_key": key,
        "state": PushState.WAITING,
        "news": 0,
    }
    return bool(insert_or_ignore(session, Push.__table__, [row]))  # type: ignore[attr-defined]


def _is_another_of_ours(session: Session, account_id: UUID, digest: bytes, key: str) -> bool:
    """Whether the account has a subscription of that key, and the message was kept for another one, or for none."""
    of_it = exists().where(col(Push.account_id) == account_id, col(Push.digest) == digest)
    for_this_one = of_it.where(col(Push.subscription_key) == key)
    ours = exists().where(col(Subscription.account_id) == account_id, col(Subscription.carrier_key) == key)
    return bool(session.scalar(select(ours & ~for_this_one)))


def open_push(ring: KeyRing, push: Push) -> bytes:
    """The message as it came. Raises SealBroken."""
    return ring.open_answer(push.body_sealed, _place(push.id))


def _place(id: UUID) -> str:
    return f"carrier_push:{id}"


def can_be_read() -> ColumnElement[bool]:
    """The condition for messages that wait, but for those of carriers that only another version knows."""
    known = select(col(CarrierAccount.id)).where(with_known_carrier())
    return and_(col(Push.state) == PushState.WAITING, col(Push.account_id).in_(known))


def claim_waiting(session: Session, *, most: int, most_bytes: int, only: UUID | None = None) -> Sequence[Push]:
    """The oldest messages that wait, or `only` the one, locked: as many as fit but at least one. Empty: none waits."""
    waiting = (
        select(col(Push.id), col(Push.size))
        .where(can_be_read(), *([] if only is None else [col(Push.id) == only]))
        .order_by(col(Push.received_at), col(Push.id))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taken: list[UUID] = []
    for id, size in session.execute(waiting):
        most_bytes -= size
        if taken and most_bytes < 0:
            break
        taken.append(id)
    if not taken:
        return []
    chosen = select(Push).where(col(Push.id).in_(taken)).order_by(col(Push.received_at), col(Push.id))
    return session.execute(chosen).scalars().all()


def legs_named(
    session: Session, named: Mapping[UUID, frozenset[str]], accounts: Mapping[UUID, UUID]
) -> Mapping[UUID, Sequence[UUID]]:
    """Push → the legs under way that it speaks of, in order: those watched with its account.

    `named`: push → the numbers in it; `accounts`: push → account.
    """
    every = set().union(*named.values())
    found: dict[tuple[UUID, str], list[UUID]] = {}
    if every:
        rows = session.execute(
            under_way(col(LegWatch.account_id), col(Leg.bare_reference), col(Leg.id))
            .where(col(Leg.bare_reference).in_(every), col(LegWatch.account_id).in_(set(accounts.values())))
            .order_by(col(Leg.id))
        )
        for account, reference, leg in rows:
            found.setdefault((account, reference), []).append(leg)
    return {
        push: sorted({leg for reference in said for leg in found.get((accounts[push], reference), ())})
        for push, said in named.items()
    }


def park(session: Session, push: Push, references: Collection[str], *, now: datetime) -> None:
    """Until a leg with one of its numbers is under way."""
    push.state, push.read_at = PushState.PARKED, now
    session.add(push)
    rows = [{"push_id": push.id, "reference": reference} for reference in sorted(references)]
    insert_or_ignore(session, PushedReference.__table__, rows)  # type: ignore[attr-defined]


def wake_parked(session: Session, batches: Collection[UUID] | None = None) -> int:
    """Messages that were parked wait again where a leg of theirs, of these batches, is under way by now.

    Without `batches`, of any: what was parked just while its batch left is found by that. Returns how many.
    """
    spoken_of = (
        under_way(col(PushedReference.push_id))
        .join(PushedReference, col(PushedReference.reference) == col(Leg.bare_reference))
        .join(Push, col(Push.id) == col(PushedReference.push_id))
        .where(col(LegWatch.account_id) == col(Push.account_id), col(Push.state) == PushState.PARKED)
    )
    if batches is not None:  # from their few numbers on, however many messages are parked
        spoken_of = spoken_of.where(col(Leg.batch_id).in_(batches))
    woken = session.execute(
        update(Push).where(col(Push.id).in_(spoken_of)).values(state=PushState.WAITING),
        execution_options={"synchronize_session": False},
    )
    return woken.rowcount  # type: ignore[attr-defined, no-any-return]


def under_way(*columns: Any) -> Select[Any]:  # Any: columns
    """Columns of legs that are watched and whose batch has left."""
    return (
        select(*columns)
        .select_from(Leg)
        .join(LegWatch, col(LegWatch.leg_id) == col(Leg.id))
        .join(Batch, col(Batch.id) == col(Leg.batch_id))
        .where(col(Batch.dispatched_at).is_not(None))
    )


def forget_old(session: Session, *, now: datetime) -> int:
    """Deletes messages that are over, after KEPT_FOR, and parked ones after PARKED_FOR. Returns how many."""
    over = col(Push.state).in_((PushState.HEARD, PushState.UNREADABLE)) & (col(Push.received_at) < now - KEPT_FOR)
    never = (col(Push.state) == PushState.PARKED) & (col(Push.received_at) < now - PARKED_FOR)
    return session.connection().execute(delete(Push).where(over | never)).rowcount
