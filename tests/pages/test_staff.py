"""Staff see their offices' boxes, their news, and nothing of anybody else's."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, event, update
from sqlmodel import col, select

from api.hardening import Hardened
from api.pages.speech import TONGUES
from api.pages.visiting import home_of
from api.pages.words import EXPECTED_FROM, TURNS
from shipments.batches.batch import Batch, Leg
from shipments.database import Database
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE, act_as
from shipments.progress.expecting import Source
from shipments.receipts.receipt import Condition
from shipments.receipts.receiving import Arrived, receive
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.askings import Turn
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.legs import Told, tell
from shipments.tracking.milestones import Milestone, Reason
from shipments.tracking.polling.watch import LegWatch
from shipments.transaction import transaction
from tests.builders import a_leg
from tests.pages.conftest import Browser, dump_of, wiring_of
from tests.pages.world import IN_APRIL, NOW, World


@pytest.fixture
def receiver(browser: Browser, world: World) -> Browser:
    """At the office that receives; reads English for this browser."""
    browser.sign_in(world.staff.receiver)
    browser.cookies["l"] = "en"
    return browser


def test_the_board_shows_stage_range_and_exceptions(receiver: Browser, world: World) -> None:
    page = receiver.get("/board").text
    for code in (*world.boxes.values(), world.batch, world.waiting_batch):
        assert f">{code}</a>" in page
    assert IN_APRIL in page
    assert "Held" in page
    assert "Waiting to leave" in page


def test_another_office_sees_an_empty_board_and_no_counts(app: Hardened, world: World) -> None:
    browser = Browser(app)
    browser.sign_in(world.staff.stranger)
    page = browser.get("/board").text
    assert "There is no box yet." in page
    assert "Needs attention" not in page
    assert "New since" not in page
    assert not [code for code in (*world.boxes.values(), world.batch) if code in page]


def test_another_offices_box_and_batch_are_not_there(app: Hardened, world: World) -> None:
    browser = Browser(app)
    browser.sign_in(world.staff.stranger)
    for path in (f"/boxes/{world.boxes['way']}", f"/batches/{world.batch}", "/boxes/BX-1"):
        assert browser.get(path).status_code == 404
    assert any("box.refused" in line and world.boxes["way"] in line for line in dump_of(app))


def test_filters_are_query_strings(receiver: Browser, world: World) -> None:
    held = receiver.get("/board?exception=held").text
    assert world.boxes["held"] in held
    assert f">{world.boxes['way']}</a>" not in held
    found = receiver.get(f"/board?q={world.boxes['way'].lower()}&stage=&office=&exception=").text
    assert f">{world.boxes['way']}</a>" in found
    assert f">{world.batch}</a>" in found
    assert f">{world.waiting_batch}</a>" not in found
    assert "No box fits these filters." in receiver.get("/board?stage=lost").text
    assert "Needs attention" in held
    for query in ("stage=nonsense", "office=XX-XXX", "cursor=%21", "exception=%00"):
        assert receiver.get(f"/board?{query}").status_code == 400


def test_pages_of_the_board_follow_each_other(receiver: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.pages.board.ROWS", 2)
    seen: list[str] = []
    path = "/board"
    for _ in range(3):
        page = receiver.get(path).text
        seen += [
            code
            for code in world.boxes.values()
            if f'<p class="lead"><a class="code" dir="ltr" href="/boxes/{code}"' in page
        ]
        if "Older boxes" not in page:
            break
        path = page.partition('">Older boxes')[0].rpartition('href="')[2].replace("&amp;", "&")
    assert sorted(seen) == sorted(world.boxes.values())


def test_news_stay_until_somebody_says_they_have_read_them(receiver: Browser, world: World) -> None:
    first = receiver.get("/board").text
    assert f">{world.batch}</a> has left and is expected {IN_APRIL}." in first
    assert "was received at the office." in first
    assert "New since you last looked" in receiver.get("/board").text
    until = first.partition('name="until" value="')[2].partition('"')[0]
    assert receiver.post("/board/read", {"until": until}).status_code == 303
    assert "No news since you last looked." in receiver.get("/board").text


def test_reading_never_hides_news_that_came_after(app: Hardened, receiver: Browser) -> None:
    early = (NOW - timedelta(days=5)).isoformat()
    assert receiver.post("/board/read", {"until": early}).status_code == 303
    page = receiver.get("/board").text
    assert "was received at the office." in page
    assert "has left" not in page
    assert receiver.post("/board/read", {"until": "yesterday"}).status_code == 400
    assert receiver.post("/board/read", {"until": "2026-03-01T10:00:00"}).status_code == 400
    receiver.post("/board/read", {"until": "2999-01-01T00:00:00+00:00"})
    assert "'2999-" not in "\n".join(dump_of(app))


def test_news_are_told_in_the_persons_language(app: Hardened, world: World) -> None:
    browser = Browser(app)
    browser.sign_in(world.staff.receiver)
    assert "a été reçu au bureau." in browser.get("/board").text


def test_the_box_page_tells_the_whole_story(receiver: Browser, world: World) -> None:
    page = receiver.get(f"/boxes/{world.boxes['short']}").text
    assert "canary &lt;b&gt;saw&lt;/b&gt;" in page
    assert "Something that was packed was not there on arrival." in page
    assert "05/03/2026 14:00" in page
    assert "A word of the carrier that we do not know" in page
    assert "Departure" in page
    assert "(estimated)" in page
    assert "Received at the office" in page
    assert f"/api/v1/batches/{world.batch}/labels.pdf" in page


def test_the_batch_page_names_what_keeps_it_here(receiver: Browser, world: World) -> None:
    assert "It cannot leave yet" in receiver.get(f"/batches/{world.waiting_batch}").text
    page = receiver.get(f"/batches/{world.batch}").text
    assert "CANU1234567" in page
    assert world.boxes["way"] in page
    assert "It cannot leave yet" not in page


def test_carriers_are_called_as_people_call_them(app: Hardened, receiver: Browser, world: World) -> None:
    with wiring_of(app).database.writing() as session:
        session.execute(update(Leg).values(carrier="dcsa"))
    name = "Shipping line (DCSA)"
    assert f"Carrier</small><bdi>{name}</bdi>" in receiver.get(f"/batches/{world.batch}").text
    box = receiver.get(f"/boxes/{world.boxes['way']}").text
    assert f"from: {name}" in box
    assert "dcsa" not in box
    assert "Compagnie maritime (DCSA)" in receiver.get(f"/batches/{world.batch}?l=fr").text


def test_the_pages_and_the_news_say_why_it_is_held_since_when_and_where(receiver: Browser, world: World) -> None:
    box = receiver.get(f"/boxes/{world.boxes['held']}").text
    code = box.partition('href="/batches/')[2].partition('"')[0]
    said = "has been held since 15 Mar 2026: customs keep it back."
    assert said in box
    assert said in receiver.get(f"/batches/{code}").text
    assert f">{code}</a> {said}" in receiver.get("/board").text
    assert "has been held" not in receiver.get(f"/batches/{world.batch}").text


def test_the_batch_page_says_since_when_it_is_late_and_silent(app: Hardened, receiver: Browser, world: World) -> None:
    with transaction(wiring_of(app).database, EVERYWHERE, now=NOW) as session:
        late = update(Batch).where(col(Batch.code) == world.batch)
        expected = {"expected_to": NOW - timedelta(days=2), "overdue_after": NOW - timedelta(days=1)}
        session.execute(late.values(**expected, silent_after=NOW - timedelta(days=1)))
    page = receiver.get(f"/batches/{world.batch}").text
    assert "</bdi> is overdue: it was expected by 20 Mar 2026.</p>" in page
    assert "</bdi> has gone silent: the carrier has said nothing new since 6 Mar 2026.</p>" in page


def test_the_batch_page_says_what_is_disputed_of_the_batch_and_of_a_box_in_it(
    app: Hardened, receiver: Browser, world: World
) -> None:
    code = world.boxes["short"]
    with transaction(wiring_of(app).database, EVERYWHERE, now=NOW) as session:
        batch = session.exec(select(Batch).where(Batch.code == world.batch)).one()
        leg = session.exec(select(Leg).where(Leg.batch_id == batch.id)).one()
        for number, milestone in enumerate((Milestone.DELIVERED, Milestone.IN_TRANSIT)):
            at = NOW - timedelta(hours=2 - number)
            tell(session, leg.id, Told(milestone=milestone, occurred_at=at), by=EVERYWHERE, now=NOW)
        again = Arrived(id=uuid4(), box=code, arrived_at=NOW - timedelta(days=2), condition=Condition.GOOD)
        receive(session, again, by=EVERYWHERE, now=NOW)
    page = receiver.get(f"/batches/{world.batch}").text
    said = "is disputed. The carrier said delivered, then spoke of an earlier point of the way.</p>"
    assert page.count(f'The batch <bdi class="code" dir="ltr">{world.batch}</bdi> {said}') == 1
    differ = "is disputed. Two receipts of this box say different things.</p>"
    assert page.count(f'The box <bdi class="code" dir="ltr">{code}</bdi> {differ}') == 1


def test_a_cut_off_is_asked_for_only_while_the_batch_can_miss_it(receiver: Browser, world: World) -> None:
    assert "Cut-off" not in receiver.get(f"/batches/{world.batch}").text
    assert "Cut-off" in receiver.get(f"/batches/{world.waiting_batch}").text


def test_the_batch_page_says_of_each_leg_when_it_arrives_and_what_says_so(receiver: Browser, world: World) -> None:
    assert "<small>from the carrier</small>" in receiver.get(f"/batches/{world.batch}").text
    receiver.get("/board?l=fr")
    assert "<small>selon le transporteur</small>" in receiver.get(f"/batches/{world.batch}").text


def row_of_the_leg(page: str) -> str:
    """The only leg's row, its text without its lines."""
    return " ".join(page.partition('<ol class="rows legs">')[2].partition("</ol>")[0].split())


