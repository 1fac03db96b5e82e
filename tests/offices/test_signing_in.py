"""Who gets in with a password, for how long, and what a stolen or planted token is worth."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from shipments.database import Database
from shipments.journal import JournalEntry, append_noted
from shipments.offices import signing_in
from shipments.offices.guessing import Limit
from shipments.offices.passwords import hash_of
from shipments.offices.people import disable_person, grant_role, set_password
from shipments.offices.person import Person, Role, SignIn
from shipments.offices.scope import EVERYWHERE
from shipments.offices.signing_in import (
    Attempt,
    Refused,
    Seen,
    count_attempt,
    forget_ended,
    is_right,
    settle,
    sign_out,
    touch,
    whoami,
)
from shipments.sealing import KeyRing
from tests.builders import NOON, a_person
from tests.offices.looking import raw_bytes, statements

PASSWORD = "kettle orbit lavender"
IDLE, ABSOLUTE = timedelta(minutes=60), timedelta(hours=12)


@pytest.fixture
def person(request: pytest.FixtureRequest) -> Person:
    """Ada, who knows her password, in whichever database the test uses."""
    name = "database" if "database" in request.fixturenames else "sqlite_database"
    database: Database = request.getfixturevalue(name)
    with database.writing() as session:
        return a_person(session, email="ada@example.org", password_hash=hash_of(PASSWORD))


def attempt(
    database: Database,
    ring: KeyRing,
    email: str = "ada@example.org",
    password: str = PASSWORD,
    address: str = "192.0.2.1",
    now: datetime = NOON,
) -> str | Refused | None:
    """As the edge does it: a token, None where it was wrong, or Refused."""
    with database.writing() as session:
        counted = count_attempt(session, ring, email=email, address=address, now=now)
        append_noted(session)
    if isinstance(counted, Refused):
        return counted
    right = is_right(counted, password)
    with database.writing() as session:
        token = settle(session, ring, counted, right, now=now)
        append_noted(session)
    return token


def sign_in(database: Database, ring: KeyRing) -> str:
    token = attempt(database, ring)
    assert isinstance(token, str)
    return token


def seen(database: Database, ring: KeyRing, token: str, now: datetime = NOON) -> Seen | None:
    with database.reading() as session:
        return whoami(session, ring, token, now=now, idle=IDLE, absolute=ABSOLUTE)


def test_the_right_password_opens_a_session(database: Database, ring: KeyRing, person: Person) -> None:
    token = attempt(database, ring, email=" ADA@example.org ")
    assert isinstance(token, str)
    found = seen(database, ring, token)
    assert found is not None
    assert (found.actor.person_id, found.actor.via) == (person.id, "session")


def test_anything_else_does_not(database: Database, ring: KeyRing, person: Person) -> None:
    wrong = [
        ("ada@example.org", "kettle orbit lavendel"),
        ("ada@example.org", ""),
        ("bob@example.org", PASSWORD),
        ("a\0da@example.org", PASSWORD),
        ("аda@example.org", PASSWORD),  # noqa: RUF001 - a Cyrillic letter is the point
        ("\ud800", "\ud800"),
        ("x" * 100_000, "x" * 100_000),
    ]
    assert [attempt(database, ring, email, password) for email, password in wrong] == [None] * len(wrong)


def test_somebody_without_a_password_cannot_sign_in_with_any(sqlite_database: Database, ring: KeyRing) -> None:
    with sqlite_database.writing() as session:
        a_person(session, email="key-only@example.org")
    assert attempt(sqlite_database, ring, "key-only@example.org", "") is None


def test_an_unknown_address_costs_the_same_comparison(
    sqlite_database: Database, ring: KeyRing, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str | None] = []

    def counting(secret: str, stored: str | None) -> bool:
        compared.append(stored)
        return False

    monkeypatch.setattr(signing_in, "proves", counting)
    attempt(sqlite_database, ring, "ada@example.org", "wrong")
    attempt(sqlite_database, ring, "nobody@example.org", "wrong")
    assert len(compared) == 2
    assert compared[1] is None


def test_every_sign_in_has_a_token_of_its_own_so_a_planted_one_is_worth_nothing(
    database: Database, ring: KeyRing, person: Person
) -> None:
    planted = "planted-by-somebody-else-0123456789abcdef"
    assert seen(database, ring, planted) is None
    first, second = sign_in(database, ring), sign_in(database, ring)
    assert len({first, second, planted}) == 3
    assert seen(database, ring, planted) is None
    assert seen(database, ring, first) is not None


def test_junk_for_a_token_is_nobody(database: Database, ring: KeyRing) -> None:
    junk = ["", "\0", "\ud800", "é" * 50, "x" * 100_000]
    assert [seen(database, ring, token) for token in junk] == [None] * len(junk)


def test_a_token_replayed_after_signing_out_is_dead_and_its_sibling_lives(
    database: Database, ring: KeyRing, person: Person
) -> None:
    here, there = sign_in(database, ring), sign_in(database, ring)
    with database.writing() as session:
        assert sign_out(session, ring, here, now=NOON)
        assert not sign_out(session, ring, here, now=NOON)
    assert seen(database, ring, here) is None
    assert seen(database, ring, there) is not None


def test_disabling_somebody_ends_their_sessions_at_once(database: Database, ring: KeyRing, person: Person) -> None:
    token = sign_in(database, ring)
    with database.writing() as session:
        disable_person(session, person.email, by=EVERYWHERE, now=NOON)
    assert seen(database, ring, token) is None
    assert attempt(database, ring) is None


def test_somebody_disabled_while_the_password_is_compared_does_not_get_in(
    database: Database, ring: KeyRing, person: Person
) -> None:
    with database.writing() as session:
        counted = count_attempt(session, ring, email=person.email, address="192.0.2.1", now=NOON)
        assert isinstance(counted, Attempt)
    with database.writing() as session:
        disable_person(session, person.email, by=EVERYWHERE, now=NOON)
    with database.writing() as session:
        assert settle(session, ring, counted, is_right(counted, PASSWORD), now=NOON) is None


def test_a_new_password_ends_every_session(database: Database, ring: KeyRing, person: Person) -> None:
    token = sign_in(database, ring)
    with database.writing() as session:
        set_password(session, person.email, "teapot under willows", by=EVERYWHERE, now=NOON)
    assert seen(database, ring, token) is None
    assert attempt(database, ring) is None


def test_a_role_granted_in_mid_session_acts_at_once(database: Database, ring: KeyRing, person: Person) -> None:
    token = sign_in(database, ring)
    with database.writing() as session:
        grant_role(session, person.email, Role.COORDINATOR, None, by=EVERYWHERE, now=NOON)
    found = seen(database, ring, token)
    assert found is not None
    assert found.actor.grants == {(Role.COORDINATOR, None)}


def test_a_session_ends_unused_and_ends_in_any_case(database: Database, ring: KeyRing, person: Person) -> None:
    token = sign_in(database, ring)
    assert seen(database, ring, token, NOON + IDLE - timedelta(seconds=1)) is not None
    assert seen(database, ring, token, NOON + IDLE) is None
    now = NOON
    while now < NOON + ABSOLUTE - timedelta(minutes=30):
        now += timedelta(minutes=30)
        found = seen(database, ring, token, now)
        assert found is not None
        with database.writing() as session:
            touch(session, found.sign_in_id, now=now)
    assert seen(database, ring, token, NOON + ABSOLUTE - timedelta(seconds=1)) is not None
    assert seen(database, ring, token, NOON + ABSOLUTE) is None


def test_use_is_written_down_at_most_once_a_minute(sqlite_database: Database, ring: KeyRing, person: Person) -> None:
    token = sign_in(sqlite_database, ring)
    due = [
        found.touch_due
        for seconds in (0, 59, 60)
        if (found := seen(sqlite_database, ring, token, NOON + timedelta(seconds=seconds)))
    ]
    assert due == [False, False, True]


def test_touching_wakes_no_session_that_ended(sqlite_database: Database, ring: KeyRing, person: Person) -> None:
    token = sign_in(sqlite_database, ring)
    found = seen(sqlite_database, ring, token)
    assert found is not None
    with sqlite_database.writing() as session:
        sign_out(session, ring, token, now=NOON)
        touch(session, found.sign_in_id, now=NOON + IDLE)
        assert session.exec(select(SignIn.used_at)).one() == NOON
        assert forget_ended(session, now=NOON, absolute=ABSOLUTE) == 1


def test_looking_who_it_is_takes_one_query_and_writes_nothing(
    sqlite_database: Database, ring: KeyRing, person: Person
) -> None:
    token = sign_in(sqlite_database, ring)
    with sqlite_database.reading() as session, statements(session) as said:
        whoami(session, ring, token, now=NOON, idle=IDLE, absolute=ABSOLUTE)
    assert len(said) == 1
    assert said[0].startswith("SELECT")


def test_guesses_at_one_person_lock_that_person_only(database: Database, ring: KeyRing, person: Person) -> None:
    with database.writing() as session:
        a_person(session, email="bob@example.org", password_hash=hash_of(PASSWORD))
    wrong = [attempt(database, ring, password="wrong", address=f"192.0.2.{host}") for host in range(12)]
    assert wrong == [None] * 10 + [Refused(900)] * 2
    assert attempt(database, ring) == Refused(900)
    assert isinstance(attempt(database, ring, "bob@example.org"), str)
    assert isinstance(attempt(database, ring, now=NOON + timedelta(minutes=15)), str)


def test_unknown_addresses_lock_like_known_ones(sqlite_database: Database, ring: KeyRing) -> None:
    wrong = [attempt(sqlite_database, ring, "nobody@example.org", address=f"192.0.2.{host}") for host in range(11)]
    assert wrong == [None] * 10 + [Refused(900)]


def test_guesses_from_one_address_lock_that_address_only(
    sqlite_database: Database, ring: KeyRing, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "PER_ADDRESS", Limit("sign in from", 3, timedelta(minutes=15)))
    tries = [attempt(sqlite_database, ring, f"somebody{number}@example.org") for number in range(4)]
    assert tries == [None] * 3 + [Refused(900)]
    assert attempt(sqlite_database, ring) == Refused(900)
    assert isinstance(attempt(sqlite_database, ring, address="198.51.100.1"), str)


def test_right_passwords_do_not_use_up_the_limits(
    sqlite_database: Database, ring: KeyRing, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PER_PERSON", "PER_ADDRESS", "IN_ALL"):
        monkeypatch.setattr(signing_in, name, Limit(name, 2, timedelta(minutes=15)))
    assert all(isinstance(attempt(sqlite_database, ring), str) for _ in range(5))


def test_an_address_gets_more_guesses_than_a_person_and_everybody_many_more() -> None:
    assert signing_in.PER_PERSON.most < signing_in.PER_ADDRESS.most < signing_in.IN_ALL.most / 10


def test_at_most_ten_of_many_guesses_at_once_are_compared(database: Database, ring: KeyRing, person: Person) -> None:
    def guess(host: int) -> bool:
        return not isinstance(attempt(database, ring, password="wrong", address=f"192.0.2.{host}"), Refused)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(30))) == 10


def test_neither_token_nor_address_nor_password_is_in_the_database(
    sqlite_database: Database, ring: KeyRing, person: Person
) -> None:
    token = sign_in(sqlite_database, ring)
    attempt(sqlite_database, ring, "canary@example.org", "canary password", "203.0.113.77")
    stored = raw_bytes(sqlite_database)
    assert b"argon2id" in stored  # what is stored is there to be found
    for secret in (token, "canary", "203.0.113.77", PASSWORD):
        assert secret.encode() not in stored


def test_the_journal_tells_sign_ins_refusals_and_sign_outs(
    sqlite_database: Database, ring: KeyRing, person: Person
) -> None:
    token = sign_in(sqlite_database, ring)
    attempt(sqlite_database, ring, password="wrong")
    attempt(sqlite_database, ring, "nobody@example.org")
    with sqlite_database.writing() as session:
        sign_out(session, ring, token, now=NOON)
        append_noted(session)
        told = [(entry.outcome.value, entry.object_code, entry.person_id) for entry in journal(session)]
    known, nobody = str(person.id), None
    expected: list[tuple[str, str, UUID | None]] = [
        ("done", known, person.id),
        ("refused", known, nobody),
        ("refused", "unknown", nobody),
        ("done", known, person.id),
    ]
    assert told == expected


def journal(session: Session) -> Sequence[JournalEntry]:
    return sorted(session.exec(select(JournalEntry)), key=lambda entry: entry.seq)
