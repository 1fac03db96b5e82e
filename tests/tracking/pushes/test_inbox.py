"""What carriers tell us by themselves: kept once, matched to legs that are under way, parked until then, forgotten."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from shipments.boxes.box import Stage
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.logins import hook_place
from shipments.tracking.pushes.inbox import (
    KEPT_FOR,
    NEWEST,
    OLDEST,
    PARKED_FOR,
    claim_waiting,
    forget_old,
    is_timely,
    open_hook,
    open_push,
    wake_parked,
)
from shipments.tracking.pushes.push import PushedReference, PushState
from tests.story.journey import at
from tests.tracking.pushes.telling import BOOKING, FORMER, SECRET, Told, departed, message


def states(told: Told) -> list[PushState]:
    return [push.state for push in told.pushes()]


def references(told: Told) -> list[str]:
    return list(told.journey.see(lambda s: s.execute(select(col(PushedReference.reference))).scalars()))


def test_a_message_is_kept_sealed_and_the_same_one_changes_nothing(each_told: Told) -> None:
    account, body = each_told.account(), message(departed(at(19)))
    assert each_told.tell(account, body)
    assert not each_told.tell(account, body)
    (push,) = each_told.pushes()
    assert (push.state, push.size, push.account_id) == (PushState.WAITING, len(body), account)
    assert BOOKING.encode() not in push.body_sealed
    assert open_push(each_told.settings.ring, push) == body


def test_the_same_message_to_another_account_is_another_one(told: Told) -> None:
    body = message(departed(at(19)))
    first, second = told.account(), told.account(name="second")
    assert told.tell(first, body)
    assert told.tell(second, body)


def test_what_no_leg_has_is_parked_by_its_bare_numbers(each_told: Told) -> None:
    account = each_told.account()
    each_told.tell(account, message(departed(at(19), booking=" pr-b 00/12.345 ")))
    heard = each_told.hear()
    assert (heard.read, heard.parked, heard.new) == (1, 1, 0)
    assert states(each_told) == [PushState.PARKED]
    assert references(each_told) == [BOOKING]
    assert each_told.hear().read == 0


@pytest.mark.parametrize("typed", [BOOKING, "PRB 001-2345", "prb.0012345/"])
def test_numbers_are_compared_without_what_people_type_into_them(told: Told, typed: str) -> None:
    account = told.account()
    leg = told.leg(account, reference=typed)
    told.tell(account, message(departed(at(19))))
    assert told.hear().new == 1
    (event,) = told.journey.events(leg)
    assert event.raw_code == "TRANSPORT/DEPA"


def test_a_message_before_its_leg_is_read_when_the_batch_has_left(each_told: Told) -> None:
    journey, account = each_told.journey, each_told.account()
    each_told.tell(account, message(departed(at(19))))
    assert each_told.hear().parked == 1
    box = journey.box()
    batch = journey.batch(box)
    leg = journey.leg(batch, carrier="dcsa", reference_type="booking", reference="PRB-0012345")
    assert each_told.hear().read == 0, "a number that is used again is told from ours by the dispatch"
    journey.dispatch(batch)
    assert each_told.hear().new == 1
    assert [event.raw_code for event in journey.events(leg)] == ["TRANSPORT/DEPA"]
    assert states(each_told) == [PushState.HEARD]
    assert references(each_told) == [BOOKING]


def test_a_leg_that_is_added_after_dispatch_hears_what_was_parked(told: Told) -> None:
    journey, account = told.journey, told.account()
    told.tell(account, message(departed(at(19))))
    told.hear()
    batch = journey.batch(journey.box())
    journey.leg(batch)
    journey.dispatch(batch)
    leg = journey.leg(batch, carrier="dcsa", reference_type="booking", reference=BOOKING)
    assert told.hear().new == 1
    assert len(journey.events(leg)) == 1


def test_a_message_about_a_batch_that_has_not_left_waits_for_its_dispatch(each_told: Told) -> None:
    account = each_told.account()
    leg = each_told.leg(account, left=False)
    each_told.tell(account, message(departed(at(19))))
    assert each_told.hear().parked == 1
    assert each_told.journey.events(leg) == []


def test_what_was_parked_while_its_batch_left_is_found_later(each_told: Told) -> None:
    account = each_told.account()
    each_told.tell(account, message(departed(at(19))))
    each_told.hear()
    each_told.leg(account)  # straight into the table, as if it had been committed just after the look
    assert each_told.journey.do(wake_parked, EVERYWHERE) == 1
    assert each_told.hear().new == 1
    assert each_told.journey.do(wake_parked, EVERYWHERE) == 0


def test_only_the_account_that_was_told_hears(each_told: Told) -> None:
    ours, theirs = each_told.account(), each_told.account(name="another line")
    leg, other = each_told.leg(ours), each_told.leg(theirs)
    each_told.tell(theirs, message(departed(at(19))))
    each_told.hear()
    assert each_told.journey.events(leg) == []
    assert len(each_told.journey.events(other)) == 1


def test_waking_one_batch_leaves_the_others_messages_parked(told: Told) -> None:
    account = told.account()
    for number in ("PRB1", "PRB2"):
        told.tell(account, message(departed(at(19), booking=number)))
    told.hear()
    leg = told.leg(account, reference="PRB2")
    batch = told.journey.the_leg(leg).batch_id
    assert told.journey.do(lambda session: wake_parked(session, [UUID(int=1)]), EVERYWHERE) == 0
    assert told.journey.do(lambda session: wake_parked(session, [batch]), EVERYWHERE) == 1
    assert states(told) == [PushState.PARKED, PushState.WAITING]


def test_messages_are_forgotten_when_no_repetition_of_them_would_be_taken(each_told: Told) -> None:
    account = each_told.account()
    each_told.leg(account)
    for body in (message(departed(at(19))), message(departed(at(19), booking="NOBODY")), b"not json"):
        each_told.tell(account, body)
    each_told.hear()
    begun, journey = each_told.journey.now, each_told.journey
    assert KEPT_FOR > OLDEST + NEWEST
    for later, forgotten in ((KEPT_FOR, 0), (KEPT_FOR + timedelta(hours=1), 2), (PARKED_FOR + timedelta(hours=1), 1)):
        work = partial(forget_old, now=begun - timedelta(minutes=5) + later)
        assert journey.do(work, EVERYWHERE) == forgotten
    assert states(each_told) == []
    assert references(each_told) == []


def test_a_portion_ends_at_so_many_bytes_but_holds_one_message(told: Told) -> None:
    account = told.account()
    for number in range(4):
        told.tell(account, message(departed(at(19), event_id=f"e-{number}")))
    size = told.pushes()[0].size

    def taken(most: int, most_bytes: int) -> int:
        return told.journey.do(lambda s: len(claim_waiting(s, most=most, most_bytes=most_bytes)), EVERYWHERE)

    assert [taken(10, 1), taken(10, size * 3), taken(2, size * 3), taken(10, size * 9)] == [1, 3, 2, 4]


@pytest.mark.parametrize(
    ("made", "timely"),
    [(None, True), (-OLDEST, True), (-OLDEST - timedelta(seconds=1), False), (NEWEST, True), (2 * NEWEST, False)],
)
def test_a_message_is_of_the_last_days_and_not_of_the_future(made: timedelta | None, timely: bool) -> None:
    assert is_timely(None if made is None else at(9) + made, now=at(9)) is timely


def test_a_hook_opens_with_both_secrets_while_they_change_and_to_its_own_carrier_only(each_told: Told) -> None:
    ring, journey = each_told.settings.ring, each_told.journey
    account, silent = each_told.account(), each_told.account(name="silent", hook_secret_sealed=None)

    def rotate(session: Session) -> None:
        row = session.get_one(CarrierAccount, account)
        row.hook_former_sealed = ring.seal_answer(FORMER.encode(), hook_place(row))
        row.hook_former_until = at(21)

    journey.do(rotate, EVERYWHERE)

    def secrets(carrier: str, id: UUID, day: float) -> list[str] | None:
        hook = journey.see(lambda session: open_hook(session, ring, carrier, id, now=at(day)))
        return None if hook is None else list(hook.secrets)

    assert secrets("dcsa", account, 20) == [SECRET, FORMER]
    assert secrets("dcsa", account, 21) == [SECRET]
    for carrier, id in (("ups", account), ("dcsa", silent), ("dcsa", UUID(int=1)), ("by_hand", account), ("", account)):
        assert secrets(carrier, id, 20) is None


def test_a_pushed_leg_says_when_and_its_box_is_where_the_carrier_says(each_told: Told) -> None:
    account = each_told.account()
    leg = each_told.leg(account)
    arrived = departed(at(19), transportEventTypeCode="ARRI", transportCall={"UNLocationCode": "GNCKY"})
    each_told.tell(account, message(arrived))
    each_told.hear()
    (push,) = each_told.pushes()
    assert each_told.journey.watch(leg).pushed_at == push.received_at
    assert each_told.journey.the_box(each_told.box_of(leg)).stage == Stage.IN_THE_COUNTRY
    assert each_told.journey.differences() == []
