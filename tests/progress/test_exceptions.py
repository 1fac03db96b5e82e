"""What is wrong with a box, beside its stage."""

from datetime import timedelta

import msgspec
import pytest

from shipments.batches.batch import Mode
from shipments.boxes.box import Happened, Stage
from shipments.progress.carrier_news import QUIET_DAYS, Contradiction
from shipments.progress.deriving import BoxException, progress_of
from shipments.progress.facts import BoxFacts, Said, Stretch
from shipments.receipts.receipt import Condition
from shipments.tracking.event import Classifier
from shipments.tracking.milestones import LIFTS, Milestone, Reason
from tests.builders import NOON
from tests.progress.telling import DAY, FIRST_LEG, LAST_LEG, Columns, arrival, deed, estimate, passing, said, sent

HELD, DISPUTED = BoxException.HELD, BoxException.DISPUTED
WIDE = "\N{FULLWIDTH LATIN CAPITAL LETTER S}\N{FULLWIDTH DIGIT ONE}"
DASHED = ("s\N{EN DASH}1", "S\N{MINUS SIGN}1", "S\N{NO-BREAK SPACE}1")


def exceptions(facts: BoxFacts) -> frozenset[BoxException]:
    return progress_of(facts).exceptions


# A carrier that contradicts itself


def test_a_fall_back_from_delivered_is_shown_not_believed_and_not_ignored() -> None:
    progress = progress_of(sent(said(Milestone.DELIVERED, 22), said(Milestone.IN_TRANSIT, 24)))
    assert progress.stage == Stage.IN_THE_COUNTRY
    assert progress.exceptions == {DISPUTED}
    assert progress.contradictions == {Contradiction.CARRIER_FELL_BACK}


def test_a_box_that_the_hub_had_and_that_is_on_board_again_is_disputed() -> None:
    progress = progress_of(sent(said(Milestone.AVAILABLE_FOR_PICKUP, 22), said(Milestone.IN_TRANSIT, 24)))
    assert progress.contradictions == {Contradiction.CARRIER_FELL_BACK}


def test_a_failed_attempt_and_another_round_of_the_van_is_no_contradiction() -> None:
    rounds = [Milestone.OUT_FOR_DELIVERY, Milestone.ATTEMPT_FAILED, Milestone.IN_TRANSIT, Milestone.OUT_FOR_DELIVERY]
    told = [said(milestone, 20 + day) for day, milestone in enumerate(rounds)]
    assert not exceptions(sent(*told))


def test_a_time_without_zone_is_never_said_to_come_after_a_delivery() -> None:
    zoneless = said(Milestone.IN_TRANSIT, None, heard_at=NOON + 30 * DAY)
    assert not progress_of(sent(said(Milestone.DELIVERED, 22), zoneless)).contradictions


def test_a_carrier_that_says_lost_or_returned_is_disputed_until_the_box_is_received() -> None:
    for milestone, why in (
        (Milestone.LOST, Contradiction.CARRIER_SAYS_LOST),
        (Milestone.RETURNED, Contradiction.CARRIER_SAYS_RETURNED),
        (Milestone.RETURNING, Contradiction.CARRIER_SAYS_RETURNING),
    ):
        assert progress_of(sent(said(milestone, 20))).contradictions == {why}
        assert not progress_of(sent(said(milestone, 20), receipts=(arrival(23),))).contradictions


def test_what_was_on_its_way_back_and_has_come_back_is_told_as_come_back() -> None:
    told = sent(said(Milestone.RETURNING, 20), said(Milestone.RETURNED, 22))
    assert progress_of(told).contradictions == {Contradiction.CARRIER_SAYS_RETURNED}


# Held


RANGE = timedelta(hours=13)


def unplaced(milestone: Milestone, day: float, **more: Columns) -> Said:
    """At a time without a zone that we know: within thirteen hours of what was written."""
    at = NOON + day * DAY
    return said(milestone, None, **{"earliest": at - RANGE, "latest": at + RANGE, "heard_at": NOON + 22 * DAY, **more})


