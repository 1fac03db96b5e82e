"""What people type is taken generously and stored in one form, or refused by name."""

from collections.abc import Callable

import pytest

from shipments.errors import Invalid
from shipments.offices import typed
from shipments.offices.typed import line, western_digits


def test_a_decomposed_name_is_stored_composed_and_trimmed() -> None:
    assert line("name", "  Ame\u0301lie  ", 120) == "Amélie"


@pytest.mark.parametrize("kept", ["علی‌رضا", "Nguyễn Văn A", "Նարե", "O'Brien-Smith", "李"])
def test_names_of_every_script_are_kept(kept: str) -> None:
    assert line("name", kept, 120) == kept


@pytest.mark.parametrize(
    "bad", ["", "   ", "a\0b", "a\nb", "a\tb", "\ud800", "x\u202egnp", "\u2066x", "a\u2028b", "\ufeffx", "y" * 121]
)
def test_empty_long_and_invisible_text_is_refused(bad: str) -> None:
    with pytest.raises(Invalid, match="name: "):
        line("name", bad, 120)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("+224 600-00 (00) 00", "+224 600-00 (00) 00"), ("٠٦١٢٣٤٥٦٧٨", "0612345678"), ("۰۶۱۲۳", "06123")],
)
def test_telephone_numbers_are_kept_as_typed_in_western_digits(written: str, kept: str) -> None:
    assert typed.phone("phone", written) == kept


@pytest.mark.parametrize("bad", ["1234", "1" * 21, "call me", "06+12345", "+", "06123²45", ""])
def test_what_nobody_can_dial_is_refused(bad: str) -> None:
    with pytest.raises(Invalid):
        typed.phone("phone", bad)


@pytest.mark.parametrize("bad", ["", "a", "@b.org", "a@b", "a@@b.org", "a b@c.org", "a@b..org", "a@b.org\n@x.org"])
@pytest.mark.parametrize("check", [typed.email, typed.staff_email])
def test_what_is_no_address_is_refused(check: Callable[[str, str], str], bad: str) -> None:
    with pytest.raises(Invalid):
        check("email", bad)


def test_addresses_of_staff_are_lower_case_and_ascii() -> None:
    assert typed.staff_email("email", " Ada@Example.ORG ") == "ada@example.org"
    with pytest.raises(Invalid, match="Latin"):
        typed.staff_email("email", "аda@example.org")  # noqa: RUF001 - a Cyrillic letter is the point


@pytest.mark.parametrize(("written", "kept"), [("FR", "fr"), ("pt_br", "pt-BR"), (" fa-af ", "fa-AF"), ("ckb", "ckb")])
def test_languages_are_stored_in_one_spelling(written: str, kept: str) -> None:
    assert typed.language("language", written) == kept


@pytest.mark.parametrize("bad", ["", "prs", "xx", "french", "fr\0"])
def test_an_unknown_language_is_refused_with_those_there_are(bad: str) -> None:
    with pytest.raises(Invalid, match="sq"):
        typed.language("language", bad)


def test_only_decimal_digits_are_made_western() -> None:
    assert western_digits("\u0661\u06f23²a") == "123²a"
