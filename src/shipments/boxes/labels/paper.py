"""Papers that labels are printed on, and where the labels lie on them. All lengths in millimetres."""

from enum import StrEnum
from typing import NamedTuple

WIDTH, HEIGHT = 139.0, 99.0  # the label as designed; every paper shows it scaled


class Spot(NamedTuple):
    """One label's place: the lower left corner of the drawing on the page, and its scale."""

    x: float
    y: float
    scale: float


class Paper(StrEnum):
    """A paper, by the name used in addresses. All are landscape."""

    A4_FOUR = "a4-4"
    A5 = "a5"
    A6 = "a6"
    INCHES_4_BY_6 = "4x6in"

    @property
    def page(self) -> tuple[float, float]:
        """Width and height of the page."""
        return _PAGES[self]

    @property
    def spots(self) -> tuple[Spot, ...]:
        """Where labels go, in reading order."""
        if self is Paper.A4_FOUR:
            return tuple(Spot(x, y, 1.0) for y in _A4_ROWS for x in _A4_COLUMNS)
        width, height = self.page
        scale = min(width / WIDTH, height / HEIGHT)
        return (Spot((width - WIDTH * scale) / 2, (height - HEIGHT * scale) / 2, scale),)


_PAGES = {
    Paper.A4_FOUR: (297.0, 210.0),
    Paper.A5: (210.0, 148.0),
    Paper.A6: (148.0, 105.0),
    Paper.INCHES_4_BY_6: (152.4, 101.6),
}
# The usual die-cut sheet of four: columns touch, rows lie 101.6 mm apart.
_A4_COLUMNS = (9.5, 9.5 + WIDTH)
_A4_ROWS = (105.0 + 1.3, 105.0 - 1.3 - HEIGHT)
