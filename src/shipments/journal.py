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
from sqlalchemy import JSON, CheckConstraint, Index, insert, text
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
        body = [
            self.seq, self.at.astimezone(UTC).isoformat(), str(self.person_id), self.action, str(self.outcome),
            self.object_kind, self.object_code, str(self.office_id), sorted(self.details.items()), self.previous,
        ]  # fmt: skip
        return hashlib.sha256(msgspec.json.encode(body)).hexdigest()


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


def note(session: Session, entry: Noted) -> None:
    """Keeps `entry` until `append_noted`, which runs just before the commit."""
    session.info.setdefault(_PENDING, []).append(entry)


def append_noted(session: Session) -> int:
    """Chains and writes what was noted in this transaction. Returns how many entries."""
    pending: list[Noted] = session.info.pop(_PENDING, [])
    if not pending:
        return 0
    head = session.execute(text("SELECT seq, hash FROM journal_head WHERE id = 1" + _lock(session))).one()
    seq, previous = int(head.seq), str(head.hash)
    rows = []
    for noted in pending:
        seq += 1
        entry = JournalEntry(**msgspec.structs.asdict(noted), seq=seq, previous=previous, hash="")
        previous = entry.digest()
        rows.append({**entry.model_dump(), "hash": previous})
    session.connection().execute(insert(JournalEntry), rows)
    session.execute(
        text("UPDATE journal_head SET seq = :seq, hash = :hash WHERE id = 1"), {"seq": seq, "hash": previous}
    )
    return len(rows)


def verify(session: Session) -> Iterator[tuple[int, str | None]]:
    """Walks the whole chain. Yields (seq, what is wrong or None) for each entry, last (head's seq, …) for the head."""
    previous, expected = START, 0
    entries = session.exec(select(JournalEntry).order_by(col(JournalEntry.seq)).execution_options(yield_per=1000))
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
    head = session.get(JournalHead, 1)
    if head is None or (head.seq, head.hash) != (expected, previous):
        yield expected, "the end of the journal was cut off or the head was changed"
    else:
        yield expected, None


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


def _lock(session: Session) -> str:
    return "" if session.get_bind().dialect.name == "sqlite" else " FOR UPDATE"
