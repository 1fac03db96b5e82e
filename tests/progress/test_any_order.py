"""Any order and any repetition of the same facts gives the same progress."""

import random
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shipments.boxes.box import Stage
from shipments.progress.deriving import TRAVELS, BoxException, progress_of, progress_of_each
from shipments.progress.expecting import Source, expected_of_legs
from shipments.progress.facts import BoxFacts, Said
from shipments.tracking.milestones import Milestone
from tests.progress.telling import FACTS, SAID, retold, said, sent

few = settings(max_examples=30)  # each fact set is large; the first test alone looks hard
RECEIVED = {Stage.AT_THE_OFFICE, Stage.READY, Stage.HANDED_OVER}


@settings(max_examples=60)
@given(FACTS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_of_the_same_facts_gives_the_same_progress(
    facts: BoxFacts, order: random.Random
) -> None:
    assert progress_of(retold(facts, order)) == progress_of(facts)


@few
@given(FACTS, st.lists(SAID, max_size=4))
def test_no_word_of_a_carrier_takes_a_box_out_of_the_office(facts: BoxFacts, more: list[Said]) -> None:
    before = progress_of(facts).stage
    after = progress_of(msgspec.structs.replace(facts, said=(*facts.said, *more))).stage
    assert (before in RECEIVED) == (after in RECEIVED)
    if before in RECEIVED:
        assert after == before


@few
@given(FACTS)
def test_without_a_receipt_no_box_is_at_an_office(facts: BoxFacts) -> None:
    lonely = msgspec.structs.replace(facts, receipts=(), handovers=())
    assert progress_of(lonely).stage not in RECEIVED


@few
@given(FACTS)
def test_overdue_and_silent_are_never_stored_and_begin_only_on_the_way(facts: BoxFacts) -> None:
    progress = progress_of(facts)
    assert not progress.exceptions & {BoxException.OVERDUE, BoxException.SILENT}
    if progress.stage not in TRAVELS:
        assert progress.overdue_after is None
        assert progress.silent_after is None


@few
@given(FACTS)
def test_a_contradiction_is_always_shown_as_disputed(facts: BoxFacts) -> None:
    progress = progress_of(facts)
    assert bool(progress.contradictions) == (BoxException.DISPUTED in progress.exceptions)


@few
@given(st.lists(SAID, max_size=6))
def test_an_estimate_an_unknown_code_and_a_plan_move_no_stage(more: list[Said]) -> None:
    idle = [one for one in more if one.classifier != "ACT" or one.milestone is None]
    assert progress_of(sent(*idle)).stage == progress_of(sent()).stage == Stage.ON_THE_WAY


@few
@given(FACTS)
def test_what_we_heard_last_is_the_newest_fact_of_any_kind(facts: BoxFacts) -> None:
    heard = [one.heard_at for group in (facts.deeds, facts.said, facts.receipts, facts.handovers) for one in group]
    heard += [facts.registered_at] + ([facts.dispatch_heard_at] if facts.dispatch_heard_at else [])
    assert progress_of(facts).heard_at == max(heard)


@few
@given(FACTS, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_expectation_of_each_leg(facts: BoxFacts, order: random.Random) -> None:
    assert expected_of_legs(retold(facts, order)) == expected_of_legs(facts)


@few
@given(st.lists(FACTS, max_size=4))
def test_boxes_that_travel_together_are_understood_as_each_alone(many: list[BoxFacts]) -> None:
    together = [msgspec.structs.replace(one, legs=many[0].legs, said=many[0].said) for one in many]
    each = dict(progress_of_each({UUID(int=number): one for number, one in enumerate(together)}))
    assert list(each.values()) == [progress_of(one) for one in together]


@few
@given(FACTS)
def test_whatever_is_expected_begins_before_it_ends(facts: BoxFacts) -> None:
    for leg in expected_of_legs(facts).values():
        assert leg.earliest <= leg.latest
        assert (leg.journeys is None) == (leg.source != Source.HISTORY)
    progress = progress_of(facts)
    assert (progress.expected_from is None) == (progress.expected_to is None)
    if progress.expected_from and progress.expected_to:
        assert progress.expected_from <= progress.expected_to


def test_events_of_the_same_moment_are_ordered_by_how_far_along_they_are() -> None:
    told = [said(Milestone.DELIVERED, 20), said(Milestone.IN_TRANSIT, 20)]
    assert progress_of(sent(*told)).contradictions == progress_of(sent(*told[::-1])).contradictions == frozenset()
