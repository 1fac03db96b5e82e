"""One label, 139 by 99 mm: where everything stands.

Left the QR code; beside it where the box goes, its number, its weight and the handling signs; below both the
code, as large as the width allows, for whoever has to type it; at the foot what to do and whom to call.
"""

from typing import NamedTuple

from reportlab.pdfgen.canvas import Canvas

from shipments.boxes.labels.label import Handling, Label
from shipments.boxes.labels.lettering import Align, Face, fit, runs_rtl, write, write_block
from shipments.boxes.labels.paper import HEIGHT, WIDTH, Spot
from shipments.boxes.labels.qr import QUIET, matrix_of, path_of
from shipments.boxes.labels.signs import draw_sign
from shipments.boxes.labels.texts import Texts, texts_for

QR_SIZE = 70.0  # with its quiet zone
QR_X, QR_Y = 0.5, 28.5
LEFT, RIGHT = 8.0, 131.0
COLUMN, COLUMN_WIDTH = 75.0, RIGHT - 75.0
BAND_Y, BAND_HEIGHT = 78.5, 12.4
OFFICE_TOP = 75.2
FACTS_TOP, FACT_BASE, FACT_WIDTH = 58.8, 50.0, 27.0
SIGN_SIZE, SIGN_STEP, SIGN_Y = 10.0, 14.2, 35.6
CODE_BASE, RULE_Y, FOOT_TOP = 18.6, 15.0, 12.4


class Fixed(NamedTuple):
    """What labels for one office have in common; drawn once and repeated by reference."""

    country: str
    office: str
    contact: str
    language: str
    signs: tuple[Handling, ...]


