"""A thousand labels beside the least that could be drawn: raw rectangles of the fastest QR matrix, same canvas."""

import cProfile
import random
import time
from collections.abc import Sequence
from io import BytesIO
from math import isqrt
from operator import itemgetter
from typing import Any

import zxingcpp
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from shipments import codes
from shipments.boxes.labels import Handling, Label, Paper, draw_labels
from tests.bench.rows import Row, compared

HOW_MANY = 1_000


def row() -> Row:
    """Labels a second, 4 to an A4 sheet."""
    return compared(
        "1,000 A4 4-up labels",
        lambda: _rate(lambda labels: draw_labels(labels, paper=Paper.A4_FOUR)),
        lambda: _rate(_rectangles_only),
        unit="labels/s",
        target=0.8,
    )


def where_time_goes() -> str:
    """Drawing functions by their own time, the largest shares first."""
    profile = cProfile.Profile()
    profile.runcall(draw_labels, [_label(index) for index in range(HOW_MANY)], paper=Paper.A4_FOUR)
    spent = sorted(((entry.inlinetime, entry.code) for entry in profile.getstats()), key=itemgetter(0), reverse=True)
    total = sum(took for took, _ in spent)
    return ", ".join(f"{getattr(code, 'co_name', code)} {took / total:.0%}" for took, code in spent[:8])


def _rate(draw: Any) -> float:  # Any: labels to anything
    labels = [_label(index) for index in range(HOW_MANY)]
    began = time.perf_counter()
    draw(labels)
    return HOW_MANY / (time.perf_counter() - began)


def _label(index: int) -> Label:
    code = codes.mint(codes.Kind.BOX)
    return Label(
        code=code,
        url=f"HTTPS://BOXES.EXAMPLE/B/{code.replace('-', '')}",
        country="Guinée",
        office="Bureau de Conakry",
        index=index % 40 + 1,
        count=40,
        weight_g=random.randrange(5_000, 30_000),
        handling=(Handling.FRAGILE,),
        return_contact="+31 20 555 0100 · returns@boxes.example",
        language="fr",
    )


def _rectangles_only(labels: Sequence[Label]) -> bytes:
    document = BytesIO()
    canvas = Canvas(document, pagesize=(297 * mm, 210 * mm), pageCompression=1, invariant=1)
    spots = Paper.A4_FOUR.spots
    for first in range(0, len(labels), len(spots)):
        canvas.scale(mm, mm)
        for label, spot in zip(labels[first : first + len(spots)], spots, strict=False):
            canvas.saveState()
            canvas.translate(spot.x, spot.y)
            _draw_matrix(canvas, label.url)
            canvas.restoreState()
        canvas.showPage()
    canvas.save()
    return document.getvalue()


def _draw_matrix(canvas: Canvas, url: str) -> None:
    barcode = zxingcpp.create_barcode(url, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    image: Any = barcode.to_image(scale=1, add_quiet_zones=False)  # Any: a buffer that its types do not mention
    dots = memoryview(image).tobytes()
    side = isqrt(len(dots))
    canvas.scale(70 / (side + 8), 70 / (side + 8))
    runs: list[str] = []
    for line in range(side):
        row, column = dots[line * side : (line + 1) * side], 0
        while (start := row.find(0, column)) >= 0:
            column = row.find(255, start)
            column = side if column < 0 else column
            runs.append(f"{start} {side - 1 - line} {column - start} 1 re")
    canvas.addLiteral(" ".join(runs) + " f")
