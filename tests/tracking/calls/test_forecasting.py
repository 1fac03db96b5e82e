"""What tomorrow would cost."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.seeing import Named
from shipments.tracking.calls.forecasting import Forecast, Watched, forecast
from shipments.tracking.polling.watch import Urgency
from tests.builders import NOON
from tests.tracking.calls.ledger_rows import House, an_account

TODAY = NOON.date()
MIDNIGHT = NOON.replace(hour=0)
Columns = Any  # whatever the columns of the table take


def test_a_forecast_adds_up_what_the_watched_legs_want(each_house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session, per_day=20)
        for wait in (3_600, 7_200):  # 24 a day, cut to 10 by the leg's own limit, and 12, cut too
            each_house.leg(session, account, wait_s=wait, urgency=Urgency.NEAR_A_CHANGE)
        each_house.leg(session, account, wait_s=43_200)
        each_house.leg(session, account, wait_s=None)
        each_house.leg(session, account, wait_s=172_800, urgency=Urgency.QUIET)
        each_house.leg(session, account, wait_s=60, due_at=None)

    each_house.put(rows)
    (told,) = each_house.asked().tomorrow
    assert [(one.urgency, one.legs, one.wanted, one.given) for one in told.shares] == [
        ("near_a_change", 2, 20, 20),
        ("under_way", 2, 3, 0),
        ("quiet", 1, 1, 0),
    ]
    assert (told.legs, told.new, told.wanted, told.per_day, told.most, told.left) == (5, 1, 24, 20, 20, -4)


def told_of(groups: list[Watched], per_call: int = 1, **account: Columns) -> Forecast:
    row = CarrierAccount(name="a", carrier="a", base_url="", secret_sealed=b"", **account)
    return forecast(row, Named("a", "a", None), groups, per_call)


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
