"""Lays labels out on sheets of paper."""

from collections.abc import Iterator, Sequence
from io import BytesIO

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from shipments.boxes.labels.label import Label
from shipments.boxes.labels.layout import Layout
from shipments.boxes.labels.lettering import load_faces
from shipments.boxes.labels.paper import HEIGHT, WIDTH, Paper
from shipments.errors import Invalid

rl_config.useA85 = 0  # bytes, not text: streams a fifth smaller, and quicker to write

_MARK = 2.5  # length of a cut mark
_CLEAR = 1.0  # between a cut mark and the label


def draw_labels(labels: Sequence[Label], *, paper: Paper, start_at: int = 1) -> bytes:
    """A PDF with one label each, in the order given. `start_at` skips places of a part-used first sheet.

    The same labels give the same bytes. Raises Invalid for no labels, a place the paper does not have, or an
    address that the QR cannot hold.
    """
    _check(labels, paper, start_at)
    load_faces()
    width, height = paper.page
    document = BytesIO()
    canvas = Canvas(document, pagesize=(width * mm, height * mm), pageCompression=1, invariant=1)
    canvas.setTitle("Labels")
    layout = Layout(canvas)
    if len(paper.spots) > 1:
        _keep_cut_marks(canvas, paper)
    for sheet in _sheets(labels, len(paper.spots), start_at):
        _draw_sheet(canvas, layout, sheet, paper)
    canvas.save()
    return document.getvalue()


def _check(labels: Sequence[Label], paper: Paper, start_at: int) -> None:
    if not 1 <= start_at <= len(paper.spots):
        raise Invalid([("start_at", f"1 to {len(paper.spots)} on {paper.value} paper")])
    if not labels:
        raise Invalid([("labels", "at least one")])


def _sheets(labels: Sequence[Label], places: int, start_at: int) -> Iterator[Sequence[Label | None]]:
    every: list[Label | None] = [*[None] * (start_at - 1), *labels]
    return (every[first : first + places] for first in range(0, len(every), places))


def _draw_sheet(canvas: Canvas, layout: Layout, sheet: Sequence[Label | None], paper: Paper) -> None:
    canvas.scale(mm, mm)
    if len(paper.spots) > 1:
        canvas.doForm("cut-marks")
    for label, spot in zip(sheet, paper.spots, strict=False):
        if label is not None:
            layout.draw(label, spot)
    canvas.showPage()


def _keep_cut_marks(canvas: Canvas, paper: Paper) -> None:
    """Hair lines outside the labels, where a knife would go."""
    canvas.beginForm("cut-marks", 0, 0, *paper.page)
    canvas.setLineWidth(0.15)
    canvas.setStrokeGray(0.5)
    xs = sorted({x for spot in paper.spots for x in (spot.x, spot.x + WIDTH)})
    ys = sorted({y for spot in paper.spots for y in (spot.y, spot.y + HEIGHT)})
    for y in ys:
        canvas.line(xs[0] - _CLEAR - _MARK, y, xs[0] - _CLEAR, y)
        canvas.line(xs[-1] + _CLEAR, y, xs[-1] + _CLEAR + _MARK, y)
    for x in xs:
        canvas.line(x, ys[0] - _CLEAR - _MARK, x, ys[0] - _CLEAR)
        canvas.line(x, ys[-1] + _CLEAR, x, ys[-1] + _CLEAR + _MARK)
        canvas.line(x, ys[1], x, ys[2])
    canvas.endForm()
