"""What no leg heard makes the leg that it was subscribed for be asked soon, and tells no leg anything."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import col

from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.push import PushState
from tests.story.journey import Journey, at
from tests.tracking.pushes.telling import Columns, Told, departed, message

KEY = "b80d923d-e8ac-4c34-9506-55d3de347034"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PAPER = [{"documentReferenceType": "TRD", "documentReferenceValue": "EGLV0001"}]
DOCUMENT = message(departed(at(18), documentReferences=PAPER))


@pytest.fixture
def told(journey: Journey, settings: Settings) -> Told:
    return Told(journey, settings)


@pytest.fixture
def each_told(each_journey: Journey, settings: Settings) -> Told:
    return Told(each_journey, settings)


def watched(told: Told, leg: UUID, **columns: Columns) -> None:
    """Changes what its watch says."""
    changed = update(LegWatch).where(col(LegWatch.leg_id) == leg).values(**columns)
    told.journey.do(lambda session: session.execute(changed), EVERYWHERE)


def a_leg(told: Told, account: UUID, **columns: Columns) -> UUID:
    """One that the carrier was asked to tell of, as KEY."""
    leg = told.leg(account, **columns)
    told.subscribed(account, leg, KEY)
    return leg


def test_a_document_that_none_of_our_legs_is_followed_by_makes_the_subscriptions_leg_be_asked_at_once(
    each_told: Told,
) -> None:
    account = each_told.account()
    leg, other = a_leg(each_told, account), each_told.leg(account, reference="PRB2")
    before = each_told.journey.watch(other)
    each_told.tell(account, DOCUMENT, KEY)
    assert each_told.hear().parked == 1
    assert each_told.journey.watch(leg).due_at == each_told.journey.now
    assert each_told.journey.watch(leg).pushed_at is None, "it is polled as often as before"
    assert each_told.journey.watch(other) == before
    assert each_told.journey.events(leg) == []


def test_what_cannot_be_read_makes_it_be_asked_too(each_told: Told) -> None:
    account = each_told.account()
    leg = a_leg(each_told, account)
    each_told.tell(account, b"<html>", KEY)
    assert each_told.hear().unreadable == 1
    assert each_told.journey.watch(leg).due_at == each_told.journey.now


def test_what_a_leg_heard_needs_no_question(told: Told) -> None:
    account = told.account()
    leg = a_leg(told, account)
    due_at = told.journey.watch(leg).due_at
    told.tell(account, message(departed(at(18))), KEY)
    assert told.hear().new == 1
    assert told.journey.watch(leg).due_at == due_at


@pytest.mark.parametrize("ago", [2 * HOUR, 20 * MINUTE])
def test_messages_without_end_cost_no_more_than_a_call_an_hour(each_told: Told, ago: timedelta) -> None:
    account = each_told.account()
    leg = a_leg(each_told, account)
    asked_at = each_told.journey.now - ago
    watched(each_told, leg, asked_at=asked_at)
    each_told.tell(account, DOCUMENT, KEY)
    each_told.hear()
    assert each_told.journey.watch(leg).due_at == max(each_told.journey.now, asked_at + HOUR)


@pytest.mark.parametrize(
    "columns",
    [
        {"due_at": at(19), "asked_at": at(20)},
        {"due_at": None},
        {"failures": 1},
    ],
    ids=["due sooner", "over", "failing"],
)
def test_a_leg_that_is_due_sooner_is_over_or_fails_keeps_its_time(each_told: Told, columns: Columns) -> None:
    account = each_told.account()
    leg = a_leg(each_told, account)
    watched(each_told, leg, **columns)
    due_at = each_told.journey.watch(leg).due_at
    each_told.tell(account, DOCUMENT, KEY)
    each_told.hear()
    assert each_told.journey.watch(leg).due_at == due_at


def test_a_leg_whose_batch_has_not_left_is_not_asked_about(told: Told) -> None:
    account = told.account()
    leg = a_leg(told, account, left=False)
    due_at = told.journey.now + 6 * HOUR
    watched(told, leg, due_at=due_at)
    told.tell(account, DOCUMENT, KEY)
    told.hear()
    assert told.journey.watch(leg).due_at == due_at


@pytest.mark.parametrize("key", [None, "another", KEY.upper()])
def test_a_message_of_no_subscription_of_ours_is_only_parked(told: Told, key: str | None) -> None:
    account = told.account()
    leg = a_leg(told, account)
    due_at = told.journey.watch(leg).due_at
    told.tell(account, DOCUMENT, key)
    told.hear()
    assert ([push.state for push in told.pushes()], told.journey.watch(leg).due_at) == ([PushState.PARKED], due_at)


def test_another_accounts_subscription_of_the_same_key_is_not_meant(told: Told) -> None:
    account, other = told.account(), told.account(name="other")
    leg = a_leg(told, account)
    due_at = told.journey.watch(leg).due_at
    told.tell(other, DOCUMENT, KEY)
    told.hear()
    assert told.journey.watch(leg).due_at == due_at


def test_a_subscription_of_an_account_that_its_leg_is_not_asked_about_with_any_more_is_not_meant(
    each_told: Told,
) -> None:
    account, former = each_told.account(), each_told.account(name="former")
    leg = each_told.leg(account)
    each_told.subscribed(former, leg, KEY)
    due_at = each_told.journey.watch(leg).due_at
    each_told.tell(former, DOCUMENT, KEY)
    assert each_told.hear().parked == 1
    assert each_told.journey.watch(leg).due_at == due_at


def test_one_document_of_two_subscriptions_makes_both_legs_be_asked(each_told: Told) -> None:
    account = each_told.account()
    leg, other = a_leg(each_told, account), each_told.leg(account, reference="PRB2")
    each_told.subscribed(account, other, "another")
    assert each_told.tell(account, DOCUMENT, KEY)
    assert each_told.tell(account, DOCUMENT, "another")
    assert [each_told.tell(account, DOCUMENT, key) for key in (KEY, "another", None)] == [False] * 3
    each_told.hear()
    assert each_told.journey.watch(leg).due_at == each_told.journey.watch(other).due_at == each_told.journey.now


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_document_that_comes_again_of_no_subscription_of_ours_counts_once(told: Told, elsewhere: bool) -> None:
    account, other = told.account(), told.account(name="other")
    a_leg(told, account)
    if elsewhere:
        told.subscribed(other, told.leg(other, reference="PRB2"), "another")
    assert told.tell(account, DOCUMENT, KEY)
    assert not told.tell(account, DOCUMENT, "another")


def test_a_leg_that_is_being_asked_about_is_changed_for_whoever_asks_to_see(each_told: Told) -> None:
    account, now = each_told.account(), each_told.journey.now
    leg = a_leg(each_told, account)
    watched(each_told, leg, due_at=now - HOUR, asked_at=now - 20 * MINUTE, leased_until=now + HOUR)
    each_told.tell(account, DOCUMENT, KEY)
    each_told.hear()
    assert each_told.journey.watch(leg).due_at == each_told.journey.now
