"""News sound right in every language, and no language lacks a word."""

import ast
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from shipments.database import new_id
from shipments.notices import wording
from shipments.notices.notice import News, Notice
from shipments.notices.tongues import NEWS_CATALOGUES, TONGUES, spoken
from shipments.notices.wording import CONTRADICTIONS, KINDS, NEWS, REASONS, rest_of, sentence
from shipments.progress.carrier_news import Contradiction
from shipments.tracking import carriers
from shipments.tracking.milestones import Reason
from tests.builders import NOON

FACTS: dict[str, str | None] = {
    "from": "2026-04-02T00:00:00+00:00",
    "to": "2026-04-16T23:30:00+00:00",
    "before": "2026-03-28T00:00:00+00:00",
}
CONAKRY, TBILISI = ZoneInfo("Africa/Conakry"), ZoneInfo("Asia/Tbilisi")


def a_notice(news: News, kind: str = "batch", **more: Any) -> Notice:  # Any: columns
    columns = {"host_office_id": new_id(), "origin_office_id": new_id(), "told_once": "x", "noticed_at": NOON}
    return Notice(news=news, object_kind=kind, **{"object_code": "BT-0000", "facts": FACTS, **columns, **more})


def messages() -> set[str]:
    """Those of news, and what people call carriers, where it is words and not a brand."""
    sources = [Path(wording.__file__), *Path(carriers.__file__).parent.glob("*.py")]
    trees = (ast.parse(source.read_text()) for source in sources)
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "N_"]
    return {str(call.args[0].value) for call in named if isinstance(call.args[0], ast.Constant)}


@pytest.mark.parametrize("tag", sorted(set(TONGUES) - {"en"}))
def test_every_message_is_translated_and_no_translation_is_left_over(tag: str) -> None:
    with (NEWS_CATALOGUES / f"{tag}.po").open("rb") as source:
        catalogue = read_po(source, locale=TONGUES[tag].locale)
    translated = {message.id for message in catalogue if message.id and message.string and not message.fuzzy}
    assert translated == messages()
    assert [message.id for message in catalogue if list(message.check())] == []


@pytest.mark.parametrize("tag", sorted(TONGUES))
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_piece_of_news_has_its_sentence_in_every_language(tag: str, kind: str) -> None:
    said = {news: sentence(a_notice(news, kind), TONGUES[tag], CONAKRY) for news in News}
    assert len({one.plain for one in said.values()}) == len(News)
    for one in said.values():
        assert "BT-0000" in one.plain
        assert not {"%", "?"} & set(one.plain)
        assert bool({"is", "has", "was", "got", "cannot"} & set(one.rest.split())) == (tag == "en")


def test_days_are_those_of_the_office() -> None:
    notice = a_notice(News.FIRST_DATE)
    assert "16 Apr 2026" in sentence(notice, TONGUES["en"], CONAKRY).rest
    assert "17 Apr 2026" in sentence(notice, TONGUES["en"], TBILISI).rest
    assert "١٦" in sentence(notice, TONGUES["ar"], CONAKRY).rest


def held(tag: str = "en", **facts: str | None) -> str:
    facts = {"since": "2026-03-28T23:30:00+00:00", **facts}
    return sentence(a_notice(News.HELD, facts=facts), TONGUES[tag], CONAKRY).rest


def test_a_hold_says_since_when_where_and_why() -> None:
    said = held(reasons="customs_info_required,documents_missing", place="Conakry")
    assert said == "has been held since 28 Mar 2026 (Conakry): customs ask for information and papers are missing."
    assert held(reasons="duty_unpaid") == "has been held since 28 Mar 2026: duty is to be paid."


def test_a_hold_without_a_reason_says_that_the_carrier_gives_none() -> None:
    assert held(reasons="", place="GNCKY").endswith("(GNCKY): the carrier gives no reason.")


def test_a_carriers_place_stays_on_its_line_and_keeps_its_direction() -> None:
    assert "(Conakry 2)" in held(reasons="", place="Conakry\r\n 2")
    assert "(\u2068Conakry (GN)\u2069)" in held("ar", reasons="", place="Conakry (GN)")


