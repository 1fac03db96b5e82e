"""Journeys for the tests of each chapter."""

import pytest

from shipments.database import Database
from tests.story.journey import Journey


@pytest.fixture
def journey(sqlite_database: Database) -> Journey:
    """Offices and staff on SQLite, where one engine tells enough."""
    return Journey(sqlite_database)


@pytest.fixture
def each_journey(database: Database) -> Journey:
    """Offices and staff on each engine in turn: constraints, locks and SQL."""
    return Journey(database)
