"""What a database was asked, and what lies in its files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event
from sqlmodel import Session

from shipments.database import Database


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """Every statement of the session from here on."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", hear)
    yield said
    event.remove(connection, "before_cursor_execute", hear)


def raw_bytes(database: Database) -> bytes:
    """A SQLite database as it lies on the disk: the file, its WAL and all."""
    file = Path(str(database.engine.url.database))
    files = sorted(file.parent.glob(file.name + "*"))
    if len(files) < 2:
        raise AssertionError(f"expected a file and its WAL, found {files}")
    return b"".join(part.read_bytes() for part in files)
