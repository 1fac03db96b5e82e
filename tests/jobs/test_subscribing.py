"""Legs are subscribed to, renewed before that ends, and ended, each call within the budget and in the ledger."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from jobs.subscribing import Asked, Subscriber
from jobs.turns import Turns
from shipments.batches.batch import Mode
from shipments.clock import utc_now
from shipments.notices.notice import News
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts import logins
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.choosing import hand_over
from shipments.tracking.accounts.hooking import FORMER_SERVES, remove_hook
from shipments.tracking.calls.budgets import day_start
from shipments.tracking.calls.call import CallKind, CarrierCall, Outcome
from shipments.tracking.legs import remove_leg
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.entering import NOT_TOLD
from shipments.tracking.pushes.letting_go import let_go
from shipments.tracking.pushes.push import Subscription
from shipments.tracking.pushes.settling import GIVEN_UP_AFTER, RENEWED_BEFORE
from shipments.tracking.pushes.subscribing import hook_address, may_be_told, set_out
from shipments.tracking.troubles import troubles_of
from tests.jobs.subscribed import Subscribing
from tests.jobs.subscription_server import SubscriptionServer, subscription_server
from tests.story.journey import Journey
from tests.tracking.pushes.telling import BOOKING, FORMER, SECRET

DAY = timedelta(days=1)
POST, DELETE = ("POST", "/v2/event-subscriptions"), ("DELETE", "/v2/event-subscriptions/sub-1")
LEASE = timedelta(minutes=2)


class House(Subscribing):
    """At a carrier that grants what it is asked for, unless told otherwise."""

    def __init__(self, journey: Journey, settings: Settings, carrier: SubscriptionServer) -> None:
        super().__init__(journey, settings, carrier.url)
        self.carrier = carrier


@pytest.fixture(scope="module")
def running() -> Iterator[SubscriptionServer]:
    with subscription_server() as server:
        yield server


@pytest.fixture
def carrier(running: SubscriptionServer) -> SubscriptionServer:
    running.asked.clear()
    running.status, running.headers, running.refused, running.meanwhile = None, {}, set(), None
    return running


@pytest.fixture
def house(journey: Journey, settings: Settings, carrier: SubscriptionServer) -> House:
    return House(journey, settings, carrier)


@pytest.fixture
def each_house(each_journey: Journey, settings: Settings, carrier: SubscriptionServer) -> House:
    return House(each_journey, settings, carrier)


def test_every_watched_leg_is_subscribed_to_once(each_house: House) -> None:
    account = each_house.line()
    leg = each_house.leg(account)
    each_house.leg(account, left=False, reference="NOTYET")
    done = each_house.ask()
    assert (done.calls, done.failed) == (1, 0)
    (asked,) = each_house.carrier.asked
    address = f"http://127.0.0.1:8000/hooks/dcsa/{account}"
    assert asked.body == {"callbackUrl": address, "secret": SECRET, "carrierBookingReference": BOOKING}
    assert asked.headers["api-key"] == "key"
    (one,) = each_house.subscriptions()
    assert (one.leg_id, one.carrier_key, one.until, one.due_at) == (leg, "sub-1", None, None)
    assert one.made_at == each_house.journey.now
    assert each_house.ledger() == [(CallKind.SUBSCRIBE, Outcome.GRANTED, 201, 1)]
    assert each_house.ask().calls == 0


def test_ups_is_asked_for_a_hundred_at_a_time_and_again_two_days_before_it_ends(each_house: House) -> None:
    account = each_house.ups()
    for number in range(103):
        each_house.leg(account, reference=f"1ZSAMPLE03{number:08}", mode=Mode.COURIER)
    each_house.leg(account, reference="FREIGHT-1", mode=Mode.COURIER)
    assert each_house.ask().calls == 2
    sizes = [len(one.body["trackingNumberList"]) for one in each_house.carrier.asked if one.body]
    assert sizes == [100, 3]
    told = [one for one in each_house.subscriptions() if one.until is not None]
    assert {(one.until - one.made_at, one.until - one.due_at) for one in told} == {(14 * DAY, RENEWED_BEFORE)}  # type: ignore[operator]
    assert [one.trouble for one in each_house.subscriptions() if one.until is None] == [NOT_TOLD]
    assert each_house.ask(later=11 * DAY).calls == 0
    assert each_house.ask(later=DAY).calls == 2
    assert all(
        one.until and one.until > each_house.journey.now + 13 * DAY for one in each_house.subscriptions() if one.made_at
    )


def test_a_number_that_is_refused_is_tried_later_and_the_others_are_told_of(house: House) -> None:
    account = house.ups()
    good, bad = (house.leg(account, reference=f"1ZSAMPLE030000000{number}") for number in (1, 2))
    house.carrier.refused = {"1ZSAMPLE0300000002"}
    house.ask()
    of = {one.leg_id: one for one in house.subscriptions()}
    assert of[good].made_at is not None
    assert (of[bad].made_at, of[bad].failures) == (None, 1)
    assert of[bad].trouble
    house.carrier.refused = set()
    house.ask(later=DAY)
    assert {one.leg_id: one.failures for one in house.subscriptions()} == {good: 0, bad: 0}


def test_what_is_over_is_ended_at_the_carrier_and_forgotten(each_house: House) -> None:
    account = each_house.line()
    leg = each_house.leg(account)
    each_house.ask()
    each_house.stop_watching(leg)
    assert each_house.ask().calls == 1
    assert each_house.carrier.calls == [POST, DELETE]
    assert each_house.subscriptions() == []
    assert [outcome for _, outcome, _, _ in each_house.ledger()] == [Outcome.GRANTED, Outcome.GRANTED]
    assert each_house.ask().calls == 0


def test_what_is_new_is_asked_for_before_what_is_over_is_ended(each_house: House) -> None:
    account = each_house.line()
    over = each_house.leg(account)
    each_house.ask()
    each_house.stop_watching(over)
    each_house.leg(account, reference="PRB1")
    assert each_house.ask().calls == 2
    assert each_house.carrier.calls == [POST, POST, DELETE]


def test_what_is_over_waits_until_its_leg_may_be_asked_about_again_and_holds_no_other_back(each_house: House) -> None:
    account = each_house.line(per_leg_per_day=1)
    leg = each_house.leg(account)
    each_house.ask()
    each_house.stop_watching(leg)
    each_house.leg(account, reference="PRB1")
    assert each_house.ask().calls == 1
    assert each_house.carrier.calls == [POST, POST]
    assert each_house.ask(later=DAY).calls == 1
    assert each_house.carrier.calls == [POST, POST, DELETE]


def test_a_ups_number_that_was_asked_about_as_often_as_it_may_today_holds_no_other_back(house: House) -> None:
    account = house.ups(per_leg_per_day=1)
    spent, other = (house.leg(account, reference=f"1ZSAMPLE030000000{number}") for number in (1, 2))
    begun = day_start(house.row(account), house.journey.now)
    counted = update(LegWatch).where(col(LegWatch.leg_id) == spent).values(leg_calls=1, leg_day_started=begun)
    house.journey.do(lambda session: session.execute(counted), EVERYWHERE)
    assert house.ask().calls == 1
    assert {one.leg_id: one.made_at is not None for one in house.subscriptions()} == {spent: False, other: True}


def test_what_is_let_go_may_fail_as_often_as_if_it_never_had(house: House) -> None:
    leg, journey = house.leg(house.line()), house.journey
    house.ask()
    failed = update(Subscription).where(col(Subscription.leg_id) == leg).values(failures=GIVEN_UP_AFTER - 1)
    journey.do(lambda session: session.execute(failed), EVERYWHERE)
    journey.do(lambda session: let_go(session, [leg], now=journey.now), EVERYWHERE)
    house.stop_watching(leg)
    house.carrier.status = 400
    house.ask()
    assert [one.failures for one in house.subscriptions()] == [1]


def test_what_ends_by_itself_is_only_forgotten(house: House) -> None:
    account = house.ups()
    leg = house.leg(account, reference="1ZSAMPLE0300000001")
    house.ask()
    house.stop_watching(leg)
    assert house.ask().calls == 0
    assert house.subscriptions() == []


def test_a_subscription_that_cannot_be_ended_is_left_to_the_carrier_after_some_tries(house: House) -> None:
    leg = house.leg(house.line())
    house.ask()
    house.stop_watching(leg)
    house.carrier.status = 500
    for _ in range(GIVEN_UP_AFTER):
        assert len(house.subscriptions()) == 1
        house.ask(later=DAY)
    assert house.subscriptions() == []
    assert house.carrier.calls == [POST] + [DELETE] * GIVEN_UP_AFTER


@pytest.mark.parametrize(("status", "mended"), [(401, "stopped_reason"), (403, None), (429, None)])
def test_one_that_may_not_be_ended_yet_is_never_left_to_the_carrier(
    each_house: House, status: int, mended: str | None
) -> None:
    account = each_house.line()
    leg = each_house.leg(account)
    each_house.ask()
    each_house.stop_watching(leg)
    each_house.carrier.status = status
    for _ in range(GIVEN_UP_AFTER + 1):
        assert each_house.ask(later=DAY).failed == 1
        if mended:
            each_house.change(account, lambda row: setattr(row, mended, None))
        assert each_house.ask().calls == 0, "not at once"
    each_house.carrier.status = None
    assert each_house.ask(later=DAY).calls == 1
    assert each_house.subscriptions() == []


def test_one_that_the_carrier_does_not_know_any_more_is_over_or_made_anew(house: House) -> None:
    account = house.line()
    leg = house.leg(account)
    house.ask()
    rotated = house.journey.now + timedelta(hours=1)
    house.change(account, lambda row: _rotate(house, row, rotated))
    house.journey.now = rotated
    house.carrier.status = 404
    house.ask()
    house.carrier.status = None
    house.ask()
    assert house.carrier.calls[-1] == POST
    house.stop_watching(leg)
    house.carrier.status = 404
    house.ask()
    assert house.subscriptions() == []


def _rotate(house: House, row: CarrierAccount, now: datetime) -> None:
    ring = house.settings.ring
    row.hook_former_sealed, row.hook_former_until = row.hook_secret_sealed, now + FORMER_SERVES
    row.hook_secret_sealed = ring.seal_answer(FORMER.encode(), logins.hook_place(row))


def test_a_new_secret_is_given_to_every_carrier_while_the_former_one_still_serves(each_house: House) -> None:
    line, ups = each_house.line(), each_house.ups()
    each_house.leg(line)
    each_house.leg(ups, reference="1ZSAMPLE0300000001")
    each_house.ask()
    rotated = each_house.journey.now + timedelta(hours=1)
    for account in (line, ups):
        each_house.change(account, lambda row: _rotate(each_house, row, rotated))
    each_house.journey.now = rotated
    each_house.carrier.asked.clear()
    assert each_house.ask().calls == 2
    told = {one.method: one.body for one in each_house.carrier.asked}
    assert told["PUT"] == {"secret": FORMER}
    assert told["POST"]["destination"]["credential"] == FORMER
    assert each_house.ask().calls == 0
    assert each_house.ask(later=FORMER_SERVES).calls == 0


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Outcome.UNREADABLE),
        (404, Outcome.UNREADABLE),
        (302, Outcome.UNREADABLE),
    ],
)
def test_a_failure_is_tried_again_later_and_later(house: House, status: int, outcome: Outcome) -> None:
    house.leg(house.line())
    house.carrier.status = status
    waits = []
    for number in range(1, 4):
        done = house.ask(later=DAY)
        assert (done.calls, done.failed) == (1, 1)
        (one,) = house.subscriptions()
        assert (one.failures, one.made_at) == (number, None)
        assert one.trouble
        assert BOOKING not in one.trouble
        assert one.due_at is not None
        waits.append(one.due_at - house.journey.now)
        assert house.ask().calls == 0
    assert waits == sorted(waits)
    assert {one[1] for one in house.ledger()} == {outcome}


@pytest.mark.parametrize(("status", "outcome"), [(403, Outcome.REFUSED), (500, Outcome.UNAVAILABLE)])
def test_what_is_no_numbers_fault_is_tried_again_later_and_later_counts_for_none_and_is_shown(
    each_house: House, status: int, outcome: Outcome
) -> None:
    leg, journey = each_house.leg(each_house.line()), each_house.journey
    each_house.carrier.status = status
    waits = []
    for _ in range(4):
        assert each_house.ask(later=DAY).failed == 1
        (one,) = each_house.subscriptions()
        assert (one.failures, one.made_at) == (0, None)
        assert journey.see(lambda session: troubles_of(session, [leg])) == {leg: one.trouble}
        assert one.due_at is not None
        waits.append(one.due_at - journey.now)
        assert each_house.ask().calls == 0
    assert waits == sorted(waits)
    assert waits[3] > 6 * waits[0]
    assert {one[1] for one in each_house.ledger()} == {outcome}
    each_house.carrier.status = None
    each_house.ask(later=DAY)
    assert journey.see(lambda session: troubles_of(session, [leg])) == {}


def test_what_another_account_met_makes_nobody_wait(house: House) -> None:
    house.leg(house.line(name="other"))
    house.carrier.status = 500
    for _ in range(4):
        house.ask(later=DAY)
    leg = house.leg(house.line(), reference="PRB1")
    house.ask()
    (due_at,) = (one.due_at for one in house.subscriptions() if one.leg_id == leg)
    assert due_at is not None
    assert due_at - house.journey.now < timedelta(minutes=6)


def test_what_was_taken_ends_the_row_of_calls_in_vain(house: House) -> None:
    account = house.line()
    for number, statuses in enumerate([(500, 500, 500, None), (500,)]):
        house.leg(account, reference=f"PRB{number}")
        for status in statuses:
            house.carrier.status = status
            house.ask(later=DAY)
    (waiting,) = (one for one in house.subscriptions() if one.made_at is None)
    assert waiting.due_at is not None
    assert waiting.due_at - house.journey.now < timedelta(minutes=6)


def test_a_carrier_that_wants_fewer_calls_pauses_its_account(house: House) -> None:
    account = house.line()
    for number in range(3):
        house.leg(account, reference=f"PRB{number}")
    house.carrier.status, house.carrier.headers = 429, {"Retry-After": "3600"}
    assert house.ask().calls == 1
    paused = house.journey.see(lambda session: session.get_one(CarrierAccount, account).paused_until)
    assert paused == house.journey.now + timedelta(hours=1)
    house.carrier.status = None
    assert house.ask(later=timedelta(minutes=30)).calls == 0
    assert house.ask(later=DAY).calls == 3


def test_a_plan_without_pushes_stops_no_polling(house: House) -> None:
    account = house.line()
    house.leg(account)
    house.carrier.status = 403
    house.ask()
    assert house.carrier.calls == [POST]
    assert house.row(account).stopped_reason is None
    assert [one.failures for one in house.subscriptions()] == [0]
    assert house.ask().calls == 0


def test_a_login_that_is_refused_stops_its_account_and_somebody_is_told(each_house: House) -> None:
    account = each_house.line()
    for number in range(3):
        each_house.leg(account, reference=f"PRB{number}")
    each_house.carrier.status = 401
    for _ in range(3):
        each_house.ask()
    assert each_house.carrier.calls == [POST]
    row = each_house.row(account)
    assert row.stopped_reason
    assert each_house.journey.news(row.name) == [News.CARRIER_STOPPED]


@pytest.mark.parametrize(("status", "headers"), [(429, {"Retry-After": "7200"}), (401, {}), (403, {})])
def test_a_carrier_that_gives_no_token_is_heeded_as_by_the_poller(
    house: House, monkeypatch: pytest.MonkeyPatch, status: int, headers: dict[str, str]
) -> None:
    account = house.ups()
    house.leg(account, reference="1ZSAMPLE0300000001")
    house.carrier.headers = headers
    monkeypatch.setattr(house.carrier, "answer", lambda _: (status, {"errors": []}))
    for _ in range(3):
        house.ask()
    assert len(house.carrier.asked) == 1
    row = house.row(account)
    if status == 429:
        assert row.paused_until == house.journey.now - timedelta(minutes=2) + timedelta(hours=2)
    else:
        assert house.journey.news(row.name) == [News.CARRIER_STOPPED]


def test_an_account_that_is_stopped_while_a_call_waits_for_its_turn_makes_none_and_stays_due(
    each_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = each_house.line(next_call_at=each_house.journey.now + timedelta(minutes=30), per_day=9)
    each_house.leg(account)
    waited = Turns.wait

    async def stopped_meanwhile(self: Turns, seconds: float, hushed: object = None) -> None:
        await asyncio.to_thread(each_house.change, account, lambda row: setattr(row, "stopped_reason", "they rang"))
        await waited(self, 0.0, hushed)  # type: ignore[arg-type]

    monkeypatch.setattr(Turns, "wait", stopped_meanwhile)
    assert each_house.ask().calls == 0
    assert each_house.carrier.asked == []
    assert [outcome for _, outcome, _, _ in each_house.ledger()] == [Outcome.NOT_MADE]
    assert each_house.row(account).day_calls == 0
    assert [one.due_at for one in each_house.subscriptions()] == [each_house.journey.now]


def test_a_call_whose_place_has_passed_takes_another_one(house: House) -> None:
    account = house.line(per_second=5.0)
    house.leg(account)
    begun = utc_now()

    def clock() -> datetime:
        """Half a second goes by before whoever reserved the place can call."""
        return begun + timedelta(seconds=0.5 if house.ledger() else 0.0)

    async def run() -> None:
        subscriber = Subscriber(house.journey.database, house.settings, clock)
        await subscriber.round()
        await subscriber.close()

    asyncio.run(run())
    calls = house.journey.see(lambda session: session.execute(select(CarrierCall)).scalars().all())
    assert [call.at for call in calls] == [begun + timedelta(seconds=0.5)]
    assert house.carrier.calls == [POST]


def test_a_token_that_was_refused_is_not_used_again(house: House) -> None:
    account = house.ups()
    house.leg(account, reference="1ZSAMPLE0300000001")
    house.carrier.status = 401
    house.ask()
    assert house.journey.see(lambda session: session.get_one(CarrierAccount, account).token_sealed) is None


def test_no_call_is_made_beyond_the_days_budget(each_house: House) -> None:
    account = each_house.line(per_day=2)
    for number in range(5):
        each_house.leg(account, reference=f"PRB{number}")
    assert [each_house.ask(later=later).calls for later in (timedelta(minutes=1), timedelta(minutes=1), DAY)] == [
        2,
        0,
        2,
    ]
    assert len(each_house.carrier.calls) == 4


def test_two_workers_make_each_subscription_once(each_house: House) -> None:
    account, journey = each_house.line(), each_house.journey
    for number in range(6):
        each_house.leg(account, reference=f"PRB{number}")

    async def both() -> int:
        workers = [Subscriber(journey.database, each_house.settings, lambda: journey.now) for _ in range(2)]
        done = await asyncio.gather(*(worker.round() for worker in workers))
        for worker in workers:
            await worker.close()
        return sum(one.calls for one in done)

    assert asyncio.run(both()) == 6
    assert len(each_house.carrier.calls) == 6
    assert len({one.carrier_key for one in each_house.subscriptions()}) == 6


def test_the_errand_of_a_killed_worker_is_made_when_its_lease_ends(each_house: House) -> None:
    account, journey = each_house.line(), each_house.journey
    each_house.leg(account)
    each_house.carrier.status = 500
    each_house.ask()
    each_house.carrier.status = None
    journey.now += DAY
    ring, now = each_house.settings.ring, journey.now

    def killed(session: Session) -> bool:
        return set_out(session, ring, account, base_url="http://x", lease=LEASE, now=now) is not None

    assert journey.do(killed, EVERYWHERE)
    assert each_house.ask(later=timedelta(seconds=1)).calls == 0
    assert each_house.ask(later=LEASE).calls == 1
    assert [outcome for _, outcome, _, _ in each_house.ledger()] == [Outcome.UNAVAILABLE, None, Outcome.GRANTED]


def test_nobody_is_told_an_address_without_https(house: House, settings: Settings) -> None:
    house.leg(house.line(allow_private=False, base_url="https://line.example"))
    assert house.ask(base_url="http://boxes.example").calls == 0
    assert house.subscriptions() == []
    public = CarrierAccount(name="x", carrier="dcsa", base_url="https://x", secret_sealed=b"", hook_secret_sealed=b"x")
    assert may_be_told(public, "https://boxes.example")
    assert not may_be_told(public, "http://boxes.example")
    assert hook_address("https://boxes.example/", public) == f"https://boxes.example/hooks/dcsa/{public.id}"


@pytest.mark.parametrize("carrier_name", ["dhl", "fedex"])
def test_carriers_that_need_not_or_cannot_be_asked_are_not(house: House, carrier_name: str) -> None:
    house.leg(house.line(carrier_name), reference="LX1")
    assert house.ask().calls == 0
    assert house.subscriptions() == []


@pytest.mark.parametrize("columns", [{"hook_secret_sealed": None}, {"stopped_reason": "refused"}])
def test_without_a_push_secret_or_when_stopped_nothing_is_asked_for(house: House, columns: dict[str, Any]) -> None:
    house.leg(house.line(**columns))
    assert house.ask().calls == 0
    assert house.carrier.asked == []


def test_a_mistyped_leg_that_was_subscribed_to_can_be_taken_back(each_house: House) -> None:
    journey = each_house.journey
    each_house.line()
    batch = journey.batch(journey.box())
    journey.leg(batch)
    journey.dispatch(batch)
    leg = journey.leg(batch, carrier="dcsa", reference_type="booking", reference=BOOKING)
    each_house.ask()
    by = journey.staff.logistician
    journey.do(lambda session: remove_leg(session, leg, by=by, now=journey.now), by)
    assert [one.leg_id for one in each_house.subscriptions()] == [None]
    each_house.ask()
    assert each_house.carrier.calls == [POST, DELETE]
    assert each_house.subscriptions() == []


def test_what_is_told_of_a_leg_that_was_moved_or_removed_is_ended_at_its_carrier(each_house: House) -> None:
    journey = each_house.journey
    former, other = each_house.line(), each_house.line(name="other")
    moved, _ = each_house.leg(former), each_house.leg(former, reference="PRB1")
    each_house.ask()
    (key,) = (one.carrier_key for one in each_house.subscriptions() if one.leg_id == moved)
    each_house.carrier.asked.clear()
    journey.do(lambda session: hand_over(session, [moved], other, now=journey.now), EVERYWHERE)
    assert each_house.ask().calls == 2
    assert sorted(each_house.carrier.calls) == [("DELETE", f"{POST[1]}/{key}"), POST]
    assert {one.account_id for one in each_house.subscriptions() if one.leg_id == moved} == {other}
    assert len(each_house.subscriptions()) == 2
    assert each_house.ask().calls == 0


def test_one_that_was_made_while_its_leg_was_moved_is_ended_too(each_house: House) -> None:
    journey = each_house.journey
    former, other = each_house.line(), each_house.line(name="other", hook_secret_sealed=None)
    leg = each_house.leg(former)

    def move() -> None:
        journey.do(lambda session: hand_over(session, [leg], other, now=journey.now), EVERYWHERE)

    each_house.carrier.meanwhile = move
    each_house.ask()
    assert each_house.carrier.calls == [POST, DELETE]
    assert each_house.subscriptions() == []


def test_one_that_was_renewed_while_its_leg_was_moved_is_ended_once(house: House) -> None:
    journey, account = house.journey, house.line()
    leg, other = house.leg(account), house.line(name="other", hook_secret_sealed=None)
    house.ask()
    house.change(account, lambda row: _rotate(house, row, house.journey.now))

    def move() -> None:
        journey.do(lambda session: hand_over(session, [leg], other, now=journey.now), EVERYWHERE)

    house.carrier.meanwhile = move
    house.ask()
    house.ask()
    assert [method for method, _ in house.carrier.calls] == ["POST", "PUT", "DELETE"]
    assert house.subscriptions() == []


def test_what_an_account_without_a_push_secret_was_told_is_ended_and_nothing_else_is_asked(each_house: House) -> None:
    account, journey = each_house.line(), each_house.journey
    each_house.leg(account)
    each_house.ask()
    name = journey.see(lambda session: session.get_one(CarrierAccount, account).name)
    journey.do(lambda session: remove_hook(session, name, by=EVERYWHERE, now=journey.now), EVERYWHERE)
    each_house.leg(account, reference="PRB1")
    each_house.ask()
    each_house.ask()
    assert each_house.carrier.calls == [POST, DELETE]
    assert each_house.subscriptions() == []


def test_a_line_that_may_not_be_private_any_more_is_not_called_over_the_former_client(house: House) -> None:
    journey, account = house.journey, house.line()
    house.leg(account)

    async def rounds() -> list[Asked]:
        told = house.settings.model_copy(update={"base_url": "https://boxes.example"})
        subscriber = Subscriber(journey.database, told, lambda: journey.now)
        done = [await subscriber.round()]
        house.change(account, lambda row: setattr(row, "allow_private", False))
        house.leg(account, reference="PRB1")
        done.append(await subscriber.round())
        await subscriber.close()
        return done

    assert [one.calls for one in asyncio.run(rounds())] == [1, 0]
    assert house.carrier.calls == [POST]