class Layout:
    """Draws labels on one canvas, whose unit is the millimetre."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.forms: dict[Fixed, str] = {}

    def draw(self, label: Label, spot: Spot) -> None:
        """Draws one label at its spot on the current page."""
        fixed = Fixed(label.country, label.office, label.return_contact, label.language, label.signs)
        form = self.forms.get(fixed) or self._keep(fixed)
        self.canvas.saveState()
        self.canvas.translate(spot.x, spot.y)
        self.canvas.scale(spot.scale, spot.scale)
        self.canvas.doForm(form)
        _write_numbers(self.canvas, label, texts_for(label.language))
        _draw_qr(self.canvas, label.url)
        self.canvas.restoreState()

    def _keep(self, fixed: Fixed) -> str:
        name = self.forms[fixed] = f"label-{len(self.forms) + 1}"
        self.canvas.beginForm(name, 0, 0, WIDTH, HEIGHT)
        texts = texts_for(fixed.language)
        _write_destination(self.canvas, fixed, texts)
        _write_captions(self.canvas, texts)
        _draw_signs(self.canvas, fixed.signs, texts)
        _write_foot(self.canvas, fixed.contact, texts)
        self.canvas.endForm()
        return name


def _write_destination(canvas: Canvas, fixed: Fixed, texts: Texts) -> None:
    canvas.setFillGray(0)
    canvas.rect(COLUMN, BAND_Y, COLUMN_WIDTH, BAND_HEIGHT, stroke=0, fill=1)
    canvas.setFillGray(1)
    country = fit(fixed.country.upper(), Face.BOLD, width=COLUMN_WIDTH - 6, height=9, size=8.2, smallest=3)
    edge, align = _start(COLUMN + 3, COLUMN_WIDTH - 6, texts)
    top = BAND_Y + (BAND_HEIGHT + country.height) / 2
    write_block(canvas, edge, top, country, Face.BOLD, align=align, rtl=runs_rtl(fixed.country))
    canvas.setFillGray(0)
    office = fit(fixed.office, Face.BOLD, width=COLUMN_WIDTH, height=13.6, size=6.2, smallest=2.6)
    edge, align = _start(COLUMN, COLUMN_WIDTH, texts)
    write_block(canvas, edge, OFFICE_TOP, office, Face.BOLD, align=align, rtl=runs_rtl(fixed.office))


def _write_captions(canvas: Canvas, texts: Texts) -> None:
    canvas.setLineWidth(0.3)
    for caption, x in zip((texts.box, texts.weight), _fact_columns(texts), strict=True):
        canvas.line(x, FACTS_TOP + 1.8, x + FACT_WIDTH, FACTS_TOP + 1.8)
        block = fit(caption, Face.REGULAR, width=FACT_WIDTH, size=2.9, smallest=2)
        edge, align = _start(x, FACT_WIDTH, texts)
        write_block(canvas, edge, FACTS_TOP, block, Face.REGULAR, align=align, rtl=texts.rtl)


def _write_numbers(canvas: Canvas, label: Label, texts: Texts) -> None:
    code = fit(label.code, Face.BOLD, width=RIGHT - LEFT, size=9.8, smallest=3)
    write(canvas, LEFT, CODE_BASE, code.lines[0], Face.BOLD, code.size)
    values = (texts.box_number(label.index, label.count), texts.kilos(label.weight_g))
    for value, x in zip(values, _fact_columns(texts), strict=True):
        block = fit(value, Face.BOLD, width=FACT_WIDTH, size=5.8, smallest=2)
        edge, align = _start(x, FACT_WIDTH, texts)
        write(canvas, edge, FACT_BASE, block.lines[0], Face.BOLD, block.size, align=align, rtl=texts.rtl)


def _draw_signs(canvas: Canvas, signs: tuple[Handling, ...], texts: Texts) -> None:
    width = SIGN_STEP - 0.8
    first = COLUMN + COLUMN_WIDTH - SIGN_STEP * len(signs) if texts.rtl else COLUMN
    for place, sign in enumerate(reversed(signs) if texts.rtl else signs):
        middle = first + SIGN_STEP * place + width / 2
        draw_sign(canvas, sign, middle - SIGN_SIZE / 2, SIGN_Y, SIGN_SIZE)
        words = fit(texts.signs[sign], Face.REGULAR, width=width, height=5, size=2.5, smallest=1.8)
        write_block(canvas, middle, SIGN_Y - 1.4, words, Face.REGULAR, align="centre", rtl=texts.rtl)


def _write_foot(canvas: Canvas, contact: str, texts: Texts) -> None:
    canvas.setLineWidth(0.5)
    canvas.line(LEFT, RULE_Y, RIGHT, RULE_Y)
    scan = fit(texts.scan, Face.BOLD, width=COLUMN - LEFT - 6, size=3.9, smallest=2.4)
    write_block(canvas, LEFT, FOOT_TOP, scan, Face.BOLD, rtl=texts.rtl)
    edge, align = _start(COLUMN, COLUMN_WIDTH, texts)
    caption = fit(texts.contact, Face.REGULAR, width=COLUMN_WIDTH, size=2.5, smallest=2)
    write_block(canvas, edge, FOOT_TOP + 0.6, caption, Face.REGULAR, align=align, rtl=texts.rtl)
    whom = fit(contact, Face.BOLD, width=COLUMN_WIDTH, height=6.2, size=3.1, smallest=2)
    write_block(canvas, edge, FOOT_TOP - 2.7, whom, Face.BOLD, align=align, rtl=runs_rtl(contact))


def _draw_qr(canvas: Canvas, url: str) -> None:
    matrix = matrix_of(url)
    module = QR_SIZE / (matrix.side + 2 * QUIET)
    canvas.translate(QR_X + QUIET * module, QR_Y + QUIET * module)
    canvas.scale(module, module)
    canvas.addLiteral(f"{path_of(matrix)} f")


def _fact_columns(texts: Texts) -> tuple[float, float]:
    """Left edges for the box number and the weight: the number comes first in the reading direction."""
    columns = (COLUMN, RIGHT - FACT_WIDTH)
    return columns[::-1] if texts.rtl else columns


def _start(x: float, width: float, texts: Texts) -> tuple[float, Align]:
    """Where a line begins in a box of that width: its left edge, or the right one from right to left."""
    return (x + width, "right") if texts.rtl else (x, "left")
