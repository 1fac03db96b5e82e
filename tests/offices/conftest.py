"""Cheap hashing: what is tested here is who gets in, not how long Argon2id takes."""

import pytest
from argon2 import PasswordHasher

from shipments.offices import passwords


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least that Argon2id can do."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
