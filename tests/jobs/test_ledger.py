"""Every call is accounted for: what it was about, what came of it, also of a worker that was killed."""

import functools
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func
from sqlmodel import Session, select

from shipments.offices.scope import EVERYWHERE
from shipments.tracking.calls.call import CalledLeg, CallKind, CarrierCall, Outcome
from shipments.tracking.calls.ledger import KEPT, close_call, forget_old
from shipments.tracking.carriers import dcsa
from tests.jobs.fleet import Fleet
from tests.story.processes import Installation, eventually, kill

HOUR = timedelta(hours=1)


def test_a_call_says_what_it_was_about_and_what_came_of_it(each_fleet: Fleet) -> None:
    legs = each_fleet.sail(2)
    each_fleet.poll()
    first, second = each_fleet.calls()
    assert (first.kind, first.status, first.outcome, first.legs) == (CallKind.TRACK, 200, Outcome.NEWS, 1)
    assert first.news == len(each_fleet.journey.events(legs[0]))
    assert first.size is not None
    assert first.size > 1_000
    assert first.duration_ms is not None
    about = each_fleet.journey.see(lambda session: session.exec(select(CalledLeg)).all())
    assert {(one.call_id, one.leg_id) for one in about} == {(first.id, legs[0]), (second.id, legs[1])}
    assert all(one.due_at is not None and one.due_at < first.at for one in about)


@pytest.mark.parametrize(
    ("fault", "outcome", "status"),
    [
        ("broken", Outcome.UNAVAILABLE, 500),
        ("cut", Outcome.UNAVAILABLE, 200),
        ("html", Outcome.UNREADABLE, 200),
        ("over_quota", Outcome.OVER_QUOTA, 429),
        ("unauthorised", Outcome.REFUSED, 401),
        ("forbidden", Outcome.REFUSED, 403),
    ],
)
def test_a_call_that_fails_says_how(fleet: Fleet, fault: str, outcome: Outcome, status: int) -> None:
    fleet.sail()
    fleet.practice.fault(fault)
    fleet.poll()
    (call,) = fleet.calls()
    assert (call.outcome, call.status, call.news) == (outcome, status, 0)
    assert call.ended_at is not None


def test_what_the_carrier_does_not_know_is_not_found(fleet: Fleet) -> None:
    fleet.sail(booked=False)
    fleet.poll()
    assert [(call.outcome, call.status) for call in fleet.calls()] == [(Outcome.NOT_FOUND, 404)]


def test_each_page_has_its_own_line_and_its_own_place(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dcsa, "PAGE_SIZE", 4)
    (leg,) = fleet.sail()
    fleet.poll()
    first, *pages = fleet.calls()
    assert len(pages) == len(fleet.practice.calls) - 1 > 2
    assert {page.kind for page in pages} == {CallKind.PAGE}
    assert (first.news, sum(page.news for page in pages)) == (len(fleet.journey.events(leg)), 0)
    assert fleet.the_account().day_calls == len(fleet.practice.calls)
    assert fleet.journey.watch(leg).leg_calls == len(fleet.practice.calls)


def test_pages_stop_where_the_day_does_and_the_rest_is_asked_for_again(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dcsa, "PAGE_SIZE", 4)
    fleet.change_account(per_day=3)
    (leg,) = fleet.sail()
    fleet.poll()
    assert len(fleet.practice.calls) == len(fleet.calls()) == 3
    assert fleet.journey.watch(leg).since is None, "what was not read is not passed over"


def test_a_call_that_was_better_not_made_gives_its_place_back(each_fleet: Fleet) -> None:
    each_fleet.change_account(per_second=20.0, per_day=50)
    each_fleet.sail(8)
    each_fleet.practice.fault("over_quota", retry_after="600")
    each_fleet.poll()
    outcomes = [call.outcome for call in each_fleet.calls()]
    assert outcomes.count(Outcome.OVER_QUOTA) == len(each_fleet.practice.calls)
    assert outcomes.count(Outcome.NOT_MADE) == 8 - len(each_fleet.practice.calls) > 0
    assert each_fleet.the_account().day_calls == len(each_fleet.practice.calls)


