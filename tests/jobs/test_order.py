"""Who is asked first where the budget is short; nobody starves, and the morning does not eat the day."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import event, text
from sqlmodel import Session

from shipments.boxes.box import Stage
from shipments.tracking.polling.choosing import due_legs
from shipments.tracking.polling.watch import Urgency
from tests.jobs.parcels import Parcels
from tests.story.journey import at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEAR, UNDER_WAY, QUIET = Urgency


def alone(parcels: Parcels, **budget: object) -> None:
    """One leg a call, as with every carrier that has no larger calls."""
    parcels.change_account(carrier="ups", **budget)


def claimed(parcels: Parcels, most: int) -> list[UUID]:
    """The legs of a claim, in order of their places."""
    return [leg.leg_id for claim in parcels.claim(most=most) for leg in claim.legs]


def test_near_a_change_goes_first_then_under_way_then_quiet_and_the_longest_due_of_each(each_parcels: Parcels) -> None:
    alone(each_parcels)
    quiet = each_parcels.send(due=-9 * HOUR, urgency=QUIET)
    late, later = each_parcels.send(due=-2 * HOUR), each_parcels.send(due=-8 * HOUR)
    near = each_parcels.send(due=-HOUR, urgency=NEAR)
    assert claimed(each_parcels, 2) == [*near, *later]
    assert claimed(each_parcels, 9) == [*late, *quiet]


def test_what_has_waited_for_over_a_day_goes_before_what_is_under_way(each_parcels: Parcels) -> None:
    alone(each_parcels)
    under_way, near = each_parcels.send(due=-20 * HOUR), each_parcels.send(due=-HOUR, urgency=NEAR)
    starving = each_parcels.send(due=-26 * HOUR, urgency=QUIET)
    assert claimed(each_parcels, 9) == [*near, *starving, *under_way]


def test_every_fourth_call_is_for_who_starves_however_many_are_near_a_change(parcels: Parcels) -> None:
    alone(parcels)
    near = parcels.send(12, due=-HOUR, urgency=NEAR)
    starving = parcels.send(3, due=-30 * HOUR, urgency=QUIET)
    order = claimed(parcels, 8)
    assert [leg in starving for leg in order] == [False, False, False, True] * 2
    assert order[:3] == near[:3]


def test_legs_that_can_wait_leave_four_fifths_of_the_mornings_budget_to_the_rest_of_the_day(parcels: Parcels) -> None:
    parcels.journey.now = at(4).replace(hour=0, minute=30)
    alone(parcels, per_day=100)
    parcels.send(60)
    assert len(claimed(parcels, 100)) == 22, "a fifth, and two for the half hour"
    near = parcels.send(60, urgency=NEAR)
    assert claimed(parcels, 100) == near
    parcels.journey.now = at(4).replace(hour=23)
    assert len(claimed(parcels, 100)) == 100 - 22 - 60, "all that is left"


def test_every_fourth_call_is_for_who_starves_even_where_the_rest_of_the_budget_is_kept_back(parcels: Parcels) -> None:
    parcels.journey.now = at(4).replace(hour=0, minute=5)
    alone(parcels, per_day=40)
    near = parcels.send(60, urgency=NEAR)
    starving, patient = parcels.send(12, due=-30 * HOUR, urgency=QUIET), parcels.send(12, due=-HOUR)
    got = [leg for _ in range(5) for leg in claimed(parcels, 10)]
    assert len(got) == 40
    assert [leg in starving for leg in got] == [False, False, False, True] * 10
    assert not set(got) & set(patient)
    assert set(got) - set(starving) <= set(near)


def test_a_leg_that_was_asked_as_often_as_it_may_waits_for_its_accounts_next_day_and_says_so(
    each_parcels: Parcels,
) -> None:
    alone(each_parcels, per_leg_per_day=2, resets_at_minute=437)
    (leg,) = each_parcels.send()
    for _ in range(2):
        assert claimed(each_parcels, 9) == [leg]
        each_parcels.journey.now += HOUR
    assert claimed(each_parcels, 9) == []
    watch, reset = each_parcels.journey.watch(leg), at(4).replace(hour=7, minute=17)
    assert watch.due_at == reset
    assert watch.trouble == f"asked about as often as its account may in a day; again from {reset:%Y-%m-%d} 07:17 UTC"
    each_parcels.journey.now = reset
    assert claimed(each_parcels, 9) == [leg]


def test_what_has_arrived_is_asked_no_more_and_costs_no_call(parcels: Parcels) -> None:
    (leg,) = parcels.send()
    box = parcels.journey.see(lambda s: s.scalar(text("SELECT code FROM box")))
    parcels.journey.receive(parcels.journey.arrived(box))
    assert parcels.journey.the_box(box).stage == Stage.READY
    assert claimed(parcels, 9) == []
    assert parcels.journey.watch(leg).due_at is None
    assert parcels.calls() == []


def test_a_claim_looks_into_the_index_and_reads_no_more_legs_than_it_takes(parcels: Parcels) -> None:
    plans: list[str] = []

    def look(session: Session) -> None:
        connection = session.connection()

        def explain(_: object, cursor: Any, statement: str, values: Any, *__: object) -> None:  # Any: the driver's
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(str(row[3]) for row in cursor.fetchall())

        event.listen(connection, "before_cursor_execute", explain)
        due_legs(session, parcels.account, most=10, now=parcels.journey.now)

    parcels.journey.see(look)
    assert len(plans) == 3
    assert all("ix_leg_watch_due" in line and "due_at<" in line for line in plans), plans
    assert not any("TEMP B-TREE" in line for line in plans)
