"""When a leg is asked next: by mode, by how near the expected arrival is, by what was said last. Pure."""

import random
from datetime import datetime, timedelta

from shipments.batches.batch import Mode
from shipments.tracking.milestones import Milestone

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNDER_WAY = {Mode.SEA: 12 * HOUR, Mode.AIR: 3 * HOUR, Mode.ROAD: 6 * HOUR, Mode.RAIL: 6 * HOUR, Mode.COURIER: 2 * HOUR}
NEAR = 2 * DAY
TERMINAL = frozenset({Milestone.DELIVERED, Milestone.RETURNED, Milestone.CANCELLED, Milestone.LOST})
WATCHED_AFTER_END = 7 * DAY
LONGEST_BACKOFF = 6 * HOUR


def next_due(
    mode: Mode,
    *,
    last: Milestone | None,
    last_at: datetime | None,
    arrival: datetime | None,
    pace: float,
    now: datetime,
) -> datetime | None:
    """The next time to ask, or None for never again.

    `last`, `last_at`: the newest thing that happened; `arrival`: as now expected. `pace` divides every wait.
    After a terminal claim once a day for a week, since a return leg may follow; hourly near the arrival by ship.
    """
    if last in TERMINAL:
        if last_at is not None and now - last_at > WATCHED_AFTER_END / pace:
            return None
        return now + _jittered(DAY / pace)
    wait = UNDER_WAY[mode]
    if arrival is not None and abs(arrival - now) <= NEAR:
        wait = min(wait, HOUR)
    return now + _jittered(wait / pace)


def backoff(failures: int, *, pace: float) -> timedelta:
    """How long to leave a carrier alone after so many failures in a row: doubled each time, with jitter."""
    return _jittered(min(timedelta(minutes=2) * 2 ** min(failures, 10), LONGEST_BACKOFF) / pace)


def _jittered(wait: timedelta) -> timedelta:
    """Between 0.9 and 1.1 times, so that legs added together are not asked together for ever."""
    return wait * random.uniform(0.9, 1.1)
