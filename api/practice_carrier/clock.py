"""Practice time, by which ships and parcels move, tokens end and limits are counted."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Practice time: `seconds_per_day` real seconds are one day; 86,400 is life."""

    def __init__(self, now: datetime | None = None, seconds_per_day: float = 86_400.0) -> None:
        self.set(now or datetime.now(UTC), seconds_per_day)

    def set(self, now: datetime, seconds_per_day: float) -> None:
        """From this moment on it is `now`."""
        self._from = now
        self._real = time.monotonic()
        self.seconds_per_day = seconds_per_day

    def now(self) -> datetime:
        """Practice time, aware, UTC."""
        days = (time.monotonic() - self._real) / self.seconds_per_day
        return self._from + timedelta(days=days)

    def advance(self, days: float) -> None:
        """Leaps forward."""
        self.set(self.now() + timedelta(days=days), self.seconds_per_day)
