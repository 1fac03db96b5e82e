"""When a leg is asked next, and who goes first."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from shipments.batches.batch import Mode
from shipments.tracking.milestones import Milestone
from shipments.tracking.polling.due import (
    DAY,
    HOUR,
    LATEST,
    LONGEST_BACKOFF,
    SOONEST,
    STEADY_AFTER,
    Due,
    Standing,
    backoff,
    next_due,
    tries_a_day,
)
from shipments.tracking.polling.watch import Urgency

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def due(mode: Mode = Mode.SEA, *, pace: float = 1.0, **standing: Any) -> Due:  # Any: fields of Standing
    return next_due(Standing(mode=mode, **standing), pace=pace, now=NOW)


def test_a_ship_is_asked_about_hourly_near_its_arrival_and_twice_a_day_at_sea() -> None:
    far, near = due(arrival=NOW + 9 * DAY), due(arrival=NOW + DAY)
    assert (far.wait, far.urgency) == (12 * HOUR, Urgency.UNDER_WAY)
    assert (near.wait, near.urgency) == (HOUR, Urgency.NEAR_A_CHANGE)
    assert due(arrival=NOW - DAY).wait == HOUR, "late is near too"


def test_a_courier_is_asked_every_two_hours_near_its_arrival_too() -> None:
    assert due(Mode.COURIER).wait == due(Mode.COURIER, arrival=NOW + HOUR).wait == 2 * HOUR
    assert due(Mode.COURIER, last=Milestone.OUT_FOR_DELIVERY).urgency == Urgency.NEAR_A_CHANGE


@pytest.mark.parametrize("mode", list(Mode))
def test_a_lane_is_asked_four_times_in_its_usual_silence_within_bounds(mode: Mode) -> None:
    between = SOONEST[mode] + (LATEST[mode] - SOONEST[mode]) / 2
    assert due(mode, quiet_s=int(between.total_seconds()) * 4).wait == between
    assert due(mode, quiet_s=60).wait == SOONEST[mode]
    assert due(mode, quiet_s=90 * 86_400).wait == LATEST[mode]


@pytest.mark.parametrize("last", [Milestone.DELIVERED, Milestone.RETURNED, Milestone.CANCELLED, Milestone.LOST])
def test_after_the_end_a_leg_is_asked_daily_for_a_week_and_then_never(last: Milestone) -> None:
    lately = due(last=last, last_at=NOW - 6 * DAY)
    assert (lately.wait, lately.urgency) == (DAY, Urgency.QUIET)
    assert lately.at is not None
    assert due(last=last, last_at=NOW - 8 * DAY).at is None


def test_a_leg_is_not_over_while_something_is_left_out_of_its_last_answer_and_yet_not_watched_for_ever() -> None:
    ended = partial(due, last=Milestone.DELIVERED, doubted=True)
    lately = ended(last_at=NOW - 27 * DAY)
    assert (lately.wait, lately.urgency) == (DAY, Urgency.QUIET)
    assert lately.at is not None
    assert ended(last_at=NOW - 29 * DAY).at is None


def test_sea_freight_is_not_given_up_however_long_it_is_silent() -> None:
    assert due(last=Milestone.IN_TRANSIT, last_at=NOW - 400 * DAY).at is not None


@pytest.mark.parametrize(("mode", "wait"), [(Mode.SEA, 3 * DAY), (Mode.COURIER, DAY), (Mode.AIR, DAY)])
def test_what_the_carrier_tells_by_itself_is_asked_about_rarely_until_it_falls_silent(
    mode: Mode, wait: timedelta
) -> None:
    pushed = due(mode, pushed_at=NOW - 13 * DAY, arrival=NOW + HOUR)
    assert (pushed.wait, pushed.urgency) == (wait, Urgency.QUIET)
    assert due(mode, pushed_at=NOW - 15 * DAY).wait < DAY


def test_waits_are_jittered_and_the_pace_divides_them() -> None:
    times = {due(pace=12.0).at for _ in range(20)}
    assert len(times) > 10
    assert all(at is not None and 0.9 * HOUR <= at - NOW <= 1.1 * HOUR for at in times)
    assert due(pace=10.0**9).wait == timedelta(seconds=1), "never all the time"


def test_what_goes_on_failing_is_tried_ever_less_often_until_every_wait_is_the_longest() -> None:
    assert [tries_a_day(failures) for failures in range(1, STEADY_AFTER + 2)] == [9, 8, 7, 6, 5, 4, 4, 4, 4]
    assert backoff(STEADY_AFTER - 1, pace=1.0) < 0.9 * LONGEST_BACKOFF <= backoff(STEADY_AFTER, pace=1.0)
