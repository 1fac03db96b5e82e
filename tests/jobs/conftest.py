"""A practice carrier on loopback, and batches at sea with it."""

from collections.abc import Iterator

import pytest

from api.practice_carrier import Practice, Running, practice_carrier
from shipments.settings import Settings
from tests.jobs.fleet import Fleet
from tests.jobs.parcels import Parcels
from tests.story.fixtures import each_journey, journey
from tests.story.journey import Journey, at

__all__ = ["each_journey", "journey"]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One carrier for a module's tests."""
    with practice_carrier(api_key="practice") as carrier:
        yield carrier


@pytest.fixture
def practice(running: Running) -> Iterator[Practice]:
    """Its state: thirty days after noon, no faults, no calls."""
    practice = running.practice
    practice.clock.set(at(30), 86_400)
    practice.calls.clear()
    yield practice
    practice.faults.clear()


@pytest.fixture
def fleet(journey: Journey, settings: Settings, running: Running, practice: Practice) -> Fleet:
    """On SQLite."""
    return Fleet(journey, settings, running)


@pytest.fixture
def each_fleet(each_journey: Journey, settings: Settings, running: Running, practice: Practice) -> Fleet:
    """On each engine in turn."""
    return Fleet(each_journey, settings, running)


@pytest.fixture
def parcels(journey: Journey, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Parcels:
    """Thirty numbers a call, on SQLite."""
    return Parcels(journey, settings, monkeypatch)


@pytest.fixture
def each_parcels(each_journey: Journey, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Parcels:
    """On each engine in turn."""
    return Parcels(each_journey, settings, monkeypatch)
