"""The application over a seeded database, and a browser of few words."""

import asyncio
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, ClassVar

import httpx
import pytest
from argon2 import PasswordHasher

from api.app import create_app
from api.hardening import Hardened
from shipments.offices import passwords
from shipments.sealing import KeyRing
from shipments.settings import Settings
from tests.conftest import a_secret
from tests.pages.world import NOW, PASSWORD, World, a_world

SAME_SITE = {"origin": "https://boxes.example.org", "sec-fetch-site": "same-origin"}


class Browser:
    """Keeps cookies, sends what a browser sends, follows nothing."""

    def __init__(self, app: Hardened, **headers: str) -> None:
        self._app = app
        self.cookies: dict[str, str] = {}
        self._headers = {"accept": "text/html", **headers}

    def get(self, path: str, method: str = "GET") -> httpx.Response:
        """What the page answers."""
        return self._ask(method, path, {})

    def post(
        self, path: str, fields: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A form of the same site, unless `headers` say otherwise."""
        return self._ask("POST", path, SAME_SITE if headers is None else headers, dict(fields or {}))

    def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        """Through the form."""
        return self.post("/sign-in", {"email": email, "password": password, **more})

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], data: dict[str, str] | None = None
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=("192.0.2.7", 1))  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="https://boxes.example.org") as client:
                jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
                sent = {**self._headers, **headers, **({"cookie": jar} if jar else {})}
                return await client.request(method, path, data=data, headers=sent)

        answer = asyncio.run(ask())
        for header in answer.headers.get_list("set-cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            if "max-age=0" in header.lower():
                del self.cookies[name]
        return answer


class WellFormed(HTMLParser):
    """Fails at the first tag that is not closed, or closed out of order."""

    EMPTY: ClassVar = frozenset({"meta", "link", "input", "br", "path"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.language = self.direction = ""
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens."""
        found = dict(attrs)
        if tag == "html":
            self.language, self.direction = found.get("lang") or "", found.get("dir") or ""
        if (name := found.get("id")) is not None:
            assert name not in self.ids, f"two elements are called {name}"
            self.ids.add(name)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens and closes."""

    def handle_endtag(self, tag: str) -> None:
        """Closes."""
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least that Argon2id can do: its cost is not what is tested here."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def installation(sqlite_url: str) -> Settings:
    """Reached over https."""
    given = {"database_url": sqlite_url, "secret_keys": f"k1:{a_secret()}", "hash_key": a_secret()}
    return Settings.model_validate({**given, "base_url": "https://boxes.example.org"})


@pytest.fixture
def app(installation: Settings) -> Iterator[Hardened]:
    """The application, at NOW."""
    hardened = create_app(installation)
    wiring = wiring_of(hardened)
    wiring.clock = lambda: NOW
    yield hardened
    wiring.database.close()


@pytest.fixture
def ring(installation: Settings) -> KeyRing:
    """The keys of this installation."""
    return installation.ring


@pytest.fixture
def world(app: Hardened, ring: KeyRing) -> World:
    """The seeded programme."""
    return a_world(wiring_of(app).database, ring)


@pytest.fixture
def browser(app: Hardened) -> Browser:
    """Nobody's yet."""
    return Browser(app)


def wiring_of(app: Hardened) -> Any:  # Any: litestar's state holds what it is given
    """What the application was wired with."""
    return app._app.state.wiring  # type: ignore[attr-defined]


def dump_of(app: Hardened) -> list[str]:
    """Every row of the database, as SQL."""
    connection = wiring_of(app).database.engine.raw_connection()
    try:
        return list(connection.driver_connection.iterdump())
    finally:
        connection.close()
