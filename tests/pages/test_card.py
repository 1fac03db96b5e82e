"""The card's page shows little to anybody, and a little more to whoever proves the PIN."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlmodel import Session, col, select, update

from api.hardening import Hardened
from shipments.cases.card import Card
from shipments.cases.case import Case
from shipments.requests.request import SupplyRequest
from tests.pages.conftest import Browser, WellFormed, dump_of, wiring_of
from tests.pages.world import ADDRESS, CANARIES, HOURS, IN_APRIL, NOW, PHONE, World, tried_in_vain

BUDGET = 14 * 1024


def wrong(pin: str) -> str:
    """Another PIN."""
    return f"{(int(pin) + 1) % 1_000_000:06}"


def revoke(app: Hardened, world: World, name: str, **values: object) -> None:
    with wiring_of(app).database.writing() as session:
        of_case = select(Case.id).where(Case.code == world.cases[name]).scalar_subquery()
        session.connection().execute(update(Card).where(col(Card.case_id) == of_case).values(**values))


@pytest.mark.parametrize("tag", ["en", "fr", "ar"])
def test_a_living_card_fits_its_budget_and_leaks_nothing(browser: Browser, world: World, tag: str) -> None:
    for name in world.cards:
        answer = browser.get(f"/C/{world.token(name)}?l={tag}")
        assert answer.status_code == 200
        assert len(answer.content) < BUDGET
        assert WellFormed(answer.text).language == tag
        shown = answer.text.replace(f'href="tel:{PHONE.replace(" ", "")}"', "")
        assert not [word for word in CANARIES if word in shown]
        assert not [code for code in (*world.boxes.values(), *world.cases.values()) if code in shown]
        assert "<script" not in answer.text
        assert "http" not in answer.text


def test_the_card_says_what_is_done_what_comes_and_when(browser: Browser, world: World) -> None:
    travelling = browser.get(f"/C/{world.token('way')}?l=en").text
    assert "Your box is travelling." in travelling
    assert IN_APRIL in travelling
    assert "Last heard: 6 Mar 2026" in travelling
    assert f"tel:{PHONE.replace(' ', '')}" in travelling
    assert "It is stopped on its way." in browser.get(f"/C/{world.token('held')}").text
    assert "Your box is ready for you." in browser.get(f"/C/{world.token('short')}").text
    assert "Your box is being prepared." in browser.get(f"/C/{world.token('open')}").text
    asked = browser.get(f"/C/{world.token('asked')}").text
    assert "Your request has been made." in asked
    assert "We do not know the day yet." in asked
    assert "Nothing has been asked for yet." in browser.get(f"/C/{world.token('gone')}").text


def test_a_person_who_could_not_be_reached_is_asked_to_call(app: Hardened, browser: Browser, world: World) -> None:
    tried_in_vain(wiring_of(app).database, world.boxes["short"])
    assert "Please call us." in browser.get(f"/C/{world.token('short')}?l=en").text


def test_arabic_reads_from_the_right_with_digits_of_its_own(browser: Browser, world: World) -> None:
    page = browser.get(f"/C/{world.token('way')}").text  # the language of the case, which nobody had to choose
    assert 'lang="ar" dir="rtl"' in page
    assert "٦\N{EN DASH}١٨ أبريل ٢٠٢٦" in page


def test_the_language_is_asked_for_then_remembered_then_the_cases(app: Hardened, world: World) -> None:
    browser = Browser(app, **{"accept-language": "fr;q=0.9, en;q=0.1"})
    path = f"/C/{world.token('way')}"
    assert 'lang="ar"' in browser.get(path).text
    assert 'lang="en"' in browser.get(path + "?l=en").text
    assert 'lang="en"' in browser.get(path).text
    assert 'lang="fr"' in Browser(app, **{"accept-language": "fr;q=0.9"}).get("/C/unknown").text


def test_upper_and_lower_case_are_one_card(browser: Browser, world: World) -> None:
    token = world.token("way")
    assert browser.get(f"/c/{token.lower()}?l=en").status_code == 200


def test_every_card_that_does_not_open_is_the_same_to_the_byte(app: Hardened, world: World) -> None:
    revoke(app, world, "gone", revoked_at=NOW)
    revoke(app, world, "expired", expires_at=NOW - timedelta(days=1))
    tokens = [world.token("gone"), world.token("expired"), "0" * 26, "x", "%3Cscript%3E", "A" * 200]
    answers = [Browser(app).get(f"/C/{token}") for token in tokens]
    assert {(one.status_code, one.content, tuple(sorted(one.headers.items()))) for one in answers} == {
        (404, answers[0].content, tuple(sorted(answers[0].headers.items())))
    }
    guesses = [Browser(app).post(f"/C/{token}/pin", {"pin": "123456"}) for token in tokens]
    assert {one.content for one in guesses} == {answers[0].content}


def test_looking_changes_nothing(app: Hardened, browser: Browser, world: World) -> None:
    before = dump_of(app)
    for method in ("GET", "HEAD"):
        for path in (f"/C/{world.token('way')}?l=fr", "/C/unknown", f"/B/{world.boxes['way']}", "/", "/sign-in"):
            assert browser.get(path, method).status_code in (200, 404, 405)
    assert dump_of(app) == before


def test_the_pin_opens_place_and_hours_in_the_answer_itself(browser: Browser, world: World) -> None:
    card = world.cards["short"]
    spaced = f"{card.pin[:3]} {card.pin[3:]}"
    answer = browser.post(f"/C/{world.token('short')}/pin?l=en", {"pin": spaced})
    assert answer.status_code == 200
    assert ADDRESS in answer.text
    assert HOURS in answer.text
    assert world.boxes["short"] in answer.text
    assert "Diallo" not in answer.text
    assert ADDRESS not in browser.get(f"/C/{world.token('short')}").text


def test_five_wrong_numbers_lock_the_card_until_staff_unlock_it(browser: Browser, world: World) -> None:
    card, path = world.cards["way"], f"/C/{world.token('way')}/pin"
    assert browser.post(path, {"pin": "12"}).status_code == 400  # costs no guess
    assert [browser.post(path, {"pin": wrong(card.pin)}).status_code for _ in range(5)] == [403] * 5
    locked = browser.post(path + "?l=en", {"pin": card.pin})
    assert locked.status_code == 429
    assert "locked" in locked.text
    assert ADDRESS not in locked.text


def test_twenty_guesses_at_once_are_at_most_five(app: Hardened, world: World) -> None:
    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="https://boxes.example.org") as client:
            fields = {"pin": wrong(world.cards["way"].pin)}
            path = f"/C/{world.token('way')}/pin"
            return await asyncio.gather(*(client.post(path, data=fields) for _ in range(20)))

    statuses = [answer.status_code for answer in asyncio.run(all_at_once())]
    assert statuses.count(403) == 5
    assert statuses.count(429) == 15


def test_a_withdrawn_request_is_not_counted_as_asked(app: Hardened, browser: Browser, world: World) -> None:
    with wiring_of(app).database.writing() as session:
        _withdraw_all(session, SupplyRequest)
    assert "Nothing has been asked for yet." in browser.get(f"/C/{world.token('asked')}?l=en").text


def _withdraw_all(session: Session, table: type) -> None:
    session.connection().execute(update(table).values(withdrawn_at=NOW))
