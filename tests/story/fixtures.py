"""Journeys for the tests of each chapter.

They share one engine of each kind, which is led to the test's own database: an engine compiles every statement once,
and to compile them anew costs each test more than everything else that it does.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from sqlalchemy import event, make_url

from shipments.database import Database
from tests.story.journey import Journey


class Led:
    """A database that connects to wherever it is led."""

    def __init__(self, url: str) -> None:
        self.database = Database.at(url)
        event.listen(self.database.engine, "do_connect", self._connect)
        if self.database.local:
            # Nothing here outlives the run, so nothing needs to reach the disk.
            event.listen(self.database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        self._url = make_url(url)

    def to(self, url: str) -> Database:
        """From now on it is the one at `url`."""
        self.database.close()
        self._url = make_url(url)
        return self.database

    def _connect(self, dialect: Any, _: object, args: list[Any], options: dict[str, Any]) -> None:  # Any: the driver's
        args[:], named = dialect.create_connect_args(self._url)
        options.update(named)


@cache
def led(backend: str) -> Led:
    """The one of its kind in this run."""
    return Led("sqlite:///nowhere" if backend == "sqlite" else "postgresql://127.0.0.1/nowhere")


def _journey(url: str) -> Iterator[Journey]:
    database = led(make_url(url).get_backend_name()).to(url)
    yield Journey(database)
    database.close()


@pytest.fixture
def journey(sqlite_url: str) -> Iterator[Journey]:
    """Offices and staff on SQLite, where one engine tells enough."""
    yield from _journey(sqlite_url)


@pytest.fixture
def each_journey(database_url: str) -> Iterator[Journey]:
    """Offices and staff on each engine in turn: constraints, locks and SQL."""
    yield from _journey(database_url)
