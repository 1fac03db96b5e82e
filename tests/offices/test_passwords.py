"""Which passwords are taken, and what it costs to compare one."""

import re

import pytest

from shipments.errors import Invalid
from shipments.offices import passwords
from shipments.offices.passwords import good_password, hash_of, proves

GOOD = "kettle orbit lavender"


@pytest.mark.parametrize(
    "bad",
    [
        "short one",
        "x" * 201,
        "Password1234",
        "P@ssw0rd!!2026",
        "passwordpassword",
        "QWERTYUIOP12",
        "Welcome20262026",
        "correct horse battery staple",
        "123456789012",
        "ababababababab",
        "abcdefghijkl",
        "ada.lovelace likes tea",
    ],
)
def test_a_short_common_or_telling_password_is_refused(bad: str) -> None:
    with pytest.raises(Invalid, match="password: "):
        good_password("password", bad, "ada.lovelace@example.org")


@pytest.mark.parametrize("good", [GOOD, "крокодил под зонтом", "w9#Lq!x27Vbn", "ad" + GOOD])
def test_unrelated_words_and_long_random_ones_are_taken(good: str) -> None:
    assert good_password("password", good, "ad@example.org") == good


def test_the_stored_form_is_argon2id_with_a_salt_of_its_own() -> None:
    one, other = hash_of(GOOD), hash_of(GOOD)
    assert one != other
    assert one.startswith("$argon2id$")
    assert proves(GOOD, one)
    assert not proves(GOOD + "s", one)


def test_composed_and_decomposed_are_the_same_password() -> None:
    assert proves("cafe\u0301 au lait noir", hash_of("café au lait noir"))


def test_what_is_no_hash_proves_nothing() -> None:
    assert not proves(GOOD, "plain text")
    assert not proves("\ud800", None)


def test_nobodys_hash_costs_what_anybodys_does() -> None:
    cost = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$")
    own, nobodys = cost.match(hash_of(GOOD)), cost.match(passwords._nobodys())
    assert own is not None
    assert nobodys is not None
    assert own.group() == nobodys.group()
    assert not proves(GOOD, None)
    assert len(hash_of(GOOD)) == len(passwords._nobodys())


def test_production_costs_what_owasp_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert (passwords.HASHER.memory_cost, passwords.HASHER.time_cost) >= (19_456, 2)
