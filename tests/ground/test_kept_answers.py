"""Idempotency: the same key gives the same answer; the same key with another body is refused."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from shipments.database import Database
from shipments.errors import KeyReused, NotAllowed
from shipments.kept_answers import KEPT_FOR, AnswerBody, KeptAnswer, forget_old, keep, recall, request_hash
from shipments.sealing import KeyRing
from tests.builders import NOON, a_person

HELD = frozenset({"counsellor:1", "receiver:2"})
ANSWER = AnswerBody(201, b'{"url":"/C/SECRET-TOKEN-OF-A-CARD","pin":"493817"}', {"ETag": '"1"'}, HELD)
REQUEST = request_hash("POST", "/api/v1/cases/CS-1/card", b"{}")


def keep_one(database: Database, ring: KeyRing, key: str = "k", answer: AnswerBody = ANSWER) -> UUID:
    with database.writing() as session:
        person = a_person(session)
        keep(session, ring, person.id, key, REQUEST, answer, now=NOON)
        return person.id


def test_the_same_key_gives_the_same_answer(database: Database, ring: KeyRing) -> None:
    person = keep_one(database, ring)
    with database.reading() as session:
        assert recall(session, ring, person, "k", REQUEST, held=HELD) == ANSWER
        assert recall(session, ring, person, "another key", REQUEST, held=HELD) is None


def test_the_same_key_of_somebody_else_is_another_key(sqlite_database: Database, ring: KeyRing) -> None:
    keep_one(sqlite_database, ring)
    with sqlite_database.writing() as session:
        assert recall(session, ring, a_person(session).id, "k", REQUEST, held=HELD) is None


@pytest.mark.parametrize(
    "other",
    [
        request_hash("POST", "/api/v1/cases/CS-1/card", b"{ }"),
        request_hash("POST", "/api/v1/cases/CS-2/card", b"{}"),
        request_hash("DELETE", "/api/v1/cases/CS-1/card", b"{}"),
        request_hash("POST", "/api/v1/cases/CS-1/card{}", b""),
    ],
    ids=["body", "path", "method", "shifted"],
)
def test_the_same_key_with_another_request_is_refused(sqlite_database: Database, ring: KeyRing, other: bytes) -> None:
    person = keep_one(sqlite_database, ring)
    with sqlite_database.reading() as session, pytest.raises(KeyReused):
        recall(session, ring, person, "k", other, held=HELD)


def test_an_answer_is_repeated_to_whoever_still_holds_every_role_of_then(database: Database, ring: KeyRing) -> None:
    person = keep_one(database, ring)
    with database.reading() as session:
        assert recall(session, ring, person, "k", REQUEST, held=HELD | {"auditor:"}) == ANSWER
        for fewer in (frozenset(), frozenset({"receiver:2"}), frozenset({"counsellor:2", "receiver:2"})):
            with pytest.raises(NotAllowed, match="roles have changed"):
                recall(session, ring, person, "k", REQUEST, held=fewer)


def test_a_key_is_answered_once(database: Database, ring: KeyRing) -> None:
    person = keep_one(database, ring)
    with pytest.raises(IntegrityError), database.writing() as session:
        keep(session, ring, person, "k", REQUEST, ANSWER, now=NOON)


def test_a_secret_in_an_answer_is_nowhere_in_the_database_files(sqlite_database: Database, ring: KeyRing) -> None:
    keep_one(sqlite_database, ring, key="visible-key")
    file = Path(str(sqlite_database.engine.url.database))
    raw = b"".join(path.read_bytes() for path in sorted(file.parent.glob(file.name + "*")))
    assert b"visible-key" in raw
    assert b"SECRET-TOKEN" not in raw
    assert b"493817" not in raw


def test_on_postgresql_neither(postgres_database: Database, ring: KeyRing) -> None:
    keep_one(postgres_database, ring, key="visible-key")
    with postgres_database.reading() as session:
        raw = bytes(session.connection().execute(text("SELECT sealed FROM kept_answer")).scalar_one())
    assert b"SECRET-TOKEN" not in raw
    assert b"493817" not in raw


def test_old_answers_are_forgotten_and_young_ones_kept(database: Database, ring: KeyRing) -> None:
    keep_one(database, ring, key="old")
    with database.writing() as session:
        keep(session, ring, a_person(session).id, "young", REQUEST, ANSWER, now=NOON + timedelta(seconds=1))
    with database.writing() as session:
        assert forget_old(session, now=NOON + KEPT_FOR + timedelta(seconds=1)) == 1
        assert session.exec(select(col(KeptAnswer.key))).all() == ["young"]
