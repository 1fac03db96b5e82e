"""The time in which the past is told: it leaps from day to day, and past every wait."""

import asyncio
from datetime import datetime, timedelta

from api.practice_carrier import Practice


class PastClock:
    """Whoever waits for a moment is there at once, and the practice carrier with them; never back."""

    def __init__(self, practice: Practice, now: datetime) -> None:
        self._practice = practice
        self._now = now
        self.leap(now)

    def __call__(self) -> datetime:
        """What time it is."""
        return self._now

    def leap(self, to: datetime) -> None:
        """Forward to that moment."""
        self._now = max(self._now, to)
        self._practice.clock.set(self._now, 86_400)

    async def pause(self, seconds: float) -> None:
        """As `asyncio.sleep`, of which only the turn of the others is left."""
        until = self._now + timedelta(seconds=seconds)
        await asyncio.sleep(0)
        self.leap(until)
