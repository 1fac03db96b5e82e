"""What the practice carrier allows, and counts: calls in a span, in a day, of one number; numbers in a call."""

from collections import Counter, deque
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

What = Literal["span", "day", "number", "numbers"]


class Limit(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What one interface allows. None: no limit. Days begin at `resets_at`, HH:MM UTC, all by practice time.

    `most` calls within any `within_s` seconds. `grace_s` of that span are forgiven: on its way a call may be held up
    for a moment, and then it follows the one before it more closely than it was sent.
    `numbers_per_call`: one about more is refused whole.
    """

    interface: str
    most: int | None = None
    within_s: float = 1.0
    per_day: int | None = None
    per_number_per_day: int | None = None
    numbers_per_call: int | None = None
    resets_at: str = "00:00"
    grace_s: float = 0.25

    def __post_init__(self) -> None:
        _minutes(self.resets_at)
        counts = (self.most, self.per_day, self.per_number_per_day, self.numbers_per_call)
        if any(count is not None and count < 1 for count in counts):
            raise ValueError("most, per_day, per_number_per_day, numbers_per_call: 1 or more")


class Over(msgspec.Struct, frozen=True):
    """A call over a limit: which one, how much it allows, and in how many seconds it does again."""

    what: What
    allowed: int
    wait_s: int


def _minutes(written: str) -> timedelta:
    at = datetime.strptime(written, "%H:%M")  # noqa: DTZ007  an hour of the day, no moment
    return timedelta(hours=at.hour, minutes=at.minute)


class Counted:
    """The calls at one interface, as far as its limit looks back."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._resets = _minutes(limit.resets_at)
        self._latest: deque[datetime] = deque(maxlen=limit.most or 1)
        self._day: date | None = None
        self._calls = 0
        self._of_number: Counter[str] = Counter()

    def take(self, numbers: Sequence[str], now: datetime) -> Over | None:
        """Counts a call that is allowed; says why one is not, which then counts for nothing."""
        over = self._over(numbers, now)
        if over is None:
            self._latest.append(now)
            self._calls += 1
            self._of_number.update(numbers)
        return over

    def _over(self, numbers: Sequence[str], now: datetime) -> Over | None:
        limit, until_reset = self.limit, self._begin_day(now)
        if limit.numbers_per_call is not None and len(numbers) > limit.numbers_per_call:
            return Over("numbers", limit.numbers_per_call, 0)
        if limit.per_day is not None and self._calls >= limit.per_day:
            return Over("day", limit.per_day, until_reset)
        most = limit.per_number_per_day
        if most is not None and any(self._of_number[number] >= most for number in numbers):
            return Over("number", most, until_reset)
        if limit.most is not None and len(self._latest) == limit.most:
            left = limit.within_s - (now - self._latest[0]).total_seconds()
            if left > limit.grace_s:
                return Over("span", limit.most, int(left) + 1)
        return None

    def _begin_day(self, now: datetime) -> int:
        """Seconds until the next day begins; whatever was counted before this one is forgotten."""
        shifted = now - self._resets
        if shifted.date() != self._day:
            self._day, self._calls = shifted.date(), 0
            self._of_number.clear()
        since_midnight = timedelta(hours=shifted.hour, minutes=shifted.minute, seconds=shifted.second)
        return int((timedelta(days=1) - since_midnight).total_seconds())


class Limits:
    """The limits that are set, by interface."""

    def __init__(self) -> None:
        self._counted: dict[str, Counted] = {}

    def set(self, limit: Limit) -> None:
        """From the next call on, counted from nought."""
        self._counted[limit.interface] = Counted(limit)

    def clear(self) -> None:
        """No more limits."""
        self._counted.clear()

    def now(self) -> list[Limit]:
        """Those that hold."""
        return [counted.limit for counted in self._counted.values()]

    def take(self, interface: str, numbers: Sequence[str], now: datetime) -> Over | None:
        """Counts a call; says which limit it is over, if any."""
        counted = self._counted.get(interface)
        return counted.take(numbers, now) if counted else None
