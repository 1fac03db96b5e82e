"""What becomes of carriers' answers: events once each, the next due times, pauses, stops."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, select, update
from sqlmodel import Session, col

from shipments.batches.batch import Batch, Leg, Mode
from shipments.boxes.box import Box, Stage
from shipments.boxes.facts import facts_changed
from shipments.database import insert_or_ignore, new_id
from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, CarrierUnreadable
from shipments.tracking.account import CarrierAccount
from shipments.tracking.carriers.answers import Answer, ReadEvent
from shipments.tracking.claiming import Claim
from shipments.tracking.due import backoff, next_due
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.milestones import RANK
from shipments.tracking.watch import LegWatch

ARRIVED_STAGES = frozenset({Stage.AT_THE_OFFICE, Stage.READY, Stage.HANDED_OVER})
BREAKER_OPENS_AFTER = 5
OVERLAP = timedelta(minutes=10)  # asked again, since a carrier's clock and ours differ; dedupe takes what is known


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
    """Leg → its newest event that happened, with a milestone: by time, then by rank, as progress orders them."""
    event = CarrierEvent
    rows = session.execute(
        select(
            col(event.leg_id), col(event.milestone), col(event.occurred_at), col(event.heard_at), col(event.id)
        ).where(col(event.leg_id).in_(legs), col(event.classifier) == Classifier.ACT, col(event.milestone).is_not(None))
    ).all()
    ordered = sorted(rows, key=lambda row: (row.occurred_at or row.heard_at, RANK[row.milestone], str(row.id)))
    return {row.leg_id: row for row in ordered}


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
