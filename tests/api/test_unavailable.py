"""When the database cannot: 503 and nothing stored, reads where they still work, the whole transaction again."""

import os
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, update
from sqlalchemy.engine import Connection
from sqlmodel import select

from shipments import database as databases
from shipments.clock import utc_now
from shipments.offices.person import SignIn
from shipments.settings import Settings
from tests.api import journey
from tests.api.asking import Client, Loop
from tests.api.dumps import dump
from tests.api.journey import BOX
from tests.api.world import World, a_world

BOXES = "/api/v1/boxes"


@pytest.fixture
def impatient(settings: Settings, sqlite_url: str, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """One that waits 50 ms for a lock, so that the test need not wait longer."""
    monkeypatch.setattr(databases, "BUSY_MS", 50)
    with a_world(settings, sqlite_url, loop) as world:
        yield world


def _file(world: World) -> Path:
    return Path(str(world.database.engine.url.database))


@contextmanager
def _locked(world: World) -> Iterator[None]:
    with closing(sqlite3.connect(_file(world), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_while_another_process_writes_a_write_is_503_and_a_read_works(impatient: World) -> None:
    box = journey.a_box(impatient)["code"]
    before = dump(impatient.database, but=frozenset())
    with _locked(impatient):
        answer = impatient.logistician.post(BOXES, BOX, idempotency_key="again")
        assert "Nothing was stored" in answer.problem(503)["detail"]
        assert int(answer.header("retry-after")) >= 1
        assert impatient.logistician.get(f"{BOXES}/{box}").ok()["code"] == box
    assert dump(impatient.database, but=frozenset()) == before
    impatient.logistician.post(BOXES, BOX, idempotency_key="again").ok(201)


@contextmanager
def _read_only(world: World) -> Iterator[None]:
    """As a disk that was mounted read-only looks to SQLite; root may write to any file, so SQLite itself refuses."""

    def refuse(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON")

    def allow(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = OFF")

    event.listen(world.database.engine, "begin", refuse)
    try:
        yield
    finally:
        event.remove(world.database.engine, "begin", refuse)
        event.listen(world.database.engine, "begin", allow)


def test_a_read_only_database_is_still_read(small_world: World) -> None:
    box = journey.a_box(small_world)["code"]
    before = dump(small_world.database, but=frozenset())
    with _read_only(small_world):
        assert small_world.logistician.get(f"{BOXES}/{box}").ok()["code"] == box
        assert small_world.logistician.get(BOXES).ok()["items"]
        answer = small_world.logistician.post(BOXES, BOX, idempotency_key="later")
        answer.problem(503)
        assert int(answer.header("retry-after")) >= 1
    assert dump(small_world.database, but=frozenset()) == before
    small_world.logistician.post(BOXES, BOX, idempotency_key="later").ok(201)


@pytest.fixture
def seldom_seen(small_world: World) -> Client:
    """A browser that was last used two minutes ago, which is to be kept."""
    browser = small_world.browser("logistician")
    with small_world.database.writing() as session:
        session.connection().execute(update(SignIn).values(used_at=utc_now() - timedelta(minutes=2)))
    return browser


def _used_ago(world: World) -> timedelta:
    with world.database.reading() as session:
        return utc_now() - session.exec(select(SignIn.used_at)).one()


def test_a_signed_in_reader_reads_a_read_only_database(small_world: World, seldom_seen: Client) -> None:
    with _read_only(small_world):
        seldom_seen.get(BOXES).ok()
        assert _used_ago(small_world) > timedelta(minutes=1)
    seldom_seen.get(BOXES).ok()
    assert _used_ago(small_world) < timedelta(minutes=1)


def test_while_another_process_writes_a_signed_in_reader_holds_up_nobody(
    small_world: World, seldom_seen: Client
) -> None:
    at_once = databases.BUSY_MS / 1000 / 2
    with _locked(small_world), ThreadPoolExecutor(1) as pool:
        begun = time.monotonic()
        reading = pool.submit(seldom_seen.get, BOXES)
        small_world.anonymous.get("/health/live").ok()
        assert time.monotonic() - begun < at_once
        reading.result().ok()
        assert time.monotonic() - begun < at_once
    assert _used_ago(small_world) > timedelta(minutes=1)


def test_whoever_sees_nothing_personal_reads_a_case_where_nothing_can_be_written(small_world: World) -> None:
    case = journey.a_case(small_world)["code"]
    with _read_only(small_world):
        assert small_world.logistician.get(f"/api/v1/cases/{case}").ok()["personal"] is None
        small_world.counsellor.get(f"/api/v1/cases/{case}").problem(503)


def test_no_connection_left_is_503(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = small_world.database.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.05)
    monkeypatch.setattr(pool, "_max_overflow", 0)
    small_world.database.close()
    with ExitStack() as taken:
        for _ in range(8):
            taken.enter_context(small_world.database.engine.connect())
        answer = small_world.logistician.get(BOXES)
        answer.problem(503)
        assert int(answer.header("retry-after")) >= 1
    small_world.logistician.get(BOXES).ok()


def test_a_full_disk_is_503_and_nothing_is_stored(small_world: World) -> None:
    journey.a_box(small_world)
    before = dump(small_world.database, but=frozenset())
    engine = small_world.database.engine

    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    event.listen(engine, "begin", fill)
    try:
        answers = [small_world.logistician.post(BOXES, BOX) for _ in range(60)]
    finally:
        event.remove(engine, "begin", fill)
        event.listen(engine, "begin", lambda one: one.exec_driver_sql("PRAGMA max_page_count = 1073741823"))
    failed = [answer for answer in answers if answer.status != 201]
    assert failed
    for answer in failed:
        answer.problem(503)
        assert answer.has("retry-after")
    stored = len(dump(small_world.database)["box"]) - len(before["box"])
    assert stored == len(answers) - len(failed)


@pytest.mark.parametrize("kind", [psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected])
def test_a_transaction_that_lost_a_race_is_run_again_whole(
    settings: Settings, fresh_postgres_url: str, loop: Loop, kind: type[psycopg.Error]
) -> None:
    with a_world(settings, fresh_postgres_url, loop) as world:
        failures = _fail_commits(world, kind, times=2)
        assert world.logistician.post(BOXES, BOX).ok(201)
        assert failures == ["failed", "failed"]
        assert len(dump(world.database)["box"]) == 1
        assert len(dump(world.database)["kept_answer"]) == 1


def test_a_race_that_is_lost_every_time_is_503_and_nothing_is_stored(
    settings: Settings, fresh_postgres_url: str, loop: Loop
) -> None:
    with a_world(settings, fresh_postgres_url, loop) as world:
        before = dump(world.database, but=frozenset())
        _fail_commits(world, psycopg.errors.SerializationFailure, times=100)
        answer = world.logistician.post(BOXES, BOX)
        answer.problem(503)
        assert int(answer.header("retry-after")) >= 1
        assert dump(world.database, but=frozenset()) == before


def test_a_database_that_went_away_is_503(settings: Settings, fresh_postgres_url: str, loop: Loop) -> None:
    with a_world(settings, fresh_postgres_url, loop) as world:
        world.anonymous.get("/health/ready").ok()
        _fail_commits(world, psycopg.OperationalError, times=100)
        answer = world.logistician.post(BOXES, BOX)
        answer.problem(503)
        assert answer.has("retry-after")


def test_ready_says_503_where_the_database_does_not_answer(small_world: World) -> None:
    assert small_world.anonymous.get("/health/ready").ok() == {"status": "ready"}
    small_world.database.close()
    os.truncate(_file(small_world), 0)
    for name in ("-wal", "-shm"):
        Path(f"{_file(small_world)}{name}").unlink(missing_ok=True)
    assert small_world.anonymous.get("/health/ready").status == 503
    assert small_world.anonymous.get("/health/live").ok() == {"status": "live"}


def _fail_commits(world: World, kind: type[psycopg.Error], *, times: int) -> list[str]:
    """The last statement of a writing transaction fails as PostgreSQL would, so many times."""
    failures: list[str] = []

    def fail(cursor: object, statement: str, parameters: object, context: object) -> None:
        if "UPDATE journal_head" in statement and len(failures) < times:
            failures.append("failed")
            raise kind("as injected")

    event.listen(world.database.engine, "do_execute", fail)
    return failures
