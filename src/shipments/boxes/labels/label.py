"""What one label says."""

from enum import StrEnum

import msgspec

HEAVY_G = 25_000  # above it two people lift


class Handling(StrEnum):
    """Signs for whoever carries the box, in the spirit of ISO 780."""

    FRAGILE = "fragile"
    THIS_WAY_UP = "this_way_up"
    KEEP_DRY = "keep_dry"
    HEAVY = "heavy"


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """One box's label: `code` as people read it, `url` in upper case for the QR, box `index` of `count`.

    `country` and `office` are names as they should be read, `language` is the office's (`fr`, `pt-BR`).
    An unknown weight leaves a line to write it on.
    """

    code: str
    url: str
    country: str
    office: str
    index: int
    count: int
    return_contact: str
    language: str
    weight_g: int | None = None
    handling: tuple[Handling, ...] = ()

    @property
    def signs(self) -> tuple[Handling, ...]:
        """The signs to draw, once each, always in the same order; weight alone makes a box heavy."""
        heavy = self.weight_g is not None and self.weight_g > HEAVY_G
        return tuple(s for s in Handling if s in self.handling or (heavy and s is Handling.HEAVY))
