"""The journal: append-only, in one chain, and whatever is done to it is found."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from shipments.database import Database
from shipments.journal import (
    JournalEntry,
    JournalHead,
    Noted,
    Outcome,
    append_noted,
    holds,
    note,
    signed_head,
    verify,
)
from shipments.sealing import KeyRing
from tests.builders import NOON


def write(database: Database, *codes: str, at: datetime = NOON) -> None:
    with database.writing() as session:
        for code in codes:
            note(session, Noted(at, "box.seal", "box", code, details={"weight": 12_500, "by": None}))
        append_noted(session)


def complaints(database: Database) -> list[str]:
    with database.reading() as session:
        return [wrong for _, wrong in verify(session) if wrong]


def tamper(database: Database, *statements: str) -> None:
    """As somebody could who owns the database: the triggers go first."""
    with database.writing() as session:
        if database.local:
            session.execute(text("DROP TRIGGER journal_no_update"))
            session.execute(text("DROP TRIGGER journal_no_delete"))
        else:
            session.execute(text("DROP TRIGGER journal_append_only ON journal"))
        for statement in statements:
            session.execute(text(statement))


def test_an_empty_journal_is_whole(database: Database) -> None:
    with database.reading() as session:
        assert list(verify(session)) == [(0, None)]


def test_entries_are_chained_in_the_order_noted(database: Database) -> None:
    write(database, "A", "B")
    write(database, "C")
    with database.reading() as session:
        entries = session.exec(select(JournalEntry).order_by("seq")).all()
        assert [(entry.seq, entry.object_code, entry.outcome) for entry in entries] == [
            (1, "A", Outcome.DONE),
            (2, "B", Outcome.DONE),
            (3, "C", Outcome.DONE),
        ]
        assert entries[0].at == NOON
        assert entries[0].details == {"weight": 12_500, "by": None}
        assert list(verify(session)) == [(1, None), (2, None), (3, None), (3, None)]


def test_what_a_rolled_back_transaction_noted_is_not_in_the_journal(database: Database) -> None:
    with suppress(ZeroDivisionError), database.writing() as session:
        note(session, Noted(NOON, "box.seal", "box", "A"))
        append_noted(session)
        _ = 1 / 0
    write(database, "B")
    with database.reading() as session:
        assert session.exec(select(JournalEntry.object_code)).all() == ["B"]
        assert session.get_one(JournalHead, 1).seq == 1


def test_a_time_in_another_zone_is_the_same_instant_in_the_chain(database: Database) -> None:
    write(database, "A", at=NOON.astimezone(timezone(timedelta(hours=4))))
    assert complaints(database) == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE journal SET object_code = 'Z'", "DELETE FROM journal", "UPDATE journal SET seq = seq + 10"],
)
def test_the_database_itself_refuses_to_change_an_entry(database: Database, statement: str) -> None:
    write(database, "A", "B")
    with pytest.raises(IntegrityError, match="append-only"), database.writing() as session:
        session.execute(text(statement))
    assert complaints(database) == []


def test_on_sqlite_an_entry_cannot_be_replaced_either(sqlite_database: Database) -> None:
    write(sqlite_database, "A")
    with pytest.raises(IntegrityError, match="append-only"), sqlite_database.writing() as session:
        session.execute(text("REPLACE INTO journal SELECT * FROM journal"))


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE journal SET object_code = 'Z' WHERE seq = 2"], ["entry 2 was changed after it was written"]),
        (["UPDATE journal SET details = '{}' WHERE seq = 1"], ["entry 1 was changed after it was written"]),
        (
            ["DELETE FROM journal WHERE seq = 2"],
            ["entry 2 is missing: the next one is 3", "entry 3 does not follow the one before it"],
        ),
        (
            [
                "UPDATE journal SET seq = 99 WHERE seq = 2",
                "UPDATE journal SET seq = 2 WHERE seq = 3",
                "UPDATE journal SET seq = 3 WHERE seq = 99",
            ],
            [
                "entry 2 does not follow the one before it",
                "entry 3 does not follow the one before it",
                "entry 4 does not follow the one before it",
            ],
        ),
        (["DELETE FROM journal WHERE seq = 4"], ["the end of the journal was cut off or the head was changed"]),
        (["DELETE FROM journal"], ["the end of the journal was cut off or the head was changed"]),
        (["DELETE FROM journal_head"], ["the end of the journal was cut off or the head was changed"]),
    ],
    ids=["edited", "details", "deleted", "reordered", "cut", "emptied", "beheaded"],
)
def test_verify_finds_what_was_done(database: Database, statements: Sequence[str], expected: list[str]) -> None:
    write(database, "A", "B", "C", "D")
    tamper(database, *statements)
    assert complaints(database) == expected


def test_the_kept_head_finds_a_tail_cut_with_its_head(database: Database, ring: KeyRing) -> None:
    write(database, "A", "B", "C")
    with database.reading() as session:
        kept = signed_head(session, ring)
        before = session.get_one(JournalEntry, 2).hash
    tamper(
        database,
        "DELETE FROM journal WHERE seq = 3",
        f"UPDATE journal_head SET seq = 2, hash = '{before}'",
    )
    assert complaints(database) == []
    write(database, "D")
    with database.reading() as session:
        assert holds(session, ring, kept) == "entry 3 is not the one that was signed"


def test_the_kept_head_holds_while_the_journal_grows(database: Database, ring: KeyRing) -> None:
    with database.reading() as session:
        assert holds(session, ring, signed_head(session, ring)) is None
    write(database, "A")
    with database.reading() as session:
        kept = signed_head(session, ring)
    write(database, "B")
    with database.reading() as session:
        assert holds(session, ring, kept + "\n") is None


@pytest.mark.parametrize("forge", [str.upper, lambda kept: "1" + kept[1:], lambda kept: kept[:-1], lambda _: ""])
def test_a_forged_head_is_refused(sqlite_database: Database, ring: KeyRing, forge: Callable[[str], str]) -> None:
    write(sqlite_database, "A", "B")
    with sqlite_database.reading() as session:
        assert (
            holds(session, ring, forge(signed_head(session, ring)))
            == "the kept head was not signed by this installation"
        )


def test_two_writers_at_once_keep_one_chain(database: Database) -> None:
    start = Barrier(2)

    def writer(name: str) -> None:
        start.wait()
        for number in range(15):
            write(database, f"{name}{number}")

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(writer, "A"), threads.submit(writer, "B")]:
            done.result()
    with database.reading() as session:
        assert written(session) == 30
    assert complaints(database) == []


def written(session: Session) -> int:
    return len(session.exec(select(JournalEntry.seq)).all())
