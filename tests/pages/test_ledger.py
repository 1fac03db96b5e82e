"""The page on carriers answers three questions in words, for those who send, and the board points to it."""

import re

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from api.hardening import Hardened
from api.pages import ledger_words
from api.pages.ledger import Trouble
from shipments.database import Database
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount, PausedWhy
from shipments.tracking.calls.call import CallKind, Outcome
from shipments.tracking.calls.tallying import End
from shipments.tracking.calls.waiting import Why
from shipments.tracking.polling.watch import LegWatch, Urgency
from shipments.tracking.pushes.push import PushState
from shipments.transaction import transaction
from tests.builders import an_office
from tests.pages.conftest import Browser, WellFormed, dump_of, wiring_of
from tests.pages.world import CANARIES, NOW, World
from tests.tracking.calls.ledger_rows import DAY, a_call, a_push, an_account


@pytest.fixture
def sender(browser: Browser, world: World) -> Browser:
    """A logistician of the office that sends; reads English."""
    browser.sign_in(world.staff.logistician)
    browser.cookies["l"] = "en"
    return browser


def section(page: str, heading: str) -> str:
    """From one heading of the second order to the next, its text without its lines."""
    return " ".join(page.partition(heading)[2].partition("<h2>")[0].split())


def about(browser: Browser, account: str, heading: str) -> str:
    """What the page of one account says under that heading."""
    return section(browser.get(f"/carriers?account={account}").text, heading)


def glance(page: str, name: str) -> str:
    """What the page of all accounts says of one."""
    return " ".join(page.partition(f"<h2><bdi>{name}</bdi>")[2].partition("</details>")[0].split())


def test_it_says_where_the_calls_went(sender: Browser, world: World) -> None:
    gone = about(sender, "dhl-ams", "Where did the calls go?")
    assert "16\N{EN DASH}22 Mar 2026" in gone
    assert "<dt>Calls in these days</dt><dd>39</dd>" in gone
    assert "<td>About legs</td><td>The carrier asks us to wait</td>" in gone
    assert "Never ended: whoever made it was stopped" in gone
    assert f'href="/batches/{world.batch}">{world.batch}</a>' in gone
    shared = about(sender, "ocean", "Where did the calls go?")
    assert "Other legs: 30" in shared
    assert "<dt>Messages it sent by itself</dt><dd>1</dd>" in shared
    assert "No call was made in these days." in about(sender, "ups", "Where did the calls go?")


def test_it_says_what_was_put_off_why_and_until_when(sender: Browser) -> None:
    off = about(sender, "dhl-ams", "What was put off, and why?")
    assert "12 of 12 calls" in off
    assert "<strong>1 leg waits.</strong> The calls of the day (12) are used up; they begin again in 12 hours" in off
    assert "(23 Mar 2026, 01:00)" in off
    assert "The longest wait: 3 hours." in off
    assert "28 of 30 were asked late, 0 by more than an hour: by 14 minutes on average, the worst by 29 minutes." in off
    assert "It goes on in 5 hours (22 Mar 2026, 18:00)." in about(sender, "ship24", "What was put off, and why?")
    assert "The carrier refused the key." in about(sender, "ups", "What was put off, and why?")


def test_a_pause_says_why_and_until_when_and_what_failed_last(app: Hardened, sender: Browser) -> None:
    database: Database = wiring_of(app).database
    with database.writing() as session:
        account = session.exec(select(CarrierAccount).where(CarrierAccount.name == "ship24")).one()
        account.paused_why, account.failures = PausedWhy.ASKED_TO_WAIT, 3
        a_call(session, account, NOW, outcome=Outcome.OVER_QUOTA, status=429)
    off = section(sender.get("/carriers?account=ship24").text, "What was put off, and why?")
    assert "The carrier asks us to wait; it goes on in 5 hours (22 Mar 2026, 18:00)." in off
    assert "The last 3 calls failed. The carrier asks us to wait (<bdi>429</bdi>)" in off
    assert "<bdi>Ship24</bdi> paused, as the carrier asks</a>" in " ".join(sender.get("/board").text.split())


def test_it_says_what_tomorrow_would_cost_and_who_gives_way(sender: Browser) -> None:
    cost = about(sender, "dhl-ams", "What would tomorrow cost?")
    assert "24 of 12 calls" in cost
    assert "Calls lacking: 12. First to give way: Under way." in cost
    assert "12 of 24 calls" in cost
    assert "But none is made while the account is stopped." in about(sender, "ups", "What would tomorrow cost?")


