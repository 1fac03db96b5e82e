"""SQLite or PostgreSQL behind one door: engines, sessions, column types.

SQLite: WAL, `synchronous=FULL` (acknowledged means on disk), foreign keys, `BEGIN IMMEDIATE` for writers, because a
deferred transaction that reads and then writes fails at once under contention.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from secrets import randbits
from threading import Lock
from typing import Any, Self
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Engine,
    Insert,
    Row,
    String,
    Table,
    Update,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, Session, SQLModel

from shipments.errors import Unavailable

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_MS = 2_500


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562, 6.2, method 3): by time first, to a quarter of a microsecond.

    So new rows land together in an index, and those of one process sort as they were made.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (rest << 12) // 1_000_000 << 64 | 0b10 << 62 | randbits(62))


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out, on both databases. A naive time is a mistake and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps it without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware UTC again."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    # On SQLite a time is a text. To write and read it here costs a tenth of what SQLAlchemy's own way takes.

    def bind_processor(self, dialect: Dialect) -> Any:  # Any: as SQLAlchemy's
        """As `process_bind_param`, to SQLAlchemy's own text."""
        return _time_as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # Any: as SQLAlchemy's
        """As `process_result_value`."""
        return _time_of_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _time_as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:26]


def _time_of_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


class Word(TypeDecorator[StrEnum]):
    """A word of a fixed list, stored as text; the list itself is a CHECK made by `one_of`."""

    impl = String(40)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """Its text; a word outside the list raises ValueError."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The word."""
        return None if value is None else self.words(value)

    # To call a StrEnum costs five times what it costs to look its word up, and a poll cycle reads many.

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # Any: as SQLAlchemy's
        """As `process_result_value`; KeyError for a word outside the list, which its CHECK does not let in."""
        words: dict[str | None, StrEnum | None] = {word.value: word for word in self.words}
        return {**words, None: None}.__getitem__


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The database's own refusal of any other word."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_word")


def instant(**options: Any) -> Any:  # Any: as sqlmodel.Field
    """A column of aware UTC time."""
    return Field(sa_type=UtcDateTime, **options)


def word(words: type[StrEnum], **options: Any) -> Any:  # Any: as sqlmodel.Field
    """A column that holds one word of `words`."""
    return Field(sa_type=Word(words), **options)


class Database:
    """One database, and the two ways into it. Thread-safe; one per process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writers = engine.execution_options(shipments_writes=True)
        # SQLite has one writer: here the next waits its turn, there it would sleep up to 100 ms and look again.
        self._turn = Lock() if self.local else None

    @classmethod
    def at(cls, url: str) -> Self:
        """Opens `url`: `sqlite:///file` or `postgresql://…`."""
        return cls(_open(make_url(url)))

    @property
    def local(self) -> bool:
        """Whether a short read costs less than handing it to a thread: SQLite in this process."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that must not write. Sees one state of the data throughout on SQLite."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self, *, patience_ms: int | None = None) -> Iterator[Session]:
        """A session that may write; commits when the block ends well, else rolls back. Raises Unavailable.

        `patience_ms`: how long to wait on SQLite for a writer here, and again for one elsewhere; else BUSY_MS.
        """
        writers = self._writers
        if patience_ms is not None:
            writers = writers.execution_options(shipments_patience_ms=patience_ms)
        turn = self._in_turn(BUSY_MS if patience_ms is None else patience_ms)
        with turn, Session(writers, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def _in_turn(self, patience_ms: int) -> Iterator[None]:
        if self._turn is None:
            yield
        elif self._turn.acquire(timeout=patience_ms / 1000):
            try:
                yield
            finally:
                self._turn.release()
        else:
            raise Unavailable("The database is busy. Nothing was stored; send the same request again.")

    def close(self) -> None:
        """Gives every connection back."""
        self.engine.dispose()


def insert_or_ignore(
    session: Session, table: Table, rows: list[dict[str, Any]], *, returning: Sequence[Column[Any]] = ()
) -> Sequence[Row[Any]]:
    """Many rows in one statement; those that break a unique constraint are left out.

    Returns `returning` (else the primary key) of each row that was written.
    """
    if not rows:
        return []
    statement = _insert(session, table).returning(*(returning or table.primary_key.columns))
    return session.connection().execute(statement, rows).all()


def insert_unless_there(session: Session, table: Table, rows: list[dict[str, Any]]) -> None:
    """The same for whoever need not know which were written, and as `write_many`."""
    if rows:
        write_many(session, _insert(session, table), rows)


def write_many(session: Session, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> None:
    """An INSERT or UPDATE for each of many rows, whose keys are its columns or bound parameters.

    On SQLite at a quarter of SQLAlchemy's own price. Values: ids, times, words, texts, numbers, bytes, None; no JSON.
    """
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        connection.execute(statement, rows)
        return
    compiled: Any = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))  # Any: SQLCompiler
    names = compiled.positiontup
    shared = {name: compiled.params[name] for name in names if name not in rows[0]}
    values = [_all_driven(map({**shared, **row}.__getitem__, names)) for row in rows]
    connection.exec_driver_sql(compiled.string, values)


def _all_driven(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple([value if type(value) in _TAKEN_AS_IS else _as_driven(value) for value in values])


def _as_driven(value: Any) -> Any:  # Any: whatever a column holds, and what SQLite's driver takes for it
    kind = type(value)
    if kind is datetime:
        return _time_as_text(value)
    if kind is UUID:
        return f"{value.int:032x}"
    return value.value  # a word, or a number with a name


_TAKEN_AS_IS = frozenset({str, int, float, bool, bytes, type(None)})


def _insert(session: Session, table: Table) -> sqlite.Insert | postgresql.Insert:
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return make(table).on_conflict_do_nothing()


def is_passing(error: DBAPIError) -> bool:
    """Whether the same transaction, run again from its start, may well succeed."""
    if error.connection_invalidated:
        return False
    sqlstate = getattr(error.orig, "sqlstate", None)
    return sqlstate in ("40001", "40P01", "55P03") or "database is locked" in str(error.orig)


def _open(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url.set(drivername="sqlite+pysqlite"),
            pool_size=8,
            connect_args={"timeout": BUSY_MS / 1000},
            hide_parameters=True,  # they are names, numbers and notes of people; an error goes into the log
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
        return create_engine(
            url,
            pool_size=8,
            max_overflow=8,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5},
            hide_parameters=True,
        )
    raise ValueError("SHIPMENTS_DATABASE_URL must start with sqlite:/// or postgresql://")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    # recursive_triggers: else REPLACE deletes a row without asking the triggers that guard facts.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "recursive_triggers=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    begin = "BEGIN IMMEDIATE" if options.get("shipments_writes", False) else "BEGIN"
    patience_ms = options.get("shipments_patience_ms")
    if patience_ms is None:
        connection.exec_driver_sql(begin)
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience_ms:d}")
    try:
        connection.exec_driver_sql(begin)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MS:d}")
