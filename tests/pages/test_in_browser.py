"""In a real browser: by keyboard, at 320 px, with axe. Needs Chromium; SHIPMENTS_TEST_BROWSER names another one."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn

from api.app import create_app
from shipments.database import Database
from shipments.settings import Settings
from tests.conftest import a_secret
from tests.pages.conftest import wiring_of
from tests.pages.world import NOW, PASSWORD, World, a_world

playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Page = Any  # playwright comes without types where it is not installed


class Served(msgspec.Struct, frozen=True):
    """A running installation."""

    url: str
    world: World


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """On a free port of this machine."""
    path = tmp_path_factory.mktemp("browser") / "browser.sqlite3"
    shutil.copyfile(sqlite_template, path)
    keys = {"secret_keys": f"k1:{a_secret()}", "hash_key": a_secret()}
    settings = Settings.model_validate({"database_url": f"sqlite:///{path}", **keys})
    with closing(Database.at(settings.database_url)) as database:
        world = a_world(database, settings.ring)
    app = create_app(settings)
    wiring_of(app).clock = lambda: NOW
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", world)
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, or a reason why there is none."""
    found = os.environ.get("SHIPMENTS_TEST_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium: install it (Debian: chromium) or name one in SHIPMENTS_TEST_BROWSER")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Page]:
    """A narrow window; whatever the page complains about in the console fails the test."""
    context = chromium.new_context(viewport={"width": 320, "height": 700})
    window = context.new_page()
    complaints: list[str] = []
    window.on("console", lambda message: complaints.append(message.text))
    yield window
    context.close()
    assert [one for one in complaints if "404" not in one] == []


def sign_in(page: Page, served: Served, email: str) -> None:
    page.goto(f"{served.url}/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("main button")


def addresses(world: World, staff: bool) -> list[str]:
    if not staff:
        return ["/", "/sign-in", "/B/x", "/C/x", "/nothing", *(f"/C/{world.token(name)}" for name in ("held", "asked"))]
    boxes = [f"/boxes/{world.boxes[name]}" for name in ("held", "short")]
    return ["/board", *boxes, f"/batches/{world.batch}", f"/batches/{world.waiting_batch}"]


def open_each(page: Page, served: Served, tag: str) -> Iterator[str]:
    """Every page in one language, as whoever may open it."""
    staff = served.world.staff
    for email, paths in (
        (None, addresses(served.world, staff=False)),
        (staff.receiver, addresses(served.world, staff=True)),
        (staff.logistician, ["/board", "/carriers", "/carriers?account=dhl-ams"]),
        (staff.administrator, ["/board"]),
        (staff.auditor, ["/journal", "/carriers"]),
    ):
        if email is not None:
            sign_in(page, served, email)
        for path in paths:
            page.goto(f"{served.url}{path}{'&' if '?' in path else '?'}l={tag}")
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            yield path


@pytest.mark.parametrize("tag", ["en", "fr", "ar"])
def test_no_page_needs_scrolling_sideways(page: Page, served: Served, tag: str) -> None:
    for path in open_each(page, served, tag):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize(("tag", "scheme"), [("en", "light"), ("ar", "dark")])
def test_axe_finds_nothing(page: Page, served: Served, tag: str, scheme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci")
    axe = AXE.read_text("utf-8")
    page.emulate_media(color_scheme=scheme)
    for path in open_each(page, served, tag):
        page.evaluate(f"{axe}; null")
        found = page.evaluate("axe.run()")["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], path


def test_the_card_asks_for_nothing_further(page: Page, served: Served) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served.url}/C/{served.world.token('way')}")
    assert [url for url in asked if not url.startswith("data:")] == [f"{served.url}/C/{served.world.token('way')}"]


def test_the_pin_form_works_without_script(chromium: Any, served: Served) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served.url}/C/{served.world.token('way')}?l=en")
    page.fill("#pin", served.world.cards["way"].pin)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Where to fetch it")
    context.close()


def test_staff_reach_everything_by_keyboard(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/sign-in?l=en")
    page.focus("#email")
    page.keyboard.type(served.world.staff.reader)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/board")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == "I have read this":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("Enter")
    page.wait_for_selector("text=No news since you last looked.")


def test_forced_colours_keep_the_marks(page: Page, served: Served) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{served.url}/C/{served.world.token('way')}?l=en")
    assert page.locator(".steps .done svg").count() == 2
    assert page.locator("[aria-current=step]").count() == 1
