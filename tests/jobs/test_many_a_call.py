"""A carrier that answers for thirty numbers at once is asked in full calls, and one bad number costs its own leg."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from shipments.tracking.calls.call import Outcome
from shipments.tracking.polling.watch import Urgency
from tests.jobs.parcels import Parcels

MINUTE = timedelta(minutes=1)


def heard(parcels: Parcels, legs: list[UUID]) -> list[int]:
    """How many events each leg has."""
    return [len(parcels.journey.events(leg)) for leg in legs]


def test_seventy_legs_cost_three_calls(each_parcels: Parcels) -> None:
    legs = each_parcels.send(70)
    (done,) = each_parcels.poll()
    assert (done.asked, done.new_events, done.failed) == (70, 70, 0)
    assert [len(numbers) for numbers in each_parcels.wire.asked] == [30, 30, 10]
    assert heard(each_parcels, legs) == [1] * 70
    calls = each_parcels.calls()
    assert [(call.legs, call.news, call.outcome) for call in calls] == [
        (count, count, Outcome.NEWS) for count in (30, 30, 10)
    ]


def test_one_bad_number_in_thirty_costs_its_own_leg_only(each_parcels: Parcels) -> None:
    legs = each_parcels.send(30)
    each_parcels.wire.unknown, each_parcels.wire.left_out = (
        {each_parcels.number(legs[3])},
        {each_parcels.number(legs[17])},
    )
    (done,) = each_parcels.poll()
    assert (done.asked, done.new_events, done.failed) == (30, 28, 0)
    assert [leg for leg, count in zip(legs, heard(each_parcels, legs), strict=True) if not count] == [
        legs[3],
        legs[17],
    ]
    missing = each_parcels.journey.watch(legs[17])
    assert missing.since is None
    assert missing.due_at is not None
    assert missing.due_at > each_parcels.journey.now, "not found, and asked again in its time"


def test_a_number_that_was_not_answered_for_is_tried_again_and_costs_no_other(each_parcels: Parcels) -> None:
    legs = each_parcels.send(30)
    down, bad, unknown = legs[3], legs[17], legs[21]
    each_parcels.wire.failing = {
        each_parcels.number(down): "SYSTEM.UNAVAILABLE.EXCEPTION",
        each_parcels.number(bad): "TRACKING.TRACKINGNUMBER.INVALID",
    }
    each_parcels.wire.unknown = {each_parcels.number(unknown)}
    (done,) = each_parcels.poll()
    assert (done.asked, done.new_events, done.failed) == (30, 27, 2)
    watches = {leg: each_parcels.journey.watch(leg) for leg in legs}
    assert {leg: one.failures for leg, one in watches.items() if one.failures} == {down: 1, bad: 1}
    assert watches[down].trouble == "FedEx gave no answer about this number: SYSTEM.UNAVAILABLE.EXCEPTION."
    assert watches[bad].trouble == "FedEx gave no answer about this number: TRACKING.TRACKINGNUMBER.INVALID."
    assert {watches[leg].trouble for leg in legs if leg not in (down, bad)} == {None}
    assert all(watches[leg].due_at < each_parcels.journey.now + 5 * MINUTE for leg in (down, bad))  # type: ignore[operator]
    assert [(call.legs, call.news, call.outcome) for call in each_parcels.calls()] == [(30, 27, Outcome.NEWS)]
    assert each_parcels.the_account().failures == 0, "it answers for the others"


@pytest.mark.parametrize(
    ("code", "outcome", "failures"),
    [
        ("SYSTEM.UNAVAILABLE.EXCEPTION", Outcome.UNAVAILABLE, 1),
        ("TRACKING.TRACKINGNUMBER.INVALID", Outcome.UNREADABLE, 0),
    ],
)
@pytest.mark.parametrize("count", [1, 30])
def test_a_call_that_answers_for_no_number_failed_and_an_outage_is_the_accounts(
    each_parcels: Parcels, count: int, code: str, outcome: Outcome, failures: int
) -> None:
    legs = each_parcels.send(count)
    each_parcels.wire.failing = {each_parcels.number(leg): code for leg in legs}
    (done,) = each_parcels.poll()
    assert (done.asked, done.failed) == (count, count)
    assert [(call.legs, call.outcome, call.status) for call in each_parcels.calls()] == [(count, outcome, 200)]
    assert each_parcels.the_account().failures == failures
    assert {each_parcels.journey.watch(leg).failures for leg in legs} == {1}


def test_where_the_carrier_failed_for_one_and_knows_none_of_the_others_the_ledger_says_that_it_failed(
    parcels: Parcels,
) -> None:
    legs = parcels.send(3)
    parcels.wire.failing = {parcels.number(legs[0]): "SYSTEM.UNAVAILABLE.EXCEPTION"}
    parcels.wire.unknown = {parcels.number(leg) for leg in legs[1:]}
    parcels.poll()
    assert [call.outcome for call in parcels.calls()] == [Outcome.UNAVAILABLE]
    assert [parcels.journey.watch(leg).failures for leg in legs] == [1, 0, 0]


def test_a_number_that_breaks_the_whole_answer_is_soon_asked_about_alone(parcels: Parcels) -> None:
    legs = parcels.send(30)
    parcels.wire.poison = {parcels.number(legs[11])}
    for _ in range(4):
        parcels.poll()
        parcels.make_due()
    assert [leg for leg, count in zip(legs, heard(parcels, legs), strict=True) if not count] == [legs[11]]
    assert parcels.wire.asked[-1] == [parcels.number(legs[11])] or [parcels.number(legs[11])] in parcels.wire.asked
    assert [parcels.journey.watch(leg).failures for leg in legs if leg != legs[11]] == [0] * 29


def test_the_last_call_is_filled_with_legs_that_are_due_within_the_hour(each_parcels: Parcels) -> None:
    due, soon = each_parcels.send(5), each_parcels.send(20, due=30 * MINUTE)
    later, next_hour = (
        each_parcels.send(10, due=50 * MINUTE, urgency=Urgency.QUIET),
        each_parcels.send(9, due=90 * MINUTE),
    )
    (done,) = each_parcels.poll()
    (numbers,) = each_parcels.wire.asked
    assert done.asked == 30
    asked = [leg for leg in (*due, *soon, *later, *next_hour) if each_parcels.number(leg) in numbers]
    assert asked[:25] == [*due, *soon], "the soonest due come along first"
    assert len(set(asked) & set(later)) == 5
    assert not set(asked) & set(next_hour)


def test_nothing_is_asked_for_the_sake_of_filling_alone(parcels: Parcels) -> None:
    parcels.send(20, due=30 * MINUTE)
    assert parcels.poll()[0].asked == 0
    assert parcels.wire.asked == []


def test_two_legs_with_one_number_are_never_in_one_call(parcels: Parcels) -> None:
    legs = [*parcels.send(reference="7000 0000 1111"), *parcels.send(reference="700000001111")]
    parcels.poll()
    assert [len(numbers) for numbers in parcels.wire.asked] == [1, 1]
    assert heard(parcels, legs) == [1, 1]


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_over_quota_costs_no_leg_a_failure_and_all_are_asked_later(parcels: Parcels, status: int) -> None:
    legs = parcels.send(30)
    parcels.wire.answers = lambda _: httpx.Response(
        status, headers={"Retry-After": "600"}, stream=httpx.ByteStream(b"{}")
    )
    parcels.poll()
    assert parcels.the_account().paused_until == parcels.journey.now + timedelta(seconds=600)
    assert {parcels.journey.watch(leg).failures for leg in legs} == {0}
    parcels.wire.answers = parcels.wire.scans
    parcels.journey.now += timedelta(seconds=600)
    assert parcels.poll()[0].new_events == 30