@pytest.mark.parametrize("before", [timedelta(days=2), timedelta(minutes=10), timedelta(0)])
def test_what_cannot_be_said_to_come_after_a_hold_does_not_lift_it(before: timedelta) -> None:
    hold = said(Milestone.EXCEPTION, 20, reason=Reason.CUSTOMS_HOLD, heard_at=NOON + 22 * DAY)
    older = unplaced(Milestone.IN_TRANSIT, 20 - before / DAY)
    assert exceptions(sent(hold, older)) == {HELD}
    unknown = msgspec.structs.replace(older, earliest=None, latest=None)
    assert exceptions(sent(hold, unknown)) == {HELD}


def test_what_is_sure_to_come_after_a_hold_or_was_heard_later_lifts_it() -> None:
    hold = said(Milestone.EXCEPTION, 20, reason=Reason.CUSTOMS_HOLD, heard_at=NOON + 22 * DAY)
    assert not exceptions(sent(hold, unplaced(Milestone.IN_TRANSIT, 21)))
    soon = unplaced(Milestone.IN_TRANSIT, 20.2, heard_at=NOON + 22.5 * DAY)
    assert not exceptions(sent(hold, soon))
    long_before = unplaced(Milestone.IN_TRANSIT, 18, heard_at=NOON + 22.5 * DAY)
    assert exceptions(sent(hold, long_before)) == {HELD}


def test_times_without_a_zone_are_compared_as_they_are_written() -> None:
    hold = unplaced(Milestone.EXCEPTION, 20, reason=Reason.CUSTOMS_HOLD)
    assert exceptions(sent(hold, unplaced(Milestone.IN_TRANSIT, 19.9))) == {HELD}
    assert not exceptions(sent(hold, unplaced(Milestone.IN_TRANSIT, 20.1)))


def test_a_hold_holds_until_the_box_moves_again() -> None:
    hold = said(Milestone.EXCEPTION, 20, reason=Reason.CUSTOMS_HOLD)
    assert exceptions(sent(hold)) == {HELD}
    assert not exceptions(sent(hold, said(Milestone.ARRIVED_DESTINATION, 21)))


@pytest.mark.parametrize("event", LIFTS)
def test_a_release_lifts_the_holds_that_it_names_and_no_other(event: str) -> None:
    for reason in Reason:
        hold = said(Milestone.EXCEPTION, 20, reason=reason)
        lifted = exceptions(sent(hold, said(None, 21, event=event)))
        assert (HELD in lifted) == (HELD in exceptions(sent(hold)) and reason not in LIFTS[event]), reason


def test_a_release_before_the_hold_lifts_nothing() -> None:
    hold = said(Milestone.EXCEPTION, 20, reason=Reason.CUSTOMS_HOLD)
    assert exceptions(sent(hold, said(None, 19, event="customs_released"))) == {HELD}


def test_a_release_moves_nothing_back() -> None:
    told = (said(Milestone.ARRIVED_DESTINATION, 20), said(None, 21, event="customs_released"))
    assert progress_of(sent(*told)).stage == Stage.IN_THE_COUNTRY


def test_of_two_holds_a_release_lifts_one() -> None:
    customs = said(Milestone.EXCEPTION, 20, reason=Reason.CUSTOMS_HOLD)
    papers = said(Milestone.EXCEPTION, 21, reason=Reason.DOCUMENTS_MISSING)
    approved = said(None, 22, event="document_approved")
    assert exceptions(sent(customs, papers, approved)) == {HELD}
    assert not exceptions(sent(customs, papers, approved, said(None, 23, event="customs_released")))


def test_an_exception_without_a_reason_holds_and_lifts_nothing() -> None:
    customs = said(Milestone.EXCEPTION, 20, reason=Reason.CUSTOMS_HOLD)
    nameless = said(Milestone.EXCEPTION, 21)
    assert exceptions(sent(nameless)) == exceptions(sent(customs, nameless)) == {HELD}


def test_bad_weather_and_delay_hold_nothing() -> None:
    assert not exceptions(sent(said(Milestone.EXCEPTION, 10, reason=Reason.WEATHER)))
    assert not exceptions(sent(said(Milestone.EXCEPTION, 10, reason=Reason.DELAY)))


