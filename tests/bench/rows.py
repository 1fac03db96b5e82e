"""What the report says, and how a figure is made: ours and the limit by turns, the median of each."""

from collections.abc import Callable
from statistics import median

import msgspec

ROUNDS = 5
SECONDS = "s"  # less is better; of every other unit more is


class Row(msgspec.Struct, frozen=True):
    """One line of `.bench/report.json`. `target`: the least `ratio`, or for seconds the largest."""

    name: str
    ours: float
    limit: float
    unit: str
    ratio: float
    target: float

    @property
    def reached(self) -> bool:
        """Whether it is as fast as it has to be."""
        return self.ratio <= self.target if self.unit == SECONDS else self.ratio >= self.target

    @property
    def missing(self) -> float:
        """By which part of the target it falls short."""
        return abs(self.ratio / self.target - 1)


def compared(
    name: str, ours: Callable[[], float], limit: Callable[[], float], *, unit: str, target: float, rounds: int = ROUNDS
) -> Row:
    """Both by turns, so that a machine that slows down slows both; a first turn of each is not counted."""
    ours(), limit()
    turns = [(ours(), limit()) for _ in range(rounds)]
    mine, theirs = median(turn[0] for turn in turns), median(turn[1] for turn in turns)
    return Row(name, round(mine, 3), round(theirs, 3), unit, round(mine / theirs, 3), target)
