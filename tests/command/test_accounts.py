"""`shipments accounts`: secrets come in by a pipe and never go out, and what is refused says what to do."""

import re
import sys
from contextlib import closing

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from api.command import app, main
from shipments.clock import utc_now
from shipments.database import Database
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount, PausedWhy
from shipments.tracking.accounts.logins import hook_secrets, open_account, open_client_login
from shipments.tracking.calls.call import Outcome
from shipments.transaction import reading
from tests.command.test_commands import OFFICE, installation
from tests.tracking.calls.ledger_rows import HOUR, a_call

__all__ = ["installation"]


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["accounts", *words], input=typed)


def the_account(url: str) -> CarrierAccount:
    database = Database.at(url)
    try:
        with reading(database, EVERYWHERE) as session:
            return session.exec(select(CarrierAccount)).one()
    finally:
        database.close()


def test_a_key_comes_in_by_a_pipe_and_is_sealed(installation: str) -> None:
    done = run("add", "dhl", typed="a-dhl-key\n")
    assert (done.exit_code, done.output) == (0, "Added dhl.\n")
    assert open_account(Settings().ring, the_account(installation), now=utc_now()).secret == "a-dhl-key"


def test_a_private_address_without_the_word_is_refused_in_one_line_that_names_it(installation: str) -> None:
    done = run("add", "dhl", "--base-url", "http://127.1:8090", typed="practice\n")
    said = "base_url: a public host; for one on loopback or in your own network say --private"
    assert (done.exit_code != 0, said in done.output + str(done.exception)) == (True, True)
    assert run("add", "dhl", "--base-url", "http://127.1:8090", "--private", typed="practice\n").exit_code == 0


@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize(
    ("words", "code"),
    [(["add", "dhl", "--secret", "k", "--per-second", "0"], 2), (["add", "gls"], 2), (["stop", "nobody"], 1)],
)
def test_wrong_words_end_with_2_and_what_is_refused_with_1(
    monkeypatch: pytest.MonkeyPatch, words: list[str], code: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["shipments", "accounts", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code


def test_a_client_comes_in_as_two_lines(installation: str) -> None:
    assert run("add", "ups", "--name", "ups-1", typed="a-client\na-secret\n").output == "Added ups-1.\n"
    login = open_client_login(Settings().ring, the_account(installation))
    assert (login.client_id, login.client_secret) == ("a-client", "a-secret")


def test_the_list_says_what_an_account_may_ask_and_shows_no_secret(installation: str) -> None:
    CliRunner().invoke(app, [*OFFICE, "--sends"])
    run("add", "dhl", "--office", "GN-CKY", typed="a-dhl-key\n")
    run("add", "ups", typed="a-client\na-secret\n")
    run("stop", "dhl", "--reason", "plan ended")
    listed = run("list").output
    assert "dhl: dhl, GN-CKY, key" in listed
    assert "0.2 a second, 250 a day from 00:00 UTC, 10 a day about one leg; used today: 0" in listed
    assert "stopped: plan ended" in listed
    assert "ups: ups, every office, OAuth 2, no token now" in listed
    assert not re.search("a-dhl-key|a-client|a-secret", listed)


def test_the_list_says_why_an_account_is_paused_and_what_failed_last(installation: str) -> None:
    run("add", "dhl", typed="a-dhl-key\n")
    now = utc_now()
    with closing(Database.at(installation)) as database, database.writing() as session:
        account = session.exec(select(CarrierAccount)).one()
        account.paused_until, account.paused_why, account.failures = now + HOUR, PausedWhy.DOWN, 6
        a_call(session, account, now - HOUR, outcome=Outcome.UNAVAILABLE, status=503)
    listed = run("list").output
    assert f"paused: its calls fail (until {now + HOUR:%Y-%m-%d %H:%M} UTC)" in listed
    assert f"failed 6 times in a row, last at {now - HOUR:%Y-%m-%d %H:%M} UTC: unavailable (503)" in listed


def test_the_list_says_that_an_account_with_a_carrier_of_another_version_is_left_alone(installation: str) -> None:
    run("add", "dhl", typed="a-dhl-key\n")
    assert "does not know" not in run("list").output
    with closing(Database.at(installation)) as database, database.writing() as session:
        session.exec(select(CarrierAccount)).one().carrier = "gls"
    assert "left alone: this version does not know the carrier" in run("list").output


def test_a_budget_beyond_the_usual_is_kept_and_said(installation: str) -> None:
    done = run("add", "dhl", "--per-day", "1000", typed="key\n")
    assert done.exit_code == 0
    assert "More than usual: 1000 calls a day; dhl usually allows 250." in done.output
    assert the_account(installation).per_day == 1000


def test_a_renewal_asks_for_the_secret_unless_it_stays(installation: str) -> None:
    run("add", "dhl", typed="key-1\n")
    assert run("renew", "dhl", typed="key-2\n").output == "Renewed dhl.\n"
    run("stop", "dhl")
    assert run("renew", "dhl", "--keep-secret", "--per-second", "0.1").exit_code == 0
    account = the_account(installation)
    assert open_account(Settings().ring, account, now=utc_now()).secret == "key-2"
    assert (account.per_second, account.stopped_reason) == (0.1, None)


def test_a_push_secret_is_printed_once_with_its_address(installation: str) -> None:
    run("add", "dhl", typed="key\n")
    done = run("hook", "dhl")
    account = the_account(installation)
    assert f"Address: http://127.0.0.1:8000/hooks/dhl/{account.id}\n" in done.output
    (secret,) = hook_secrets(Settings().ring, account, now=utc_now())
    assert f"Secret, shown only now: {secret}\n" in done.output
    assert isinstance(run("hook", "dhl").exception, Exception)
    rotated = run("hook", "dhl", "--rotate").output
    assert "The former secret is valid until" in rotated
    assert secret not in rotated
    again = run("hook", "dhl", "--rotate")
    assert "--at-once" in str(again.exception)
    assert run("hook", "dhl", "--rotate", "--at-once").exit_code == 0
    assert run("hook", "dhl", "--remove", "--rotate").exit_code == 2
    assert run("hook", "dhl", "--remove").output == "Removed the push secret of dhl.\n"
    assert list(hook_secrets(Settings().ring, the_account(installation), now=utc_now())) == []


def test_a_carrier_that_tells_nothing_by_itself_gets_no_push_secret(installation: str) -> None:
    run("add", "fedex", typed="a-client\na-secret\n")
    assert "fedex does not" in str(run("hook", "fedex").exception)


def test_what_is_refused_says_why_and_changes_nothing(installation: str) -> None:
    assert "one of dcsa, dhl" in str(run("add", "pigeon", typed="key\n").exception)
    assert run("add", "dhl", "--login", "magic", typed="key\n").exit_code == 2
    assert "the key that the carrier gave you" in str(run("add", "dhl").exception)
    assert "no carrier account 'dhl'" in str(run("remove", "dhl").exception)
    assert run("list").output == ""


def test_an_account_without_legs_is_removed(installation: str) -> None:
    run("add", "dhl", typed="key\n")
    assert run("remove", "dhl").output == "Removed dhl.\n"
    assert run("list").output == ""


def test_legs_are_moved_by_name(installation: str) -> None:
    for name in ("one", "two"):
        run("add", "dhl", "--name", name, typed="key\n")
    assert run("move", "one", "two").output == "Moved 0 legs to two.\n"
