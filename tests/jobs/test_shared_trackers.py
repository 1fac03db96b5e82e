"""A tracker of Ship24 is shared by all legs of its number, and ended for ever: so never while one needs it."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import col

from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.hooking import remove_hook
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.polling.scheduling import resume
from shipments.tracking.pushes.entering import enter_subscriptions, lacking
from shipments.tracking.pushes.errand import Errand
from shipments.tracking.pushes.letting_go import SHARED_FOR, let_go, subscribe_anew
from shipments.tracking.pushes.push import Subscription
from shipments.tracking.pushes.subscribing import come_back
from shipments.tracking.troubles import troubles_of
from tests.jobs.test_many_trackers import DAY, LEASE, NUMBER, each_tracked, tracked
from tests.jobs.trackers import Tracked

__all__ = ["each_tracked", "tracked"]
SECOND = timedelta(seconds=1)


def entered(tracked: Tracked) -> None:
    """What is lacking is marked as due, and nobody has set out for it yet."""
    now = tracked.journey.now
    found = tracked.journey.see(lambda session: lacking(session, base_url=tracked.url, now=now))
    tracked.journey.do(lambda session: enter_subscriptions(session, found, now=now), EVERYWHERE)


def scheduled(tracked: Tracked) -> UUID:
    """A leg that is over, whose tracker is to be ended SHARED_FOR from now."""
    leg = tracked.numbered(NUMBER)
    tracked.ask()
    tracked.stop_watching(leg)
    assert tracked.ask().calls == 0
    return leg


def legs_told_of(tracked: Tracked) -> list[UUID | None]:
    return [one.leg_id for one in tracked.subscriptions()]


def comes_back(tracked: Tracked, errand: Errand, said: bytes) -> None:
    """A worker writes down what its call came to."""
    came = {} if errand.hook is None else errand.carrier.read_subscribed(said, [*errand.legs.values()], key=None)
    now = tracked.journey.now
    tracked.journey.do(
        lambda session: come_back(session, errand, came, Wire(status=200), pace=1.0, now=now), EVERYWHERE
    )


def test_what_another_leg_of_the_number_still_needs_is_not_ended(each_tracked: Tracked) -> None:
    over, other = each_tracked.numbered(NUMBER), each_tracked.numbered(NUMBER)
    each_tracked.ask()
    each_tracked.stop_watching(over)
    assert each_tracked.ask().calls == 0
    assert each_tracked.ask(later=SHARED_FOR).calls == 0
    assert legs_told_of(each_tracked) == [other]
    assert each_tracked.followed() == [NUMBER]


def test_what_two_legs_share_is_ended_once_when_both_are_over(each_tracked: Tracked) -> None:
    legs = [each_tracked.numbered(NUMBER) for _ in range(2)]
    each_tracked.ask()
    for leg in legs:
        each_tracked.stop_watching(leg)
    each_tracked.ask()
    assert each_tracked.ask(later=SHARED_FOR).calls == 1
    assert each_tracked.followed() == []
    assert each_tracked.ask().calls == 0
    assert legs_told_of(each_tracked) == []


def test_a_leg_that_begins_when_another_of_its_number_ends_keeps_the_tracker(each_tracked: Tracked) -> None:
    scheduled(each_tracked)
    begins = each_tracked.numbered(NUMBER)
    assert each_tracked.ask(later=SHARED_FOR).calls == 1
    assert legs_told_of(each_tracked) == [begins]
    assert each_tracked.followed() == [NUMBER]


def test_a_leg_that_waits_for_its_key_keeps_the_tracker_of_its_number(each_tracked: Tracked) -> None:
    scheduled(each_tracked)
    begins = each_tracked.numbered(NUMBER)
    each_tracked.practice.fault("busy", interface="ship24", times=1)
    assert each_tracked.ask(later=SHARED_FOR).failed == 1
    assert each_tracked.ask(later=SECOND).calls == 0
    assert each_tracked.followed() == [NUMBER]
    assert each_tracked.ask(later=DAY).calls == 1
    assert legs_told_of(each_tracked) == [begins]
    assert each_tracked.followed() == [NUMBER]


def test_a_leg_of_another_number_or_account_that_waits_for_its_key_keeps_no_tracker(each_tracked: Tracked) -> None:
    scheduled(each_tracked)
    elsewhere = each_tracked.line("ship24", name="elsewhere", hook_secret_sealed=None)
    each_tracked.leg(elsewhere, reference=NUMBER)
    each_tracked.numbered("SH24WAITINGNL")
    each_tracked.practice.fault("busy", interface="ship24", times=1)
    assert each_tracked.ask(later=SHARED_FOR).failed == 1
    assert each_tracked.ask(later=SECOND).calls == 1
    assert NUMBER not in each_tracked.followed()


def test_a_leg_that_another_worker_is_asking_for_keeps_the_tracker_of_its_number(each_tracked: Tracked) -> None:
    scheduled(each_tracked)
    begins = each_tracked.numbered(NUMBER)
    each_tracked.journey.now += SHARED_FOR
    entered(each_tracked)
    errand = each_tracked.claimed(LEASE)
    said = each_tracked.ask_by_itself(list(errand.legs.values())).content
    assert each_tracked.ask(later=SECOND).calls == 0
    comes_back(each_tracked, errand, said)
    assert each_tracked.ask(later=SECOND).calls == 0
    assert legs_told_of(each_tracked) == [begins]
    assert each_tracked.followed() == [NUMBER]


@pytest.mark.parametrize("first", ["asking", "ending"])
def test_a_leg_that_begins_while_its_tracker_is_being_ended_is_in_a_trouble_that_is_shown(
    each_tracked: Tracked, first: str
) -> None:
    scheduled(each_tracked)
    each_tracked.journey.now += SHARED_FOR
    ending = each_tracked.claimed(LEASE)
    begins = each_tracked.numbered(NUMBER)
    entered(each_tracked)
    asking = each_tracked.claimed(LEASE)
    said = each_tracked.ask_by_itself(list(asking.legs.values())).content
    (tracker,) = each_tracked.practice.trackers.all()
    each_tracked.practice.trackers.end(tracker.id, each_tracked.practice.clock.now())
    each_tracked.journey.now += SECOND
    for errand in (asking, ending) if first == "asking" else (ending, asking):
        comes_back(each_tracked, errand, said)
    assert each_tracked.ask().calls == 1
    assert each_tracked.of(begins).carrier_key is None
    (trouble,) = each_tracked.journey.see(lambda session: troubles_of(session, [begins])).values()
    assert "told by hand" in trouble


def test_a_leg_that_travels_again_keeps_its_tracker_which_is_ended_a_week_after_the_last_end(
    each_tracked: Tracked,
) -> None:
    leg, journey = scheduled(each_tracked), each_tracked.journey
    key = each_tracked.of(leg).carrier_key
    journey.now += SHARED_FOR - DAY
    journey.do(lambda session: resume(session, [leg], now=journey.now), EVERYWHERE)
    assert each_tracked.ask().calls == 1, "whether it lives"
    assert (each_tracked.of(leg).carrier_key, each_tracked.of(leg).due_at) == (key, None)
    each_tracked.stop_watching(leg)
    assert each_tracked.ask().calls == 0
    assert each_tracked.ask(later=SHARED_FOR - DAY).calls == 0
    assert each_tracked.followed() == [NUMBER]
    assert each_tracked.ask(later=DAY).calls == 1
    assert each_tracked.followed() == []


@pytest.mark.parametrize("fault", ["broken", "forbidden"])
def test_a_leg_that_travels_again_after_its_tracker_was_ended_without_an_answer_is_in_a_trouble_that_is_shown(
    each_tracked: Tracked, fault: str
) -> None:
    leg, journey = scheduled(each_tracked), each_tracked.journey
    each_tracked.practice.fault(fault, interface="ship24", times=1)  # which has ended it nevertheless
    assert each_tracked.ask(later=SHARED_FOR).failed == 1
    journey.do(lambda session: resume(session, [leg], now=journey.now), EVERYWHERE)
    assert each_tracked.ask().calls == 1
    (trouble,) = journey.see(lambda session: troubles_of(session, [leg])).values()
    assert "told by hand" in trouble


def test_a_leg_that_travels_again_too_late_is_in_a_trouble_that_is_shown(each_tracked: Tracked) -> None:
    leg, journey = scheduled(each_tracked), each_tracked.journey
    assert each_tracked.ask(later=SHARED_FOR).calls == 1
    journey.do(lambda session: resume(session, [leg], now=journey.now), EVERYWHERE)
    each_tracked.ask()
    (trouble,) = journey.see(lambda session: troubles_of(session, [leg])).values()
    assert "told by hand" in trouble


def test_a_leg_that_was_taken_back_and_written_down_again_keeps_its_tracker(each_tracked: Tracked) -> None:
    journey, mistyped = each_tracked.journey, each_tracked.numbered("SH24MISTYPED")
    typed = each_tracked.numbered(NUMBER)
    each_tracked.ask()
    journey.do(lambda session: let_go(session, [mistyped, typed], now=journey.now), EVERYWHERE)
    each_tracked.stop_watching(mistyped)
    assert each_tracked.ask().calls == 1
    assert sorted(each_tracked.followed()) == [NUMBER, "SH24MISTYPED"]
    assert each_tracked.ask(later=SHARED_FOR).calls == 1
    assert each_tracked.followed() == [NUMBER]
    assert legs_told_of(each_tracked) == [typed]


def test_what_was_taken_back_is_not_ended_while_any_leg_waits_for_its_key(each_tracked: Tracked) -> None:
    journey, taken_back = each_tracked.journey, each_tracked.numbered(NUMBER)
    each_tracked.ask()
    journey.do(lambda session: let_go(session, [taken_back], now=journey.now), EVERYWHERE)
    each_tracked.stop_watching(taken_back)
    waits = each_tracked.numbered("SH24WAITINGNL")
    each_tracked.practice.fault("busy", interface="ship24", times=1)
    assert each_tracked.ask(later=SHARED_FOR).failed == 1
    assert each_tracked.ask(later=SECOND).calls == 0
    assert each_tracked.ask(later=DAY).calls == 2
    assert each_tracked.followed() == ["SH24WAITINGNL"]
    assert legs_told_of(each_tracked) == [waits]


def without_secret(tracked: Tracked) -> None:
    """The account's push secret is taken away."""
    journey, name = tracked.journey, tracked.row(tracked.account_id).name
    journey.do(lambda session: remove_hook(session, name, by=EVERYWHERE, now=journey.now), EVERYWHERE)


