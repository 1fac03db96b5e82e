"""A practice carrier for the tests that ask over the wire."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from api.practice_carrier import Practice, Running, practice_carrier
from tests.tracking.carriers.telling import BOOKING, DISPATCHED


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One carrier for a module's tests."""
    with practice_carrier(api_key="practice") as carrier:
        yield carrier


@pytest.fixture
def practice(running: Running) -> Iterator[Practice]:
    """Its state: one shipment, arrived by now, without faults or calls."""
    practice = running.practice
    practice.clock.set(DISPATCHED + timedelta(days=30), 86_400)
    practice.book(BOOKING, "NLRTM", "GNCKY", started_at=DISPATCHED)
    practice.calls.clear()
    yield practice
    practice.faults.clear()
