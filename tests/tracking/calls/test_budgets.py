"""An account's budget: so many calls a second, a day and a day about one leg, counted by the carrier's own day."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from shipments.database import Database
from shipments.offices.scope import EVERYWHERE, act_as
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.budgets import (
    AROUND_RESET,
    MARGIN,
    day_start,
    give_back,
    left_for_patient,
    left_today,
    move_place,
    next_moment,
    reserve,
    take_place,
)
from shipments.tracking.calls.call import CalledLeg, CallKind, CarrierCall
from shipments.tracking.polling.watch import LegWatch
from tests.builders import a_batch, a_case, a_leg, an_office

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def an_account(**columns: Any) -> CarrierAccount:  # Any: columns
    named: dict[str, Any] = {"name": "dhl", "carrier": "dhl", "base_url": "https://carrier.example"}
    return CarrierAccount(**{**named, "secret_sealed": b"", "per_second": 1.0, **columns})


@pytest.mark.parametrize(
    ("resets_at_minute", "now", "begun"),
    [
        (0, "2026-03-02T00:00:00", "2026-03-02T00:00:00"),
        (0, "2026-03-02T23:59:59", "2026-03-02T00:00:00"),
        (437, "2026-03-02T07:16:59", "2026-03-01T07:17:00"),
        (437, "2026-03-02T07:17:00", "2026-03-02T07:17:00"),
        (1439, "2026-01-01T00:00:00", "2025-12-31T23:59:00"),
    ],
)
def test_a_day_begins_at_the_hour_at_which_the_carrier_begins_it(resets_at_minute: int, now: str, begun: str) -> None:
    account = an_account(resets_at_minute=resets_at_minute)
    start = day_start(account, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert start == datetime.fromisoformat(begun).replace(tzinfo=UTC)


def test_a_day_is_the_same_day_in_whichever_zone_the_clock_is_read() -> None:
    account, there = an_account(resets_at_minute=60), datetime.fromisoformat("2026-03-02T01:30:00+02:00")
    assert day_start(account, there) == datetime(2026, 3, 1, 1, 0, tzinfo=UTC)


def test_places_stand_apart_and_no_two_are_the_same() -> None:
    account = an_account(per_second=10.0)
    places = [take_place(account, now=MORNING) for _ in range(5)]
    assert places == [MORNING + timedelta(seconds=MARGIN / 10) * number for number in range(5)]


def test_a_day_that_is_spent_gives_no_place_until_the_next_one_begins() -> None:
    account = an_account(per_day=3)
    assert sum(take_place(account, now=MORNING) is not None for _ in range(9)) == 3
    assert (account.day_calls, left_today(account, now=MORNING)) == (3, 0)
    tomorrow = MORNING.replace(day=3, hour=0, minute=1)
    assert left_today(account, now=tomorrow) == 3
    assert sum(take_place(account, now=tomorrow) is not None for _ in range(9)) == 3


def test_a_place_beyond_the_reset_counts_for_the_day_it_lies_in() -> None:
    account = an_account(per_second=MARGIN / 60, per_day=2, resets_at_minute=437)
    evening = datetime(2026, 3, 2, 7, 16, tzinfo=UTC)
    places = [take_place(account, now=evening) for _ in range(4)]
    reset = datetime(2026, 3, 2, 7, 17, tzinfo=UTC)
    assert places == [evening, reset + AROUND_RESET, reset + AROUND_RESET + timedelta(minutes=1), None]
    assert (account.day_started, account.day_calls) == (reset, 2)


@pytest.mark.parametrize("offset_s", [-5, -1, 0, 4])
def test_no_call_is_made_around_a_reset_since_the_carriers_clock_is_not_ours(offset_s: int) -> None:
    reset = MORNING.replace(hour=0)
    near = reset + offset_s * SECOND
    assert next_moment(an_account(per_day=9), now=near) == reset + AROUND_RESET
    assert next_moment(an_account(), now=near) == near, "nothing is counted by the day"


def test_a_call_that_was_not_made_gives_its_days_place_back_but_not_another_days() -> None:
    account = an_account(per_day=1)
    at = take_place(account, now=MORNING)
    assert at is not None
    give_back(account, at)
    assert take_place(account, now=MORNING + SECOND) is not None
    tomorrow = MORNING + timedelta(days=1)
    assert take_place(account, now=tomorrow) is not None
    give_back(account, at)
    assert left_today(account, now=tomorrow) == 0


def test_a_late_call_moves_within_its_day_without_costing_another() -> None:
    account = an_account(per_day=1)
    at = take_place(account, now=MORNING)
    assert at is not None
    moved = move_place(account, at, now=MORNING + 9 * SECOND)
    assert moved is not None
    assert moved >= MORNING + 9 * SECOND
    assert account.day_calls == 1


def test_calls_of_a_kind_that_the_carrier_takes_fewer_of_stand_further_apart_and_no_others() -> None:
    account = an_account(per_second=10.0)
    kinds = (3.0, 3.0, None, None, 30.0)
    places = [take_place(account, per_second=kind, now=MORNING) for kind in kinds]
    waits = [(later - sooner) / SECOND for sooner, later in pairwise(one for one in places if one is not None)]
    assert waits == pytest.approx([1.1 / 3, 1.1 / 3, 0.11, 0.11])
    assert account.next_call_at == places[-1] + 0.11 * SECOND  # type: ignore[operator]


def test_a_late_call_of_such_a_kind_still_stands_so_far_from_the_next() -> None:
    account = an_account(per_second=10.0)
    at = take_place(account, per_second=3.0, now=MORNING)
    assert at is not None
    moved = move_place(account, at, per_second=3.0, now=MORNING + 9 * SECOND)
    following = take_place(account, now=MORNING + 9 * SECOND)
    assert moved is not None
    assert following is not None
    assert (following - moved) / SECOND == pytest.approx(1.1 / 3)


def test_a_late_call_that_finds_no_place_keeps_the_one_it_had() -> None:
    account = an_account(per_day=2)
    places = [take_place(account, now=MORNING) for _ in range(2)]
    account.day_calls = 3
    assert places[0] is not None
    assert move_place(account, places[0], now=MORNING + SECOND) is None
    assert account.day_calls == 3


def test_legs_that_can_wait_have_the_part_of_the_day_that_has_gone_by_and_a_fifth() -> None:
    account = an_account(per_day=240)
    midnight = MORNING.replace(hour=0, minute=1)
    assert left_for_patient(account, now=midnight) == 48
    account.day_started, account.day_calls = MORNING.replace(hour=0), 100
    assert left_for_patient(account, now=MORNING.replace(hour=6)) == 8
    assert left_for_patient(account, now=MORNING.replace(hour=23)) == 140
    assert left_for_patient(an_account(), now=MORNING) is None


@pytest.fixture
def legs(database: Database) -> list[UUID]:
    """Two watched legs of an account with three calls a day, two about one leg."""
    with database.writing() as session:
        act_as(session, EVERYWHERE)
        host, origin = an_office(session), an_office(session, code="GN-CKY")
        a_case(session, host, origin)
        batch = a_batch(session, host, origin, [])
        account = an_account(per_day=3, per_leg_per_day=2)
        session.add(account)
        session.flush()
        legs = [a_leg(session, batch).id for _ in range(2)]
        session.add_all(LegWatch(leg_id=leg, account_id=account.id, due_at=MORNING) for leg in legs)
    return legs


def _reserved(session: Session, legs: list[UUID], kind: CallKind = CallKind.TRACK, *, now: datetime = MORNING) -> bool:
    account = session.exec(select(CarrierAccount).with_for_update()).one()
    return reserve(session, account, kind, [(leg, now) for leg in legs], now=now) is not None


def test_a_leg_is_asked_about_only_so_often_a_day_whatever_the_call_is_for(
    database: Database, legs: list[UUID]
) -> None:
    with database.writing() as session:
        act_as(session, EVERYWHERE)
        assert _reserved(session, legs)
        assert _reserved(session, legs[:1], CallKind.PAGE)
        assert not _reserved(session, legs[:1])
        assert not _reserved(session, legs), "one spent leg is enough"
        assert _reserved(session, legs[1:])
        assert not _reserved(session, [], CallKind.TOKEN), "the day is spent"
        tomorrow = MORNING + timedelta(days=1)
        assert _reserved(session, legs[:1], now=tomorrow)
        session.expire_all()
        watch = session.get_one(LegWatch, legs[0])
        assert (watch.leg_calls, watch.leg_day_started) == (1, tomorrow.replace(hour=0))


def test_a_reserved_call_stands_in_the_ledger_open_with_its_legs(database: Database, legs: list[UUID]) -> None:
    with database.writing() as session:
        act_as(session, EVERYWHERE)
        assert _reserved(session, legs)
        (call,) = session.exec(select(CarrierCall)).all()
        assert (call.kind, call.legs, call.outcome, call.ended_at) == (CallKind.TRACK, 2, None, None)
        about = session.exec(select(CalledLeg).order_by(col(CalledLeg.leg_id))).all()
        assert [(one.leg_id, one.due_at) for one in about] == [(leg, MORNING) for leg in sorted(legs)]
