"""Asking over the wire: pages, limits, refusals, and what never leaves or enters."""

import asyncio
import logging
import time
import traceback
from datetime import datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import msgspec
import pytest

from api.practice_carrier import Practice, Running
from shipments.errors import (
    CarrierError,
    CarrierOverQuota,
    CarrierRefused,
    CarrierUnavailable,
    CarrierUnreadable,
)
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account, Answer, LegAsked
from shipments.tracking.carriers.asking import MOST_PAGES, Permit, Said, always, ask
from shipments.tracking.carriers.connecting import open_client
from shipments.tracking.carriers.fetching import Wire, retry_after_s
from shipments.tracking.milestones import Milestone
from tests.tracking.carriers.telling import BOOKING, DISPATCHED, HEARD, a_leg, an_account
from tests.tracking.carriers.telling_parcels import a_parcel

DCSA = CARRIERS["dcsa"]
PARCEL = "SH240000001NL"


def asked(
    account: Account,
    leg: LegAsked | None = None,
    *,
    since: datetime | None = None,
    permit: Permit = always,
    deadline_s: float = 10,
    most_bytes: int = 2_000_000,
) -> Answer:
    """One answer, through a client of its own."""

    async def once() -> Answer:
        async with open_client(account) as client:
            said = await ask(
                client,
                DCSA,
                account,
                leg or a_leg(),
                since=since,
                heard_at=HEARD,
                permit=permit,
                deadline_s=deadline_s,
                most_bytes=most_bytes,
            )
            assert said.answer is not None
            return said.answer

    return asyncio.run(once())


def test_a_voyage_is_heard_whole(running: Running, practice: Practice) -> None:
    answer = asked(an_account(running.url))
    assert (answer.found, len(answer.events), answer.ignored, answer.problems) == (True, 19, 2, ())
    assert {Milestone.IN_TRANSIT, Milestone.ARRIVED_DESTINATION} <= {event.milestone for event in answer.events}


def test_only_what_is_new_is_asked_for(running: Running, practice: Practice) -> None:
    since = DISPATCHED + timedelta(days=21)
    answer = asked(an_account(running.url), since=since)
    assert 0 < len(answer.events) < 10
    assert all(event.created_at is not None and event.created_at >= since for event in answer.events)


def test_nothing_new_is_not_the_same_as_not_found(running: Running, practice: Practice) -> None:
    assert asked(an_account(running.url), since=HEARD).found
    assert not asked(an_account(running.url), a_leg(reference="NOBODY")).found


