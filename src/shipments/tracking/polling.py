"""Which legs are asked now, and what becomes of the answers. The asking lies between, outside any transaction."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, func, select, update
from sqlmodel import Session, col

from shipments.batches.batch import Batch, Dispatch, Leg, Mode
from shipments.boxes.box import Box, Stage
from shipments.boxes.facts import facts_changed
from shipments.database import insert_or_ignore, new_id
from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, CarrierUnreadable
from shipments.sealing import KeyRing
from shipments.tracking.carriers.answers import Account, Answer, LegAsked, ReadEvent
from shipments.tracking.due import backoff, next_due
from shipments.tracking.event import CarrierAccount, CarrierEvent, Classifier, LegWatch

ARRIVED_STAGES = frozenset({Stage.AT_THE_OFFICE, Stage.READY, Stage.HANDED_OVER})
BREAKER_OPENS_AFTER = 5
OVERLAP = timedelta(minutes=10)  # asked again, since a carrier's clock and ours differ; dedupe takes what is known


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


class Result(msgspec.Struct, frozen=True):
    """What came of a claim. None: not asked, since the account was paused or stopped meanwhile."""

    claim: Claim
    outcome: Answer | CarrierError | None


class Recorded(msgspec.Struct, frozen=True):
    """What results changed: new events, unknown codes (leg, code), legs whose lease was lost, accounts stopped."""

    new: int
    unknown: Sequence[tuple[UUID, str]]
    late: int
    stopped: Sequence[str]


def claim_due(session: Session, ring: KeyRing, *, most: int, lease: timedelta, now: datetime) -> list[Claim]:
    """Takes up to `most` due legs on a lease, oldest first, and reserves a moment in its account's budget for each."""
    accounts = {account.id: account for account in session.execute(_callable(now)).scalars()}
    if not accounts:
        return []
    due = (
        select(col(LegWatch.leg_id))
        .where(
            col(LegWatch.due_at) <= now,
            (col(LegWatch.leased_until).is_(None)) | (col(LegWatch.leased_until) < now),
            col(LegWatch.account_id).in_(accounts),
        )
        .order_by(col(LegWatch.due_at))
        .limit(min(most, _affordable(accounts.values(), lease, now)))
        .with_for_update(skip_locked=True)
    )
    claimed = session.execute(
        update(LegWatch)
        .where(col(LegWatch.leg_id).in_(due.scalar_subquery()))
        .values(fence=col(LegWatch.fence) + 1, leased_until=now + lease)
        .returning(col(LegWatch.leg_id), col(LegWatch.fence), col(LegWatch.account_id), col(LegWatch.since)),
        execution_options={"synchronize_session": False},
    ).all()
    asked = _asked(session, [row.leg_id for row in claimed])
    return [
        Claim(
            leg_id=row.leg_id,
            fence=row.fence,
            carrier=accounts[row.account_id].carrier,
            account=_opened(ring, accounts[row.account_id]),
            leg=asked[row.leg_id],
            since=row.since,
            call_at=reserve_call(accounts[row.account_id], now=now),
            apart=_apart(accounts[row.account_id]),
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


def record(session: Session, results: Sequence[Result], *, pace: float, now: datetime) -> Recorded:
    """Events once each, the next due times, pauses. A result whose lease another worker took is left out."""
    held = _still_held(session, results)
    answered = [one for one in results if one.claim.leg_id in held and isinstance(one.outcome, Answer)]
    failed = [one for one in results if one.claim.leg_id in held and isinstance(one.outcome, CarrierError)]
    new = _record_events(session, answered, now)
    if new:
        _mark_changed(session, {leg for leg, _, _ in new})
    _plan_next(session, answered, pace, now)
    answering = {one.claim.account.id for one in answered}
    stopped = _record_failures(session, failed, held, answering, pace, now)
    _give_back(session, [one.claim.leg_id for one in results if one.outcome is None and one.claim.leg_id in held])
    return Recorded(
        new=len(new),
        unknown=[(leg, code) for leg, code, event in new if event is None],
        late=len(results) - len(held),
        stopped=stopped,
    )


def _give_back(session: Session, legs: Sequence[UUID]) -> None:
    """They stay due: whoever finds the account open again asks."""
    session.execute(
        update(LegWatch).where(col(LegWatch.leg_id).in_(legs)).values(leased_until=None),
        execution_options={"synchronize_session": False},
    )


def _callable(now: datetime) -> Any:  # Any: a select of CarrierAccount
    free = (col(CarrierAccount.paused_until).is_(None)) | (col(CarrierAccount.paused_until) <= now)
    return (
        select(CarrierAccount)
        .where(free, col(CarrierAccount.stopped_reason).is_(None))
        .order_by(col(CarrierAccount.id))
        .with_for_update()
    )


def _affordable(accounts: Any, lease: timedelta, now: datetime) -> int:  # Any: an iterable of CarrierAccount
    """How many calls fit into half a lease at the slowest account's pace, beyond what is reserved already."""
    slowest = min(accounts, key=lambda one: one.per_second)
    ahead = max(timedelta(0), (slowest.next_call_at or now) - now)
    return max(0, int((lease / 2 - ahead).total_seconds() * slowest.per_second))


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


def _still_held(session: Session, results: Sequence[Result]) -> dict[UUID, int]:
    """Leg → failures, of the claims whose fence is still the newest; locked."""
    fences = {one.claim.leg_id: one.claim.fence for one in results}
    rows = session.execute(
        select(col(LegWatch.leg_id), col(LegWatch.fence), col(LegWatch.failures))
        .where(col(LegWatch.leg_id).in_(fences))
        .order_by(col(LegWatch.leg_id))
        .with_for_update()
    )
    return {row.leg_id: row.failures for row in rows if fences[row.leg_id] == row.fence}


def _record_events(session: Session, answered: Sequence[Result], now: datetime) -> list[tuple[UUID, str, str | None]]:
    rows = [
        _event_row(one.claim.leg_id, event, now)
        for one in answered
        if isinstance(one.outcome, Answer)
        for event in one.outcome.events
    ]
    table = CarrierEvent.__table__  # type: ignore[attr-defined]
    kept = insert_or_ignore(session, table, rows, returning=(table.c.leg_id, table.c.raw_code, table.c.event))
    return [(row.leg_id, row.raw_code, row.event) for row in kept]


def _event_row(leg_id: UUID, event: ReadEvent, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "leg_id": leg_id,
        "source_id": event.id[:80],
        "classifier": Classifier(event.classifier),
        "occurred_at": event.occurred_at,
        "occurred_as_written": event.occurred_as_written[:60],
        "tz_known": event.tz_known,
        "heard_at": now,
        "said_at": event.created_at,
        "milestone": event.milestone,
        "event": event.event,
        "reason": event.reason,
        "raw_code": event.raw_code[:80],
        "raw_text": event.raw_text[:300],
        "place": event.place,
        "unlocode": event.unlocode,
    }


def _mark_changed(session: Session, legs: set[UUID]) -> None:
    batches = select(col(Leg.batch_id)).where(col(Leg.id).in_(legs))
    rows = session.execute(select(col(Box.id), col(Box.batch_id)).where(col(Box.batch_id).in_(batches))).all()
    facts_changed(session, [box for box, _ in rows])


def _plan_next(session: Session, answered: Sequence[Result], pace: float, now: datetime) -> None:
    if not answered:
        return
    legs = [one.claim.leg_id for one in answered]
    newest = _newest_actual(session, legs)
    stages = dict(_rows(session, _stages(legs)))
    rows = []
    for one in answered:
        answer = one.outcome
        assert isinstance(answer, Answer)
        last = newest.get(one.claim.leg_id)
        due = next_due(
            Mode(one.claim.leg.mode),
            last=last.milestone if last else None,
            last_at=last.occurred_at if last else None,
            arrival=answer.expected_to,
            pace=pace,
            now=now,
        )
        rows.append(
            {
                "leg_id": one.claim.leg_id,
                "due_at": None if stages.get(one.claim.leg_id) in ARRIVED_STAGES else due,
                "leased_until": None,
                "failures": 0,
                "asked_at": now,
                "since": one.claim.since if answer.next_page or not answer.found else now - OVERLAP,
                "trouble": "; ".join(answer.problems)[:300] or None,
            }
        )
    session.execute(update(LegWatch), rows, execution_options={"synchronize_session": None})
    accounts = {one.claim.account.id for one in answered}
    session.execute(
        update(CarrierAccount)
        .where(col(CarrierAccount.id).in_(accounts), col(CarrierAccount.failures) > 0)
        .values(failures=0),
        execution_options={"synchronize_session": False},
    )


def _newest_actual(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, Row[Any]]:
    """Leg → its newest event that happened, with a milestone."""
    event = CarrierEvent
    rows = session.execute(
        select(col(event.leg_id), col(event.milestone), col(event.occurred_at))
        .where(col(event.leg_id).in_(legs), col(event.classifier) == Classifier.ACT, col(event.milestone).is_not(None))
        .order_by(col(event.occurred_at), col(event.id))
    )
    return {row.leg_id: row for row in rows}


def _stages(legs: Sequence[UUID]) -> Any:  # Any: a select of two columns
    return (
        select(col(Leg.id), col(Batch.stage))
        .join(Batch, col(Batch.id) == col(Leg.batch_id))
        .where(col(Leg.id).in_(legs))
    )


def _rows(session: Session, statement: Any) -> list[tuple[UUID, Stage]]:  # Any: see _stages
    return [(leg, stage) for leg, stage in session.execute(statement)]


def _record_failures(
    session: Session,
    failed: Sequence[Result],
    held: Mapping[UUID, int],
    answering: Set[UUID],
    pace: float,
    now: datetime,
) -> list[str]:
    """Returns the carriers whose account stopped. An account that answers for other legs (`answering`) is not down."""
    stopped = []
    for one in failed:
        failures = held[one.claim.leg_id] + 1
        account = session.get_one(CarrierAccount, one.claim.account.id, with_for_update=True)
        due = now + backoff(failures, pace=pace)
        error = one.outcome
        if isinstance(error, CarrierOverQuota):
            account.failures += 1
            wait = (
                timedelta(seconds=error.retry_after_s) if error.retry_after_s else backoff(account.failures, pace=pace)
            )
            account.paused_until = due = max(account.paused_until or now, now + wait)
        elif isinstance(error, CarrierRefused):
            if account.stopped_reason is None:
                stopped.append(account.carrier)
            account.stopped_reason = str(error)[:200]
        elif not isinstance(error, CarrierUnreadable) and account.id not in answering:
            account.failures += 1
            if account.failures >= BREAKER_OPENS_AFTER:
                account.paused_until = now + backoff(account.failures - BREAKER_OPENS_AFTER, pace=pace)
        values = {
            "due_at": due,
            "leased_until": None,
            "failures": failures,
            "asked_at": now,
            "trouble": str(error)[:300],
        }
        session.execute(
            update(LegWatch).where(col(LegWatch.leg_id) == one.claim.leg_id).values(**values),
            execution_options={"synchronize_session": False},
        )
    return stopped
