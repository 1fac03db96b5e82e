"""A carrier's limits are kept by all workers together, and what it says about them is heeded at once."""

import functools
from datetime import UTC, timedelta

import pytest

from shipments.clock import utc_now
from shipments.errors import CarrierOverQuota
from shipments.notices.notice import News
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import PausedWhy
from shipments.tracking.calls.budgets import MARGIN
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.polling.blaming import BREAKER_OPENS_AFTER
from shipments.tracking.polling.due import LONGEST_BACKOFF, backoff
from shipments.tracking.polling.recording import record
from shipments.tracking.polling.result import Result
from tests.jobs.fleet import Fleet


def test_two_pollers_at_once_never_call_faster_than_the_account_may_and_ask_each_leg_once(each_fleet: Fleet) -> None:
    each_fleet.change_account(per_second=30.0)
    each_fleet.sail(45)
    rounds = each_fleet.poll(pollers=2, clock=utc_now, poll_batch=15)
    calls = [call.at for call in each_fleet.practice.calls]
    assert sum(one.asked for one in rounds) == len(calls) == 45
    assert len({call.reference for call in each_fleet.practice.calls}) == 45
    assert max(calls) - min(calls) > 1.2, "the last comes 44/30 s after the first"
    # A fifth above: carrier and pollers share a process here, and a busy machine hands it calls in bunches.
    assert max(sum(start <= at < start + 1 for at in calls) for start in calls) <= 36


def test_429_pauses_the_account_for_as_long_as_it_says_and_nobody_calls_before(each_fleet: Fleet) -> None:
    each_fleet.change_account(per_second=10.0)
    legs = each_fleet.sail(8)
    each_fleet.practice.fault("over_quota", retry_after="7200")
    (done,) = each_fleet.poll()
    journey, asked = each_fleet.journey, len(each_fleet.practice.calls)
    assert asked == done.asked <= 2, "those that still waited for their turn were not asked"
    assert each_fleet.the_account().paused_until == journey.now + timedelta(hours=2)
    assert each_fleet.the_account().paused_why is PausedWhy.ASKED_TO_WAIT
    assert {journey.watch(leg).leased_until for leg in legs} == {None}
    each_fleet.practice.faults.clear()
    paused_until = journey.now + timedelta(hours=2)
    journey.now = paused_until - timedelta(minutes=2)
    each_fleet.poll(pollers=2)
    assert len(each_fleet.practice.calls) == asked
    journey.now = paused_until
    assert each_fleet.poll()[0].asked == 8


def test_a_worker_whose_turn_comes_later_looks_whether_another_was_told_to_wait(fleet: Fleet) -> None:
    fleet.change_account(per_second=0.6)
    fleet.sail(3)
    fleet.practice.fault("over_quota", retry_after="7200", times=1)
    rounds = fleet.poll(pollers=3, clock=utc_now, poll_batch=1)
    assert sum(one.asked for one in rounds) == len(fleet.practice.calls) == 1


