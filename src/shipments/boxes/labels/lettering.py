"""Text on a label: fitted into a width, right to left where the language is, Arabic letters joined.

All lengths are in the canvas's own units.
"""

import re
import unicodedata
from enum import StrEnum
from functools import cache, lru_cache
from importlib.metadata import distribution
from itertools import groupby
from threading import Lock
from typing import Literal, NamedTuple

from bidi import get_display  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import ShapedStr, TTFont, shapeStr
from reportlab.pdfgen.canvas import Canvas

Align = Literal["left", "centre", "right"]
_CAPITAL = 0.76  # height of a capital, in sizes
_LEADING = 1.16  # line to line, in sizes
_FONTS = Lock()  # all threads share reportlab's fonts, which number the glyphs they meet


_BRACKETS = "()[]{}<>«»\u2039\u203a"
_MIRROR = str.maketrans(_BRACKETS, ")(][}{><»«\u203a\u2039")
_BRACKET = re.compile(f"[{re.escape(_BRACKETS)}]")
_APART = "\u200c"  # keeps Persian letters from joining: it ends a run, and is not drawn
_CLINGS = "\u034f"
_TURNED = re.compile(f"{_CLINGS}({_BRACKET.pattern})|({_BRACKET.pattern}){_CLINGS}")
_NUMBER = re.compile(r"\+?[0-9][0-9 \u00a0()/.,-]*[0-9]")


class Face(StrEnum):
    REGULAR = "DejaVuSansCondensed"
    BOLD = "DejaVuSansCondensed-Bold"


class Run(NamedTuple):
    """A stretch of one direction, in the order it is drawn; Arabic already joined. Width at size 1."""

    text: str
    width: float


class Block(NamedTuple):
    """Lines that fit their box, and the size at which they do."""

    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        return self.size * (_CAPITAL + _LEADING * (len(self.lines) - 1))


@cache
def load_faces() -> None:
    """Registers the fonts with reportlab, once in a process, whichever thread comes first."""
    with _FONTS:
        for face in set(Face) - set(pdfmetrics.getRegisteredFontNames()):
            pdfmetrics.registerFont(TTFont(face.value, _font_file(face), asciiReadable=True))


def _font_file(face: Face) -> str:
    """Found through the package's metadata: importing the package would want a whole typesetter."""
    return str(distribution("rinoh-typeface-dejavusans").locate_file(f"rinoh_typeface_dejavusans/{face}.ttf"))


def write(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    face: Face,
    size: float,
    *,
    align: Align = "left",
    rtl: bool = False,
) -> None:
    """One line with its baseline at `y`, starting, centred or ending at `x`."""
    runs = runs_of(text, face, rtl=rtl)
    width = size * sum(run.width for run in runs)
    x -= {"left": 0.0, "centre": width / 2, "right": width}[align]
    for run in runs:
        pen = canvas.beginText(x, y)
        pen.setFont(face.value, size)
        pen.textOut(run.text)
        canvas.drawText(pen)
        x += size * run.width


def write_block(
    canvas: Canvas,
    x: float,
    top: float,
    block: Block,
    face: Face,
    *,
    align: Align = "left",
    rtl: bool = False,
) -> None:
    """Lines downwards from `top`, where the capitals of the first one end."""
    y = top - _CAPITAL * block.size
    for line in block.lines:
        write(canvas, x, y, line, face, block.size, align=align, rtl=rtl)
        y -= _LEADING * block.size


def width_of(text: str, face: Face) -> float:
    """Width at size 1."""
    return sum(run.width for run in runs_of(text, face))


@lru_cache(maxsize=4096)
def runs_of(text: str, face: Face, *, rtl: bool = False) -> tuple[Run, ...]:
    """Splits a line into runs from left to right as seen, after the Unicode bidirectional algorithm."""
    load_faces()
    if text.isascii() and not rtl:
        return (_plain(text, face),)
    seen = _as_seen(text, rtl=rtl)
    return tuple(
        _joined("".join(run)[::-1], face) if joins else _plain("".join(run), face)
        for joins, run in groupby(seen, _joins)
    )


