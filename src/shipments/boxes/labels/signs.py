"""Handling signs, drawn as paths in a square of 10 by 10, in the spirit of ISO 780."""

from collections.abc import Callable, Sequence

from reportlab.pdfgen.canvas import Canvas

from shipments.boxes.labels.label import Handling
from shipments.boxes.labels.lettering import Face, write

Point = tuple[float, float]


def draw_sign(canvas: Canvas, sign: Handling, x: float, y: float, size: float) -> None:
    """Draws one sign in the square whose lower left corner is (x, y)."""
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(size / 10, size / 10)
    canvas.setFillGray(0)
    canvas.setStrokeGray(0)
    _DRAW[sign](canvas)
    canvas.restoreState()


def _glass(canvas: Canvas) -> None:
    bowl = canvas.beginPath()
    bowl.moveTo(2.1, 10)
    bowl.lineTo(7.9, 10)
    bowl.curveTo(8.2, 6.4, 7.4, 4.5, 5.45, 4.0)
    bowl.lineTo(5.45, 1.2)
    bowl.curveTo(6.4, 1.1, 7.3, 0.8, 7.6, 0)
    bowl.lineTo(2.4, 0)
    bowl.curveTo(2.7, 0.8, 3.6, 1.1, 4.55, 1.2)
    bowl.lineTo(4.55, 4.0)
    bowl.curveTo(2.6, 4.5, 1.8, 6.4, 2.1, 10)
    canvas.drawPath(bowl, stroke=0, fill=1)
    canvas.setFillGray(1)
    _polygon(canvas, [(4.3, 10.1), (5.2, 8.3), (4.3, 7.4), (5.6, 5.4), (5.2, 7.2), (6.2, 8.1), (5.5, 10.1)])


def _arrows(canvas: Canvas) -> None:
    for x in (2.6, 7.4):
        _polygon(canvas, [(x - 2.1, 6.6), (x, 10), (x + 2.1, 6.6)])
        canvas.rect(x - 0.75, 1.9, 1.5, 5, stroke=0, fill=1)
    canvas.rect(0.5, 0, 9, 1.1, stroke=0, fill=1)


def _umbrella(canvas: Canvas) -> None:
    canopy = canvas.beginPath()
    canopy.moveTo(0.6, 3.9)
    canopy.curveTo(0.8, 9.4, 9.2, 9.4, 9.4, 3.9)
    for x in (9.4, 6.47, 3.53):
        canopy.curveTo(x - 0.6, 4.9, x - 2.33, 4.9, x - 2.93, 3.9)
    canvas.drawPath(canopy, stroke=0, fill=1)
    handle = canvas.beginPath()
    handle.moveTo(5, 5.2)
    handle.lineTo(5, 1.3)
    handle.curveTo(5, 0.1, 7, 0.1, 7, 1.5)
    canvas.setLineWidth(0.75)
    canvas.drawPath(handle, stroke=1, fill=0)
    canvas.setLineWidth(0.55)
    for x, y in ((1.2, 8.2), (3.3, 9.3), (6.3, 9.3), (8.4, 8.2)):
        canvas.line(x, y, x + 0.4, y + 1.0)


def _weight(canvas: Canvas) -> None:
    canvas.setLineWidth(1.0)
    canvas.circle(5, 7.9, 1.6, stroke=1, fill=0)
    _polygon(canvas, [(0.8, 0), (9.2, 0), (7.9, 6.9), (2.1, 6.9)])
    canvas.setFillGray(1)
    write(canvas, 5, 3.6, ">25", Face.BOLD, 2.8, align="centre")
    write(canvas, 5, 0.9, "kg", Face.BOLD, 2.8, align="centre")


def _polygon(canvas: Canvas, points: Sequence[Point]) -> None:
    path = canvas.beginPath()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    path.close()
    canvas.drawPath(path, stroke=0, fill=1)


_DRAW: dict[Handling, Callable[[Canvas], None]] = {
    Handling.FRAGILE: _glass,
    Handling.THIS_WAY_UP: _arrows,
    Handling.KEEP_DRY: _umbrella,
    Handling.HEAVY: _weight,
}
