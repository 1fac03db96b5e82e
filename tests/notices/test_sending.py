"""News leave the house once each, whoever sends, whatever fails on the way."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from jobs import sending
from jobs.sending import Posted
from jobs.timetable import timetable
from shipments import journal
from shipments.boxes.facts import facts_changed
from shipments.notices import delivering
from shipments.notices.mailing import compose, hand_over
from shipments.notices.notice import News
from shipments.notices.outgoing import Failed, Outgoing, Sent, Tried
from shipments.notices.posting import post
from shipments.notices.queueing import news_row, write_news
from shipments.notices.wish import Channel
from shipments.offices.scope import EVERYWHERE
from tests.builders import NOON, a_batch, a_box, a_leg
from tests.notices.house import TO, House
from tests.notices.receivers import Hook, MailServer
from tests.story.journey import at

HOUR = timedelta(hours=1)


def test_news_become_one_mail_and_one_call_and_no_second_round_sends_again(
    each_house: House, server: MailServer, hook: Hook
) -> None:
    each_house.wish()
    each_house.wish(hook.url)
    (code,) = each_house.tell()
    assert each_house.send() == [Posted(sent=2)]
    assert [mail["Subject"] for mail in server.mails] == [f"The batch {code} has left."]
    assert len(hook.calls) == 1
    assert each_house.send() == [Posted()]
    assert (len(server.mails), len(hook.calls)) == (1, 1)
    assert {one.sent_at for one in each_house.deliveries()} == {each_house.journey.now - timedelta(minutes=1)}


def test_the_whole_way_from_a_departure_to_a_mail(house: House, server: MailServer) -> None:
    house.wish()

    def leave(session: Session) -> None:
        box = a_box(session, house.journey.host, house.journey.origin, sealed_at=NOON)
        batch = a_batch(session, house.journey.host, house.journey.origin, [box], dispatched_at=NOON)
        a_leg(session, batch)
        facts_changed(session, [box.id], [batch.id])

    house.journey.do(leave, EVERYWHERE)
    told = [notice.news for notice in house.notices()]
    assert News.DISPATCHED in told
    assert house.send() == [Posted(sent=len(told))]
    assert len(server.mails) == len(told)


def test_the_timetable_sends_by_itself(house: House, server: MailServer) -> None:
    house.wish()
    house.tell()

    async def run() -> bool:
        async with timetable(house.journey.database, house.settings, lambda: house.journey.now):
            return await asyncio.to_thread(server.heard.wait, 20)

    assert asyncio.run(run())
    assert len(server.mails) == 1


def test_each_piece_of_news_is_one_line_for_each_wish_of_its_offices(each_house: House, hook: Hook) -> None:
    wishes = [each_house.wish(), each_house.wish(hook.url), each_house.wish("ams@office.example", "NL-AMS")]
    each_house.wish("lagos@office.example", "NG-LOS")
    each_house.tell(times=3)
    assert sorted(each_house.lines()) == sorted(
        (wish.id, notice.id) for wish in wishes for notice in each_house.notices()
    )


def test_what_only_the_sending_end_can_mend_is_told_there_alone(house: House, server: MailServer) -> None:
    house.wish()
    house.wish("ams@office.example", "NL-AMS")
    house.tell(News.UNKNOWN_CODE, code="ZZZZ")
    house.send()
    assert [mail["To"] for mail in server.mails] == ["ams@office.example"]


def test_news_from_before_the_wish_are_not_told(house: House, server: MailServer) -> None:
    house.tell()
    house.wish()
    assert house.send() == [Posted()]
    assert server.mails == []


def test_news_that_are_rolled_back_leave_no_message(house: House) -> None:
    house.wish()

    def fail(session: Session) -> None:
        batch = a_batch(session, house.journey.host, house.journey.origin)
        assert write_news(session, [news_row(batch, "batch", (News.ARRIVED, "", {}))], NOON) == 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        house.journey.do(fail, EVERYWHERE)
    assert house.deliveries() == []


def test_two_workers_at_once_send_each_message_once(each_house: House, server: MailServer, hook: Hook) -> None:
    each_house.wish()
    each_house.wish(hook.url)
    each_house.tell(times=30)
    rounds = each_house.send(senders=2)
    assert sum(one.sent for one in rounds) == 60
    assert len({mail["Message-ID"] for mail in server.mails}) == len(server.mails) == 30
    assert len({call.headers["webhook-id"] for call in hook.calls}) == len(hook.calls) == 30


def test_no_transaction_is_open_while_a_message_is_sent(
    each_house: House, hook: Hook, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    each_house.wish()
    each_house.wish(hook.url)
    each_house.tell(times=2)
    open_now: list[object] = []
    engine = each_house.journey.database.engine
    event.listen(engine, "begin", open_now.append)
    for ended in ("commit", "rollback"):
        event.listen(engine, ended, lambda _: open_now.pop())
    seen: list[int] = []

    async def watched_post(*given: object, **more: object) -> object:
        seen.append(len(open_now))
        return await post(*given, **more)  # type: ignore[arg-type]

    def watched_mail(*given: object, **more: object) -> object:
        seen.append(len(open_now))
        return hand_over(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "post", watched_post)
    monkeypatch.setattr(sending, "hand_over", watched_mail)
    assert each_house.send() == [Posted(sent=4)]
    assert seen == [0] * 4


def test_a_failure_is_put_off_longer_each_time_and_given_up_after_about_three_days(house: House, hook: Hook) -> None:
    house.wish(hook.url)
    house.tell()
    hook.answers = [(500, {})]
    started, waits = house.journey.now, []
    while (next_try := house.the_delivery().next_try_at) is not None:
        house.journey.now = next_try
        assert house.send() == [Posted(failed=1)]
        after = house.the_delivery().next_try_at
        if after is not None:
            waits.append(after - house.journey.now)
    gave_up = house.the_delivery()
    assert gave_up.gave_up_at is not None
    assert 2.5 * 24 * HOUR < gave_up.gave_up_at - started < 3.5 * 24 * HOUR
    assert gave_up.attempts == len(hook.calls) == len(waits) + 1 == len(delivering.WAITS) + 1
    assert all(earlier < later * 1.25 for earlier, later in pairwise(waits))
    assert gave_up.trouble == "The webhook answered 500."
    assert len({call.headers["webhook-id"] for call in hook.calls}) == 1


def test_a_message_that_failed_is_tried_again_when_it_is_time_and_not_before(house: House, hook: Hook) -> None:
    house.wish(hook.url)
    house.tell()
    hook.answers = [(503, {}), (200, {})]
    house.send()
    next_try = house.the_delivery().next_try_at
    assert next_try is not None
    assert timedelta(seconds=50) < next_try - house.journey.now < timedelta(seconds=70)
    house.journey.now = next_try - timedelta(minutes=1, seconds=5)
    assert house.send() == [Posted()]
    house.journey.now = next_try
    assert house.send() == [Posted(sent=1)]
    assert (house.the_delivery().trouble, house.the_delivery().attempts) == (None, 2)


@pytest.mark.parametrize("asked", [("Retry-After", "7200"), ("retry-after", "Mon, 02 Mar 2026 15:00:00 GMT")])
def test_a_receiver_that_names_a_time_is_left_alone_until_then(
    house: House, hook: Hook, asked: tuple[str, str]
) -> None:
    house.wish(hook.url)
    house.tell()
    hook.answers = [(429, dict([asked]))]
    house.send()
    next_try = house.the_delivery().next_try_at
    assert next_try is not None
    assert next_try - house.journey.now > 1.9 * HOUR


def test_a_worker_whose_lease_was_taken_records_nothing(each_house: House, hook: Hook) -> None:
    each_house.wish(hook.url)
    each_house.tell()
    journey = each_house.journey
    lease = timedelta(minutes=2)

    def claim(session: Session) -> list[Outgoing]:
        return delivering.claim_deliveries(session, list(Channel), most=9, lease=lease, now=journey.now)

    (slow,) = journey.do(claim, EVERYWHERE)
    assert journey.do(claim, EVERYWHERE) == []
    journey.now += timedelta(minutes=5)
    (quick,) = journey.do(claim, EVERYWHERE)
    assert (quick.id, quick.fence) == (slow.id, slow.fence + 1)

    def record(one: Outgoing, outcome: Sent | Failed) -> Callable[[Session], int]:
        return lambda session: delivering.record_deliveries(session, [Tried(one, outcome)], now=journey.now)

    assert journey.do(record(slow, Failed("late")), EVERYWHERE) == 1
    assert each_house.the_delivery().attempts == 0
    assert journey.do(record(quick, Sent()), EVERYWHERE) == 0
    assert journey.do(record(slow, Failed("later still")), EVERYWHERE) == 1
    assert each_house.the_delivery().sent_at == journey.now - timedelta(minutes=1)


def test_a_mail_whose_turn_comes_too_late_for_its_lease_is_left_to_the_next_worker(
    house: House, server: MailServer
) -> None:
    house.wish()
    house.tell()
    times = iter([house.journey.now, house.journey.now])

    def clock() -> object:
        return next(times, house.journey.now + timedelta(minutes=5))

    sender = sending.Sender(house.journey.database, house.settings, clock)  # type: ignore[arg-type]
    assert asyncio.run(sender.round()) == Posted(late=1)
    assert server.mails == []
    assert house.the_delivery().attempts == 0
    house.journey.now += timedelta(minutes=5)
    assert house.send() == [Posted(sent=1)]


def test_one_message_that_breaks_costs_no_other(
    house: House, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.wish()
    first, second = house.tell(times=2)

    def breaking(outgoing: Outgoing, *rest: object) -> object:
        if outgoing.notices[0].object_code == first:
            raise RuntimeError("TELLTALE")
        return compose(outgoing, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "compose", breaking)
    assert house.send() == [Posted(sent=1, failed=1)]
    assert second in server.mails[0]["Subject"]
    assert {one.trouble for one in house.deliveries()} == {None, "It could not be sent: RuntimeError."}


def test_without_a_mail_server_mails_wait_and_calls_go_out(house: House, hook: Hook) -> None:
    house.wish()
    house.wish(hook.url)
    house.tell()
    mute = House.__new__(House)
    mute.journey, mute.settings = house.journey, house.settings.model_copy()
    mute.settings.__dict__["mail_server"] = None
    assert mute.send() == [Posted(sent=1)]
    assert [one.attempts for one in house.deliveries() if one.sent_at is None] == [0]
    assert house.send() == [Posted(sent=1)]


def test_no_log_line_holds_an_address_a_secret_or_a_url(
    house: House, server: MailServer, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house.wish()
    house.wish(hook.url)
    house.tell(times=2)
    hook.answers = [(500, {}), (204, {})]
    server.answer = lambda mail: "451 not now TELLTALE"
    house.send()
    server.answer = lambda mail: "250 taken"
    house.journey.now += HOUR
    house.send()
    said = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.")]
    assert any("sent: " in line for line in said)
    for secret in (TO, "TELLTALE", "whsec_", hook.url):
        assert not any(secret in line for line in said)


def test_messages_that_are_long_over_are_forgotten_and_those_that_wait_are_not(each_house: House, hook: Hook) -> None:
    each_house.wish(hook.url)
    each_house.tell()
    each_house.send()
    each_house.tell()
    each_house.journey.now = at(100)

    def forget(session: Session) -> int:
        return delivering.forget_old(session, now=each_house.journey.now)

    assert each_house.journey.do(forget, EVERYWHERE) == 1
    assert each_house.the_delivery().sent_at is None
    assert len(each_house.lines()) == 1


def test_the_journal_still_verifies_and_names_no_address(house: House) -> None:
    house.wish()
    entries = house.journey.see(lambda session: session.exec(select(journal.JournalEntry)).all())
    (entry,) = [one for one in entries if one.action == "notices.add"]
    assert entry.details == {"channel": "email"}
    assert TO not in f"{entry}"
    assert [wrong for _, wrong in house.journey.see(lambda session: list(journal.verify(session))) if wrong] == []
