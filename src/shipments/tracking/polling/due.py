"""When a leg is asked next, and how urgently: by mode, by how near a change is, by what was said last. Pure."""

import random
from datetime import datetime, timedelta

import msgspec

from shipments.batches.batch import Mode
from shipments.tracking.milestones import Milestone
from shipments.tracking.polling.watch import Urgency

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNDER_WAY = {Mode.SEA: 12 * HOUR, Mode.AIR: 3 * HOUR, Mode.ROAD: 6 * HOUR, Mode.RAIL: 6 * HOUR, Mode.COURIER: 2 * HOUR}
SOONEST = {Mode.SEA: 6 * HOUR, Mode.AIR: 1 * HOUR, Mode.ROAD: 2 * HOUR, Mode.RAIL: 2 * HOUR, Mode.COURIER: 2 * HOUR}
LATEST = {Mode.SEA: DAY, Mode.AIR: 6 * HOUR, Mode.ROAD: 12 * HOUR, Mode.RAIL: 12 * HOUR, Mode.COURIER: 6 * HOUR}
OF_ITS_QUIET = 4  # asked so many times in the longest silence that is usual on its lane
NEAR = {Mode.SEA: 2 * DAY, Mode.AIR: 12 * HOUR, Mode.ROAD: 12 * HOUR, Mode.RAIL: DAY, Mode.COURIER: 12 * HOUR}
WHEN_NEAR = {Mode.SEA: HOUR, Mode.AIR: HOUR, Mode.ROAD: 2 * HOUR, Mode.RAIL: 2 * HOUR, Mode.COURIER: 2 * HOUR}
AT_THE_DOOR = frozenset({Milestone.OUT_FOR_DELIVERY, Milestone.ATTEMPT_FAILED})
TERMINAL = frozenset({Milestone.DELIVERED, Milestone.RETURNED, Milestone.CANCELLED, Milestone.LOST})
WATCHED_AFTER_END = 7 * DAY
WATCHED_IN_DOUBT = 28 * DAY
WHEN_ENDED_EARLY = 3 * DAY
WATCHED_AFTER_EARLY_END = 30 * DAY  # without any news: what was lost may still be said to come back
PUSHED_LATELY = 14 * DAY
WHEN_PUSHED, WHEN_PUSHED_AT_SEA = DAY, 3 * DAY
LONGEST_BACKOFF = 6 * HOUR
STEADY_AFTER = 8
"""Failures in a row, after which every wait is the longest."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What decides when a leg is asked next.

    `last`, `last_at`: the newest thing that happened. `arrival`: as last estimated. `quiet_s`: the longest silence that
    is usual on its lane, None where it has no history. `pushed_at`: when the carrier last told us by itself.
    `ended_early`: all its boxes are lost, destroyed or on their way back. `doubted`: something of the last answer was
    left out, which may be told rightly next time.
    """

    mode: Mode
    last: Milestone | None = None
    last_at: datetime | None = None
    arrival: datetime | None = None
    quiet_s: int | None = None
    pushed_at: datetime | None = None
    ended_early: bool = False
    doubted: bool = False


class Due(msgspec.Struct, frozen=True):
    """When to ask next, what it waits for that as things stand, and who goes first. `at` None: never again."""

    at: datetime | None
    wait: timedelta
    urgency: Urgency


def next_due(leg: Standing, *, pace: float, now: datetime) -> Due:
    """`pace` divides every wait. After a terminal claim once a day for a week, since a return leg may follow.

    Where something was left out of the answer that ends it, for as long as WATCHED_IN_DOUBT.
    """
    wait, urgency = _wait(leg, now)
    wait = max(wait / pace, timedelta(seconds=1))
    return Due(None if _is_over(leg, pace, now) else now + _jittered(wait), wait, urgency)


def _is_over(leg: Standing, pace: float, now: datetime) -> bool:
    if leg.last is None or leg.last_at is None or not is_over(leg.last, leg.last_at, pace=pace, now=now):
        return False
    return not leg.doubted or now - leg.last_at > WATCHED_IN_DOUBT / pace


def is_over(last: Milestone, last_at: datetime, *, pace: float, now: datetime) -> bool:
    """Whether nothing more is expected of a leg of which that was said last, and then."""
    return last in TERMINAL and now - last_at > WATCHED_AFTER_END / pace


def _wait(leg: Standing, now: datetime) -> tuple[timedelta, Urgency]:
    wait, urgency = (WHEN_ENDED_EARLY, Urgency.QUIET) if leg.ended_early else _polled(leg, now)
    if leg.pushed_at is not None and now - leg.pushed_at <= PUSHED_LATELY:
        # Its news comes by itself: polling only repairs what a push lost.
        return max(wait, WHEN_PUSHED_AT_SEA if leg.mode is Mode.SEA else WHEN_PUSHED), Urgency.QUIET
    return wait, urgency


def _polled(leg: Standing, now: datetime) -> tuple[timedelta, Urgency]:
    if leg.last in TERMINAL:
        return DAY, Urgency.QUIET
    usual = UNDER_WAY[leg.mode]
    if leg.quiet_s is not None:
        usual = min(max(timedelta(seconds=leg.quiet_s) / OF_ITS_QUIET, SOONEST[leg.mode]), LATEST[leg.mode])
    if leg.last in AT_THE_DOOR or (leg.arrival is not None and abs(leg.arrival - now) <= NEAR[leg.mode]):
        return min(usual, WHEN_NEAR[leg.mode]), Urgency.NEAR_A_CHANGE
    return usual, Urgency.UNDER_WAY


def backoff(failures: int, *, pace: float) -> timedelta:
    """How long to leave a carrier alone after so many failures in a row: doubled each time, with jitter."""
    return _jittered(_backed_off(failures) / pace)


def tries_a_day(failures: int) -> int:
    """How often what has failed so often in a row is tried again within a day, if it goes on failing; at pace 1."""
    tries, waited = 0, _backed_off(failures)
    while waited <= DAY:
        tries += 1
        waited += _backed_off(failures + tries)
    return tries


def _backed_off(failures: int) -> timedelta:
    return min(timedelta(minutes=2 << min(failures, STEADY_AFTER)), LONGEST_BACKOFF)


def _jittered(wait: timedelta) -> timedelta:
    """Between 0.9 and 1.1 times, so that legs added together are not asked together for ever."""
    return wait * random.uniform(0.9, 1.1)