def test_the_batch_page_says_of_each_leg_what_its_carrier_said_last(
    app: Hardened, receiver: Browser, world: World
) -> None:
    path = f"/batches/{world.batch}"
    first = "Last said</small>Departure · <bdi>Rotterdam</bdi><small><time"
    assert first in row_of_the_leg(receiver.get(path).text), "of the same time the one that is known goes further"
    with wiring_of(app).database.writing() as session:
        act_as(session, EVERYWHERE)
        batch = session.exec(select(Batch).where(Batch.code == world.batch)).one()
        leg = session.exec(select(Leg.id).where(Leg.batch_id == batch.id)).one()
        for number, (at, more) in enumerate(((NOW, {}), (NOW - timedelta(days=1), {"corrects": True}))):
            session.add(
                CarrierEvent(
                    id=UUID(int=number + 1),
                    leg_id=leg,
                    source_id=f"{number + 9}",
                    classifier=Classifier.ACT,
                    heard_at=NOW,
                    occurred_at=at,
                    milestone=Milestone.EXCEPTION if more else Milestone.DELIVERED,
                    reason=Reason.DUTY_UNPAID if more else None,
                    place="Dakar",
                    raw_code="X",
                    corrects_id=UUID(int=1) if more else None,
                )
            )
            session.flush()
    said = row_of_the_leg(receiver.get(path).text)
    assert "Last said</small>Stopped: duty is to be paid · <bdi>Dakar</bdi><small>" in said
    assert "21 Mar 2026" in said
    assert "Delivered" not in said


