"""The house of the ledger's tests, and journeys whose carriers tell by themselves."""

import pytest

from shipments.database import Database
from shipments.settings import Settings
from tests.story.fixtures import each_journey, journey
from tests.story.journey import Journey
from tests.tracking.calls.ledger_rows import House
from tests.tracking.pushes.telling import Told

__all__ = ["each_journey", "journey"]


@pytest.fixture
def house(sqlite_database: Database) -> House:
    """Where one engine tells enough."""
    return House(sqlite_database)


@pytest.fixture
def each_house(database: Database) -> House:
    """On each engine in turn: what is counted is counted in SQL."""
    return House(database)


@pytest.fixture
def told(journey: Journey, settings: Settings) -> Told:
    """On SQLite."""
    return Told(journey, settings)


@pytest.fixture
def each_told(each_journey: Journey, settings: Settings) -> Told:
    """On each engine in turn."""
    return Told(each_journey, settings)
