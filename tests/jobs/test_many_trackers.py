"""Ship24's trackers are made a hundred a call, each once, read by their id, and ended when nobody asks any more."""

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlmodel import Session

from api.practice_carrier import Practice, Running
from api.practice_carrier.ship24_bulk import SPOIL
from shipments.batches.batch import Leg
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.hooking import remove_hook
from shipments.tracking.calls.call import CallKind, Outcome
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.carriers.pushing import Subscribed
from shipments.tracking.pushes.entering import NOT_TOLD
from shipments.tracking.pushes.letting_go import SHARED_FOR
from shipments.tracking.pushes.settling import GIVEN_UP_AFTER
from shipments.tracking.pushes.subscribing import come_back
from shipments.tracking.troubles import troubles_of
from tests.jobs.test_subscribing import _rotate
from tests.jobs.trackers import Tracked
from tests.story.journey import Journey

DAY, LEASE = timedelta(days=1), timedelta(minutes=2)
MADE_UP = "AAAAAAAAAA"
NUMBER = "SH24COMMONNL"


@pytest.fixture
def tracked(journey: Journey, settings: Settings, running: Running, practice: Practice) -> Tracked:
    return Tracked(journey, settings, running)


@pytest.fixture
def each_tracked(each_journey: Journey, settings: Settings, running: Running, practice: Practice) -> Tracked:
    return Tracked(each_journey, settings, running)


def test_a_hundred_new_legs_cost_one_call_which_the_ledger_has_with_all_of_them(each_tracked: Tracked) -> None:
    legs = each_tracked.legs(100)
    done = each_tracked.ask()
    assert (done.calls, done.failed) == (1, 0)
    assert each_tracked.sizes() == [100]
    assert each_tracked.ledger() == [(CallKind.SUBSCRIBE, Outcome.GRANTED, 201, 100)]
    assert each_tracked.called_legs() == [set(legs)]
    numbers = {each_tracked.of(leg).carrier_key: each_tracked.journey.the_leg(leg).reference for leg in legs}
    assert numbers == {tracker.id: tracker.number for tracker in each_tracked.practice.trackers.all()}
    assert [one.due_at for one in each_tracked.subscriptions()] == [None] * 100
    assert each_tracked.ask(later=30 * DAY).calls == 0


def test_two_hundred_and_fifty_cost_three_calls_that_stand_a_third_of_a_second_apart(each_tracked: Tracked) -> None:
    each_tracked.legs(250)
    assert each_tracked.ask().calls == 3
    assert each_tracked.sizes() == [100, 100, 50]
    at = [call.at for call in each_tracked.bulk_calls()]
    assert min(later - sooner for sooner, later in pairwise(at)) >= 1 / 3
    assert each_tracked.practice.over_limit() == []
    assert len(each_tracked.called_legs()) == 3
    assert len(set().union(*each_tracked.called_legs())) == 250


def test_one_bad_number_in_a_hundred_costs_itself_and_is_left_to_polling_in_the_end(each_tracked: Tracked) -> None:
    each_tracked.practice.limits.clear()  # days go by here, and none at the carrier
    good, bad = each_tracked.legs(99), each_tracked.numbered(MADE_UP)
    each_tracked.ask()
    assert each_tracked.ledger() == [(CallKind.SUBSCRIBE, Outcome.GRANTED, 207, 100)]
    assert None not in {each_tracked.of(leg).carrier_key for leg in good}
    waits = []
    while (due_at := each_tracked.of(bad).due_at) is not None:
        waits.append(due_at - each_tracked.journey.now)
        assert each_tracked.ask(later=waits[-1] / 2).calls == 0
        assert each_tracked.ask(later=waits[-1]).calls == 1
    assert waits[:8] == sorted(waits[:8])
    assert sum(waits, timedelta()) > 3 * DAY
    assert each_tracked.sizes() == [100] + [1] * (GIVEN_UP_AFTER - 1)
    assert "validation_error" in str(each_tracked.of(bad).trouble)
    assert each_tracked.ask(later=30 * DAY).calls == 0
    assert each_tracked.journey.watch(bad).due_at is not None


def test_a_number_that_has_not_the_form_is_never_sent(tracked: Tracked) -> None:
    bad, good = tracked.numbered("SH 24é"), tracked.numbered(NUMBER)
    tracked.ask()
    assert [call.reference for call in tracked.bulk_calls()] == [NUMBER]
    assert (tracked.of(bad).trouble, tracked.of(good).trouble) == (NOT_TOLD, None)


