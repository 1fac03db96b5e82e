"""QR codes of box addresses, as PDF paths: level Q, alphanumeric, some microseconds each.

With version, mask, mode and length fixed, a QR code is linear: turning one bit of the text over always turns
the same modules over. So qrcode encodes a blank text once, and each single bit once; every further code is
the blank one with the differences of its bits added.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from qrcode import constants, util
from qrcode.main import QRCode

from shipments.errors import Invalid

QUIET = 4  # modules of white on each side that a reader needs
MASK = 4  # the best of the eight, on average, over random box codes
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"  # alphanumeric mode, ISO/IEC 18004 table 5
LONGEST = 108  # version 6: beyond it modules get too small to read at a metre

_VALUE = {sign: value for value, sign in enumerate(ALPHABET)}
_PAIR = {a + b: 45 * _VALUE[a] + _VALUE[b] for a in ALPHABET for b in ALPHABET} | _VALUE
_DARK = re.compile("1+")


class Matrix(NamedTuple):
    """`bits`, most significant first: `side` rows from the top, each `side` modules and one light one."""

    side: int
    bits: int


def matrix_of(url: str) -> Matrix:
    """The QR code of an upper-case address. Raises Invalid if alphanumeric mode cannot hold it."""
    length = len(url)
    if not 0 < length <= LONGEST or not _VALUE.keys() >= set(url):
        raise Invalid([("url", f"1 to {LONGEST} signs, each one of {ALPHABET!r}")])
    bits = _encoded("0" * length)
    for at in range(0, length, 2):
        bits ^= _difference(length, at, _PAIR[url[at : at + 2]])
    return Matrix(_side(length), bits)


def path_of(matrix: Matrix) -> str:
    """PDF path operators in units of one module, from the lower left corner; nothing is painted yet."""
    rows = f"{matrix.bits:0{matrix.side * (matrix.side + 1)}b}"
    rectangles = _rectangles(matrix.side)
    return " ".join([rectangles[run.span()] for run in _DARK.finditer(rows)])


class _Rectangles(dict[tuple[int, int], str]):
    """Operators for a run of dark modules, by where it starts and ends in the rows; grows as runs are met."""

    def __init__(self, side: int) -> None:
        self.side = side

    def __missing__(self, span: tuple[int, int]) -> str:
        row, column = divmod(span[0], self.side + 1)
        self[span] = f"{column} {self.side - 1 - row} {span[1] - span[0]} 1 re"
        return self[span]


@lru_cache
def _rectangles(side: int) -> _Rectangles:
    return _Rectangles(side)


@lru_cache(maxsize=1 << 15)
def _difference(length: int, at: int, value: int) -> int:
    """The modules that turn over when the sign or pair of signs at `at` gets this value instead of zero."""
    turned = 0
    for bit in range(value.bit_length()):
        if value >> bit & 1:
            turned ^= _turned(length, at, bit)
    return turned


@lru_cache(maxsize=1 << 12)
def _turned(length: int, at: int, bit: int) -> int:
    high, low = divmod(1 << bit, 45)
    signs = ALPHABET[low] if at == length - 1 else ALPHABET[high] + ALPHABET[low]
    text = "0" * at + signs + "0" * (length - at - len(signs))
    return _encoded("0" * length) ^ _encoded(text)


@lru_cache(maxsize=1 << 12)
def _encoded(text: str) -> int:
    code = _code(text, _version(len(text)))
    code.make(fit=False)
    return int("".join("1" if dark else "0" for row in code.modules for dark in (*row, False)), 2)


@lru_cache
def _version(length: int) -> int:
    return int(_code("0" * length, None).version)


def _side(length: int) -> int:
    return 17 + 4 * _version(length)


def _code(text: str, version: int | None) -> QRCode:
    code = QRCode(version=version, error_correction=constants.ERROR_CORRECT_Q, mask_pattern=MASK)
    code.add_data(util.QRData(text, mode=util.MODE_ALPHA_NUM))
    return code
