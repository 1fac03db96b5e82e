"""Messages of carriers are heard once, whoever reads them and whatever else happens meanwhile."""

import asyncio
import functools
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from jobs import hearing
from jobs.hearing import Hearer
from jobs.timetable import tidy
from shipments import journal
from shipments.batches.batch import Batch, Leg
from shipments.errors import Unavailable
from shipments.journal import JournalEntry
from shipments.notices.notice import News
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.carriers import dcsa, ups
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.hearing import hear
from shipments.tracking.milestones import Milestone
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.polling.ways import ways_of
from shipments.tracking.pushes import reading as hearing_pushes
from shipments.tracking.pushes.inbox import claim_waiting, keep_push, wake_parked
from shipments.tracking.pushes.push import PushState
from shipments.tracking.pushes.reading import MOST_REFERENCES, hear_waiting
from shipments.transaction import perform
from tests.story.fixtures import _journey
from tests.story.journey import Journey, at
from tests.tracking.pushes.telling import (
    BOOKING,
    Told,
    departed,
    dhl_message,
    message,
    ship24_event,
    ship24_message,
    ups_message,
)

NUMBER = "1ZSAMPLE0300000017"


@pytest.fixture
def told(journey: Journey, settings: Settings) -> Told:
    return Told(journey, settings)


@pytest.fixture
def each_told(each_journey: Journey, settings: Settings) -> Told:
    return Told(each_journey, settings)


@pytest.fixture
def postgres_told(fresh_postgres_url: str, settings: Settings) -> Iterator[Told]:
    """Where rows can be locked one by one."""
    for journey in _journey(fresh_postgres_url):
        yield Told(journey, settings)


def heard(told: Told) -> list[tuple[str, int | str | bool | None]]:
    """(what, how many events) of the journal's entries about carriers."""

    def work(session: Session) -> list[Any]:
        assert all(wrong is None for _, wrong in journal.verify(session))
        entries = session.exec(select(JournalEntry).where(JournalEntry.action == "carrier.hear")).all()
        return [(entry.object_code, entry.details["events"]) for entry in entries]

    return told.journey.see(work)


def test_a_message_is_heard_once_and_the_journal_says_so_once(each_told: Told) -> None:
    account = each_told.account()
    leg = each_told.leg(account)
    each_told.tell(account, message(departed(at(18)), departed(at(19), event_id="e-2")))
    each_told.tell(account, message(departed(at(19), event_id="e-2")))
    done = each_told.hear()
    assert (done.read, done.new, done.parked, done.unreadable) == (2, 2, 0, 0)
    assert [(push.state, push.news) for push in each_told.pushes()] == [(PushState.HEARD, 2), (PushState.HEARD, 0)]
    assert each_told.pushes()[0].read_at == each_told.journey.now
    assert len(each_told.journey.events(leg)) == 2
    assert heard(each_told) == [("push", 2)]
    assert each_told.hear().read == 0


def test_every_leg_that_a_message_speaks_of_hears_it(told: Told) -> None:
    account = told.account()
    legs = [told.leg(account, reference=number) for number in ("PRB1", "PRB2", "PRB2")]
    told.tell(account, message(departed(at(18), booking="PRB1"), departed(at(19), booking="PRB2", event_id="e-2")))
    assert told.hear().new == 3
    assert [len(told.journey.events(leg)) for leg in legs] == [1, 1, 1]


@pytest.mark.parametrize("carrier", ["ship24", "ups", "dhl"])
def test_each_carriers_messages_reach_their_leg(told: Told, carrier: str) -> None:
    bodies = {
        "ship24": ship24_message(NUMBER, at(19), ship24_event("in_transit", at(19), NUMBER)),
        "ups": ups_message(NUMBER, at(19)),
        "dhl": dhl_message(NUMBER, at(19)),
    }
    account = told.account(carrier)
    leg = told.leg(account, reference=NUMBER)
    told.tell(account, bodies[carrier])
    assert told.hear().new == 1
    assert [event.occurred_at for event in told.journey.events(leg)] == [at(19)]


BAD = [
    b"",
    b"\0\0",
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b'[{"eventID": "cut',
    b"\xff\xfe\x00",
    b"null",
    b"[]",
    b"[{}]",
    json.dumps([departed(at(19), booking="\0" * 10)]).encode(),
    json.dumps([departed(at(19), booking="x" * 200)]).encode(),
    b" " * 1_048_576,
]


