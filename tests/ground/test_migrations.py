"""Migrations: forward and back, on both engines, and nothing that tables say is missing from them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.util.exc import CommandError
from sqlalchemy import inspect, text

from shipments.database import Database
from shipments.errors import Unavailable
from shipments.migrating import check, is_current, migrate, migration_connection
from shipments.tables import METADATA
from tests.builders import a_case, an_office


def tables_of(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_forward_makes_every_table_and_back_takes_each_away(empty_database: Database) -> None:
    assert not is_current(empty_database)

    migrate(empty_database)
    assert is_current(empty_database)
    assert tables_of(empty_database) == set(METADATA.tables)

    migrate(empty_database, "base")
    assert not is_current(empty_database)
    assert tables_of(empty_database) == set()

    migrate(empty_database)
    assert tables_of(empty_database) == set(METADATA.tables)


def test_tables_and_migrations_say_the_same(database: Database) -> None:
    check(database)


def test_a_step_back_and_forward_again_by_number(empty_database: Database) -> None:
    migrate(empty_database, "0001")
    first = tables_of(empty_database)
    assert set() < first < set(METADATA.tables)
    migrate(empty_database, "-1")
    assert tables_of(empty_database) == set()
    migrate(empty_database, "+1")
    assert tables_of(empty_database) == first
    migrate(empty_database)
    migrate(empty_database, "0001")
    assert tables_of(empty_database) == first
    migrate(empty_database)
    assert is_current(empty_database)


def test_an_unknown_revision_is_refused_and_nothing_changes(database: Database) -> None:
    with pytest.raises(CommandError, match="9999"):
        migrate(database, "9999")
    assert is_current(database)


def test_two_processes_that_migrate_at_once_do_it_once(empty_database: Database) -> None:
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(migrate, empty_database) for _ in range(2)]:
            done.result()
    assert is_current(empty_database)
    with empty_database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM journal_head")).scalar_one() == 1


def test_a_migration_that_fails_leaves_everything_as_it_was(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        drop_and_fail(database)
    assert tables_of(database) == set(METADATA.tables)
    assert is_current(database)


def drop_and_fail(database: Database) -> None:
    with migration_connection(database) as connection:
        connection.execute(text("DROP TABLE guesses"))
        raise ZeroDivisionError


def test_on_sqlite_a_rebuilt_table_keeps_its_children_and_orphans_are_refused(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        a_case(session, an_office(session), an_office(session))
    with migration_connection(sqlite_database) as connection:
        connection.execute(text("CREATE TABLE office2 AS SELECT * FROM office"))
        connection.execute(text("DELETE FROM office"))
        connection.execute(text("INSERT INTO office SELECT * FROM office2"))
        connection.execute(text("DROP TABLE office2"))
    with pytest.raises(Unavailable, match="foreign keys of case"):
        take_every_office(sqlite_database)
    with sqlite_database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM office")).scalar_one() == 2
        assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def take_every_office(database: Database) -> None:
    with migration_connection(database) as connection:
        connection.execute(text("DELETE FROM office"))