@pytest.mark.parametrize("taken_back", [False, True])
def test_without_its_push_secret_an_account_still_ends_what_was_to_be_ended(
    each_tracked: Tracked, taken_back: bool
) -> None:
    leg, journey = scheduled(each_tracked), each_tracked.journey
    if taken_back:
        journey.do(lambda session: let_go(session, [leg], now=journey.now), EVERYWHERE)
    without_secret(each_tracked)
    assert each_tracked.ask(later=SHARED_FOR - DAY).calls == 0
    assert each_tracked.ask(later=DAY).calls == 1
    assert each_tracked.followed() == []
    assert legs_told_of(each_tracked) == []


def test_without_its_push_secret_an_account_ends_nothing_that_a_leg_may_be_polled_by(each_tracked: Tracked) -> None:
    scheduled(each_tracked)
    without_secret(each_tracked)
    each_tracked.numbered(NUMBER)
    assert each_tracked.ask(later=SHARED_FOR).calls == 0
    assert each_tracked.followed() == [NUMBER]


def test_a_key_that_is_unknown_is_forgotten_unless_the_leg_has_another_by_now(each_tracked: Tracked) -> None:
    journey, (one, other) = each_tracked.journey, each_tracked.legs(2)
    each_tracked.ask()
    asked_with = {leg: each_tracked.of(leg).carrier_key for leg in (one, other)}
    newer = update(Subscription).where(col(Subscription.leg_id) == other).values(carrier_key="newer")
    journey.do(lambda session: session.execute(newer), EVERYWHERE)
    journey.do(lambda session: subscribe_anew(session, asked_with, now=journey.now), EVERYWHERE)
    assert (each_tracked.of(one).carrier_key, each_tracked.of(one).due_at) == (None, journey.now)
    assert (each_tracked.of(other).carrier_key, each_tracked.of(other).due_at) == ("newer", None)
