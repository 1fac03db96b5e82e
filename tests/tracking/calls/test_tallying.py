"""Where the calls went, proved against rows made by hand."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from shipments.batches.batch import Batch, Leg
from shipments.database import Database
from shipments.offices.scope import EVERYWHERE, act_as
from shipments.tracking.calls.accounting import ledger
from shipments.tracking.calls.call import CallKind, Outcome
from shipments.tracking.calls.tallying import BusyLeg, CallsGone, End, EndedAlike, Others
from shipments.tracking.calls.told import Pushes
from shipments.tracking.pushes.push import PushState
from tests.builders import NOON, an_office
from tests.tracking.calls.ledger_rows import (
    DAY,
    HOUR,
    MINUTE,
    House,
    a_call,
    a_push,
    a_watched_leg,
    an_account,
    an_event,
)

TODAY = NOON.date()
MIDNIGHT = NOON.replace(hour=0)
Columns = Any  # whatever the columns of the table take


@pytest.fixture(scope="module")
def examples(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One session for all examples of a property; nothing of it is kept."""
    path = tmp_path_factory.mktemp("examples") / "examples.sqlite3"
    shutil.copyfile(sqlite_template, path)
    with closing(Database.at(f"sqlite:///{path}")) as database, Session(database.engine) as session:
        act_as(session, EVERYWHERE)
        yield session


def gone(house: House, **what: Columns) -> CallsGone:
    (only,) = house.asked(**what).where_calls_went
    return only


def test_calls_are_counted_by_kind_and_outcome_with_bytes_legs_and_news(each_house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session)
        one, two = (each_house.leg(session, account) for _ in range(2))
        for minute in range(3):
            a_call(session, account, NOON - DAY + minute * MINUTE, [one])
        a_call(session, account, NOON - HOUR, [one, two], outcome=Outcome.NEWS, news=3)
        a_call(session, account, NOON - HOUR, [one], outcome=Outcome.NEWS, kind=CallKind.PAGE, news=1)
        a_call(session, account, NOON - HOUR, outcome=Outcome.GRANTED, kind=CallKind.TOKEN)
        a_call(session, account, NOON - HOUR, [two], outcome=Outcome.NOT_MADE, size=None)
        a_call(session, account, NOON - HOUR, [two], outcome=None)
        a_call(session, account, NOON - MINUTE, [two], outcome=None)

    each_house.put(rows)
    told = gone(each_house)
    assert told.ended == (
        EndedAlike(CallKind.TRACK, End.NOTHING_NEW, calls=3, legs=3, news=0, size=3_000),
        EndedAlike(CallKind.PAGE, End.NEWS, calls=1, legs=1, news=1, size=1_000),
        EndedAlike(CallKind.TOKEN, End.GRANTED, calls=1, legs=0, news=0, size=1_000),
        EndedAlike(CallKind.TRACK, End.NEVER_ENDED, calls=1, legs=1, news=0, size=0),
        EndedAlike(CallKind.TRACK, End.NEWS, calls=1, legs=2, news=3, size=1_000),
        EndedAlike(CallKind.TRACK, End.NOT_MADE, calls=1, legs=1, news=0, size=0),
        EndedAlike(CallKind.TRACK, End.UNDER_WAY, calls=1, legs=1, news=0, size=0),
    )
    assert (told.made, told.legs, told.news, told.size) == (8, 8, 4, 6_000)
    assert (told.nothing_new, told.never_ended) == (3, 1)
    assert told.news_per_call == pytest.approx(4 / 7, abs=0.005)


def test_days_begin_when_the_carriers_day_does(each_house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session, resets_at_minute=6 * 60)
        for at in (MIDNIGHT + 6 * HOUR - MINUTE, MIDNIGHT + 6 * HOUR, NOON, MIDNIGHT + DAY, MIDNIGHT - 20 * HOUR):
            a_call(session, account, at, [uuid4()])
        a_call(session, account, NOON, [uuid4()], outcome=Outcome.NOT_MADE)

    each_house.put(rows)
    told = gone(each_house, since=TODAY - DAY, until=TODAY)
    assert [(one.day, one.calls) for one in told.days] == [(TODAY - DAY, 1), (TODAY, 3)]
    assert told.per_day == 250
    assert told.made == 4