def test_all_accounts_stand_on_one_page_the_troubled_first_and_open(sender: Browser) -> None:
    page = sender.get("/carriers").text
    names = ["UPS", "Ship24", "dhl-ams", "ocean"]
    assert [part.partition("</bdi>")[0] for part in page.split("<h2><bdi>")[1:]] == names
    assert page.count('<details class="sheet slim account" open>') == 3
    assert "The carrier refused the key." in glance(page, "UPS")
    assert "The longest wait: 3 hours." in glance(page, "dhl-ams")
    assert "Calls lacking: 12. First to give way: Under way." in glance(page, "dhl-ams")
    assert "39 calls" in glance(page, "dhl-ams")
    assert "In order" in glance(page, "ocean")


def test_a_glance_leads_to_everything_about_the_account_in_the_same_days(sender: Browser) -> None:
    page = sender.get("/carriers?since=2026-03-20").text
    assert 'href="/carriers?account=dhl-ams&amp;since=2026-03-20">More about dhl-ams</a>' in page
    assert 'value="2026-03-20"' in sender.get("/carriers?account=dhl-ams&since=2026-03-20").text


def test_where_there_is_but_one_account_everything_about_it_stands_on_the_page(app: Hardened, sender: Browser) -> None:
    with wiring_of(app).database.writing() as session:
        for name in ("dhl-ams", "ups", "ship24"):
            account = session.exec(select(CarrierAccount).where(CarrierAccount.name == name)).one()
            account.office_id = an_office(session, f"DE-{name[:3].upper()}").id
    assert "Other legs: 30" in section(sender.get("/carriers").text, "Where did the calls go?")


def test_an_account_with_a_carrier_of_another_version_is_told_as_left_alone(app: Hardened, sender: Browser) -> None:
    with transaction(wiring_of(app).database, EVERYWHERE, now=NOW) as session:
        session.execute(update(CarrierAccount).where(col(CarrierAccount.name) == "dhl-ams").values(carrier="gls"))
    told = glance(sender.get("/carriers").text, "dhl-ams")
    assert "Left alone</span>" in told
    assert "This version does not know the carrier." in told
    assert "They are asked about once a version works here that knows the carrier." in told


def test_an_account_whose_legs_wait_is_not_in_order_and_each_says_its_calls_of_today(
    app: Hardened, sender: Browser
) -> None:
    assert "In order</span>" in glance(sender.get("/carriers").text, "ocean")
    with transaction(wiring_of(app).database, EVERYWHERE, now=NOW) as session:
        ocean = select(CarrierAccount.id).where(col(CarrierAccount.name) == "ocean")
        session.execute(update(LegWatch).values(account_id=ocean.scalar_subquery(), due_at=NOW, leased_until=None))
    told = glance(sender.get("/carriers").text, "ocean")
    assert "Legs wait</span>" in told
    assert "In order" not in told
    assert re.search(r"<small>Today: \d+ calls?, no limit a day</small></summary>", told)


def test_what_is_wrong_is_told_the_worst_first(sender: Browser) -> None:
    assert "Stopped</span> <span" in glance(sender.get("/carriers").text, "UPS")
    assert "Legs wait" in glance(sender.get("/carriers").text, "UPS")


def test_it_says_that_an_account_is_paused_and_which_legs_count_for_more(app: Hardened, sender: Browser) -> None:
    with transaction(wiring_of(app).database, EVERYWHERE, now=NOW) as session:
        session.execute(update(CarrierAccount).values(stopped_reason=None, paused_until=NOW + DAY))
        session.execute(update(LegWatch).values(wait_s=None, failures=8))
    cost = about(sender, "dhl-ams", "What would tomorrow cost?")
    assert "But none is made before 23 Mar 2026, 13:00: the account is paused." in cost
    assert "<dt>Failing, counted with every new try</dt><dd>1</dd>" in cost
    assert "<dt>Never answered for yet, counted as is usual</dt><dd>1</dd>" in cost


def test_the_newest_message_that_cannot_be_read_says_why_to_whoever_sees_the_account(
    app: Hardened, sender: Browser, world: World
) -> None:
    with transaction(wiring_of(app).database, EVERYWHERE, now=NOW) as session:
        ours = session.exec(select(CarrierAccount).where(CarrierAccount.name == "dhl-ams")).one()
        theirs = an_account(session, "theirs", an_office(session, "DE-BER"))
        a_push(session, ours, PushState.UNREADABLE, NOW - DAY, trouble="The DHL answer is <not> JSON.")
        a_push(session, theirs, PushState.UNREADABLE, NOW - DAY, trouble="something of theirs")
    gone = about(sender, "dhl-ams", "Where did the calls go?")
    assert "<dt>Messages that cannot be read</dt><dd>1</dd>" in gone
    said = '<bdi lang="en" dir="ltr">The DHL answer is &lt;not&gt; JSON.</bdi>'
    assert f"The newest message that cannot be read: {said}" in gone
    assert "something of theirs" not in gone
    assert sender.get("/carriers?account=theirs").status_code == 404
    auditor = Browser(app)
    auditor.sign_in(world.staff.auditor)
    assert "something of theirs" in about(auditor, "theirs", "Where did the calls go?")


