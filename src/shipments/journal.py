"""Who did, saw or was refused what: append-only, each entry chained to the one before by SHA-256.

Entries are collected while a transaction runs and written as its last statement, so that the lock on the head is
held for as short a time as can be. No personal data: staff by id, things by code.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import JSON, CheckConstraint, Index, func, insert, update
from sqlalchemy import select as select_columns
from sqlmodel import Field, Session, SQLModel, col, select

from shipments.database import instant, one_of, word
from shipments.sealing import KeyRing

START = "0" * 64
_PENDING = "journal"


class Outcome(StrEnum):
    """What became of it."""

    DONE = "done"
    SAW = "saw"
    REFUSED = "refused"


class JournalEntry(SQLModel, table=True):
    """One line. Triggers refuse UPDATE and DELETE."""

    __tablename__ = "journal"
    __table_args__ = (
        one_of("outcome", Outcome),
        CheckConstraint("seq > 0", name="seq_positive"),
        Index("ix_journal_object", "object_kind", "object_code", "seq"),
        Index("ix_journal_office_id", "office_id", "seq"),
    )

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = instant()
    person_id: UUID | None = None
    action: str = Field(max_length=60)
    outcome: Outcome = word(Outcome)
    object_kind: str = Field(max_length=40)
    object_code: str = Field(max_length=80)
    office_id: UUID | None = None
    details: dict[str, str | int | bool | None] = Field(default_factory=dict, sa_type=JSON)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64, unique=True)

    def digest(self) -> str:
        """SHA-256 over every other field in a fixed order, hex."""
        return _digest(self, self.seq, self.previous)


class JournalHead(SQLModel, table=True):
    """The last entry, in one row that writers lock: the chain has no forks."""

    __tablename__ = "journal_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = 0
    hash: str = Field(default=START, max_length=64)


class Noted(msgspec.Struct, frozen=True):
    """An entry before it has its place in the chain."""

    at: datetime
    action: str
    object_kind: str
    object_code: str
    person_id: UUID | None = None
    office_id: UUID | None = None
    outcome: Outcome = Outcome.DONE
    details: dict[str, str | int | bool | None] = {}


_HEAD_AS_IS = select_columns(col(JournalHead.seq), col(JournalHead.hash)).where(col(JournalHead.id) == 1)
_HEAD = _HEAD_AS_IS.with_for_update()
_MOVE_HEAD = update(JournalHead).where(col(JournalHead.id) == 1)
_APPEND = insert(JournalEntry)


def note(session: Session, entry: Noted) -> None:
    """Keeps `entry` until `append_noted`, which runs just before the commit."""
    session.info.setdefault(_PENDING, []).append(entry)


def append_noted(session: Session) -> int:
    """Chains and writes what was noted in this transaction. Returns how many entries."""
    pending: list[Noted] = session.info.pop(_PENDING, [])
    if not pending:
        return 0
    connection = session.connection()
    seq, previous = connection.execute(_HEAD).one()
    rows = []
    for noted in pending:
        seq += 1
        digest = _digest(noted, seq, previous)
        rows.append({**msgspec.structs.asdict(noted), "seq": seq, "previous": previous, "hash": digest})
        previous = digest
    connection.execute(_APPEND, rows)
    connection.execute(_MOVE_HEAD, {"seq": seq, "hash": previous})
    return len(rows)


def _digest(entry: JournalEntry | Noted, seq: int, previous: str) -> str:
    body = [
        seq, entry.at.astimezone(UTC).isoformat(), str(entry.person_id), entry.action, str(entry.outcome),
        entry.object_kind, entry.object_code, str(entry.office_id), sorted(entry.details.items()), previous,
    ]  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(body)).hexdigest()


def verify(session: Session) -> Iterator[tuple[int, str | None]]:
    """Walks the chain up to the head as it is now; others may go on writing meanwhile.

    Yields (seq, what is wrong or None) for each entry, last (head's seq, …) for the head.
    """
    head_seq, head_hash = _head(session)
    previous, expected = START, 0
    entries = session.exec(
        select(JournalEntry)
        .where(col(JournalEntry.seq) <= head_seq)
        .order_by(col(JournalEntry.seq))
        .execution_options(yield_per=1000)
    )
    for entry in entries:
        expected += 1
        if entry.seq != expected:
            yield expected, f"entry {expected} is missing: the next one is {entry.seq}"
            expected = entry.seq
        if entry.previous != previous:
            yield entry.seq, f"entry {entry.seq} does not follow the one before it"
        elif entry.hash != entry.digest():
            yield entry.seq, f"entry {entry.seq} was changed after it was written"
        else:
            yield entry.seq, None
        previous = entry.hash
    if (head_seq, head_hash) != (expected, previous) or _beyond(session, head_seq):
        yield expected, "the end of the journal was cut off or the head was changed"
    else:
        yield expected, None


def _beyond(session: Session, seq: int) -> bool:
    """Whether entries stand behind the head: it was set back. The head is read after them, so it can only be ahead."""
    last = session.connection().scalar(select_columns(func.max(col(JournalEntry.seq)))) or 0
    return bool(last > max(seq, _head(session)[0]))


def _head(session: Session) -> tuple[int, str]:
    """Where the chain ends; nowhere, if somebody took the head away."""
    head = session.connection().execute(_HEAD_AS_IS).one_or_none()
    return (int(head.seq), str(head.hash)) if head else (0, START)


def count(session: Session) -> int:
    """How many entries the head says there are."""
    return session.get_one(JournalHead, 1).seq


def signed_head(session: Session, ring: KeyRing) -> str:
    """`seq:hash:signature`, to be kept elsewhere: with it, a cut or rewritten journal is found."""
    head = session.get_one(JournalHead, 1)
    return f"{head.seq}:{head.hash}:{ring.keyed_hash('journal', f'{head.seq}:{head.hash}').hex()}"


def holds(session: Session, ring: KeyRing, kept: str) -> str | None:
    """Whether the journal still contains the head kept elsewhere; what is wrong, or None."""
    seq, _, rest = kept.strip().partition(":")
    digest, _, signature = rest.partition(":")
    if not seq.isdecimal() or ring.keyed_hash("journal", f"{seq}:{digest}").hex() != signature:
        return "the kept head was not signed by this installation"
    if int(seq) == 0:
        return None
    found = session.get(JournalEntry, int(seq))
    if found is None or found.hash != digest:
        return f"entry {seq} is not the one that was signed"
    return None
