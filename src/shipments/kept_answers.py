"""Idempotency: the answer to a request is kept with its key, in the same transaction as what the request did.

A kept answer is sealed, because it may show a card's secret, and is forgotten after KEPT_FOR. It is repeated only to
whoever still holds every grant that they held when it was given; acting anew for a known key would act twice.
"""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, delete, insert, select, text
from sqlmodel import Field, Session, SQLModel, col

from shipments.database import instant
from shipments.errors import KeyReused, NotAllowed
from shipments.sealing import KeyRing

KEPT_FOR = timedelta(days=7)


class KeptAnswer(SQLModel, table=True):
    """What was answered to `key` of one person."""

    __tablename__ = "kept_answer"

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    key: str = Field(primary_key=True, max_length=200)
    request_hash: bytes = Field(max_length=32)
    sealed: bytes
    kept_at: datetime = instant(index=True)


_KEPT = select(col(KeptAnswer.request_hash), col(KeptAnswer.sealed)).where(
    col(KeptAnswer.person_id) == bindparam("of"), col(KeptAnswer.key) == bindparam("named")
)
_KEEP = insert(KeptAnswer)


class AnswerBody(msgspec.Struct, frozen=True):
    """An HTTP answer, as far as a repeat needs it. `held`: what whoever got it was allowed (see `Actor.held`)."""

    status: int
    body: bytes
    headers: dict[str, str] = {}
    held: frozenset[str] = frozenset()


def request_hash(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same: 32 bytes."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


def recall(
    session: Session, ring: KeyRing, person_id: UUID, key: str, request: bytes, *, held: frozenset[str]
) -> AnswerBody | None:
    """The answer given before, or None.

    Raises KeyReused where the request was another one, NotAllowed where a grant of that time is no longer `held`.
    """
    _one_at_a_time(session, f"{person_id}:{key}")
    kept = session.connection().execute(_KEPT, {"of": person_id, "named": key}).one_or_none()
    if kept is None:
        return None
    if kept.request_hash != request:
        raise KeyReused
    answer = msgspec.msgpack.decode(ring.open_answer(kept.sealed, f"{person_id}:{key}"), type=AnswerBody)
    if not answer.held <= held:
        raise NotAllowed("This was done, but your roles have changed since, so that its answer is not shown again.")
    return answer


def _one_at_a_time(session: Session, name: str) -> None:
    """A second request with the key waits for the first one's commit; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def keep(
    session: Session, ring: KeyRing, person_id: UUID, key: str, request: bytes, answer: AnswerBody, *, now: datetime
) -> None:
    """Stores the answer beside what it answers. The primary key refuses a second one for the same key."""
    sealed = ring.seal_answer(msgspec.msgpack.encode(answer), f"{person_id}:{key}")
    row = {"person_id": person_id, "key": key, "request_hash": request, "sealed": sealed, "kept_at": now}
    session.connection().execute(_KEEP, row)


def forget_old(session: Session, *, now: datetime) -> int:
    """Drops answers older than KEPT_FOR. Returns how many."""
    result = session.connection().execute(delete(KeptAnswer).where(col(KeptAnswer.kept_at) < now - KEPT_FOR))
    return result.rowcount