def test_a_killed_workers_errand_comes_back_and_makes_no_second_tracker(each_tracked: Tracked) -> None:
    legs = each_tracked.legs(3)
    each_tracked.practice.fault("busy", interface="ship24", times=1)
    each_tracked.ask()
    each_tracked.journey.now += DAY
    errand = each_tracked.claimed(LEASE)
    assert each_tracked.ask_by_itself(list(errand.legs.values())).status_code == 201
    assert each_tracked.ask(later=timedelta(0)).calls == 0
    assert each_tracked.ask(later=LEASE).calls == 1
    assert len(each_tracked.followed()) == 3
    assert None not in {each_tracked.of(leg).carrier_key for leg in legs}
    assert [outcome for _, outcome, _, _ in each_tracked.ledger()] == [Outcome.UNAVAILABLE, None, Outcome.GRANTED]


def test_whoever_comes_back_after_another_asked_too_ends_nothing(each_tracked: Tracked) -> None:
    (leg,) = each_tracked.legs(1)
    each_tracked.practice.fault("busy", interface="ship24", times=1)
    each_tracked.ask()
    each_tracked.journey.now += DAY
    errand = each_tracked.claimed(LEASE)
    each_tracked.ask(later=LEASE)
    key = each_tracked.of(leg).carrier_key
    came, now = {errand.legs[errand.subscriptions[0]].reference: Subscribed(f"{key}x")}, each_tracked.journey.now
    each_tracked.journey.do(
        lambda session: come_back(session, errand, came, Wire(status=201), pace=1.0, now=now), EVERYWHERE
    )
    assert each_tracked.carrier_keys() == [key]


def test_the_same_number_has_one_tracker_whoever_made_it_first(each_tracked: Tracked) -> None:
    polled = each_tracked.numbered(NUMBER)
    each_tracked.poll()
    again = each_tracked.numbered(NUMBER)
    assert each_tracked.ask().calls == 2
    each_tracked.poll()
    assert each_tracked.followed() == [NUMBER]
    assert each_tracked.of(polled).carrier_key == each_tracked.of(again).carrier_key
    assert each_tracked.sizes() == [1, 1]


def test_a_leg_that_is_over_is_unsubscribed(each_tracked: Tracked) -> None:
    over, other = each_tracked.legs(2)
    each_tracked.ask()
    each_tracked.stop_watching(over)
    assert each_tracked.ask().calls == 0
    assert each_tracked.ask(later=SHARED_FOR - DAY).calls == 0, "it may begin to travel again"
    assert len(each_tracked.followed()) == 2
    assert each_tracked.ask(later=DAY).calls == 1
    assert each_tracked.followed() == [each_tracked.journey.the_leg(other).reference]
    assert [one.leg_id for one in each_tracked.subscriptions()] == [other]
    assert each_tracked.ledger()[1:] == [(CallKind.SUBSCRIBE, Outcome.GRANTED, 200, 1)]
    assert each_tracked.ask(later=DAY).calls == 0


def test_an_account_without_a_push_secret_makes_no_bulk_call_and_is_polled(each_tracked: Tracked) -> None:
    each_tracked.change(each_tracked.account_id, lambda row: setattr(row, "hook_secret_sealed", None))
    each_tracked.legs(3)
    assert each_tracked.ask().calls == 0
    each_tracked.poll()
    assert each_tracked.bulk_calls() == []
    assert each_tracked.polled() == [200] * 3


def test_without_its_push_secret_an_account_is_polled_on_and_no_tracker_ends(each_tracked: Tracked) -> None:
    journey, (leg, *_) = each_tracked.journey, each_tracked.legs(2)
    each_tracked.ask()
    name = each_tracked.row(each_tracked.account_id).name
    journey.do(lambda session: remove_hook(session, name, by=EVERYWHERE, now=journey.now), EVERYWHERE)
    assert each_tracked.ask(later=SHARED_FOR + DAY).calls == 0
    assert len(each_tracked.followed()) == 2
    each_tracked.poll()
    assert journey.events(leg)
    assert len(each_tracked.practice.trackers.all()) == 2


def test_a_new_push_secret_is_typed_into_the_dashboard_and_asks_for_nothing(tracked: Tracked) -> None:
    tracked.legs(2)
    tracked.ask()
    tracked.change(tracked.account_id, lambda row: _rotate(tracked, row, tracked.journey.now))  # type: ignore[arg-type]
    assert tracked.ask().calls == 0


def test_a_tracker_that_is_known_is_read_by_its_id_and_can_make_no_second_one(each_tracked: Tracked) -> None:
    (leg,) = each_tracked.legs(1)
    each_tracked.ask()
    each_tracked.journey.do(lambda session: _sent_elsewhere(session, leg), EVERYWHERE)
    each_tracked.poll()
    assert each_tracked.polled() == [200]
    assert len(each_tracked.practice.trackers.all()) == 1
    assert each_tracked.journey.events(leg)


def _sent_elsewhere(session: Session, leg: UUID) -> None:
    session.get_one(Leg, leg).from_place = "DEHAM"