def test_filters_are_query_strings_and_wrong_ones_are_refused(sender: Browser) -> None:
    one = sender.get("/carriers?account=ocean&since=2026-03-20&until=2026-03-21").text
    assert 'value="2026-03-20"' in one
    assert '<option value="ocean" selected>ocean</option>' in one
    assert "<bdi>dhl-ams</bdi>" not in one
    assert sender.get("/carriers?account=&since=&until=").status_code == 200
    for query in ("since=yesterday", "since=2026-03-03&until=2026-03-02", "until=1999-01-01"):
        assert sender.get(f"/carriers?{query}").status_code == 400
    assert sender.get("/carriers?account=nobody").status_code == 404


def test_only_those_who_send_or_look_on_come_in_and_see_their_own(app: Hardened, world: World) -> None:
    for email, status in (
        (world.staff.receiver, 403),
        (world.staff.stranger, 403),
        (world.staff.auditor, 200),
        (world.staff.administrator, 200),
    ):
        browser = Browser(app)
        browser.sign_in(email)
        assert browser.get("/carriers").status_code == status
        assert ('href="/carriers"' in browser.get("/board").text) == (email == world.staff.administrator)


def test_another_offices_account_is_not_there(app: Hardened, sender: Browser, world: World) -> None:
    database: Database = wiring_of(app).database
    with database.writing() as session:
        an_account(session, "theirs", an_office(session, "DE-BER"))
    assert "theirs" not in sender.get("/carriers").text
    assert sender.get("/carriers?account=theirs").status_code == 404
    assert any("carrier account.refused" in line and "theirs" in line for line in dump_of(app))
    auditor = Browser(app)
    auditor.sign_in(world.staff.auditor)
    assert "theirs" in auditor.get("/carriers").text


def test_whoever_sees_no_batches_sees_none_here(app: Hardened, world: World) -> None:
    auditor = Browser(app)
    auditor.sign_in(world.staff.auditor)
    auditor.cookies["l"] = "en"
    page = auditor.get("/carriers?account=dhl-ams").text
    assert world.batch not in page
    assert "Other legs: 1" in page


def test_no_secret_reference_or_name_is_on_it(sender: Browser) -> None:
    page = sender.get("/carriers").text + sender.get("/carriers?account=dhl-ams").text
    assert [word for word in CANARIES if word in page] == []
    assert "canary-secret" not in page


def test_the_board_points_to_what_is_stopped_paused_or_far_behind(sender: Browser, app: Hardened, world: World) -> None:
    board = " ".join(sender.get("/board").text.split())
    assert "<bdi>UPS</bdi> stopped · put off for over a day: 1</a>" in board
    assert 'href="/carriers?account=ship24"' in board
    assert 'href="/carriers?account=dhl-ams"' not in board
    receiver = Browser(app)
    receiver.sign_in(world.staff.receiver)
    assert "/carriers" not in receiver.get("/board").text


def test_looking_changes_nothing(app: Hardened, sender: Browser) -> None:
    before = dump_of(app)
    sender.get("/carriers")
    sender.get("/carriers?account=dhl-ams")
    assert dump_of(app) == before


def test_an_account_without_a_limit_or_a_day_far_back_is_shown_whole(sender: Browser) -> None:
    early = (NOW - 40 * DAY).date().isoformat()
    WellFormed(sender.get(f"/carriers?since={early}").text)
    assert "3 calls, no limit a day" in sender.get("/carriers?account=ocean").text


def test_everything_has_its_word() -> None:
    assert ledger_words.WHY.keys() == set(Why)
    assert ledger_words.TROUBLES.keys() == set(Trouble)
    assert ledger_words.PAUSES.keys() == ledger_words.PAUSED_SHORT.keys() == {*PausedWhy, None}
    assert ledger_words.KINDS.keys() == set(CallKind)
    assert ledger_words.ENDS.keys() == set(End)
    assert ledger_words.URGENCIES.keys() == {one.name.lower() for one in Urgency}


def test_what_goes_wrong_with_a_leg_stands_on_its_batch_for_the_sending_office_alone(
    app: Hardened, sender: Browser, world: World
) -> None:
    path, said = f"/batches/{world.batch}", "dhl did not answer within 20 seconds."
    assert "Trouble with the carrier" not in sender.get(path).text
    with transaction(wiring_of(app).database, EVERYWHERE, now=NOW) as session:
        session.execute(update(LegWatch).values(trouble=said))
    assert f'Trouble with the carrier</small><bdi lang="en" dir="ltr">{said}</bdi>' in sender.get(path).text
    receiver = Browser(app)
    receiver.sign_in(world.staff.receiver)
    assert said not in receiver.get(path).text
