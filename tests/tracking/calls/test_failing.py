"""An account that is paused, or fails, says why and what failed last."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from shipments.tracking.accounts.account import PausedWhy
from shipments.tracking.calls.call import CallKind, Outcome
from shipments.tracking.calls.failing import FailedLast
from shipments.tracking.calls.waiting import PutOff
from tests.builders import NOON
from tests.tracking.calls.ledger_rows import HOUR, MINUTE, Columns, House, a_call, an_account


def told(house: House, **account: Columns) -> PutOff:
    """What is put off with an account that failed twice, an hour after it had answered."""

    def rows(session: Session) -> None:
        row = an_account(session, "down", **account)
        other = an_account(session, "other")
        a_call(session, row, NOON - HOUR)
        a_call(session, row, NOON - 9 * MINUTE, outcome=Outcome.OVER_QUOTA, status=429)
        a_call(session, row, NOON - 5 * MINUTE, kind=CallKind.TOKEN, outcome=Outcome.UNAVAILABLE, status=503)
        a_call(session, row, NOON - 4 * MINUTE, outcome=Outcome.NOT_MADE)
        a_call(session, row, NOON - 3 * MINUTE, outcome=None)
        a_call(session, other, NOON - MINUTE, outcome=Outcome.UNREADABLE, status=200)

    house.put(rows)
    return house.asked(account="down").put_off[0]


def test_what_failed_last_is_the_newest_call_of_the_account_that_failed(each_house: House) -> None:
    one = told(each_house, failures=2)
    assert one.failures == 2
    assert one.failed_last == FailedLast(NOON - 5 * MINUTE, Outcome.UNAVAILABLE, 503)


def test_a_pause_says_why_and_what_failed_though_a_call_was_answered_since(house: House) -> None:
    one = told(house, paused_until=NOON + HOUR, paused_why=PausedWhy.ASKED_TO_WAIT)
    assert (one.paused_why, one.failures) == (PausedWhy.ASKED_TO_WAIT, 0)
    assert one.failed_last is not None


def test_a_pause_that_is_over_says_nothing_any_more(house: House) -> None:
    one = told(house, paused_until=NOON, paused_why=PausedWhy.DOWN)
    assert (one.paused_until, one.paused_why, one.failed_last) == (None, None, None)


def test_the_database_keeps_no_reason_without_a_pause(each_house: House) -> None:
    with pytest.raises(IntegrityError):
        each_house.put(lambda session: an_account(session, "odd", paused_why=PausedWhy.DOWN))
