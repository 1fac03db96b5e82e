"""Carriers by the shared time that err now and then, in every way they know."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime

from api.practice_carrier import Clock
from api.practice_carrier.faults import FAULTS, Fault, Faults
from tests.bench.month.leaping import SharedTime

KINDS = sorted(FAULTS)
SLOWER_THAN_ANYBODY_WAITS_S = 90.0


class SharedClock(Clock):
    """Practice time is the shared time; `at`: unless it is to stand at a moment, for whoever looks back."""

    def __init__(self, time: SharedTime) -> None:
        super().__init__()
        self._time = time
        self.at: datetime | None = None

    def now(self) -> datetime:
        """Aware, UTC."""
        return self.at or self._time.now()


class NowAndThen(Faults):
    """One call in so many meets a fault, each kind as often as any other."""

    def __init__(self, part: float, seed: int) -> None:
        super().__init__()
        self._part, self._dice = part, random.Random(seed)

    def next_for(self, interface: str, references: Sequence[str]) -> Mapping[str, Fault]:
        """As of Faults. A call about many has one fault, of one of them or of its answer."""
        if not references or self._dice.random() >= self._part:
            return {}
        fault = Fault(
            name=self._dice.choice(KINDS),
            seconds=SLOWER_THAN_ANYBODY_WAITS_S,
            retry_after=self._dice.choice([None, "120"]),
        )
        return {self._dice.choice(list(references)): fault}