def test_the_batch_page_says_of_each_leg_when_it_was_asked_about_and_when_next_or_why_not(
    app: Hardened, receiver: Browser, world: World
) -> None:
    path = f"/batches/{world.batch}"
    assert "as soon as it is its turn" in row_of_the_leg(receiver.get(path).text)
    with wiring_of(app).database.writing() as session:
        session.execute(update(LegWatch).values(asked_at=NOW, due_at=NOW + timedelta(hours=2), pushed_at=NOW))
    page = row_of_the_leg(receiver.get(path).text)
    assert "22 Mar 2026, 12:00</time><small>next: 22 Mar 2026, 14:00</small> <small>Told us by itself:" in page
    with wiring_of(app).database.writing() as session:
        session.execute(update(CarrierAccount).values(stopped_reason="a secret of the sending office"))
    page = row_of_the_leg(receiver.get(path).text)
    assert "not again before an administrator renews the account" in page
    assert "a secret of the sending office" not in page
    with wiring_of(app).database.writing() as session:
        session.execute(delete(LegWatch))
    assert "nobody<small>staff tell what they hear</small>" in row_of_the_leg(receiver.get(path).text)


def test_more_legs_and_more_words_cost_the_batch_page_no_more_statements(
    app: Hardened, receiver: Browser, world: World
) -> None:
    database: Database = wiring_of(app).database
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))

    def asked() -> int:
        statements.clear()
        assert receiver.get(f"/batches/{world.batch}").status_code == 200
        return len(statements)

    before = asked()
    with database.writing() as session:
        act_as(session, EVERYWHERE)
        batch = session.exec(select(Batch).where(Batch.code == world.batch)).one()
        account = session.exec(select(CarrierAccount)).first()
        assert account is not None
        for position in range(2, 6):
            leg = a_leg(session, batch, position=position)
            session.add(LegWatch(leg_id=leg.id, account_id=account.id))
            session.add(
                CarrierEvent(
                    leg_id=leg.id, source_id="1", classifier=Classifier.ACT, heard_at=NOW, raw_code="X", event="loaded"
                )
            )
    assert asked() == before
    assert receiver.get(f"/batches/{world.batch}").text.count(">Last asked</small>") == 5


