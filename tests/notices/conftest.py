"""A journey through the verbs, and a house whose news leave it."""

from collections.abc import Iterator

import pytest

from shipments.settings import Settings
from tests.notices.house import House
from tests.notices.receivers import Hook, MailServer, mail_server, web_hook
from tests.story.fixtures import each_journey, journey
from tests.story.journey import Journey

__all__ = ["each_journey", "journey"]


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server on loopback, without encryption."""
    with mail_server() as server:
        yield server


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Somebody's webhook on loopback."""
    with web_hook() as hook:
        yield hook


@pytest.fixture
def house(journey: Journey, settings: Settings, server: MailServer) -> House:
    """On SQLite."""
    return House(journey, settings, server)


@pytest.fixture
def each_house(each_journey: Journey, settings: Settings, server: MailServer) -> House:
    """On each engine in turn."""
    return House(each_journey, settings, server)
