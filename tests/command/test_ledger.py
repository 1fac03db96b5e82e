"""`shipments carriers ledger`: three tables, or one JSON object."""

import json
from contextlib import closing
from datetime import timedelta

import pytest
from sqlmodel import Session
from typer.testing import CliRunner, Result

from api.command import app
from shipments.clock import utc_now
from shipments.database import Database
from shipments.tracking.accounts.account import PausedWhy
from shipments.tracking.calls.call import Outcome
from shipments.tracking.pushes.push import PushState
from tests.conftest import a_secret
from tests.tracking.calls.ledger_rows import HOUR, MINUTE, SECRET, House, a_call, a_push, an_account

NOW = utc_now()


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    """An account whose day is used up, and one that is stopped."""
    monkeypatch.setenv("SHIPMENTS_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SHIPMENTS_SECRET_KEYS", f"k1:{a_secret()}")
    monkeypatch.setenv("SHIPMENTS_HASH_KEY", a_secret())
    with closing(Database.at(sqlite_url)) as database:
        house = House(database)

        def rows(session: Session) -> None:
            spent = an_account(session, "dhl-ams", per_day=1, day_calls=1, day_started=NOW + timedelta(days=1))
            leg = house.leg(session, spent, due_at=NOW - HOUR, wait_s=86_400)
            a_call(session, spent, NOW - MINUTE, [leg], due_at=NOW - HOUR)
            a_push(session, spent, PushState.HEARD, NOW - MINUTE, news=2)
            refused, later = "the carrier refused the key [/INC 5]", NOW + timedelta(days=2)
            stopped = an_account(session, "ups", carrier="ups", stopped_reason=refused, paused_until=later)
            house.leg(session, stopped, failures=1)
            a_push(session, stopped, PushState.PARKED, NOW - HOUR)
            a_push(session, stopped, PushState.UNREADABLE, NOW - MINUTE, trouble="The UPS answer is [not] JSON.")

        house.put(rows)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["carriers", "ledger", *words])


def test_three_tables_answer_the_three_questions_in_their_order(installation: None) -> None:
    done = run()
    assert done.exit_code == 0, done.output
    titles = ("Where the calls went", "What was put off, and why", "What tomorrow would cost")
    places = [done.output.index(title) for title in titles]
    assert places == sorted(places)
    gone, off, next_day = (done.output[a:b] for a, b in zip(places, [*places[1:], None], strict=True))
    assert row_of(gone, "dhl-ams") == ["dhl-ams", "all", "1", "1", "0", "1000"]
    assert row_of(gone, "track, nothing new") == ["", "track, nothing new", "1", "1", "0", "1000"]
    assert row_of(gone, "pushes heard")[:3] == ["", "pushes heard", "1"]
    assert row_of(off, "used up")[:3] == ["", "the day's calls are used up", "1"]
    assert "stopped: the carrier refused the key [/INC 5]" in off
    assert row_of(off, "asked late")[1] == "asked late: 1 of 1"
    assert row_of(next_day, "under way") == ["", "under way", "1", "1", "1"]


def test_tomorrow_says_which_account_is_held_back_and_which_legs_count_for_more(installation: None) -> None:
    next_day = run("--account", "ups").output.partition("What tomorrow would cost")[2]
    assert "none is made before it is renewed: it is stopped" in next_day
    assert f"none is made before {NOW + timedelta(days=2):%Y-%m-%d %H:%M} UTC: it is paused" in next_day
    assert row_of(next_day, "failing")[:3] == ["", "failing, counted with every new try", "1"]
    assert row_of(next_day, "never answered")[:3] == ["", "never answered for yet, counted as is usual", "1"]


def test_pushes_that_cannot_be_read_are_counted_and_the_newest_says_why(installation: None) -> None:
    gone = run("--account", "ups").output.partition("What was put off")[0]
    assert row_of(gone, "pushes parked")[:3] == ["", "pushes parked", "1"]
    assert row_of(gone, "pushes unreadable")[:3] == ["", "pushes unreadable", "1"]
    assert "newest unreadable push: The UPS answer is [not] JSON." in gone


def test_a_pause_says_why_and_what_failed_last(installation: None, sqlite_url: str) -> None:
    with closing(Database.at(sqlite_url)) as database, database.writing() as session:
        row = an_account(session, "ship24", carrier="ship24", failures=1)
        row.paused_until, row.paused_why = NOW + HOUR, PausedWhy.ASKED_TO_WAIT
        a_call(session, row, NOW, outcome=Outcome.OVER_QUOTA, status=429)
    told = " ".join(run("--account", "ship24").output.replace("│", " ").split())
    assert "paused: the carrier asks for this pause" in told
    assert "failed once, last at" in told


def row_of(table: str, word: str) -> list[str]:
    line = next(line for line in table.splitlines() if word in line)
    return [cell.strip() for cell in line.strip("│┃").split("│")]


def test_json_is_one_object_of_one_account(installation: None) -> None:
    done = run("--json", "--account", "dhl-ams")
    told = json.loads(done.output)
    assert [one["account"] for one in told["put_off"]] == ["dhl-ams"]
    assert told["put_off"][0]["waiting"][0]["why"] == "day_spent"
    assert SECRET.decode() not in done.output
    assert "CANARY" not in done.output


def test_days_narrow_what_is_told(installation: None) -> None:
    early = (NOW - timedelta(days=30)).date().isoformat()
    told = json.loads(run("--json", "--since", early, "--until", early, "--account", "dhl-ams").output)
    assert (told["since"], told["until"], told["where_calls_went"][0]["made"]) == (early, early, 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "monday"], "--since: a day such as 2026-03-01"),
        (["--since", "2026-03-02", "--until", "2026-03-01"], "since: a date at most 92 days before 'until'"),
        (["--account", "nobody"], "There is no carrier account 'nobody'"),
    ],
)
def test_wrong_words_are_named_in_one_line(installation: None, words: list[str], said: str) -> None:
    done = run(*words)
    assert done.exit_code != 0
    assert said in done.output + str(done.exception)
