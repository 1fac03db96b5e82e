"""How far a box is: people's deeds and receipts first, then what a carrier says happened at our own last port."""

import pytest

from shipments.boxes.box import Happened, Stage
from shipments.boxes.latest import RANK
from shipments.progress.carrier_news import Contradiction
from shipments.progress.deriving import progress_of
from shipments.progress.facts import BoxFacts, Deed
from shipments.receipts.receipt import Condition
from shipments.tracking.event import Classifier
from shipments.tracking.milestones import Milestone
from tests.builders import NOON
from tests.progress.telling import DAY, FIRST_LEG, arrival, deed, estimate, passing, said, sent

SEALED = deed(Happened.SEALED, NOON, seal_number="S1")


def stage(facts: BoxFacts) -> Stage:
    return progress_of(facts).stage


def here(*deeds: Deed, in_batch: bool = False) -> BoxFacts:
    return BoxFacts(registered_at=NOON - DAY, deeds=deeds, in_batch=in_batch)


def test_a_box_is_registered_then_packed_then_waiting() -> None:
    assert stage(here()) == stage(here(in_batch=True)) == Stage.REGISTERED
    assert stage(here(SEALED)) == Stage.PACKED
    assert stage(here(SEALED, in_batch=True)) == Stage.WAITING


def test_a_reopened_box_is_registered_until_it_is_sealed_again() -> None:
    reopened = deed(Happened.REOPENED, NOON + DAY)
    again = deed(Happened.SEALED, NOON + 2 * DAY, seal_number="S2")
    assert stage(here(SEALED, reopened)) == Stage.REGISTERED
    assert stage(here(again, SEALED, reopened)) == Stage.PACKED


def test_a_deed_that_another_takes_back_never_happened() -> None:
    reopened = deed(Happened.REOPENED, NOON + DAY)
    correction = deed(Happened.REACHED, NOON + 2 * DAY, corrects_id=reopened.id)
    assert stage(here(SEALED, reopened, correction)) == Stage.PACKED


def test_only_an_arrival_at_our_own_last_port_brings_a_box_into_the_country() -> None:
    assert stage(sent(said(Milestone.ARRIVED_DESTINATION, 9, leg_id=FIRST_LEG))) == Stage.ON_THE_WAY
    assert stage(sent(said(Milestone.DELIVERED, 9, leg_id=FIRST_LEG))) == Stage.ON_THE_WAY
    assert stage(sent(said(Milestone.IN_TRANSIT, 19))) == Stage.ON_THE_WAY
    assert stage(sent(said(Milestone.ARRIVED_DESTINATION, 20))) == Stage.IN_THE_COUNTRY


@pytest.mark.parametrize("classifier", [Classifier.EST, Classifier.PLN])
def test_an_estimate_or_plan_never_moves_a_box(classifier: Classifier) -> None:
    assert stage(sent(said(Milestone.DELIVERED, 20, classifier=classifier))) == Stage.ON_THE_WAY


def test_a_carriers_delivered_makes_no_receipt() -> None:
    assert stage(sent(said(Milestone.DELIVERED, 22))) == Stage.IN_THE_COUNTRY


def test_a_late_in_transit_does_not_undo_a_receipt() -> None:
    received = sent(said(Milestone.DELIVERED, 22), receipts=(arrival(23),))
    late = sent(said(Milestone.DELIVERED, 22), said(Milestone.IN_TRANSIT, 30), receipts=(arrival(23),))
    assert stage(received) == stage(late) == Stage.READY


def test_a_late_old_event_does_not_undo_an_arrival_and_contradicts_nothing() -> None:
    late = said(Milestone.IN_TRANSIT, 12, heard_at=NOON + 25 * DAY)
    progress = progress_of(sent(said(Milestone.DELIVERED, 22), late))
    assert progress.stage == Stage.IN_THE_COUNTRY
    assert not progress.contradictions


def test_a_later_booking_paper_undoes_nothing() -> None:
    progress = progress_of(sent(said(Milestone.DELIVERED, 22), said(Milestone.INFO_RECEIVED, 25)))
    assert progress.stage == Stage.IN_THE_COUNTRY
    assert not progress.exceptions


def test_an_unknown_code_keeps_the_former_stage() -> None:
    assert stage(sent(said(Milestone.ARRIVED_DESTINATION, 20), said(None, 25))) == Stage.IN_THE_COUNTRY


def test_a_time_without_zone_still_says_that_it_arrived() -> None:
    assert stage(sent(said(Milestone.ARRIVED_DESTINATION, None))) == Stage.IN_THE_COUNTRY


