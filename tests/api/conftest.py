"""An application on a fresh database with people of every role, asked without a network."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from shipments.offices import passwords
from shipments.settings import Settings
from tests.api.asking import Loop, a_loop
from tests.api.world import World, a_world


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least that Argon2id can do: its cost is not what is tested here."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    with a_loop() as loop:
        yield loop


@pytest.fixture
def world(settings: Settings, database_url: str, loop: Loop) -> Iterator[World]:
    """On each engine in turn."""
    with a_world(settings, database_url, loop) as world:
        yield world


@pytest.fixture
def small_world(settings: Settings, sqlite_url: str, loop: Loop) -> Iterator[World]:
    """On SQLite, where one engine tells enough."""
    with a_world(settings, sqlite_url, loop) as world:
        yield world