def test_a_planned_hold_holds_nothing() -> None:
    planned = said(Milestone.EXCEPTION, 20, reason=Reason.CUSTOMS_HOLD, classifier=Classifier.EST)
    assert not exceptions(sent(planned))


def test_a_received_box_is_held_no_more() -> None:
    hold = said(Milestone.EXCEPTION, 20, reason=Reason.CUSTOMS_HOLD)
    assert not exceptions(sent(hold, receipts=(arrival(23),)))


# What an office found


def test_missing_pieces_make_a_box_short_and_broken_ones_damaged() -> None:
    assert exceptions(sent(receipts=(arrival(23, missing=1),))) == {BoxException.SHORT}
    assert exceptions(sent(receipts=(arrival(23, damaged=1),))) == {BoxException.DAMAGED}


def test_a_damaged_carton_whose_pieces_are_counted_good_is_not_damaged() -> None:
    assert exceptions(sent(receipts=(arrival(23, condition=Condition.DAMAGED, counted=False),))) == {
        BoxException.DAMAGED
    }
    assert not exceptions(sent(receipts=(arrival(23, condition=Condition.DAMAGED),)))


def test_a_carriers_word_of_damage_holds_until_the_office_has_looked() -> None:
    damage = said(Milestone.EXCEPTION, 10, reason=Reason.DAMAGED)
    assert exceptions(sent(damage)) == {BoxException.DAMAGED}
    assert not exceptions(sent(damage, receipts=(arrival(23),)))


def test_receipts_that_differ_are_disputed_and_the_counted_one_that_came_first_counts() -> None:
    first, second = arrival(23, missing=1), arrival(24, missing=2)
    quick = arrival(22, counted=False, condition=Condition.WET)
    progress = progress_of(sent(receipts=(second, quick, first)))
    assert progress.contradictions == {Contradiction.RECEIPTS_DIFFER}
    assert progress.exceptions == {DISPUTED, BoxException.SHORT}


def test_two_who_say_the_same_agree() -> None:
    assert not exceptions(sent(receipts=(arrival(23), arrival(24))))


def test_a_quick_look_and_a_count_afterwards_agree() -> None:
    quick = arrival(23, counted=False)
    counted = arrival(24, missing=1, seal_number="S1")
    assert exceptions(sent(receipts=(quick, counted))) == {BoxException.SHORT}


def test_a_surplus_and_a_strange_seal_are_disputed() -> None:
    assert progress_of(sent(receipts=(arrival(23, surplus=1),))).contradictions == {Contradiction.SURPLUS}
    assert progress_of(sent(receipts=(arrival(23, seal_number="S9"),))).contradictions == {Contradiction.SEAL_DIFFERS}


def test_an_arrival_before_the_dispatch_is_disputed_beyond_the_error_of_a_clock() -> None:
    assert not progress_of(sent(receipts=(arrival(0),))).contradictions
    assert progress_of(sent(receipts=(arrival(-2),))).contradictions == {Contradiction.RECEIVED_BEFORE_DISPATCH}


def test_a_hand_over_before_any_receipt_is_disputed_beyond_the_error_of_a_clock() -> None:
    assert not progress_of(sent(receipts=(arrival(23),), handovers=(passing(21),))).contradictions
    early = progress_of(sent(receipts=(arrival(23), arrival(24)), handovers=(passing(20.9),)))
    assert early.contradictions == {Contradiction.HANDED_OVER_BEFORE_RECEIPT}
    assert early.stage == Stage.HANDED_OVER


def test_an_arrival_before_the_box_was_registered_is_disputed_though_its_dispatch_is_unknown() -> None:
    early = sent(receipts=(arrival(-4),), dispatched_at=None, legs=())
    assert progress_of(early).contradictions == {Contradiction.RECEIVED_BEFORE_DISPATCH}


def test_more_handed_over_than_came_in_good_order_is_disputed_and_nothing_is_left() -> None:
    progress = progress_of(sent(receipts=(arrival(23, damaged=1),), handovers=(passing(24, handed=3),)))
    assert progress.contradictions == {Contradiction.HANDED_OVER_MORE_THAN_GOOD}
    assert progress.stage == Stage.HANDED_OVER


