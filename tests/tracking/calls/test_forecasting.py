"""What tomorrow would cost."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from shipments.batches.batch import Mode
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.seeing import Named
from shipments.tracking.calls.forecasting import Forecast, forecast
from shipments.tracking.calls.wanting import Watched
from shipments.tracking.polling.watch import Urgency
from tests.builders import NOON, an_office
from tests.tracking.calls.ledger_rows import DAY, House, a_watched_leg, an_account

TODAY = NOON.date()
MIDNIGHT = NOON.replace(hour=0)
Columns = Any  # whatever the columns of the table take


def test_a_forecast_adds_up_what_the_watched_legs_want(each_house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session, per_day=20)
        for wait in (3_600, 7_200):  # 24 a day, cut to 10 by the leg's own limit, and 12, cut too
            each_house.leg(session, account, wait_s=wait, urgency=Urgency.NEAR_A_CHANGE)
        each_house.leg(session, account, wait_s=43_200)
        each_house.leg(session, account, wait_s=86_400)
        each_house.leg(session, account, wait_s=172_800, urgency=Urgency.QUIET)
        each_house.leg(session, account, wait_s=60, due_at=None)

    each_house.put(rows)
    (told,) = each_house.asked().tomorrow
    assert [(one.urgency, one.legs, one.wanted, one.given) for one in told.shares] == [
        ("near_a_change", 2, 20, 20),
        ("under_way", 2, 3, 0),
        ("quiet", 1, 1, 0),
    ]
    assert (told.legs, told.new, told.wanted, told.per_day, told.most, told.left) == (5, 0, 24, 20, 20, -4)


def counted(house: House, *legs: Columns, carrier: str = "dcsa", **account: Columns) -> Forecast:
    """The forecast of an account without limits that has these legs, each told by its watch and its `mode`."""

    def rows(session: Session) -> None:
        limits = {"per_day": None, "per_leg_per_day": None} | account
        of = an_account(session, carrier, carrier=carrier, **limits)
        for leg in legs:
            house.leg(session, of, **leg)

    house.put(rows)
    (told,) = house.asked().tomorrow
    return told


@pytest.mark.parametrize(("mode", "wanted"), [(Mode.SEA, 2), (Mode.AIR, 8), (Mode.ROAD, 4), (Mode.COURIER, 12)])
def test_a_leg_that_was_never_answered_for_counts_as_its_mode_usually_wants(
    each_house: House, mode: Mode, wanted: int
) -> None:
    told = counted(each_house, {"mode": mode}, stopped_reason="The carrier refused the key.")
    assert (told.wanted, told.new) == (wanted, 1)


@pytest.mark.parametrize(("failures", "tries"), [(1, 9), (4, 6), (8, 4), (30, 4)])
def test_a_leg_that_fails_counts_with_every_new_try(each_house: House, failures: int, tries: int) -> None:
    told = counted(each_house, {"wait_s": 43_200, "failures": failures})
    assert (told.wanted, told.failing) == (tries, 1)


def test_a_leg_that_fails_counts_no_less_than_it_wants_otherwise(each_house: House) -> None:
    assert counted(each_house, {"wait_s": 3_600, "failures": 8}).wanted == 24


def test_legs_that_fail_share_no_call(each_house: House) -> None:
    good, bad = {"wait_s": 43_200}, {"wait_s": 43_200, "failures": 8}
    told = counted(each_house, *[good] * 30, *[bad] * 5, carrier="fedex")
    assert (told.per_call, told.wanted, told.failing) == (30, 2 + 5 * 4, 5)


@pytest.mark.parametrize(
    ("arrives_in", "urgency", "share"),
    [
        (DAY, Urgency.UNDER_WAY, ("near_a_change", 24)),
        (-DAY, Urgency.UNDER_WAY, ("near_a_change", 24)),
        (3 * DAY, Urgency.UNDER_WAY, ("under_way", 2)),
        (DAY, Urgency.QUIET, ("quiet", 2)),
    ],
)
def test_a_leg_that_nobody_could_ask_about_while_it_came_near_counts_as_near(
    each_house: House, arrives_in: timedelta, urgency: Urgency, share: tuple[str, int]
) -> None:
    leg = {"wait_s": 43_200, "urgency": urgency, "arrival_at": NOON + arrives_in, "mode": Mode.SEA}
    told = counted(each_house, leg, paused_until=NOON + DAY)
    assert [(one.urgency, one.wanted) for one in told.shares] == [share]


def test_what_is_overdue_wants_one_call_at_the_least(each_house: House) -> None:
    week = {"wait_s": 7 * 86_400, "urgency": Urgency.QUIET}
    assert counted(each_house, *[{**week, "due_at": NOON - DAY}] * 3).wanted == 3


def test_what_is_not_due_yet_wants_its_part_of_a_call(each_house: House) -> None:
    week = {"wait_s": 7 * 86_400, "urgency": Urgency.QUIET}
    assert counted(each_house, *[{**week, "due_at": NOON + DAY}] * 3).wanted == 1


def test_the_legs_limit_cuts_new_tries_too(each_house: House) -> None:
    assert counted(each_house, {"failures": 1}, per_leg_per_day=3).wanted == 3


def test_an_account_that_is_held_back_says_so_and_until_when(each_house: House) -> None:
    def rows(session: Session) -> None:
        an_account(session, "calm", paused_until=NOON - DAY)
        an_account(session, "paused", paused_until=NOON + DAY)
        an_account(session, "stopped", stopped_reason="The carrier refused the key.")

    each_house.put(rows)
    assert [(one.account, one.stopped, one.paused_until) for one in each_house.asked().tomorrow] == [
        ("calm", None, None),
        ("paused", None, NOON + DAY),
        ("stopped", "The carrier refused the key.", None),
    ]


def test_a_shared_budget_is_forecast_with_the_legs_of_every_office(each_house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session, per_day=None)
        a_watched_leg(session, account, an_office(session, "DE-BER"), each_house.origin, mode=Mode.SEA)

    each_house.put(rows)
    assert [(one.legs, one.wanted) for one in each_house.asked().tomorrow] == [(1, 2)]


def told_of(groups: list[Watched], per_call: int = 1, **account: Columns) -> Forecast:
    row = CarrierAccount(name="a", carrier="a", base_url="", secret_sealed=b"", **account)
    return forecast(row, Named("a", "a", None), groups, per_call, now=NOON)


def test_a_full_call_asks_about_thirty_legs_yet_each_of_them_as_often_as_it_wants() -> None:
    many = Watched(Urgency.UNDER_WAY, legs=300, askings=600.0, most=2.0, new=0)
    few = Watched(Urgency.NEAR_A_CHANGE, legs=3, askings=72.0, most=24.0, new=0)
    assert told_of([many], per_call=30, per_day=100).wanted == 20
    assert told_of([few], per_call=30, per_day=100).wanted == 24


def test_without_a_days_limit_the_speed_alone_limits_and_calls_stand_a_tenth_further_apart() -> None:
    told = told_of([Watched(Urgency.QUIET, 1, 1.0, 1.0, 0)], per_second=0.55)
    assert (told.per_day, told.most, told.left) == (None, 43_200, 43_199)


@given(
    st.lists(st.builds(Watched, st.sampled_from(Urgency), st.integers(1, 99), st.floats(0, 9_999), st.floats(0, 24),
                       st.just(0)), max_size=3, unique_by=lambda one: one.urgency),
    st.integers(1, 300), st.integers(1, 100),
)  # fmt: skip
def test_calls_given_never_pass_the_budget_and_the_less_urgent_give_way_first(
    groups: list[Watched], per_day: int, per_call: int
) -> None:
    told = told_of(groups, per_call, per_day=per_day)
    given_ = [one.given for one in told.shares]
    assert sum(given_) == min(told.wanted, told.most)
    assert told.left == told.most - told.wanted
    short = [one.given < one.wanted for one in told.shares]
    assert all(one.given == 0 for one in told.shares[short.index(True) + 1 :]) if True in short else told.left >= 0
