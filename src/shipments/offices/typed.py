"""One line of text as people type it: names, e-mail addresses, telephone numbers, languages.

Each function takes the name of the field and what was typed, and gives what is stored; each raises Invalid
with what was expected.
"""

import re
import unicodedata

from shipments.errors import Invalid

# Dari is `fa-AF`: the tag `prs` is unknown to the locale data that pages are made with.
LANGUAGES = frozenset(
    {"en", "fr", "ar", "fa-AF", "fa", "pt-BR", "pt", "es", "ru", "tr", "sq", "ckb", "hy", "ka", "mn", "uk", "sr", "vi",
     "zh", "ti", "am", "id", "nl"}
)  # fmt: skip
_BY_LOWER = {tag.lower(): tag for tag in LANGUAGES}
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Joiners and plain direction marks belong to the spelling of Persian, Arabic and Indic names; other format
# characters (embeddings, overrides, isolates, tags) only serve to make a line look like another one.
_JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?[0-9 ()./-]+")


def line(field: str, text: str, longest: int) -> str:
    """NFC, trimmed, 1 to `longest` characters on one line."""
    composed = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(composed) <= longest:
        raise Invalid([(field, f"1 to {longest} characters")])
    if any(_is_refused(symbol) for symbol in composed):
        raise Invalid([(field, "one line of visible text, without control characters")])
    return composed


def email(field: str, text: str) -> str:
    """An address that may well exist, at most 200 characters, otherwise as typed."""
    found = line(field, text, 200)
    if not _EMAIL.fullmatch(found):
        raise Invalid([(field, "an e-mail address, e.g. name@example.org")])
    return found


def staff_email(field: str, text: str) -> str:
    """As `email`, in lower case and ASCII: two addresses of staff that look alike are alike."""
    found = email(field, text)
    if not found.isascii():
        raise Invalid([(field, "an e-mail address in unaccented Latin letters, e.g. name@example.org")])
    return found.lower()


def phone(field: str, text: str) -> str:
    """5 to 20 digits of any script, stored as 0-9, with an optional leading +, spaces and ( ) . / -."""
    found = western_digits(line(field, text, 40))
    if not _PHONE.fullmatch(found) or not 5 <= sum(map(str.isdigit, found)) <= 20:
        raise Invalid([(field, "a telephone number of 5 to 20 digits, e.g. +224 600 00 00 00")])
    return found


def language(field: str, text: str) -> str:
    """One of LANGUAGES, as written there; case and _ are forgiven."""
    found = _BY_LOWER.get(text.strip().replace("_", "-").lower())
    if found is None:
        raise Invalid([(field, f"a language: one of {', '.join(sorted(LANGUAGES))}")])
    return found


def western_digits(text: str) -> str:
    """Decimal digits of any script as 0-9; everything else as it is."""
    return "".join(str(unicodedata.decimal(symbol, symbol)) for symbol in text)


def _is_refused(symbol: str) -> bool:
    category = unicodedata.category(symbol)
    return category in _REFUSED or (category == "Cf" and symbol not in _JOINERS)
