"""`shipments notices …`, and the settings that it stands on."""

import re

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from api.command import app
from jobs.sending import Posted
from shipments.errors import Invalid
from shipments.settings import MailServer as Server
from shipments.settings import Settings
from tests.conftest import a_secret
from tests.notices.house import TO, House
from tests.notices.receivers import Hook, MailServer


def made(**more: object) -> Settings:
    return Settings.model_validate({"secret_keys": f"k1:{a_secret()}", "hash_key": a_secret(), **more})


@pytest.fixture
def run(house: House, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Commands that act on the house."""
    environment = {
        "DATABASE_URL": sqlite_url,
        "SECRET_KEYS": house.settings.secret_keys.get_secret_value(),
        "HASH_KEY": house.settings.hash_key.get_secret_value(),
        "SMTP_URL": house.settings.smtp_url.get_secret_value(),
        "MAIL_FROM": house.settings.mail_from,
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"SHIPMENTS_{name}", value)
    return CliRunner()


def test_an_office_is_told_from_when_it_is_added_until_it_is_removed(
    run: CliRunner, house: House, server: MailServer
) -> None:
    added = run.invoke(app, ["notices", "add", "gn-cky", "--email", TO, "--language", "fr"])
    assert added.exit_code == 0, added.output
    id = re.findall(r"[0-9a-f-]{36}", added.stdout)[0]
    house.tell()
    assert run.invoke(app, ["notices", "send"]).stdout == "sent 1, failed 0\n"
    assert server.mails[0]["Content-Language"] == "fr"
    listed = run.invoke(app, ["notices", "list"]).stdout
    assert listed == f"{id} GN-CKY {TO} at once in fr: 0 waiting, 1 sent, 0 given up\n"
    assert run.invoke(app, ["notices", "remove", id]).exit_code == 0
    house.tell()
    assert run.invoke(app, ["notices", "send"]).stdout == "sent 0, failed 0\n"
    assert run.invoke(app, ["notices", "list"]).stdout == ""


def test_a_webhooks_secret_is_printed_once_and_can_be_changed(run: CliRunner) -> None:
    added = run.invoke(app, ["notices", "add", "GN-CKY", "--webhook", "https://hooks.example/boxes"]).stdout
    id, first = re.findall(r"[0-9a-f-]{36}|whsec_\S+", added)
    (second,) = re.findall(r"whsec_\S+", run.invoke(app, ["notices", "rotate", id]).stdout)
    assert first != second
    assert "whsec_" not in run.invoke(app, ["notices", "list"]).stdout


def test_either_a_mail_or_a_webhook_is_asked_for(run: CliRunner) -> None:
    assert run.invoke(app, ["notices", "add", "GN-CKY"]).exit_code == 2
    both = ["notices", "add", "GN-CKY", "--email", TO, "--webhook", "https://hooks.example"]
    assert run.invoke(app, both).exit_code == 2


def test_no_mail_is_promised_where_there_is_no_mail_server(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIPMENTS_SMTP_URL", "")
    refused = run.invoke(app, ["notices", "add", "GN-CKY", "--email", TO])
    assert isinstance(refused.exception, Invalid)
    assert "SHIPMENTS_SMTP_URL" in str(refused.exception)


def test_what_failed_is_listed_with_its_trouble(run: CliRunner, house: House, hook: Hook) -> None:
    house.wish(hook.url)
    house.tell()
    hook.answers = [(500, {})]
    assert house.send() == [Posted(failed=1)]
    listed = run.invoke(app, ["notices", "list"]).stdout
    assert listed.endswith("1 waiting, 0 sent, 0 given up; The webhook answered 500.\n")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtps://mail.example", Server("mail.example", 465, "always")),
        ("smtp+starttls://a%40b:c%2Fd@mail.example:2525", Server("mail.example", 2525, "starttls", "a@b", "c/d")),
        ("smtp://127.0.0.1", Server("127.0.0.1", 25, "never")),
        ("", None),
    ],
)
def test_a_mail_server_is_named_by_its_url(url: str, found: Server | None) -> None:
    assert made(smtp_url=url, mail_from="boxes@shipments.example").mail_server == found


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ({"smtp_url": "https://mail.example"}, "SHIPMENTS_SMTP_URL must be"),
        ({"smtp_url": "smtps://"}, "SHIPMENTS_SMTP_URL must be"),
        ({"smtp_url": "smtps://mail.example/path"}, "SHIPMENTS_SMTP_URL must be"),
        ({"smtp_url": "smtps://mail.example:port"}, "SHIPMENTS_SMTP_URL must be"),
        ({"smtp_url": "smtp://boxes:TELLTALE@mail.example"}, "sent in the open"),
        ({"smtp_url": "smtps://boxes:TELLTALE@mail.example", "mail_from": ""}, "SHIPMENTS_MAIL_FROM"),
        ({"smtp_url": "smtps://mail.example", "mail_from": "Boxes <boxes@shipments.example>"}, "SHIPMENTS_MAIL_FROM"),
        ({"smtp_url": "smtps://mail.example", "mail_from": "a@b.example\nBcc: c@d.example"}, "SHIPMENTS_MAIL_FROM"),
    ],
)
def test_a_mail_server_that_cannot_be_right_is_refused_without_its_password(
    what: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint) as refusal:
        made(**{"mail_from": "boxes@shipments.example", **what})
    assert "TELLTALE" not in str(refusal.value)


def test_a_mail_server_in_a_log_line_shows_no_password() -> None:
    assert "TELLTALE" not in repr(Server("mail.example", 465, "always", "boxes", "TELLTALE"))
