"""Codes that people read aloud: Crockford base32 with Crockford's modulo-37 check symbol.

`BX-7K4M-9QPT-2V8D6-A`: kind, 13 random symbols (65 bits), one check symbol. Numbers whose check symbol would
fall outside the 32 letters and digits are drawn again, so that every code stays in a QR's alphanumeric mode.
Typed codes forgive case, spaces, dashes, O for 0, I and L for 1. A code names a thing; it opens nothing.
"""

import secrets
from enum import StrEnum

from shipments.errors import Invalid

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SYMBOLS = 13
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class Kind(StrEnum):
    """The two letters that a code starts with."""

    BOX = "BX"
    REQUEST = "RQ"
    BATCH = "BT"
    CASE = "CS"


def mint(kind: Kind) -> str:
    """A new code, e.g. `BX-7K4M-9QPT-2V8D6-A`."""
    while True:
        number = secrets.randbits(5 * SYMBOLS)
        check = number % 37
        if check < 32:
            return _shown(kind, _encode(number) + ALPHABET[check])


def read(kind: Kind, typed: str) -> str:
    """The code as stored, from what somebody typed or a QR held.

    Raises Invalid where the kind, a symbol or the check symbol is wrong.
    """
    if len(typed) > 64 or not typed.isascii():
        raise _malformed(kind)
    plain = typed.upper().replace(" ", "").replace("-", "")
    if not plain.startswith(kind.value):
        raise _malformed(kind)
    symbols = plain[len(kind.value) :].translate(_FORGIVEN)
    if len(symbols) != SYMBOLS + 1 or any(symbol not in _VALUE for symbol in symbols):
        raise _malformed(kind)
    if _decode(symbols[:-1]) % 37 != _VALUE[symbols[-1]]:
        raise Invalid([("code", "the check symbol does not fit: one symbol was misread, compare it with the label")])
    return _shown(kind, symbols)


def canonical(typed: str) -> str:
    """A code of any kind as stored, where `typed` is one; else `typed` in upper case: what a search compares."""
    for kind in Kind:
        try:
            return read(kind, typed)
        except Invalid:
            continue
    return typed.strip().upper()


def compact(code: str) -> str:
    """Without dashes, as it stands in a QR."""
    return code.replace("-", "")


def token(symbols: int = 26) -> str:
    """An upper-case secret for a card: 5 random bits a symbol, 130 bits by default."""
    return "".join(secrets.choice(ALPHABET) for _ in range(symbols))


def _shown(kind: Kind, symbols: str) -> str:
    return f"{kind}-{symbols[:4]}-{symbols[4:8]}-{symbols[8:-1]}-{symbols[-1]}"


def _encode(number: int) -> str:
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (SYMBOLS - 1), -1, -5))


def _decode(symbols: str) -> int:
    number = 0
    for symbol in symbols:
        number = number << 5 | _VALUE[symbol]
    return number


def _malformed(kind: Kind) -> Invalid:
    return Invalid([("code", f"a code like {kind}-7K4M-9QPT-2V8D6-A, as printed")])