def test_what_a_carrier_took_back_was_never_said() -> None:
    wrong = said(Milestone.ARRIVED_DESTINATION, 5)
    correction = said(Milestone.IN_TRANSIT, 6, corrects_id=wrong.id)
    assert stage(sent(wrong, correction)) == Stage.ON_THE_WAY


def test_a_box_that_looks_bad_and_is_not_counted_is_at_the_office_but_not_ready() -> None:
    uncounted = arrival(23, counted=False, condition=Condition.WET)
    assert stage(sent(receipts=(uncounted,))) == Stage.AT_THE_OFFICE
    assert stage(sent(receipts=(arrival(23, condition=Condition.WET),))) == Stage.READY


def test_a_box_is_handed_over_when_nothing_is_left_of_it() -> None:
    part, rest = passing(24, handed=2), passing(25, handed=1)
    assert stage(sent(receipts=(arrival(23),), handovers=(part,))) == Stage.READY
    assert stage(sent(receipts=(arrival(23),), handovers=(part, rest))) == Stage.HANDED_OVER
    assert stage(sent(receipts=(arrival(23, missing=1),), handovers=(part,))) == Stage.HANDED_OVER
    assert stage(sent(receipts=(arrival(23),), handovers=(passing(24, refused=True),))) == Stage.READY


def test_a_hand_over_told_twice_takes_nothing_twice() -> None:
    part = passing(24, handed=2)
    assert stage(sent(receipts=(arrival(23),), handovers=(part, part))) == Stage.READY


def test_of_two_deeds_at_the_same_moment_the_one_that_follows_the_other_counts() -> None:
    lost, found = deed(Happened.LOST, NOON + 5 * DAY), deed(Happened.FOUND, NOON + 5 * DAY)
    assert stage(sent(deeds=(lost, found))) == stage(sent(deeds=(found, lost))) == Stage.ON_THE_WAY
    assert set(RANK) == set(Happened)


def test_a_receipt_that_is_corrected_away_counts_no_more() -> None:
    first = arrival(23, counted=False)
    second = arrival(23, counted=False, condition=Condition.WET, corrects_id=first.id)
    assert stage(sent(receipts=(first, second))) == Stage.AT_THE_OFFICE


@pytest.mark.parametrize(
    ("happened", "ended"),
    [
        (Happened.WITHDRAWN, Stage.WITHDRAWN),
        (Happened.LOST, Stage.LOST),
        (Happened.RETURNED, Stage.RETURNED),
        (Happened.DESTROYED, Stage.DESTROYED),
    ],
)
def test_a_way_that_ends_early_says_how(happened: Happened, ended: Stage) -> None:
    assert stage(here(SEALED, deed(happened, NOON + DAY))) == ended
    assert stage(sent(deeds=(SEALED, deed(happened, NOON + 9 * DAY)))) == ended


def test_what_was_lost_and_found_goes_on() -> None:
    lost, found = deed(Happened.LOST, NOON + 5 * DAY), deed(Happened.FOUND, NOON + 6 * DAY)
    assert stage(sent(deeds=(found, SEALED, lost))) == Stage.ON_THE_WAY


def test_what_arrives_after_it_was_given_up_is_at_the_office_and_disputed() -> None:
    progress = progress_of(sent(deeds=(SEALED, deed(Happened.LOST, NOON + 15 * DAY)), receipts=(arrival(23),)))
    assert progress.stage == Stage.READY
    assert progress.contradictions == {Contradiction.RECEIVED_AFTER_END}


def test_what_is_destroyed_or_sent_back_after_its_arrival_has_ended() -> None:
    progress = progress_of(sent(deeds=(SEALED, deed(Happened.DESTROYED, NOON + 40 * DAY)), receipts=(arrival(23),)))
    assert progress.stage == Stage.DESTROYED
    assert not progress.contradictions


def test_an_estimate_is_no_arrival() -> None:
    assert stage(sent(estimate(20))) == Stage.ON_THE_WAY


def test_whoever_gave_a_box_up_without_knowing_that_it_had_arrived_was_wrong() -> None:
    lost = deed(Happened.LOST, NOON + 40 * DAY)
    unheard = arrival(23, heard_at=NOON + 41 * DAY)
    progress = progress_of(sent(deeds=(SEALED, lost), receipts=(unheard,)))
    assert progress.stage == Stage.READY
    assert progress.contradictions == {Contradiction.RECEIVED_AFTER_END}