@pytest.mark.parametrize("tag", sorted(set(TONGUES) - {"en"}))
def test_every_reason_of_a_hold_can_be_said_in_every_language(tag: str) -> None:
    assert set(REASONS) == set(Reason)
    assert [word for word, said in REASONS.items() if TONGUES[tag].say(said) == said] == []


def test_a_hold_that_was_noticed_before_reasons_were_kept_is_told_without() -> None:
    assert sentence(a_notice(News.HELD, facts={"heard_at": None}), TONGUES["en"], CONAKRY).rest == NEWS[News.HELD]


def told(news: News, tag: str = "en", /, **facts: str | None) -> str:
    return rest_of(news, facts, TONGUES[tag], CONAKRY)


@pytest.mark.parametrize("tag", sorted(TONGUES))
@pytest.mark.parametrize("why", Contradiction)
def test_a_contradiction_says_in_every_language_what_cannot_be_true(why: Contradiction, tag: str) -> None:
    assert told(News.DISPUTED, tag, why=why).endswith(TONGUES[tag].say(CONTRADICTIONS[why]))
    assert (TONGUES[tag].say(CONTRADICTIONS[why]) == CONTRADICTIONS[why]) == (tag == "en")


def test_a_contradiction_of_which_no_reason_is_known_is_told_without() -> None:
    assert told(News.DISPUTED) == told(News.DISPUTED, why="of_another_version") == NEWS[News.DISPUTED]
    assert told(News.DISPUTED, "fr") == "est contesté\u00a0: ce qui nous a été dit se contredit."


def test_silence_and_lateness_say_since_when() -> None:
    since = "2026-03-28T23:30:00+00:00"
    assert (
        told(News.OVERDUE, since="2026-03-30T12:00:00+00:00", to=since) == "is overdue: it was expected by 28 Mar 2026."
    )
    said = told(News.SILENT, since="2026-04-07T00:00:00+00:00", last_word=since)
    assert said == "has gone silent: the carrier has said nothing new since 28 Mar 2026."
    for news in (News.OVERDUE, News.SILENT):
        assert told(news, since=since) == NEWS[news], "older notices keep only when it began"


def test_a_changed_date_is_compared_with_the_range_that_was_told_before() -> None:
    former = {"before_from": "2026-12-19T00:00:00+00:00", "before": "2026-12-21T00:00:00+00:00"}
    assert told(News.DATE_CHANGED, **FACTS | former).endswith("before it was 19\u201321 Dec 2026.")
    assert told(News.DATE_CHANGED, **FACTS).endswith("before it was 28 Mar 2026."), "older notices keep its end alone"


def test_a_refused_account_and_its_carrier_are_called_as_people_call_them() -> None:
    facts: dict[str, str | None] = {"carrier": "dcsa", "account": "dcsa"}
    said = sentence(a_notice(News.CARRIER_STOPPED, "carrier", object_code="dcsa", facts=facts), TONGUES["en"], CONAKRY)
    name = "Shipping line (DCSA)"
    assert said.plain == f"The account {name} cannot be used: {name} refuses it. What travels with it is not followed."
    ours = a_notice(News.CARRIER_STOPPED, "carrier", object_code="ams", facts={"carrier": "dhl", "account": "ams"})
    assert sentence(ours, TONGUES["ar"], CONAKRY).code == "ams"
    assert "DHL" in sentence(ours, TONGUES["ar"], CONAKRY).rest


@pytest.mark.parametrize(
    ("kind", "path"), [("batch", "/batches/BT-0000"), ("box", "/boxes/BT-0000"), ("carrier", "/board")]
)
def test_a_sentence_leads_to_the_page_that_shows_more(kind: str, path: str) -> None:
    assert sentence(a_notice(News.SILENT, kind), TONGUES["en"], CONAKRY).path == path


def test_a_date_that_nobody_knows_is_a_question_mark_and_no_failure() -> None:
    assert "?" in sentence(a_notice(News.FIRST_DATE, facts={}), TONGUES["en"], CONAKRY).rest


@pytest.mark.parametrize(("tag", "found"), [("fr-GN", "fr"), ("AR", "ar"), ("en_GB", "en"), ("hy", None), ("", None)])
def test_a_tongue_serves_the_variants_of_its_language(tag: str, found: str | None) -> None:
    assert spoken(tag) == found
