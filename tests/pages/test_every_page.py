"""What holds for every page, in every language."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import api
from api.hardening import Hardened
from api.pages import words
from api.pages.speech import TONGUES
from api.pages.trouble import TOLD
from api.problems import STATUS
from shipments.boxes.box import Stage
from shipments.notices.notice import News
from shipments.progress.carrier_news import Contradiction
from shipments.progress.deriving import BoxException
from shipments.tracking.milestones import Milestone, Reason
from tests.pages.conftest import Browser, WellFormed
from tests.pages.world import World

FOLDER = Path(str(files(api)))
METHODS = [("pages/**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
PAGE_BUDGET = 10 * 1024


def public_pages(world: World) -> list[str]:
    """Addresses that anybody may open."""
    return ["/", "/sign-in", "/B/x", "/C/x", f"/C/{world.token('way')}", "/nothing-here", f"/C/{world.token('short')}"]


def staff_pages(world: World) -> list[str]:
    """Addresses of a receiver."""
    boxes = [f"/boxes/{code}" for code in world.boxes.values()]
    return [
        "/board",
        "/board?stage=lost",
        *boxes,
        f"/batches/{world.batch}",
        f"/batches/{world.waiting_batch}",
        "/boxes/BX-1",
    ]


def messages() -> set[str]:
    """Everything that is marked for translation."""
    keywords = {"_": None, "N_": None, "say": None, "ngettext": (1, 2)}
    return {str(found[2]) for found in extract_from_dir(FOLDER, method_map=METHODS, keywords=keywords)}


@pytest.mark.parametrize("tag", sorted(TONGUES))
def test_every_page_is_whole_in_every_language(app: Hardened, world: World, tag: str) -> None:
    browser = Browser(app)
    for path in public_pages(world):
        assert_whole(browser.get(f"{path}?l={tag}").text, tag)
    browser.sign_in(world.staff.receiver)
    for path in staff_pages(world):
        assert_whole(browser.get(path).text, tag)
    browser.sign_in(world.staff.logistician)
    for path in ("/board", "/carriers", "/carriers?account=dhl-ams", "/carriers?since=x"):
        assert_whole(browser.get(path).text, tag)
    browser.sign_in(world.staff.administrator)
    assert_whole(browser.get("/board").text, tag)
    browser.sign_in(world.staff.auditor)
    assert_whole(browser.get("/journal").text, tag)
    assert_whole(browser.get("/carriers").text, tag)
    assert_whole(browser.get("/board").text, tag)


def assert_whole(text: str, tag: str) -> None:
    page = WellFormed(text)
    assert (page.language, page.direction) == (tag, "rtl" if tag == "ar" else "ltr")
    assert "main" in page.ids
    assert "%(" not in text
    assert "<script" not in text
    assert " style=" not in text


def test_every_page_lets_nothing_else_in(app: Hardened, world: World) -> None:
    browser = Browser(app)
    browser.sign_in(world.staff.receiver)
    for path in [*public_pages(world), *staff_pages(world)]:
        answer = browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        for sheet in answer.text.split("<style>")[1:]:
            digest = sha256(sheet.partition("</style>")[0].encode()).digest()
            assert f"'sha256-{b64encode(digest).decode()}'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "noindex" in answer.headers["x-robots-tag"]


def test_the_style_sheets_fit_their_budget() -> None:
    sheets = [path.stat().st_size for path in (FOLDER / "templates").glob("*.css")]
    assert sum(sheets) < PAGE_BUDGET


@pytest.mark.parametrize("tag", sorted(TONGUES.keys() - {"en"}))
def test_no_message_lacks_a_translation_and_none_is_left_over(tag: str) -> None:
    with (FOLDER / "translations" / f"{tag}.po").open("rb") as source:
        catalogue = read_po(source, locale=tag)
    said = {str(one.id): str(one.string) for one in catalogue if one.id}
    assert said.keys() == messages()
    assert [message for message, translated in said.items() if not translated.strip()] == []
    assert [one.id for one in catalogue if one.id and one.fuzzy] == []
    for message, translated in said.items():
        assert placeholders(message) == placeholders(translated), message


def placeholders(text: str) -> set[str]:
    """The names of the values in a message."""
    return {part.partition(")s")[0] for part in text.split("%(")[1:]}


def test_every_word_has_something_to_say() -> None:
    assert words.STAGES.keys() == set(Stage)
    assert words.EXCEPTIONS.keys() == set(BoxException)
    assert words.CONTRADICTIONS.keys() == set(Contradiction)
    assert words.NEWS.keys() == set(News)
    assert words.MILESTONES.keys() == set(Milestone)
    assert words.REASONS.keys() == set(Reason)


def test_every_status_of_a_problem_has_a_page() -> None:
    assert {status for status in STATUS.values() if status not in (412, 422, 428, 502)} <= TOLD.keys()


def test_addresses_that_are_no_route_are_pages_for_people_and_problems_for_machines(app: Hardened) -> None:
    person, machine = Browser(app), Browser(app, accept="application/json")
    assert person.get("/no-such-page").headers["content-type"].startswith("text/html")
    assert machine.get("/no-such-page").headers["content-type"] == "application/problem+json"
    assert person.get("/api/v1/no-such-thing").headers["content-type"] == "application/problem+json"
    assert person.post("/board").headers["content-type"].startswith("text/html")