def test_503_with_a_date_pauses_until_then(fleet: Fleet) -> None:
    fleet.sail()
    until = (fleet.journey.now + timedelta(hours=3)).replace(microsecond=0)
    fleet.practice.fault("busy", retry_after=until.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"))
    fleet.poll()
    paused_until = fleet.the_account().paused_until
    assert paused_until is not None
    assert abs(paused_until - until) <= timedelta(seconds=1)


@pytest.mark.parametrize("absurd", [None, "soon", "-5", "9" * 30, "99999999"])
def test_429_without_a_sensible_time_backs_off_by_itself(fleet: Fleet, absurd: str | None) -> None:
    fleet.sail()
    fleet.practice.fault("over_quota", retry_after=absurd)
    fleet.poll()
    paused_until = fleet.the_account().paused_until
    assert paused_until is not None
    assert timedelta(minutes=1) < paused_until - fleet.journey.now < timedelta(minutes=10)
    assert fleet.the_account().paused_why is PausedWhy.OVER_QUOTA


@pytest.mark.parametrize("name", ["unauthorised", "forbidden"])
def test_a_refused_login_stops_the_account_tells_the_sender_once_and_a_new_key_lifts_it(
    fleet: Fleet, name: str
) -> None:
    fleet.change_account(per_second=10.0)
    fleet.sail(4)
    fleet.practice.fault(name)
    fleet.poll()
    asked = len(fleet.practice.calls)
    assert asked <= 2
    assert fleet.the_account().stopped_reason
    assert fleet.journey.news("dcsa") == [News.CARRIER_STOPPED]
    fleet.practice.faults.clear()
    fleet.journey.now += timedelta(days=3)
    fleet.poll()
    assert len(fleet.practice.calls) == asked
    fleet.renew_account()
    assert fleet.poll()[0].failed == 0
    assert fleet.journey.news("dcsa") == [News.CARRIER_STOPPED]


def test_repeated_failure_opens_a_breaker_and_the_first_answer_closes_it(fleet: Fleet) -> None:
    fleet.sail()
    fleet.practice.fault("broken")
    for count in range(1, BREAKER_OPENS_AFTER + 1):
        assert fleet.the_account().paused_until is None
        fleet.make_due()
        fleet.poll()
        assert fleet.the_account().failures == count
    paused_until = fleet.the_account().paused_until
    assert paused_until is not None
    fleet.journey.now = paused_until - timedelta(minutes=3)
    fleet.make_due()
    assert fleet.poll()[0].asked == 0
    fleet.practice.faults.clear()
    fleet.journey.now = paused_until
    assert fleet.poll()[0].asked == 1
    assert fleet.the_account().failures == 0


def test_many_broken_legs_do_not_stop_an_account_that_answers_for_others(fleet: Fleet) -> None:
    bad, good = fleet.sail(BREAKER_OPENS_AFTER + 2), fleet.sail()
    for leg in bad:
        fleet.practice.fault("broken", reference=fleet.reference(leg))
    fleet.poll()
    assert fleet.the_account().paused_until is None
    assert fleet.journey.events(good[0])


def test_backoff_doubles_with_jitter_up_to_a_limit() -> None:
    waits = [backoff(failures, pace=1.0) for failures in range(12)]
    assert waits[0] < waits[2] < waits[4]
    assert len({backoff(3, pace=1.0) for _ in range(9)}) > 1
    assert max(waits) <= LONGEST_BACKOFF * 1.1


def test_no_more_is_claimed_than_can_be_asked_within_the_lease(fleet: Fleet) -> None:
    fleet.change_account(per_second=MARGIN)
    fleet.sail(30)
    assert len(fleet.claim(most=100, lease=timedelta(seconds=44))) == 22
    fleet.change_account(next_call_at=None)
    assert len(fleet.claim(most=100, lease=timedelta(seconds=25))) == 6, "the last call may take its deadline"


def over_quota_again(fleet: Fleet) -> timedelta:
    """How long the account is paused by the next poll, as soon as it may be asked."""
    account = fleet.the_account()
    fleet.journey.now = max(fleet.journey.now, account.paused_until or fleet.journey.now)
    fleet.poll()
    paused_until = fleet.the_account().paused_until
    assert paused_until is not None
    return paused_until - fleet.journey.now


def test_429_twice_in_a_row_without_a_time_is_the_days_quota_and_pauses_until_the_reset(each_fleet: Fleet) -> None:
    each_fleet.change_account(per_day=250, resets_at_minute=437)
    each_fleet.sail()
    each_fleet.practice.fault("over_quota")
    assert over_quota_again(each_fleet) < timedelta(minutes=10)
    over_quota_again(each_fleet)
    paused_until = each_fleet.the_account().paused_until
    assert paused_until is not None
    assert (paused_until.hour, paused_until.minute, paused_until.second) == (7, 17, 0)
    assert each_fleet.the_account().paused_why is PausedWhy.DAY_OVER
    assert paused_until - each_fleet.journey.now <= timedelta(days=1)


def test_calls_under_way_together_that_both_get_429_are_not_two_in_a_row(each_fleet: Fleet) -> None:
    each_fleet.change_account(per_day=250)
    each_fleet.sail(2)
    for claim in each_fleet.claim():
        told = Result(
            claim=claim, outcome=CarrierOverQuota("fewer calls"), heard_at=each_fleet.journey.now, wires=[Wire(429)]
        )
        now = each_fleet.journey.now + timedelta(minutes=1)
        each_fleet.journey.do(functools.partial(record, results=[told], pace=1.0, now=now), EVERYWHERE)
    paused_until = each_fleet.the_account().paused_until
    assert paused_until is not None
    assert paused_until - each_fleet.journey.now < timedelta(hours=1)


def test_an_answer_between_two_429_says_that_the_day_is_not_spent(fleet: Fleet) -> None:
    fleet.change_account(per_day=250)
    fleet.sail()
    for times in range(2):
        fleet.practice.fault("over_quota", times=1)
        assert over_quota_again(fleet) < timedelta(hours=1), times
        fleet.journey.now += timedelta(hours=1)
        fleet.make_due()
        fleet.poll()
        fleet.make_due()


def test_an_account_without_a_days_budget_backs_off_however_often_it_is_told(fleet: Fleet) -> None:
    fleet.sail()
    fleet.practice.fault("over_quota")
    assert [over_quota_again(fleet) < timedelta(hours=1) for _ in range(3)] == [True] * 3
