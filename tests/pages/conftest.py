"""The application over a seeded database, and a browser of few words."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar

import httpx
import msgspec
import pytest
from argon2 import PasswordHasher

from api.app import create_app
from api.hardening import Hardened
from shipments.database import Database
from shipments.offices import passwords
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


CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Seeded(msgspec.Struct, frozen=True):
    """A seeded database to copy, and the settings that open it."""

    path: Path
    settings: Settings
    world: World


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least that Argon2id can do: its cost is not what is tested here."""
    monkeypatch.setattr(passwords, "HASHER", CHEAP)


@pytest.fixture(scope="session")
def seeded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Made once, over https."""
    path = tmp_path_factory.mktemp("pages") / "seeded.sqlite3"
    shutil.copyfile(sqlite_template, path)
    given = {"database_url": f"sqlite:///{path}", "secret_keys": f"k1:{a_secret()}", "hash_key": a_secret()}
    settings = Settings.model_validate({**given, "base_url": "https://boxes.example.org"})
    with pytest.MonkeyPatch.context() as patch, closing(Database.at(settings.database_url)) as database:
        patch.setattr(passwords, "HASHER", CHEAP)
        world = a_world(database, settings.ring)
    return Seeded(path, settings, world)


@pytest.fixture
def world(seeded: Seeded) -> World:
    """The seeded programme."""
    return seeded.world


@pytest.fixture(scope="session")
def wired(seeded: Seeded) -> Hardened:
    """The application; `app` gives it a database of its own for each test."""
    hardened = create_app(seeded.settings)
    wiring_of(hardened).database.close()
    return hardened


@pytest.fixture
def app(wired: Hardened, seeded: Seeded, tmp_path: Path) -> Iterator[Hardened]:
    """The application over a copy of the seeded database, at NOW."""
    copy = tmp_path / "pages.sqlite3"
    shutil.copyfile(seeded.path, copy)
    wiring = wiring_of(wired)
    with closing(Database.at(f"sqlite:///{copy}")) as database:
        wiring.database, wiring.clock = database, lambda: NOW
        yield wired


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
