"""Settings: every one is documented, and no installation starts on missing, short or made-up secrets."""

import re
from base64 import b64encode
from pathlib import Path

import pytest
from pydantic import ValidationError

from shipments.settings import Settings
from tests.conftest import a_secret

README = Path(__file__).parents[2] / "README.md"


def real(**other: object) -> dict[str, object]:
    return {"secret_keys": f"k1:{a_secret()}", "hash_key": a_secret(), **other}


def made(**values: object) -> Settings:
    return Settings.model_validate(values)


def shown(default: object) -> str:
    text = str(default).lower() if isinstance(default, bool) else str(default)
    return f"`{text}`" if text.strip("*") else ""


def test_the_readme_documents_every_setting_as_it_is() -> None:
    section = re.split(r"^#+ Settings$", README.read_text(), flags=re.MULTILINE)[1].split("\n#")[0]
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in section.splitlines() if line[:2] == "| "
    ]
    expected = [
        (f"`SHIPMENTS_{name.upper()}`", shown(field.default), field.description)
        for name, field in Settings.model_fields.items()
    ]
    assert rows[1:] == expected


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in real(poll_every_s=5, demo=True).items():
        monkeypatch.setenv(f"SHIPMENTS_{name.upper()}", str(value))
    settings = Settings()
    assert settings.poll_every_s == 5
    assert settings.demo is True


def test_nothing_starts_without_secrets() -> None:
    with pytest.raises(ValidationError, match="SHIPMENTS_SECRET_KEYS is missing"):
        Settings()


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ({"secret_keys": ""}, "SHIPMENTS_SECRET_KEYS is missing"),
        ({"secret_keys": " , "}, "SHIPMENTS_SECRET_KEYS is missing"),
        ({"hash_key": ""}, "SHIPMENTS_HASH_KEY: 0 bytes, expected 32"),
        ({"secret_keys": "k1:" + b64encode(bytes(range(31))).decode()}, "key 'k1': 31 bytes, expected 32"),
        ({"secret_keys": "k1:" + b64encode(bytes(32)).decode()}, "key 'k1': not random"),
        ({"secret_keys": "k1:" + b64encode(b"changeme" * 4).decode()}, "key 'k1': not random"),
        ({"secret_keys": "k1:not base64!"}, "SHIPMENTS_SECRET_KEYS: expected base64"),
        ({"hash_key": "not base64!"}, "SHIPMENTS_HASH_KEY: expected base64"),
        ({"secret_keys": a_secret()}, "each key is written as id:base64"),
        ({"secret_keys": f"k-1:{a_secret()}"}, "each key is written as id:base64"),
        ({"secret_keys": f"k1:{a_secret()},k1:{a_secret()}"}, "two keys are called 'k1'"),
        ({"secret_keys": f"k1:{a_secret()}é"}, "SHIPMENTS_SECRET_KEYS: expected base64"),
        ({"base_url": "boxes.example.org"}, "SHIPMENTS_BASE_URL must be an http or https address"),
        ({"poll_every_s": 0}, "greater than 0"),
        ({"poll_batch": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_right_is_refused(what: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(complaint)):
        made(**real(**what))


def test_one_secret_used_twice_is_refused() -> None:
    same = a_secret()
    with pytest.raises(ValidationError, match="must all differ"):
        made(secret_keys=f"k1:{same}", hash_key=same)


@pytest.mark.parametrize("secret", ["secret_keys", "hash_key"])
def test_a_refusal_never_shows_the_secret(secret: str) -> None:
    telling = "TELLTALE" + "A" * 20
    values = {**real(), secret: telling}
    with pytest.raises(ValidationError) as refusal:
        made(**values)
    assert "TELLTALE" not in str(refusal.value)
    assert "TELLTALE" not in repr(refusal.value)


def test_settings_in_a_log_line_show_no_secret() -> None:
    values = real()
    assert str(values["hash_key"]) not in repr(made(**values))


def test_the_first_key_seals_and_the_others_open() -> None:
    settings = made(**real(secret_keys=f"k2:{a_secret()}, k1:{a_secret()}"))
    assert list(settings.keys) == ["k2", "k1"]
    assert settings.ring.current == "k2"


def test_hosts_are_the_base_urls_and_those_allowed() -> None:
    settings = made(**real(base_url="https://Boxes.Example.org:8443", allowed_hosts="a.example, B.example"))
    assert settings.hosts == {"boxes.example.org", "a.example", "b.example"}
    assert settings.secure_cookies
    assert not made(**real()).secure_cookies
