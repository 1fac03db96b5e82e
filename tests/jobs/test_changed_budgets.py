"""A budget that was changed, or a leg that was moved, gives nobody more calls than the carrier allows."""

import asyncio
import functools
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import update
from sqlmodel import Session

from jobs.calling import Caller
from jobs.tokens import Tokens
from shipments.clock import utc_now
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.administering import renew_account
from shipments.tracking.accounts.choosing import hand_over
from shipments.tracking.accounts.terms import AccountChanged
from shipments.tracking.calls.call import Outcome
from shipments.tracking.polling.recording import record
from shipments.tracking.polling.result import Result
from shipments.tracking.polling.watch import LegWatch, Urgency
from tests.jobs.fleet import Fleet
from tests.story.journey import at


def renew(fleet: Fleet, **change: object) -> None:
    ring, changed = fleet.settings.ring, AccountChanged(**change)  # type: ignore[arg-type]
    fleet.journey.do(
        lambda s: renew_account(s, ring, "dcsa", changed, by=EVERYWHERE, now=fleet.journey.now), EVERYWHERE
    )


def another_account(fleet: Fleet, **columns: Any) -> UUID:  # Any: columns
    """A second one with the same carrier."""
    ring = fleet.settings.ring

    def work(session: Session) -> UUID:
        one = CarrierAccount(
            name="other", carrier="dcsa", base_url=fleet.running.url, allow_private=True, secret_sealed=b"", **columns
        )
        one.secret_sealed = ring.seal_answer(b"practice", f"carrier_account:{one.id}")
        session.add(one)
        return one.id

    return fleet.journey.do(work, EVERYWHERE)


def move(fleet: Fleet, leg: UUID, account: UUID) -> None:
    now = fleet.journey.now
    fleet.journey.do(functools.partial(hand_over, legs=[leg], account_id=account, now=now), EVERYWHERE)


def test_a_day_that_begins_at_another_hour_keeps_the_calls_that_were_made_in_it(each_fleet: Fleet) -> None:
    fleet = each_fleet
    fleet.journey.now = at(30).replace(hour=13)
    fleet.change_account(per_day=10, per_second=100.0, per_leg_per_day=2)
    (often, *_) = fleet.sail(30)
    fleet.journey.do(lambda s: s.execute(update(LegWatch).values(urgency=Urgency.NEAR_A_CHANGE)), EVERYWHERE)
    fleet.poll()
    assert len(fleet.practice.calls) == 10
    renew(fleet, resets_at="12:00")
    assert fleet.the_account().day_calls == 10
    assert fleet.the_account().day_started == fleet.journey.now.replace(hour=12, minute=0, second=0, microsecond=0)
    assert fleet.poll()[0].asked == 0
    renew(fleet, resets_at="13:59", per_day=20)
    watch = fleet.journey.watch(often)
    assert (watch.leg_calls, fleet.the_account().day_calls) == (1, 10), "yesterday's 13:59 is before all of them"


def test_a_leg_that_changes_its_account_does_not_begin_its_day_anew(each_fleet: Fleet) -> None:
    fleet = each_fleet
    fleet.change_account(per_leg_per_day=2)
    other = another_account(fleet, per_leg_per_day=2)
    (leg,) = fleet.sail()
    fleet.poll()
    fleet.make_due()
    fleet.poll()
    assert len(fleet.practice.calls) == 2
    for account in (other, fleet.account):
        move(fleet, leg, account)
        assert fleet.journey.watch(leg).leg_calls == 2
        fleet.make_due()
        fleet.poll()
    assert len(fleet.practice.calls) == 2


def test_a_call_that_the_former_account_did_not_make_is_not_given_back_to_the_new_one(each_fleet: Fleet) -> None:
    fleet = each_fleet
    (leg,) = fleet.sail()
    (former,) = fleet.claim()
    first, fleet.account = fleet.account, another_account(fleet)
    move(fleet, leg, fleet.account)
    fleet.claim()
    counted = fleet.journey.watch(leg).leg_calls
    now = fleet.journey.now
    unasked = Result(claim=former, outcome=None, heard_at=now)
    fleet.journey.do(lambda s: record(s, [unasked], pace=1.0, now=now), EVERYWHERE)
    assert fleet.journey.watch(leg).leg_calls == counted > 0
    assert fleet.journey.see(lambda s: s.get_one(CarrierAccount, first).day_calls) == 0
    assert [call.outcome for call in fleet.calls()] == [Outcome.NOT_MADE, None]


def test_calls_that_were_claimed_at_a_faster_rate_take_places_at_the_new_one(each_fleet: Fleet) -> None:
    fleet = each_fleet
    fleet.change_account(per_second=8.0)
    fleet.sail(60)
    claims = fleet.claim(most=60)
    fleet.change_account(per_second=0.5, next_call_at=utc_now() + timedelta(seconds=8))
    shift = utc_now() - claims[0].call_at
    claims = [msgspec.structs.replace(one, call_at=one.call_at + shift, until=utc_now()) for one in claims]

    async def call() -> list[Result]:
        caller = Caller(fleet.journey.database, Tokens(fleet.journey.database, fleet.settings, utc_now), utc_now)
        try:
            return await caller.call(claims)
        finally:
            await caller.close()

    results = asyncio.run(call())
    made = len(fleet.practice.calls)
    assert made <= 10, "those of the second before the first look"
    assert sum(one.outcome is None for one in results) == 60 - made