def test_what_cannot_be_read_says_so_once_and_holds_nothing_back(each_told: Told) -> None:
    account = each_told.account()
    leg = each_told.leg(account)
    for body in BAD:
        each_told.tell(account, body)
    each_told.tell(account, message(departed(at(19))))
    done = each_told.hear()
    assert (done.read, done.unreadable, done.new) == (len(BAD) + 1, len(BAD), 1)
    *bad, good = each_told.pushes()
    assert all(push.state is PushState.UNREADABLE and push.trouble for push in bad)
    assert good.state is PushState.HEARD
    assert len(each_told.journey.events(leg)) == 1
    assert each_told.hear().read == 0


def test_values_that_no_column_takes_do_not_stop_the_others(each_told: Told) -> None:
    account = each_told.account()
    leg = each_told.leg(account)
    strange = departed(
        at(19), event_id="\0" * 300, changeRemark="\0\ud800"[:1] * 10_000, transportEventTypeCode="\0" * 100
    )
    each_told.tell(account, json.dumps([strange]).encode())
    each_told.tell(account, message(departed(at(19))))
    done = each_told.hear()
    assert (done.read, done.unreadable) == (2, 0)
    assert "TRANSPORT/DEPA" in [event.raw_code for event in each_told.journey.events(leg)]


