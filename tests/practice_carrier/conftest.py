"""A practice carrier for a module's tests, and a client that asks it as we ask any carrier."""

from collections.abc import Iterator

import httpx
import pytest

from api.practice_carrier import Practice, Running, practice_carrier
from tests.practice_carrier.asking import START, forget_all

__all__ = ["client", "practice", "running"]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One carrier for a module's tests; its key is `a key`."""
    with practice_carrier(api_key="a key") as carrier:
        yield carrier


@pytest.fixture
def practice(running: Running) -> Practice:
    """Its state: forty days after the start, no faults, limits, calls or subscriptions."""
    forget_all(running.practice, at=START, days=40)
    return running.practice


@pytest.fixture
def client(running: Running, practice: Practice) -> Iterator[httpx.Client]:
    """A client without a login; to believe no certificate spares it the reading of a hundred."""
    with httpx.Client(base_url=running.url, trust_env=False, verify=False) as client:
        yield client
