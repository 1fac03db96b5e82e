"""Writes the call ledger: a call is entered when its place is reserved, and ended with what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col

from shipments.database import new_id, write_many
from shipments.tracking.calls.call import CalledLeg, CallKind, CarrierCall, Outcome

KEPT = timedelta(days=400)


class CallMade(msgspec.Struct, frozen=True):
    """A call to be entered. `legs`: (id, when it should have been asked)."""

    account_id: UUID
    kind: CallKind
    at: datetime
    legs: tuple[tuple[UUID, datetime | None], ...]


class CallEnded(msgspec.Struct, frozen=True):
    """What came of a call. `size` in bytes on the wire."""

    call_id: UUID
    outcome: Outcome
    status: int | None = None
    size: int | None = None
    duration_ms: int | None = None
    news: int = 0


def open_calls(session: Session, calls: Sequence[CallMade]) -> list[UUID]:
    """Enters calls whose place has just been reserved; their ids in order."""
    if not calls:
        return []
    ids = [new_id() for _ in calls]
    rows = [
        {"id": id, "account_id": one.account_id, "kind": one.kind, "at": one.at, "legs": len(one.legs), "news": 0}
        for id, one in zip(ids, calls, strict=True)
    ]
    about = [
        {"call_id": id, "leg_id": leg, "due_at": due_at}
        for id, one in zip(ids, calls, strict=True)
        for leg, due_at in one.legs
    ]
    write_many(session, insert(CarrierCall), rows)
    if about:
        write_many(session, insert(CalledLeg), about)
    return ids


def move_calls(session: Session, places: Mapping[UUID, datetime]) -> None:
    """Calls that were given another place in the budget."""
    if places:
        rows = [{"of_call": call, "place": at} for call, at in places.items()]
        write_many(session, _MOVE, rows)


_MOVE = update(CarrierCall).where(col(CarrierCall.id) == bindparam("of_call")).values(at=bindparam("place"))


def open_among(session: Session, calls: Sequence[UUID]) -> set[UUID]:
    """Those of these calls that have not ended."""
    still = select(col(CarrierCall.id)).where(col(CarrierCall.id).in_(calls), col(CarrierCall.outcome).is_(None))
    return set(session.connection().scalars(still)) if calls else set()


def close_call(
    session: Session,
    call_id: UUID,
    outcome: Outcome,
    *,
    status: int | None = None,
    size: int | None = None,
    duration_ms: int | None = None,
    news: int = 0,
    now: datetime,
) -> None:
    """Ends one call; see `close_calls`."""
    close_calls(session, [CallEnded(call_id, outcome, status, size, duration_ms, news)], now=now)


def close_calls(session: Session, ended: Sequence[CallEnded], *, now: datetime) -> None:
    """Ends calls that are still open: what was said of one first, holds."""
    if not ended:
        return
    rows = [
        {
            "of_call": one.call_id,
            "said": one.outcome,
            "of_status": one.status,
            "of_size": one.size,
            "of_ms": one.duration_ms,
            "of_news": one.news,
            "now": now,
        }
        for one in ended
    ]
    write_many(session, _CLOSE, rows)


_CLOSE = (
    update(CarrierCall)
    .where(col(CarrierCall.id) == bindparam("of_call"), col(CarrierCall.outcome).is_(None))
    .values(
        outcome=bindparam("said"),
        status=bindparam("of_status"),
        size=bindparam("of_size"),
        duration_ms=bindparam("of_ms"),
        news=bindparam("of_news"),
        ended_at=bindparam("now"),
    )
)


def forget_old(session: Session, *, now: datetime) -> int:
    """Deletes calls that are older than KEPT, with the legs they were about. Returns how many."""
    result = session.connection().execute(delete(CarrierCall).where(col(CarrierCall.at) < now - KEPT))
    return result.rowcount
