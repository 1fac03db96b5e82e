"""The rules by which carriers are believed, each with a test that bears its name. The readers have theirs."""

import random

import msgspec
import pytest

from shipments.batches.batch import Mode
from shipments.boxes.box import Stage
from shipments.progress.carrier_news import QUIET_BOUNDS, QUIET_DAYS, Contradiction
from shipments.progress.deriving import BoxException, progress_of
from shipments.progress.expecting import Source, expected_of_legs
from shipments.tracking.event import Classifier
from shipments.tracking.milestones import ARRIVED, Milestone
from tests.builders import NOON
from tests.progress.telling import DAY, FIRST_LEG, LAST_LEG, arrival, estimate, leg, retold, said, sent, window

M = Milestone


@pytest.mark.parametrize("milestone", sorted(ARRIVED))
def test_last_port_rule(milestone: Milestone) -> None:
    """Only what happens at the end of the last leg brings a box into the country."""
    assert progress_of(sent(said(milestone, 9, leg_id=FIRST_LEG))).stage == Stage.ON_THE_WAY
    assert progress_of(sent(said(milestone, 20))).stage == Stage.IN_THE_COUNTRY


@pytest.mark.parametrize("milestone", sorted(ARRIVED))
def test_hub_is_not_office(milestone: Milestone) -> None:
    """Whatever a carrier hands over, and to whom: without our receipt the box is not at the office."""
    every_word = [said(one, 20 + day) for day, one in enumerate([*ARRIVED, milestone])]
    assert progress_of(sent(*every_word)).stage == Stage.IN_THE_COUNTRY
    assert progress_of(sent(*every_word, receipts=(arrival(30),))).stage == Stage.READY


def test_contradictory_delivered() -> None:
    """Shown, not believed and not ignored, and gone by itself where the word was taken back."""
    delivered, loaded = said(M.DELIVERED, 22), said(M.IN_TRANSIT, 24)
    disputed = progress_of(sent(delivered, loaded))
    assert disputed.stage == Stage.IN_THE_COUNTRY
    assert disputed.contradictions == {Contradiction.CARRIER_FELL_BACK}
    for still_moving in (M.ARRIVED_DESTINATION, M.OUT_FOR_DELIVERY, M.ATTEMPT_FAILED):
        in_the_same_town = progress_of(sent(delivered, said(still_moving, 23)))
        assert in_the_same_town.contradictions == {Contradiction.CARRIER_FELL_BACK}
    taken_back = said(M.INFO_RECEIVED, 25, corrects_id=delivered.id)
    assert not progress_of(sent(delivered, loaded, taken_back)).contradictions


@pytest.mark.parametrize("milestone", [M.RETURNING, M.RETURNED])
def test_return_legs_after_delivery(milestone: Milestone) -> None:
    """Delivered is not final: a way back is shown, and whether the box is here only our receipt says."""
    told = (said(M.DELIVERED, 22), said(milestone, 25))
    assert Contradiction.CARRIER_FELL_BACK in progress_of(sent(*told)).contradictions
    assert progress_of(sent(*told)).stage == Stage.IN_THE_COUNTRY
    assert progress_of(sent(*told, receipts=(arrival(26),))).stage == Stage.READY


def test_a_late_word_of_an_early_point_undoes_no_delivery() -> None:
    """Latest heard is not latest happened."""
    late = said(M.IN_TRANSIT, 8, heard_at=NOON + 40 * DAY)
    progress = progress_of(sent(said(M.DELIVERED, 22), late))
    assert progress.stage == Stage.IN_THE_COUNTRY
    assert not progress.contradictions


@pytest.mark.parametrize("classifier", [Classifier.EST, Classifier.PLN])
@pytest.mark.parametrize("milestone", sorted(Milestone))
def test_only_act_moves_progress(milestone: Milestone, classifier: Classifier) -> None:
    """Neither stage nor exceptions nor contradictions."""
    progress = progress_of(sent(said(milestone, 12, classifier=classifier)))
    plain = progress_of(sent())
    for name in ("stage", "exceptions", "contradictions", "holds"):
        assert getattr(progress, name) == getattr(plain, name)


@pytest.mark.parametrize("classifier", [Classifier.EST, Classifier.PLN])
def test_est_and_pln_feed_the_expected_date(classifier: Classifier) -> None:
    """Each, where there is no better one; that a change of it is news stands in tests/notices/test_told_once.py."""
    facts = sent(window(25, 26, classifier=classifier))
    assert expected_of_legs(facts)[LAST_LEG].source == Source.ESTIMATE
    assert progress_of(facts).expected_from == NOON + 27 * DAY


def test_any_order_any_repetition() -> None:
    """By example; tests/progress/test_any_order.py has it for whatever may be said."""
    told = (
        *(said(M.ACCEPTED, 1), said(M.IN_TRANSIT, 2), said(M.EXCEPTION, 5), said(M.IN_TRANSIT, 6)),
        *(estimate(20), window(22, 24, said_at=NOON + 6 * DAY), said(None, 7)),
        *(said(M.DELIVERED, 23), said(M.IN_TRANSIT, 24)),
    )
    facts = sent(*told)
    for seed in range(20):
        assert progress_of(retold(facts, random.Random(seed))) == progress_of(facts)


def test_unknown_stays_unknown() -> None:
    """A code nobody mapped keeps the former stage."""
    known = sent(said(M.ARRIVED_DESTINATION, 20))
    assert progress_of(msgspec.structs.replace(known, said=(*known.said, said(None, 21)))).stage == Stage.IN_THE_COUNTRY


def test_silence_is_counted_from_how_quiet_the_lane_usually_is() -> None:
    """Half as long again as most gaps on this lane, within bounds; a mode's own where the lane is unknown."""
    word = said(M.IN_TRANSIT, 5, leg_id=FIRST_LEG, heard_at=NOON + 5 * DAY)
    least, most = QUIET_BOUNDS[Mode.SEA]
    for usual, quiet in ((None, QUIET_DAYS[Mode.SEA]), (8, 12), (0.5, least), (60, most), (0, QUIET_DAYS[Mode.SEA])):
        known = {} if usual is None else {"quiet_s": usual}
        progress = progress_of(sent(word, legs=(leg(1, Mode.SEA, "GNCKY", **known),)))
        assert progress.silent_after == NOON + (5 + quiet) * DAY
        assert BoxException.SILENT not in progress.exceptions


def test_silence_begins_anew_with_every_word_even_an_estimate() -> None:
    """A carrier that estimates is not silent."""
    first, second = estimate(20), estimate(21, heard_at=NOON + 9 * DAY)
    assert progress_of(sent(first, second)).silent_after == NOON + (9 + QUIET_DAYS[Mode.SEA]) * DAY
