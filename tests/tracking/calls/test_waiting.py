"""What was put off, why, until when, and how late it was in the end."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session

from shipments.tracking.accounts.account import PausedWhy
from shipments.tracking.accounts.seeing import accounts_in_sight
from shipments.tracking.calls.call import Outcome
from shipments.tracking.calls.leg_calls import Late
from shipments.tracking.calls.waiting import Held, PutOff, Why, held_back
from shipments.tracking.polling.watch import Urgency
from shipments.transaction import reading
from tests.builders import NOON
from tests.tracking.calls.ledger_rows import DAY, HOUR, MINUTE, House, a_call, an_account

TODAY = NOON.date()
MIDNIGHT = NOON.replace(hour=0)
Columns = Any  # whatever the columns of the table take


def off(house: House, **what: Columns) -> PutOff:
    (only,) = house.asked(**what).put_off
    return only


@pytest.mark.parametrize(
    ("account", "watch", "why", "until"),
    [
        ({"stopped_reason": "401: key refused", "day_calls": 250}, {}, Why.STOPPED, None),
        ({"paused_until": NOON + HOUR, "day_calls": 250}, {}, Why.PAUSED, NOON + HOUR),
        ({"day_calls": 250}, {}, Why.DAY_SPENT, MIDNIGHT + DAY),
        ({"day_calls": 200}, {"urgency": Urgency.QUIET}, Why.KEPT_BACK, MIDNIGHT + timedelta(hours=14, minutes=30)),
        ({"day_calls": 200}, {"urgency": Urgency.NEAR_A_CHANGE}, Why.ITS_TURN, NOON + timedelta(seconds=5)),
        ({}, {"leg_calls": 10, "leg_day_started": MIDNIGHT}, Why.LEG_SPENT, MIDNIGHT + DAY),
        ({}, {"leg_calls": 10, "leg_day_started": MIDNIGHT - DAY}, Why.ITS_TURN, NOON + timedelta(seconds=5)),
        ({"next_call_at": NOON + MINUTE}, {}, Why.ITS_TURN, NOON + timedelta(seconds=65)),
        ({"stopped_reason": "401"}, {"leased_until": NOON + MINUTE}, Why.ASKED_NOW, None),
        ({"day_calls": 250, "day_started": MIDNIGHT - DAY}, {}, Why.ITS_TURN, NOON + timedelta(seconds=5)),
    ],
)
def test_a_due_leg_waits_for_one_reason_and_until_a_known_time(
    each_house: House, account: dict[str, Columns], watch: dict[str, Columns], why: Why, until: datetime | None
) -> None:
    def rows(session: Session) -> None:
        kept = an_account(session, **{"day_started": MIDNIGHT, **account})
        each_house.leg(session, kept, **watch)
        each_house.leg(session, kept, due_at=NOON + MINUTE)
        each_house.leg(session, kept, due_at=None)

    each_house.put(rows)
    told = off(each_house)
    (waiting,) = told.waiting
    assert (waiting.why, waiting.legs, waiting.due_since) == (why, 1, NOON - HOUR)
    if until is None:
        assert waiting.until is None
    else:
        assert waiting.until is not None
        assert abs(waiting.until - until) <= (6 * MINUTE if why is Why.KEPT_BACK else timedelta(seconds=2))
    assert told.legs == (0 if why is Why.ASKED_NOW else 1)


def test_a_leg_that_a_worker_put_off_to_the_next_day_still_counts(each_house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session)
        each_house.leg(session, account, leg_calls=10, leg_day_started=MIDNIGHT, due_at=MIDNIGHT + DAY)
        each_house.leg(session, account, leg_calls=3, leg_day_started=MIDNIGHT, due_at=MIDNIGHT + DAY)

    each_house.put(rows)
    (waiting,) = off(each_house).waiting
    assert (waiting.why, waiting.legs) == (Why.LEG_SPENT, 1)
    assert (waiting.due_since, waiting.until) == (None, MIDNIGHT + DAY)


def test_legs_of_one_account_may_wait_for_different_reasons(each_house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session, per_second=1.0)
        for minutes in (5, 90, 10):
            each_house.leg(session, account, due_at=NOON - minutes * MINUTE, urgency=minutes // 45)
        each_house.leg(session, account, leg_calls=11, leg_day_started=MIDNIGHT)
        each_house.leg(session, account, leased_until=NOON + MINUTE)

    each_house.put(rows)
    told = off(each_house)
    assert [(one.why, one.legs, one.due_since) for one in told.waiting] == [
        (Why.LEG_SPENT, 1, NOON - HOUR),
        (Why.ITS_TURN, 3, NOON - 90 * MINUTE),
        (Why.ASKED_NOW, 1, NOON - HOUR),
    ]
    assert told.legs == 4


def test_what_is_used_of_the_day_is_counted_from_the_reset(each_house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session, resets_at_minute=6 * 60, day_started=MIDNIGHT + 30 * HOUR, day_calls=4)
        for at in (MIDNIGHT + 5 * HOUR, MIDNIGHT + 6 * HOUR, NOON):
            a_call(session, account, at)
        a_call(session, account, NOON, outcome=Outcome.NOT_MADE)

    each_house.put(rows)
    told = off(each_house)
    assert (told.today, told.per_day, told.resets_at) == (2, 250, MIDNIGHT + 30 * HOUR)


@pytest.mark.parametrize(
    ("minutes", "late"),
    [
        ([0, 0.5, 4, 10, 61], Late(asked=5, late=3, by_an_hour=1, worst_s=3_660, mean_s=906)),
        ([0, 2, 4, 6], Late(asked=4, late=3, by_an_hour=0, worst_s=360, mean_s=180)),
        ([-1], Late(asked=1, late=0, by_an_hour=0, worst_s=0, mean_s=0)),
        ([], None),
    ],
)
def test_lateness_is_told_by_its_worst_and_its_mean(each_house: House, minutes: list[float], late: Late | None) -> None:
    def rows(session: Session) -> None:
        account = an_account(session)
        for number, minute in enumerate(minutes):
            at = NOON - number * HOUR
            a_call(session, account, at, [uuid4()], due_at=at - minute * MINUTE)
        a_call(session, account, NOON, [uuid4()])
        a_call(session, account, NOON - 20 * DAY, [uuid4()], due_at=NOON - 30 * DAY)
        a_call(session, account, NOON, [uuid4()], due_at=NOON - 5 * DAY, outcome=Outcome.NOT_MADE)

    each_house.put(rows)
    assert off(each_house).late == late


def test_only_accounts_that_need_somebody_are_held_up_to_view(each_house: House) -> None:
    def rows(session: Session) -> None:
        an_account(session, "stopped", stopped_reason="401")
        an_account(session, "paused", paused_until=NOON + HOUR, paused_why=PausedWhy.ASKED_TO_WAIT)
        an_account(session, "was paused", paused_until=NOON - HOUR, paused_why=PausedWhy.DOWN)
        behind = an_account(session, "behind")
        each_house.leg(session, behind, due_at=NOON - 25 * HOUR)
        each_house.leg(session, behind, due_at=NOON - 23 * HOUR)
        each_house.leg(session, an_account(session, "in time"), due_at=NOON - 23 * HOUR)

    each_house.put(rows)
    with reading(each_house.database, each_house.logistician) as session:
        found = held_back(session, accounts_in_sight(session), now=NOON)
        assert held_back(session, [], now=NOON) == []
    assert found == [
        Held("behind", "dhl", stopped=False, paused_until=None, legs=1),
        Held("paused", "dhl", stopped=False, paused_until=NOON + HOUR, legs=0, paused_why=PausedWhy.ASKED_TO_WAIT),
        Held("stopped", "dhl", stopped=True, paused_until=None, legs=0),
    ]