def test_a_reader_that_breaks_costs_its_message_only_and_says_no_number(
    told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    account = told.account()
    told.leg(account)
    told.leg(account, reference="PRB2")
    real = dcsa.read_pushed

    def broken(body: bytes, leg: Any, **more: Any) -> Any:
        if BOOKING.encode() in body:
            raise ZeroDivisionError(BOOKING)
        return real(body, leg, **more)

    monkeypatch.setattr(dcsa, "read_pushed", broken)
    told.tell(account, message(departed(at(19))))
    told.tell(account, message(departed(at(19), booking="PRB2")))
    with caplog.at_level(logging.DEBUG):
        done = told.hear()
    assert (done.unreadable, done.new) == (1, 1)
    assert "ZeroDivisionError" in (told.pushes()[0].trouble or "")
    assert BOOKING not in caplog.text + (told.pushes()[0].trouble or "")


def test_what_the_database_refuses_of_one_message_does_not_keep_the_others_waiting(
    each_told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = each_told.account()
    leg = each_told.leg(account)
    each_told.tell(account, message(departed(at(18), event_id="poison")))
    each_told.tell(account, message(departed(at(19))))

    def refused(session: Session, answers: Any, **more: Any) -> Any:
        if any(said.id == "poison" for answer in answers.values() for said in answer.events):
            raise ValueError("no column takes it")
        return hear(session, answers, **more)

    monkeypatch.setattr(hearing_pushes, "hear", refused)
    done = each_told.hear()
    assert (done.read, done.unreadable, done.new) == (2, 1, 1)
    assert [push.state for push in each_told.pushes()] == [PushState.UNREADABLE, PushState.HEARD]
    assert "ValueError" in (each_told.pushes()[0].trouble or "")
    assert len(each_told.journey.events(leg)) == 1


def test_a_busy_database_makes_nothing_unreadable(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    account = told.account()
    told.leg(account)
    told.tell(account, message(departed(at(19))))

    def busy(*_: Any, **__: Any) -> Any:
        raise Unavailable("busy")

    with monkeypatch.context() as patched:
        patched.setattr(hearing, "hear_waiting", busy)
        with pytest.raises(Unavailable):
            told.hear()
    assert told.hear().new == 1


def test_a_message_that_was_altered_in_the_database_is_not_believed(told: Told) -> None:
    account = told.account()
    leg = told.leg(account)
    told.tell(account, message(departed(at(19))))

    def alter(session: Session) -> None:
        (push,) = claim_waiting(session, most=1, most_bytes=1)
        push.body_sealed = push.body_sealed[:-1] + bytes([push.body_sealed[-1] ^ 1])

    told.journey.do(alter, EVERYWHERE)
    assert told.hear().unreadable == 1
    assert told.journey.events(leg) == []


def test_a_worker_that_is_killed_before_its_commit_loses_nothing(each_told: Told) -> None:
    account, journey = each_told.account(), each_told.journey
    leg = each_told.leg(account)
    each_told.tell(account, message(departed(at(19))))
    connection = journey.database.engine.connect()
    with Session(connection) as session:
        session.info.update({"actor": EVERYWHERE, "narrowing": ()})
        assert hear_waiting(session, each_told.settings.ring, most=10, now=journey.now).new == 1
    connection.invalidate()  # as if its process had gone
    connection.close()
    assert journey.events(leg) == []
    assert [push.state for push in each_told.pushes()] == [PushState.WAITING]
    assert each_told.hear().new == 1
    assert heard(each_told) == [("push", 1)]


def test_a_message_that_another_worker_reads_is_left_to_it(postgres_told: Told) -> None:
    told, journey = postgres_told, postgres_told.journey
    account = told.account()
    for number in range(3):
        told.leg(account, reference=f"PRB{number}")
        told.tell(account, message(departed(at(19), booking=f"PRB{number}")))
    other = Hearer(journey.database, told.settings, lambda: journey.now)

    def work(session: Session) -> int:
        first = hear_waiting(session, told.settings.ring, most=2, now=journey.now)
        second = other._hear(most=10)
        return first.read * 10 + second.read

    assert journey.do(work, EVERYWHERE) == 21
    assert [push.state for push in told.pushes()] == [PushState.HEARD] * 3


def test_the_same_news_polled_and_pushed_at_once_is_one_effect(each_told: Told) -> None:
    account, journey = each_told.account(), each_told.journey
    legs = [each_told.leg(account, reference=f"PRB{number}") for number in range(5)]
    bodies = [message(departed(at(19), booking=f"PRB{number}", event_id=f"e-{number}")) for number in range(5)]
    for body in bodies:
        each_told.tell(account, body)
    now = journey.now

    def polled(session: Session) -> int:
        held = select(LegWatch.leg_id).where(col(LegWatch.leg_id).in_(legs)).order_by(col(LegWatch.leg_id))
        session.exec(held.with_for_update()).all()
        ways = ways_of(session, legs)
        answers = {
            leg: dcsa.read_answer(body, ways[leg].asked, heard_at=now) for leg, body in zip(legs, bodies, strict=True)
        }
        return sum(hear(session, answers, now=now).new.values())

    with ThreadPoolExecutor(2) as threads:
        poll = threads.submit(perform, journey.database, EVERYWHERE, polled, now=now)
        push = threads.submit(each_told.hear)
        new = (poll.result(), push.result().new)
    assert sum(new) == 5
    assert [len(journey.events(leg)) for leg in legs] == [1] * 5
    assert {news for leg in legs for news in journey.news(each_told.box_of(leg))} <= set(News)
    assert journey.differences() == []


def test_a_thousand_messages_at_once_are_all_heard_once_by_two_workers(each_told: Told) -> None:
    account, journey = each_told.account(), each_told.journey
    legs = [each_told.leg(account, reference=f"PRB{number}") for number in range(20)]
    ring = each_told.settings.ring

    def come_in(session: Session) -> None:
        for number in range(1_000):
            moment = at(10) + timedelta(minutes=number // 20)
            body = message(departed(moment, booking=f"PRB{number % 20}", event_id=f"e-{number}"))
            keep_push(session, ring, account, body, now=journey.now)

    journey.do(come_in, EVERYWHERE)
    hearers = [Hearer(journey.database, each_told.settings, lambda: journey.now) for _ in range(2)]

    async def both() -> list[hearing_pushes.PushesHeard]:
        return list(await asyncio.gather(*(hearer.round() for hearer in hearers)))

    done = asyncio.run(both())
    assert sum(one.read for one in done) == 1_000
    assert sum(one.new for one in done) == 1_000
    assert [len(journey.events(leg)) for leg in legs] == [50] * 20
    assert {push.state for push in each_told.pushes()} == {PushState.HEARD}
    assert journey.differences() == []


def test_what_is_delivered_after_it_was_sent_back_is_returned_though_each_came_alone(told: Told) -> None:
    account = told.account("ups")
    leg = told.leg(account, reference=NUMBER)
    told.tell(account, ups_message(NUMBER, at(17), "X/ZZ/035"))
    told.hear()
    there = {"city": "Conakry", "country": "GN"}
    told.tell(account, ups_message(NUMBER, at(19), "D/FS/011", activityLocation=there))
    told.hear()
    milestones = {event.milestone for event in told.journey.events(leg)}
    assert milestones == {Milestone.RETURNING, Milestone.RETURNED}


def test_an_unknown_code_alerts_as_when_it_is_polled(told: Told) -> None:
    account = told.account()
    leg = told.leg(account)
    told.tell(account, message(departed(at(19), transportEventTypeCode="ZZZZ")))
    told.hear()
    batch = told.journey.see(lambda s: s.get_one(Leg, leg).batch_id)
    codes = [notice.news for notice in told.journey.notices(_code_of(told, batch))]
    assert News.UNKNOWN_CODE in codes


def _code_of(told: Told, batch: Any) -> str:
    return told.journey.see(lambda session: session.get_one(Batch, batch).code)


def test_no_message_waits_means_no_writing(told: Told) -> None:
    begun: list[str] = []
    engine = told.journey.database.engine
    event.listen(engine, "begin", lambda connection: begun.append(str(connection.get_execution_options())))
    assert told.hear().read == 0
    assert begun
    assert not any("'shipments_writes': True" in one for one in begun)


def test_housekeeping_forgets_what_is_over_and_finds_what_was_parked_too_late(told: Told) -> None:
    account, journey = told.account(), told.journey
    told.tell(account, message(departed(at(19))))
    told.hear()
    told.leg(account)
    tidying = functools.partial(tidy, settings=told.settings)
    journey.do(lambda session: tidying(session, now=journey.now), EVERYWHERE)
    assert told.hear().new == 1
    journey.do(lambda session: tidying(session, now=journey.now + timedelta(days=31)), EVERYWHERE)
    assert told.pushes() == []


def test_a_job_that_is_told_to_stop_begins_nothing_more(told: Told) -> None:
    account = told.account()
    told.leg(account)
    told.tell(account, message(departed(at(19))))
    hearer = Hearer(told.journey.database, told.settings, lambda: told.journey.now)
    hearer.stop()
    assert asyncio.run(hearer.round()).read == 0
    assert told.hear().new == 1


def expecting(day: int) -> bytes:
    """UPS: under way, and there by a day of March 2026."""
    return ups_message(NUMBER, at(19), scheduledDeliveryDate=f"202603{day}")


def test_a_message_that_waited_does_not_bring_back_an_older_estimate(each_told: Told) -> None:
    told, account = each_told, each_told.account("ups")
    leg = told.leg(account, reference=NUMBER)
    told.tell(account, expecting(25))
    told.journey.now += timedelta(hours=1)
    asked = told.journey.see(lambda session: ways_of(session, [leg])[leg].asked)
    polled = ups.read_pushed(expecting(28), asked, heard_at=told.journey.now)
    told.journey.do(lambda session: hear(session, {leg: polled}, now=told.journey.now), EVERYWHERE)
    arrival = told.journey.watch(leg).arrival_at
    told.hear()
    assert [one.occurred_as_written for one in estimates(told, leg)] == ["2026-03-28"]
    assert told.journey.watch(leg).arrival_at == arrival


def test_estimates_of_messages_that_waited_are_dated_as_they_came(each_told: Told) -> None:
    told, account = each_told, each_told.account("ups")
    leg = told.leg(account, reference=NUMBER)
    for number, day in enumerate((25, 28, 25)):
        told.tell(account, expecting(day) + b" " * number)
        told.journey.now += timedelta(minutes=5)
    hears = functools.partial(hear_waiting, ring=told.settings.ring, most=1, now=told.journey.now)
    for push in told.pushes():  # each in a round of its own: the first is heard after the last one came
        told.journey.do(functools.partial(hears, only=push.id), EVERYWHERE)
    assert [(one.occurred_as_written, one.said_at) for one in estimates(told, leg)] == [
        (day, push.received_at)
        for day, push in zip(("2026-03-25", "2026-03-28", "2026-03-25"), told.pushes(), strict=True)
    ]


def estimates(told: Told, leg: UUID) -> list[CarrierEvent]:
    """In the order in which they were said."""
    events = [one for one in told.journey.events(leg) if one.classifier == Classifier.EST]
    return sorted(events, key=lambda one: one.said_at or one.heard_at)


def test_numbers_beyond_what_is_looked_for_are_counted_in_the_messages_trouble(told: Told) -> None:
    account = told.account()
    bookings = [f"B{number:04}" for number in range(MOST_REFERENCES + 5)]
    told.tell(account, message(*(departed(at(19), booking=one, event_id=one) for one in bookings)))
    said = f"it names {MOST_REFERENCES + 5} numbers: 5 of them are not looked for"
    told.hear()
    assert [(push.state, push.trouble) for push in told.pushes()] == [(PushState.PARKED, said)]
    leg = told.leg(account, reference="B0001")
    told.journey.do(lambda session: wake_parked(session), EVERYWHERE)
    told.hear()
    (push,) = told.pushes()
    assert len(told.journey.events(leg)) == 1
    assert push.state is PushState.HEARD
    assert (push.trouble or "").startswith(said)