def test_every_turn_has_its_word() -> None:
    assert TURNS.keys() == set(Turn)


@pytest.mark.parametrize("tag", sorted(TONGUES))
def test_every_source_of_a_date_can_be_said_in_every_language(tag: str) -> None:
    said = {source: TONGUES[tag].say(text, journeys=14) for source, text in EXPECTED_FROM.items()}
    assert said.keys() == set(Source)
    assert "14" in said[Source.HISTORY]
    assert tag == "en" or not set(said.values()) & set(EXPECTED_FROM.values())


def test_an_auditor_reads_the_journal_and_nothing_else(app: Hardened, world: World) -> None:
    browser = Browser(app)
    browser.sign_in(world.staff.auditor)
    assert browser.get("/").headers["location"] == "/journal"
    assert browser.get("/board").status_code == 403
    assert browser.get(f"/boxes/{world.boxes['way']}").status_code == 403
    assert "card.issue" in browser.get("/journal").text
    about = browser.get(f"/journal?q={world.cases['way'].lower()}").text
    assert about.count("card.issue") == 1
    assert browser.get("/journal?before=x").status_code == 400


def test_nobody_else_reads_the_journal(receiver: Browser) -> None:
    assert receiver.get("/journal").status_code == 403


def test_journal_pages_follow_each_other(app: Hardened, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.pages.reading_journal.ROWS", 3)
    browser = Browser(app)
    browser.sign_in(world.staff.auditor)
    first = browser.get("/journal").text
    older = first.partition('href="/journal?before=')[2].partition('"')[0]
    second = browser.get(f"/journal?before={older}").text
    assert first.count("<li><p") == second.count("<li><p") == 3
    assert f"Number</small> {older}" not in second


def test_an_administrator_sees_no_boxes(app: Hardened, world: World) -> None:
    browser = Browser(app)
    browser.sign_in(world.staff.administrator)
    page = browser.get("/board").text
    assert "Your role sees no boxes" in page
    assert world.boxes["way"] not in page


def test_the_board_leads_whoever_sees_no_boxes_to_what_they_can_do(app: Hardened, world: World) -> None:
    browser = Browser(app)
    browser.sign_in(world.staff.administrator)
    page = browser.get("/board").text
    assert '<a class="button" href="/carriers">' in page
    assert 'href="/carriers?account=ups"' in page, "and to what is wrong there"
    assert "There is no batch yet." not in page
    assert 'id="exception"' not in page


def test_after_signing_in_everybody_comes_to_a_page_where_they_can_do_something(app: Hardened, world: World) -> None:
    staff, homes = world.staff, {}
    for email in (staff.logistician, staff.receiver, staff.administrator, staff.auditor):
        browser = Browser(app)
        assert browser.sign_in(email).headers["location"] == "/"
        homes[email] = browser.get("/").headers["location"]
        assert browser.get(homes[email]).status_code == 200
    assert list(homes.values()) == ["/board", "/board", "/carriers", "/journal"]


def test_the_more_somebody_may_do_the_more_their_first_page_shows() -> None:
    assert home_of({Role.ADMINISTRATOR, Role.LOGISTICIAN}) == "/board"
    assert home_of({Role.ADMINISTRATOR, Role.AUDITOR}) == "/carriers"


def test_looking_at_staff_pages_changes_nothing(app: Hardened, receiver: Browser, world: World) -> None:
    before = dump_of(app)
    for path in ("/board", f"/boxes/{world.boxes['way']}", f"/batches/{world.batch}", "/"):
        assert receiver.get(path).status_code in (200, 303)
    assert dump_of(app) == before
    assert wiring_of(app).clock() == NOW
