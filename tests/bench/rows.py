"""What the report says, and how a figure is made: ours and the limit by turns, the median of each."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import msgspec

ROUNDS = 5
SECONDS = "s"
PLACE = Path(".bench")
REPORT = PLACE / "report.json"
_LESS_IS_BETTER = frozenset({SECONDS, "ms", "µs", "wrong"})  # of every other unit more is


class Row(msgspec.Struct, frozen=True):
    """One line of `.bench/report.json`. `target`: the least `ratio`, or the largest where less is better."""

    name: str
    ours: float
    limit: float
    unit: str
    ratio: float
    target: float

    @property
    def less_is_better(self) -> bool:
        """As of times, and of what must not happen."""
        return self.unit in _LESS_IS_BETTER

    @property
    def reached(self) -> bool:
        """Whether it is as fast as it has to be."""
        return self.ratio <= self.target if self.less_is_better else self.ratio >= self.target

    @property
    def missing(self) -> float:
        """By which part of the target it falls short."""
        return abs(self.ratio / self.target - 1) if self.target else self.ratio


def compared(
    name: str, ours: Callable[[], float], limit: Callable[[], float], *, unit: str, target: float, rounds: int = ROUNDS
) -> Row:
    """Both by turns, so that a machine that slows down slows both; a first turn of each is not counted."""
    return paired(name, lambda: (ours(), limit()), unit=unit, target=target, rounds=rounds)


def paired(name: str, turn: Callable[[], tuple[float, float]], *, unit: str, target: float, rounds: int) -> Row:
    """The same where one turn measures both. The ratio is that within a turn, which holds while the times do not."""
    turn()
    turns = [turn() for _ in range(rounds)]
    mine, theirs = median(turn[0] for turn in turns), median(turn[1] for turn in turns)
    ratio = median(turn[0] / turn[1] for turn in turns)
    return Row(name, round(mine, 3), round(theirs, 3), unit, round(ratio, 3), target)


def keep(rows: Sequence[Row]) -> None:
    """Writes them into the report; what other runs measured under other names stays there."""
    PLACE.mkdir(exist_ok=True)
    before = msgspec.json.decode(REPORT.read_bytes(), type=list[Row]) if REPORT.exists() else []
    names = {row.name for row in rows}
    merged = [*(row for row in before if row.name not in names), *rows]
    REPORT.write_bytes(msgspec.json.format(msgspec.json.encode(merged)))