def test_every_page_is_fetched_and_counted(
    running: Running, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asked(an_account(running.url))
    monkeypatch.setattr("shipments.tracking.carriers.dcsa.PAGE_SIZE", 4)
    practice.calls.clear()
    permits = 0

    async def counted() -> bool:
        nonlocal permits
        permits += 1
        return True

    assert asked(an_account(running.url), permit=counted) == whole
    assert len(practice.calls) == 6
    assert permits == 5, "the first call was taken from the budget by the caller"


def test_pages_stop_where_the_budget_does_and_the_answer_says_that_there_is_more(
    running: Running, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused() -> bool:
        return False

    monkeypatch.setattr("shipments.tracking.carriers.dcsa.PAGE_SIZE", 4)
    assert asked(an_account(running.url), permit=refused).next_page
    assert len(practice.calls) == 1


def test_pages_without_end_are_bounded(running: Running, practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipments.tracking.carriers.dcsa.PAGE_SIZE", 1)
    practice.fault("out_of_order")
    asked(an_account(running.url))
    assert len(practice.calls) == MOST_PAGES


def test_a_page_that_fails_fails_the_whole(
    running: Running, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_it() -> bool:
        practice.fault("broken")
        return True

    monkeypatch.setattr("shipments.tracking.carriers.dcsa.PAGE_SIZE", 4)
    with pytest.raises(CarrierUnavailable):
        asked(an_account(running.url), permit=break_it)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("broken", CarrierUnavailable),
        ("busy", CarrierUnavailable),
        ("cut", CarrierUnavailable),
        ("unauthorised", CarrierRefused),
        ("forbidden", CarrierRefused),
        ("over_quota", CarrierOverQuota),
        ("html", CarrierUnreadable),
        ("empty", CarrierUnreadable),
        ("truncated", CarrierUnreadable),
        ("deep", CarrierUnreadable),
        ("redirect", CarrierUnreadable),
        ("gzip_bomb", CarrierUnreadable),
    ],
)
def test_a_fault_of_the_answer_is_one_error_with_neither_secret_nor_reference(
    running: Running, practice: Practice, fault: str, error: type[CarrierError]
) -> None:
    practice.fault(fault)
    with pytest.raises(error) as raised:
        asked(an_account(running.url))
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert BOOKING not in shown
    assert "practice\n" not in shown
    assert '"practice"' not in shown


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_one_deadline_holds_over_a_slow_and_a_dripping_answer(running: Running, practice: Practice, fault: str) -> None:
    practice.fault(fault, seconds=20)
    started = time.monotonic()
    with pytest.raises(CarrierUnavailable, match=r"within 0\.5 seconds"):
        asked(an_account(running.url), deadline_s=0.5)
    assert time.monotonic() - started < 3


def test_a_bomb_is_refused_before_it_has_grown(running: Running, practice: Practice) -> None:
    practice.fault("gzip_bomb")
    with pytest.raises(CarrierUnreadable, match="longer than 100000 bytes"):
        asked(an_account(running.url), most_bytes=100_000)


def test_an_answer_that_is_just_too_long_is_refused(running: Running, practice: Practice) -> None:
    with pytest.raises(CarrierUnreadable, match="longer than 999 bytes"):
        asked(an_account(running.url), most_bytes=999)


def test_a_redirect_is_not_followed(running: Running, practice: Practice) -> None:
    practice.fault("redirect")
    with pytest.raises(CarrierUnreadable, match="redirects are not followed"):
        asked(an_account(running.url))
    assert len(practice.calls) == 1


@pytest.mark.parametrize(
    ("fault", "events"),
    [
        ("wrong", 0),
        ("out_of_order", 19),
        ("repetitive", 19),
        ("contradictory", 22),
        ("unknown_code", 19),
        ("nulls", 19),
        ("wrong_types", 19),
        ("missing", 19),
        ("rude_text", 19),
        ("zoneless", 19),
    ],
)
def test_a_fault_of_the_events_costs_no_good_event(
    running: Running, practice: Practice, fault: str, events: int
) -> None:
    practice.fault(fault)
    assert len(asked(an_account(running.url)).events) == events


@pytest.mark.parametrize("fault", ["future", "epoch"])
def test_unbelievable_times_move_nothing(running: Running, practice: Practice, fault: str) -> None:
    practice.fault(fault)
    answer = asked(an_account(running.url))
    assert len(answer.events) == len(answer.problems) == 19
    assert {event.milestone for event in answer.events} == {None}


@pytest.mark.parametrize("fault", ["out_of_order", "repetitive"])
def test_order_and_repetition_change_nothing(running: Running, practice: Practice, fault: str) -> None:
    plain = asked(an_account(running.url))
    practice.fault(fault)
    spoilt = asked(an_account(running.url))
    assert sorted(event.id for event in spoilt.events) == sorted(event.id for event in plain.events)
    assert spoilt.expected_from == plain.expected_from


@pytest.mark.parametrize("secret", ["a\r\nX-Header: b", "€", "\x00"])
def test_a_secret_that_fits_no_header_is_one_error_and_is_not_shown(
    running: Running, practice: Practice, secret: str
) -> None:
    account = Account(UUID(int=1), "dcsa", running.url, secret=secret, allow_private=True)
    with pytest.raises(CarrierError) as raised:
        asked(account)
    assert secret not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("reference", ["\x00", "a b&limit=1", "../..", "\u202e", "x" * 3000])
def test_a_reference_of_any_shape_asks_for_itself_and_nothing_else(
    running: Running, practice: Practice, reference: str
) -> None:
    assert not asked(an_account(running.url), a_leg(reference=reference)).found
    assert [call.reference for call in practice.calls] == [reference]


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(CarrierUnavailable, match="cannot be reached"):
        asked(an_account("http://127.0.0.1:9"))


def test_the_log_holds_no_reference(running: Running, practice: Practice, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        asked(an_account(running.url))
    assert BOOKING not in caplog.text


def test_what_is_asked_about_shows_no_number() -> None:
    assert BOOKING not in f"{a_leg()!r} {a_leg()} {[a_leg()]}"


def test_a_proxy_of_the_environment_is_not_used(
    running: Running, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert asked(an_account(running.url)).found


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("0", 1),
        ("100000", 86_400),
        ("99999999999", None),
        ("-5", None),
        ("1e3", None),
        ("soon", None),
        ("\u0667", None),
        ("", None),
        (None, None),
        (format_datetime(HEARD + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(HEARD - timedelta(seconds=90), usegmt=True), 1),
        (format_datetime(HEARD + timedelta(days=3), usegmt=True), 86_400),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Mon, 01 Jan 9999 00:00:00 GMT", None),
        ("x" * 5000, None),
        ("1 Jan 99999999999 00:00:00 GMT", None),
        ("1 Jan 2026 00:00:99999999999 GMT", None),
        ("1 Jan 2026 0:0:0 +999999999999999999", None),
        ("Thu, 01 Jan 0001 00:00:00 +1400", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_clamped_and_nothing_where_it_is_absurd(
    written: str | None, seconds: float | None
) -> None:
    assert retry_after_s(written, now=HEARD) == seconds


@pytest.mark.parametrize(("fault", "written"), [("over_quota", "30"), ("busy", "30")])
def test_being_told_to_wait_is_over_quota_and_costs_one_call(
    running: Running, practice: Practice, fault: str, written: str
) -> None:
    practice.fault(fault, retry_after=written)
    with pytest.raises(CarrierOverQuota) as raised:
        asked(an_account(running.url))
    assert raised.value.retry_after_s == 30
    assert len(practice.calls) == 1


@pytest.mark.parametrize("permitted", [True, False])
def test_a_key_that_the_carrier_does_not_know_is_asked_without_where_a_further_call_is_permitted(
    running: Running, practice: Practice, permitted: bool
) -> None:
    practice.ship("ship24", PARCEL, started_at=DISPATCHED)
    said, wires = said_by_ship24(running, carrier_key="nobody", permitted=permitted)
    assert said.key_unknown
    assert said.answer is not None
    assert said.answer.found is permitted
    assert [wire.status for wire in wires] == ([404, 200] if permitted else [404])


def test_a_key_that_the_carrier_knows_needs_no_further_call(running: Running, practice: Practice) -> None:
    practice.ship("ship24", PARCEL, started_at=DISPATCHED)
    tracker, _ = practice.trackers.make({"trackingNumber": PARCEL}, DISPATCHED)
    said, wires = said_by_ship24(running, carrier_key=tracker.id, permitted=False)
    assert (said.key_unknown, [wire.status for wire in wires]) == (False, [200])


def said_by_ship24(running: Running, *, carrier_key: str, permitted: bool) -> tuple[Said, list[Wire]]:
    """Of one parcel, and how each call went."""
    account = msgspec.structs.replace(an_account(running.url, carrier="ship24"), allow_private=True)
    wires: list[Wire] = []

    async def permit() -> bool:
        return permitted

    async def once() -> Said:
        async with open_client(account) as client:
            leg = a_parcel(PARCEL, carrier_key=carrier_key)
            return await ask(
                client, CARRIERS["ship24"], account, leg, since=None, heard_at=HEARD, permit=permit, wires=wires
            )

    return asyncio.run(once()), wires