def test_the_same_answer_again_writes_its_line_and_when_to_ask_next_and_nothing_else(
    each_fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    legs = each_fleet.sail(3)
    for _ in range(2):  # the second answer is the first that holds only what is new
        each_fleet.poll()
        each_fleet.make_due()
    monkeypatch.setattr(dcsa, "read_answer", None)
    before = {leg: each_fleet.journey.watch(leg) for leg in legs}
    written: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN")):
            written.append(statement.split(" SET ")[0].split("(")[0].strip())

    event.listen(each_fleet.journey.database.engine, "before_cursor_execute", note)
    try:
        (done,) = each_fleet.poll()
    finally:
        event.remove(each_fleet.journey.database.engine, "before_cursor_execute", note)
    assert (done.asked, done.new_events, done.failed) == (3, 0, 0)
    assert {line.removeprefix("INSERT INTO ").removeprefix("UPDATE ") for line in written} == {
        "carrier_account",
        "carrier_call",
        "called_leg",
        "leg_watch",
    }
    assert [call.outcome for call in each_fleet.calls()][-3:] == [Outcome.NOTHING_NEW] * 3
    for leg in legs:
        now = each_fleet.journey.watch(leg)
        assert now.answer_digest == before[leg].answer_digest is not None
        assert now.due_at != before[leg].due_at


def test_an_answer_that_left_doubts_is_read_again(fleet: Fleet) -> None:
    (leg,) = fleet.sail()
    fleet.practice.fault("unknown_code")
    fleet.poll()
    watch = fleet.journey.watch(leg)
    assert (watch.answer_digest is None) == bool(watch.trouble)


def test_what_was_said_of_a_call_first_holds(fleet: Fleet) -> None:
    fleet.sail()
    (claim,) = fleet.claim()
    for outcome in (Outcome.UNAVAILABLE, Outcome.NEWS):
        now = fleet.journey.now
        end = functools.partial(close_call, call_id=claim.call_id, outcome=outcome, now=now)
        fleet.journey.do(lambda session: end(session), EVERYWHERE)  # noqa: B023
    assert [call.outcome for call in fleet.calls()] == [Outcome.UNAVAILABLE]


def test_calls_are_forgotten_after_four_hundred_days_with_the_legs_they_were_about(each_fleet: Fleet) -> None:
    each_fleet.sail(2)
    each_fleet.poll()
    now, count = each_fleet.journey.now + KEPT - HOUR, functools.partial(_rows)
    assert each_fleet.journey.do(lambda s: forget_old(s, now=now), EVERYWHERE) == 0
    assert each_fleet.journey.do(lambda s: forget_old(s, now=now + 2 * HOUR), EVERYWHERE) == 2
    assert each_fleet.journey.see(count) == (0, 0)


def _rows(session: Session) -> tuple[int, int]:
    calls, about = (session.scalar(select(func.count()).select_from(table)) for table in (CarrierCall, CalledLeg))
    return calls or 0, about or 0


def test_a_killed_workers_calls_stay_open_in_the_ledger_and_nothing_is_lost(
    fleet: Fleet, sqlite_url: str, tmp_path: Path
) -> None:
    legs = fleet.sail(3)
    fleet.practice.fault("slow", seconds=60.0)
    installation = Installation(_environment(fleet, sqlite_url), tmp_path, tmp_path / "bytecode")
    with installation.running("work") as worker:
        eventually(lambda: len(fleet.practice.calls) == 3, "the worker has asked")
        kill(worker)
    assert [call.outcome for call in fleet.calls()] == [None] * 3
    assert {fleet.journey.watch(leg).asked_at for leg in legs} == {None}
    fleet.practice.faults.clear()
    leases = [fleet.journey.watch(leg).leased_until for leg in legs]
    fleet.journey.now = max(lease for lease in leases if lease is not None)
    assert fleet.poll()[0].asked == 3
    assert all(fleet.journey.events(leg) for leg in legs)
    assert [call.outcome for call in fleet.calls()] == [None] * 3 + [Outcome.NEWS] * 3


def _environment(fleet: Fleet, url: str) -> dict[str, str]:
    chosen = fleet.settings
    return {
        "SHIPMENTS_DATABASE_URL": url,
        "SHIPMENTS_SECRET_KEYS": chosen.secret_keys.get_secret_value(),
        "SHIPMENTS_HASH_KEY": chosen.hash_key.get_secret_value(),
    }