@pytest.mark.parametrize("typed", ["s1", "S-1", " S 1", WIDE, *DASHED])
def test_a_seal_typed_another_way_is_the_same_seal(typed: str) -> None:
    receipts = (arrival(23, seal_number=typed), arrival(24, seal_number="S1"))
    assert not progress_of(sent(receipts=receipts)).contradictions


def test_a_correction_ends_the_dispute() -> None:
    first, second = arrival(23, missing=1), arrival(24)
    correction = arrival(24, corrects_id=first.id)
    assert not exceptions(sent(receipts=(first, second, correction)))


# The returnee


def test_unreachable_and_refused_hold_until_the_next_try() -> None:
    unreachable, reached = deed(Happened.UNREACHABLE, NOON + 24 * DAY), deed(Happened.REACHED, NOON + 25 * DAY)
    assert exceptions(sent(receipts=(arrival(23),), deeds=(unreachable,))) == {BoxException.UNREACHABLE}
    assert not exceptions(sent(receipts=(arrival(23),), deeds=(reached, unreachable)))
    refused = passing(25, refused=True)
    assert exceptions(sent(receipts=(arrival(23),), handovers=(refused,))) == {BoxException.REFUSED}
    assert not exceptions(sent(receipts=(arrival(23),), handovers=(refused, passing(26))))


# By the clock


def test_overdue_begins_when_the_last_expected_day_is_over() -> None:
    progress = progress_of(sent(estimate(20)))
    assert (progress.expected_from, progress.expected_to) == (NOON + 22 * DAY, NOON + 34 * DAY)
    over = NOON + 35 * DAY  # in the zone where that day ends last
    assert BoxException.OVERDUE not in progress.exceptions_at(over)
    assert BoxException.OVERDUE in progress.exceptions_at(over + timedelta(seconds=1))


def test_an_estimate_goes_before_a_plan_and_the_newer_one_before_the_older() -> None:
    plan = estimate(18, classifier=Classifier.PLN, said_at=NOON + 9 * DAY)
    older, newer = estimate(20, said_at=NOON + 2 * DAY), estimate(26, said_at=NOON + 8 * DAY)
    assert progress_of(sent(newer, plan, older)).expected_from == NOON + 28 * DAY


def test_an_arrival_narrows_what_is_expected() -> None:
    progress = progress_of(sent(estimate(30), said(Milestone.ARRIVED_DESTINATION, 20)))
    assert progress.expected_to == NOON + 34 * DAY


def test_a_received_box_is_expected_no_more() -> None:
    progress = progress_of(sent(estimate(20), receipts=(arrival(23),)))
    assert (progress.expected_to, progress.overdue_after, progress.silent_after) == (None, None, None)


def test_silence_begins_when_a_carrier_is_quiet_for_longer_than_this_mode_usually_is() -> None:
    progress = progress_of(sent(said(Milestone.IN_TRANSIT, 5, leg_id=FIRST_LEG)))
    assert progress.silent_after == NOON + 5 * DAY + timedelta(hours=1) + QUIET_DAYS[Mode.SEA] * DAY
    assert BoxException.SILENT in progress.exceptions_at(progress.silent_after + timedelta(seconds=1))


def test_at_sea_before_a_last_stretch_by_road_a_ships_quiet_is_usual() -> None:
    legs = (Stretch(FIRST_LEG, 1, Mode.SEA, "GNCKY"), Stretch(LAST_LEG, 2, Mode.ROAD, "GNKNK"))
    at_sea = sent(said(Milestone.IN_TRANSIT, 5, leg_id=FIRST_LEG), legs=legs)
    assert progress_of(at_sea).silent_after == NOON + 5 * DAY + timedelta(hours=1) + QUIET_DAYS[Mode.SEA] * DAY
    on_the_road = sent(said(Milestone.IN_TRANSIT, 25, leg_id=LAST_LEG), legs=legs)
    assert progress_of(on_the_road).silent_after == NOON + 25 * DAY + timedelta(hours=1) + QUIET_DAYS[Mode.ROAD] * DAY