def test_the_busiest_legs_are_named_and_the_rest_summed(each_house: House) -> None:
    house = each_house

    def rows(session: Session) -> list[str]:
        account = an_account(session)
        legs = [house.leg(session, account) for _ in range(6)]
        for number, one in enumerate(legs):
            for call in range(10 - number):
                a_call(session, account, NOON - call * HOUR, [one])
        elsewhere = an_office(session)
        unseen = a_watched_leg(session, account, elsewhere, elsewhere)
        for call in range(20):
            a_call(session, account, NOON - call * MINUTE, [unseen.leg_id, legs[0]] if call == 0 else [unseen.leg_id])
        taken_back = uuid4()
        a_call(session, account, NOON, [taken_back])
        for hour in range(2):
            an_event(session, legs[0], NOON - hour * HOUR)
        an_event(session, legs[0], NOON - HOUR, person_id=house.logistician.person_id)
        an_event(session, legs[0], NOON - 30 * DAY)
        return _codes(session, legs)

    codes = house.put(rows)
    told = gone(house)
    assert told.busiest[0] == BusyLeg(codes[0], leg=1, asked=11, news=2)
    assert [(one.batch, one.asked) for one in told.busiest] == list(zip(codes, [11, 9, 8, 7, 6], strict=False))
    assert told.others == Others(legs=3, asked=5 + 20 + 1)


def _codes(session: Session, legs: list[UUID]) -> list[str]:
    return [session.get_one(Batch, session.get_one(Leg, one).batch_id).code for one in legs]


def test_pushes_are_counted_by_what_became_of_them(each_house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session)
        for state, count in (
            (PushState.HEARD, 3),
            (PushState.PARKED, 2),
            (PushState.UNREADABLE, 1),
            (PushState.WAITING, 1),
        ):
            for _ in range(count):
                a_push(session, account, state, NOON, news=2 if state is PushState.HEARD else 0)
        a_push(session, account, PushState.HEARD, NOON - 30 * DAY, news=9)

    each_house.put(rows)
    assert gone(each_house).pushes == Pushes(waiting=1, parked=2, heard=3, unreadable=1, news=6)


def test_the_newest_unreadable_push_of_these_days_says_what_is_wrong(each_house: House) -> None:
    def rows(session: Session) -> None:
        account, other = an_account(session), an_account(session, "other")
        a_push(session, account, PushState.UNREADABLE, NOON - 9 * DAY, trouble="before these days")
        a_push(session, account, PushState.UNREADABLE, NOON - HOUR, trouble="the newest")
        a_push(session, account, PushState.UNREADABLE, NOON - DAY, trouble="an older one")
        a_push(session, account, PushState.HEARD, NOON, trouble="a doubt about one that was read")
        a_push(session, other, PushState.PARKED, NOON, trouble="it names many numbers")

    each_house.put(rows)
    ours, others = each_house.asked().where_calls_went
    assert ours.pushes == Pushes(heard=1, unreadable=2, trouble="the newest")
    assert others.pushes == Pushes(parked=1)


@given(st.lists(st.tuples(st.sampled_from([*Outcome, None]), st.integers(0, 200), st.integers(0, 5)), max_size=12))
def test_every_call_of_these_days_is_counted_once_however_it_ended(
    examples: Session, calls: list[tuple[Outcome | None, int, int]]
) -> None:
    session = examples
    account = an_account(session, name=str(uuid4()))
    for outcome, hours, news in calls:
        a_call(session, account, NOON - hours * HOUR, [uuid4()], outcome=outcome, news=news)
    told = ledger(session, account=account.name, now=NOON).where_calls_went[0]
    within = [(outcome, news) for outcome, hours, news in calls if NOON - hours * HOUR >= MIDNIGHT - 6 * DAY]
    assert sum(one.calls for one in told.ended) == len(within)
    assert told.made == sum(one.calls for one in told.days) == len([1 for one, _ in within if one != Outcome.NOT_MADE])
    assert sum(one.asked for one in told.busiest) + told.others.asked == told.made
    assert told.news == sum(news for _, news in within)