def test_an_id_that_nobody_knows_is_made_anew_and_costs_one_further_call_once(each_tracked: Tracked) -> None:
    (leg,) = each_tracked.legs(1)
    each_tracked.ask()
    former = each_tracked.of(leg).carrier_key
    each_tracked.practice.trackers.clear()
    each_tracked.poll()
    assert each_tracked.polled() == [404, 200]
    news = len(each_tracked.journey.events(leg))
    assert news > 0
    assert each_tracked.reads() == [
        (CallKind.TRACK, Outcome.NOT_FOUND, 0),
        (CallKind.PAGE, Outcome.NEWS, news),
    ]
    assert each_tracked.ask().calls == 1
    assert each_tracked.of(leg).carrier_key == former  # made of the same details
    each_tracked.poll()
    assert each_tracked.polled() == [404, 200, 200]
    assert each_tracked.practice.over_limit() == []


def test_a_plan_that_is_used_up_costs_no_other_call_and_stops_no_reading(each_tracked: Tracked) -> None:
    (known,) = each_tracked.legs(1)
    each_tracked.ask()
    new = [each_tracked.numbered(f"SH24NEW{number:04}NL") for number in range(150)]
    each_tracked.practice.fault("forbidden", interface="ship24", times=1)
    assert each_tracked.ask().calls == 1
    row = each_tracked.row(each_tracked.account_id)
    assert (row.stopped_reason, row.paused_until, row.failures) == (None, None, 0)
    assert each_tracked.ledger()[-1] == (CallKind.SUBSCRIBE, Outcome.OVER_QUOTA, 403, 100)
    assert {each_tracked.of(leg).failures for leg in new} == {0}
    troubles = each_tracked.journey.see(lambda session: troubles_of(session, new))
    assert set(troubles.values()) == {"Ship24 wants fewer calls (403)."}
    each_tracked.poll()
    assert each_tracked.journey.events(known)
    each_tracked.ask(later=DAY)
    assert None not in each_tracked.carrier_keys()


def test_a_leg_that_was_asked_about_as_often_as_it_may_today_holds_no_other_back(each_tracked: Tracked) -> None:
    each_tracked.change(each_tracked.account_id, lambda row: setattr(row, "per_leg_per_day", 1))
    spent = each_tracked.numbered(NUMBER)
    each_tracked.poll()
    others = each_tracked.legs(99)
    assert each_tracked.ask().calls == 1
    assert each_tracked.called_legs() == [set(others)]
    assert each_tracked.ask().calls == 0
    assert each_tracked.ask(later=DAY).calls == 1
    assert each_tracked.of(spent).carrier_key is not None


@pytest.mark.parametrize("fault", ["busy", "forbidden", "over_quota"])
def test_after_days_of_no_a_hundred_legs_still_cost_one_call(tracked: Tracked, fault: str) -> None:
    tracked.practice.limits.clear()  # days go by here, and none at the carrier
    tracked.legs(100)
    tracked.practice.fault(fault, interface="ship24", times=4)
    for _ in range(5):
        tracked.ask(later=DAY)
    assert tracked.sizes() == [100] * 5
    assert None not in tracked.carrier_keys()


@pytest.mark.parametrize("fault", sorted(SPOIL))
def test_what_is_said_wrongly_of_one_costs_itself_and_makes_no_second_tracker(tracked: Tracked, fault: str) -> None:
    good, bad = tracked.legs(2)
    tracked.practice.fault(fault, reference=tracked.journey.the_leg(bad).reference, times=1)
    tracked.ask()
    assert (tracked.of(good).failures, tracked.of(bad).failures) == (0, 1)
    assert tracked.of(good).carrier_key is not None
    assert tracked.of(bad).carrier_key is None
    assert tracked.ask(later=DAY).calls == 1
    assert tracked.of(bad).carrier_key is not None
    assert len(tracked.practice.trackers.all()) == 2


def test_a_call_that_is_refused_whole_is_made_again_in_ever_smaller_ones(tracked: Tracked) -> None:
    tracked.practice.limits.clear()  # days go by here, and none at the carrier
    tracked.legs(30)
    tracked.practice.fault("truncated", interface="ship24", times=3)
    for _ in range(3):
        tracked.ask(later=DAY)
    assert tracked.sizes() == [30, 25, 5, 6, 6, 6, 6, 6]
    assert None not in tracked.carrier_keys()


def test_a_tracker_that_ship24_has_ended_itself_is_no_subscription(tracked: Tracked) -> None:
    (leg,) = tracked.legs(1)
    tracked.ask_by_itself([tracked.as_asked(leg)])
    (tracker,) = tracked.practice.trackers.all()
    tracked.practice.trackers.end(tracker.id, tracked.practice.clock.now())
    tracked.ask()
    assert (tracked.of(leg).carrier_key, tracked.of(leg).failures) == (None, 1)
    assert "follows it no more" in str(tracked.of(leg).trouble)
