"""Due legs are asked about, and what the carrier says is recorded once, whatever it does wrong."""

import functools
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import event

from api.practice_carrier.faults import FAULTS
from jobs import calling, polling
from shipments.boxes.box import Stage
from shipments.clock import utc_now
from shipments.notices.notice import News
from shipments.progress.carrier_news import Contradiction
from shipments.progress.deriving import BoxException
from shipments.tracking.carriers import asking, dcsa
from shipments.tracking.carriers.answers import Answer, LegAsked
from tests.jobs.fleet import Fleet

COSTS_THE_POLL = {
    "slow", "drip", "cut", "broken", "html", "empty", "truncated", "deep", "gzip_bomb", "redirect", "busy",
}  # fmt: skip
STOPS_THE_ACCOUNT = {"over_quota", "unauthorised", "forbidden"}
SAYS_ALL = {"out_of_order", "repetitive"}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline that tests can wait for."""
    monkeypatch.setattr(calling, "ask", functools.partial(asking.ask, deadline_s=2.0))


def test_a_leg_is_asked_about_and_its_box_is_where_the_carrier_says(each_fleet: Fleet) -> None:
    (leg,) = each_fleet.sail()
    (done,) = each_fleet.poll()
    assert (done.asked, done.failed, done.late) == (1, 0, 0)
    assert done.new_events == each_fleet.event_count() > 10
    assert each_fleet.journey.the_box(each_fleet.box_of(leg)).stage == Stage.IN_THE_COUNTRY
    assert each_fleet.journey.differences() == []


def test_the_same_answer_again_writes_no_event_and_no_progress(each_fleet: Fleet) -> None:
    (leg,) = each_fleet.sail()
    each_fleet.poll()
    known, box = each_fleet.event_count(), each_fleet.journey.the_box(each_fleet.box_of(leg))
    each_fleet.make_due()
    (done,) = each_fleet.poll()
    assert (done.asked, done.new_events, each_fleet.event_count()) == (1, 0, known)
    assert each_fleet.journey.the_box(box.code).heard_at == box.heard_at


def test_what_is_not_due_is_not_asked_about(fleet: Fleet) -> None:
    fleet.sail()
    fleet.poll()
    assert fleet.poll() == [polling.Round()]
    assert len(fleet.practice.calls) == 1


def test_only_what_is_new_is_asked_for_after_the_first_time(fleet: Fleet) -> None:
    (leg,) = fleet.sail()
    assert fleet.journey.watch(leg).since is None
    fleet.poll()
    since = fleet.journey.watch(leg).since
    assert since is not None
    assert since < fleet.journey.now


@pytest.mark.usefixtures("impatient")
def test_each_fault_of_a_carrier_costs_one_leg_one_poll_and_the_others_are_read(each_fleet: Fleet) -> None:
    faults = sorted(FAULTS - STOPS_THE_ACCOUNT - {"busy"})
    legs = dict(zip(faults, each_fleet.sail(len(faults)), strict=True))
    good = each_fleet.sail(3)
    for name, leg in legs.items():
        each_fleet.practice.fault(name, reference=each_fleet.reference(leg), seconds=6.0)
    (done,) = each_fleet.poll()
    journey = each_fleet.journey
    assert done.asked == len(legs) + 3
    assert {name for name, leg in legs.items() if journey.watch(leg).failures} == COSTS_THE_POLL - {"busy"}
    said = len(journey.events(good[0]))
    assert {len(journey.events(leg)) for leg in good} == {said} != {0}
    assert {len(journey.events(legs[name])) for name in SAYS_ALL} == {said}
    each_fleet.practice.faults.clear()
    each_fleet.make_due()
    (again,) = each_fleet.poll()
    assert (again.asked, again.failed) == (len(legs) + 3, 0)
    assert {len(journey.events(legs[name])) for name in COSTS_THE_POLL - {"busy"}} == {said}
    assert journey.differences() == []


def test_a_leg_that_failed_is_asked_again_after_a_while_and_says_why(fleet: Fleet) -> None:
    (leg,) = fleet.sail()
    fleet.practice.fault("html", times=1)
    fleet.poll()
    watch = fleet.journey.watch(leg)
    assert (watch.failures, watch.leased_until) == (1, None)
    assert watch.trouble
    assert watch.due_at is not None
    assert watch.due_at > fleet.journey.now
    fleet.journey.now = watch.due_at
    assert fleet.poll()[0].failed == 0
    assert fleet.journey.watch(leg).failures == 0


def test_an_unknown_code_is_kept_raw_moves_nothing_and_raises_one_alert(each_fleet: Fleet) -> None:
    (leg,) = each_fleet.sail()
    each_fleet.practice.fault("unknown_code")
    each_fleet.poll()
    each_fleet.make_due()
    each_fleet.poll()
    journey = each_fleet.journey
    (unknown,) = [event for event in journey.events(leg) if event.raw_code == "EQUIPMENT/ZZZZ"]
    assert (unknown.milestone, unknown.event) == (None, None)
    assert journey.news(each_fleet.batch_of(leg)).count(News.UNKNOWN_CODE) == 1
    assert journey.the_box(each_fleet.box_of(leg)).stage == Stage.IN_THE_COUNTRY


@pytest.mark.parametrize("how", ["fault", "voyage"])
def test_a_carrier_that_takes_a_box_back_is_shown_as_a_contradiction(fleet: Fleet, how: str) -> None:
    (leg,) = fleet.sail(voyage="contradictory" if how == "voyage" else "plain")
    if how == "fault":
        fleet.practice.fault("contradictory")
    fleet.poll()
    progress = fleet.journey.progress(fleet.box_of(leg))
    assert progress.stage == Stage.IN_THE_COUNTRY
    assert progress.contradictions == {Contradiction.CARRIER_FELL_BACK}
    assert News.DISPUTED in fleet.journey.news(fleet.batch_of(leg))


@pytest.mark.parametrize("voyage", ["plain", "direct", "delayed", "held", "silent"])
def test_no_honest_voyage_is_disputed(fleet: Fleet, voyage: str) -> None:
    (leg,) = fleet.sail(voyage=voyage)
    fleet.poll()
    progress = fleet.journey.progress(fleet.box_of(leg))
    assert BoxException.DISPUTED not in progress.exceptions
    assert BoxException.HELD not in progress.exceptions


def test_no_transaction_is_open_while_a_carrier_is_asked(each_fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    each_fleet.sail(4)
    open_now: list[object] = []
    engine = each_fleet.journey.database.engine
    event.listen(engine, "begin", open_now.append)
    for ended in ("commit", "rollback"):
        event.listen(engine, ended, lambda _: open_now.pop())
    seen: list[int] = []

    async def watched(*given: object, **more: object) -> object:
        seen.append(len(open_now))
        answer = await asking.ask(*given, **more)  # type: ignore[arg-type]
        seen.append(len(open_now))
        return answer

    monkeypatch.setattr(calling, "ask", watched)
    each_fleet.poll()
    assert seen == [0] * 8


def test_pages_wait_for_their_place_in_the_budget_without_losing_the_answer(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "ask", functools.partial(asking.ask, deadline_s=0.7))
    monkeypatch.setattr(dcsa, "PAGE_SIZE", 4)
    fleet.change_account(per_second=5.0)
    (leg,) = fleet.sail()
    (done,) = fleet.poll(clock=utc_now)
    assert (done.asked, done.failed) == (1, 0)
    assert len(fleet.practice.calls) > 3
    assert len(fleet.journey.events(leg)) > 10


def test_a_leg_whose_box_was_received_is_asked_no_more(fleet: Fleet) -> None:
    (leg,) = fleet.sail()
    fleet.journey.receive(fleet.journey.arrived(fleet.box_of(leg)))
    fleet.poll()
    assert fleet.journey.watch(leg).due_at is None


def test_an_answer_that_cannot_be_kept_costs_its_own_leg_and_is_not_half_kept(
    each_fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *good = each_fleet.sail(3)
    reference, read = each_fleet.reference(bad), dcsa.read_answer

    def misread(
        answer: bytes, leg: LegAsked, *, heard_at: datetime, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """As a mistake of a reader would: a range that ends before it begins, which the database refuses."""
        said = read(answer, leg, heard_at=heard_at, headers=headers)
        if leg.reference != reference:
            return said
        last = msgspec.structs.replace(said.events[-1], earliest=heard_at, latest=heard_at - timedelta(days=1))
        return msgspec.structs.replace(said, events=(*said.events[:-1], last))

    monkeypatch.setattr(dcsa, "read_answer", misread)
    (done,) = each_fleet.poll()
    assert (done.asked, done.failed) == (3, 1)
    assert [len(each_fleet.journey.events(leg)) > 10 for leg in (bad, *good)] == [False, True, True]
    assert each_fleet.journey.events(bad) == []
    assert each_fleet.journey.watch(bad).failures == 1
    assert sorted(str(call.outcome) for call in each_fleet.calls()) == ["news", "news", "unreadable"]
