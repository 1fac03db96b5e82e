"""The command line: what it does, and exit codes that mean something."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.command import app
from shipments.boxes.box import Stage
from shipments.database import Database
from shipments.offices.scope import EVERYWHERE, act_as
from tests.builders import a_box, an_office
from tests.conftest import a_secret

PASSWORD = "lantern orchard pebble 41"
OFFICE = [
    *("offices", "add", "GN-CKY", "--organisation", "Tools Home", "--name", "Conakry", "--country", "GN"),
    *("--time-zone", "Africa/Conakry", "--phone", "+224 600 00 00 00", "--address", "Example road 1, Conakry"),
    *("--language", "fr", "--receives"),
]


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> str:
    monkeypatch.setenv("SHIPMENTS_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SHIPMENTS_SECRET_KEYS", f"k1:{a_secret()}")
    monkeypatch.setenv("SHIPMENTS_HASH_KEY", a_secret())
    return sqlite_url


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_an_installation_is_set_up_from_the_command_line(installation: str) -> None:
    assert run("migrate").exit_code == 0
    assert run(*OFFICE).output == "Added GN-CKY.\n"
    person = ("people", "add", "ada@example.org", "--name", "Ada", "--role", "receiver@GN-CKY", "--password", PASSWORD)
    assert run(*person).output == "Added ada@example.org.\n"
    assert run("keys", "add", "ada@example.org", "--days", "3").output.startswith("sk_")
    account = ("accounts", "add", "dcsa", "--base-url", "https://carrier.example", "--secret", "key")
    assert run(*account).exit_code == 0
    assert "no faults" in run("journal", "verify").output


def test_missing_secrets_end_with_2_and_name_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHIPMENTS_SECRET_KEYS", raising=False)
    done = run("journal", "verify")
    assert done.exit_code == 2
    assert "SHIPMENTS_SECRET_KEYS is missing" in done.output


def test_a_changed_journal_ends_with_1_and_says_where(installation: str) -> None:
    run(*OFFICE)
    database = Database.at(installation)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER IF EXISTS journal_no_update"))
        triggers = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'")
        )
        for (name,) in triggers.all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("UPDATE journal SET action = 'nothing' WHERE seq = 1"))
    database.close()
    done = run("journal", "verify")
    assert done.exit_code == 1
    assert "entry 1 was changed after it was written" in done.output


def test_a_kept_head_finds_a_journal_that_was_begun_anew(installation: str, tmp_path: Path) -> None:
    run(*OFFICE)
    kept = tmp_path / "head"
    kept.write_text(run("journal", "head").output)
    assert run("journal", "verify", "--head", str(kept)).exit_code == 0
    kept.write_text(kept.read_text().replace(":", ":0", 1))
    assert run("journal", "verify", "--head", str(kept)).exit_code == 1


def test_a_tampered_stage_is_reported_and_repaired(installation: str) -> None:
    database = Database.at(installation)
    with database.writing() as session:
        act_as(session, EVERYWHERE)
        box = a_box(session, an_office(session), an_office(session), stage=Stage.LOST)
        code = box.code
    database.close()
    found = run("progress", "rebuild")
    assert found.exit_code == 1
    assert f"{code}: stage was lost, is registered" in found.output
    assert run("progress", "rebuild").exit_code == 0


def test_an_answer_is_read_as_json_lines(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    event = {
        "eventID": "7f0a3b52-4a39-4a54-9d5a-2f6f3a2f0a01",
        "eventType": "TRANSPORT",
        "transportEventTypeCode": "DEPA",
        "eventClassifierCode": "ACT",
        "eventDateTime": "2026-03-01T10:00:00+05:00",
        "eventCreatedDateTime": "2026-03-01T06:00:00Z",
    }
    answer.write_text(json.dumps([event, {"eventType": 7}]))
    done = run("carriers", "read", "dcsa", str(answer))
    said, whole = map(json.loads, done.output.splitlines())
    assert (said["occurred_at"], said["occurred_as_written"]) == ("2026-03-01T05:00:00Z", "2026-03-01T10:00:00+05:00")
    assert (said["milestone"], said["raw_code"]) == ("in_transit", "TRANSPORT/DEPA")
    assert whole["found"] is True
    assert len(whole["problems"]) == 1


@pytest.mark.parametrize("content", [b"<html>", b"", b"\xff\xfe", b"[" * 100_000])
@pytest.mark.parametrize("name", ["dcsa", "dhl", "fedex", "ship24", "ups"])
def test_an_unreadable_answer_is_one_line_and_2(tmp_path: Path, name: str, content: bytes) -> None:
    answer = tmp_path / "answer"
    answer.write_bytes(content)
    done = run("carriers", "read", name, str(answer))
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
