"""Signing in tells nothing, plants nothing, and leads nowhere else."""

from datetime import timedelta

import pytest
from litestar.datastructures import Cookie

from api.hardening import Hardened
from api.pages.signing import local_path
from shipments.clock import utc_now
from tests.pages.conftest import Browser, dump_of, wiring_of
from tests.pages.world import NOW, PASSWORD, World

COOKIE = "__Host-sign-in"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_hosts(browser: Browser, world: World) -> None:
    answer = browser.sign_in(world.staff.receiver)
    assert answer.status_code == 303
    attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert attributes == {"httponly", "secure", "path=/", "samesite=lax"}
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=")
    assert browser.get("/").headers["location"] == "/board"


def test_a_planted_cookie_does_not_become_a_session(browser: Browser, world: World) -> None:
    browser.cookies[COOKIE] = "planted-by-somebody-else"
    browser.sign_in(world.staff.receiver)
    assert browser.cookies[COOKIE] != "planted-by-somebody-else"


def test_signing_in_again_ends_the_session_before(app: Hardened, browser: Browser, world: World) -> None:
    browser.sign_in(world.staff.receiver)
    before = Browser(app)
    before.cookies.update(browser.cookies)
    browser.sign_in(world.staff.receiver)
    assert before.get("/board").status_code == 303
    assert browser.get("/board").status_code == 200


def test_signing_out_ends_it_on_the_server(app: Hardened, browser: Browser, world: World) -> None:
    browser.sign_in(world.staff.receiver)
    replay = Browser(app)
    replay.cookies.update(browser.cookies)
    assert browser.post("/sign-out").status_code == 303
    assert COOKIE not in browser.cookies
    assert replay.get("/board").headers["location"] == "/sign-in?next=/board"


def test_unknown_address_and_wrong_password_are_one_answer(browser: Browser, world: World) -> None:
    wrong = browser.sign_in(world.staff.receiver, "not the password")
    unknown = browser.sign_in("nobody@example.org", "not the password")
    assert (wrong.status_code, wrong.content) == (401, unknown.content)
    assert COOKIE not in browser.cookies


def test_guessing_is_slowed_down_and_stays_counted(app: Hardened, browser: Browser, world: World) -> None:
    statuses = [browser.sign_in(world.staff.receiver, "wrong").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    refused = browser.sign_in(world.staff.receiver, PASSWORD)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    wiring_of(app).clock = lambda: NOW + timedelta(minutes=16)
    assert browser.sign_in(world.staff.receiver).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"sec-fetch-site": "same-site"},
        {},
    ],
)
def test_forms_of_other_sites_are_refused(browser: Browser, world: World, headers: dict[str, str]) -> None:
    fields = {"email": world.staff.receiver, "password": PASSWORD}
    assert browser.post("/sign-in", fields, headers).status_code == 403
    browser.sign_in(world.staff.receiver)
    assert browser.post("/sign-out", {}, headers).status_code == 403
    assert browser.post("/board/read", {"until": utc_now().isoformat()}, headers).status_code == 403
    assert browser.get("/board").status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        "//elsewhere.example",
        "https://elsewhere.example/",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "javascript:alert(1)",
        "board",
        "",
        "/sign-out",
        "/\tx",
        "/\r\nset-cookie: a=b",
        "/" + "x" * 600,
    ],
)
def test_signing_in_leads_nowhere_else(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_signing_in_leads_back_to_where_one_was(browser: Browser, world: World) -> None:
    path = f"/boxes/{world.boxes['way']}?l=fr"
    asked = browser.get(path)
    assert asked.status_code == 303
    form = browser.get(asked.headers["location"]).text
    assert f'name="next" value="{path}"' in form
    assert browser.sign_in(world.staff.receiver, next=path).headers["location"] == path


def test_a_form_that_cannot_be_read_is_refused(browser: Browser) -> None:
    for fields in ({"email": "a\0b"}, {"email": "a" * 5_000}):
        assert browser.post("/sign-in", fields).status_code in (400, 401)
    assert browser.post("/sign-in").status_code in (401, 415)


def test_passwords_and_tokens_are_not_in_the_database(app: Hardened, browser: Browser, world: World) -> None:
    browser.sign_in(world.staff.receiver)
    dump = "\n".join(dump_of(app))
    assert PASSWORD not in dump
    assert browser.cookies[COOKIE] not in dump
    assert world.token("way") not in dump


def test_the_cookie_works_without_https_in_the_demo() -> None:
    header = Cookie("sign-in", value="x", httponly=True, secure=False, samesite="lax").to_header(header="")
    assert "Secure" not in header