def _as_seen(text: str, *, rtl: bool) -> str:
    """The signs from left to right. Numbers stay whole; brackets in right-to-left stretches are turned round.

    The bidi library orders but does not mirror. A mark without width that clings to each bracket shows which
    way its stretch runs: it comes out on the bracket's left where the stretch runs from right to left.
    """
    marked = _BRACKET.sub(rf"\g<0>{_CLINGS}", _NUMBER.sub("\u2066\\g<0>\u2069", text))
    seen = str(get_display(marked, base_dir="R" if rtl else "L"))
    turned = _TURNED.sub(lambda found: found[1].translate(_MIRROR) if found[1] else found[2], seen)
    return turned.replace("\u2066", "").replace("\u2069", "")


def _plain(text: str, face: Face) -> Run:
    text = text.replace(_APART, "")
    return Run(text, pdfmetrics.stringWidth(text, face.value, 1))


def _joined(text: str, face: Face) -> Run:
    with _FONTS:
        shaped = shapeStr(text, face.value, 1, force=True)
    if not isinstance(shaped, ShapedStr):
        raise RuntimeError("Arabic was not shaped: is uharfbuzz installed?")
    return Run(shaped, sum(glyph.x_advance for glyph in shaped.__shapeData__) / 1000)


def _joins(sign: str) -> bool:
    direction = unicodedata.bidirectional(sign)
    return direction in {"AL", "R"} or (direction == "NSM" and "\u0590" <= sign <= "\u08ff")


def fit(text: str, face: Face, *, width: float, height: float = 0.0, size: float, smallest: float) -> Block:
    """Wraps and shrinks a text until it fits; at the smallest size the rest is cut off with an ellipsis.

    As many lines as the height allows at each size, and always one.
    """
    text = cleaned(text)
    while size > smallest:
        lines = wrap(text, face, width / size)
        if len(lines) <= _lines_in(height, size) and all(width_of(line, face) * size <= width for line in lines):
            return Block(tuple(lines), size)
        size *= 0.95
    lines = wrap(text, face, width / smallest)
    last = _lines_in(height, smallest) - 1
    kept = lines if len(lines) <= last else [*lines[:last], " ".join(lines[last:])]
    return Block(tuple(_cut(line, face, width / smallest) for line in kept), smallest)


def _lines_in(height: float, size: float) -> int:
    return 1 + max(0, int((height / size - _CAPITAL) / _LEADING))


def wrap(text: str, face: Face, width: float) -> list[str]:
    """As many words on a line as go in; a word wider than the line has one to itself. `width` at size 1."""
    lines: list[str] = []
    for word in text.split(" "):
        if not word:
            continue
        if lines and width_of(f"{lines[-1]} {word}", face) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def _cut(line: str, face: Face, width: float) -> str:
    if width_of(line, face) <= width:
        return line
    low, high = 0, len(line)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if width_of(line[:middle] + "…", face) <= width else (low, middle)
    return line[:low].rstrip() + "…"


def cleaned(text: str) -> str:
    """One paragraph of visible signs, letters composed: no line ends, no control or direction marks.

    Spaces within a number are made fixed, so that a telephone number stays on one line.
    """
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    spaced = "".join(" " if sign.isspace() else sign for sign in text)
    seen = "".join(s for s in spaced if s == _APART or unicodedata.category(s) not in {"Cc", "Cf", "Cs"})
    return _NUMBER.sub(lambda number: number[0].replace(" ", "\u00a0"), unicodedata.normalize("NFC", seen))


def runs_rtl(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left; numbers alone do not."""
    directions = (unicodedata.bidirectional(sign) for sign in text)
    return next((direction != "L" for direction in directions if direction in {"L", "R", "AL"}), False)
