"""What was said is recorded once; an estimate without a time of its own each time that it changes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from shipments.boxes.latest import uncorrected
from shipments.errors import Conflict
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.carriers.answers import Answer, ReadEvent
from shipments.tracking.event import CarrierEvent
from shipments.tracking.hearing import Heard, hear
from shipments.tracking.milestones import Milestone, Reason
from shipments.tracking.retelling import MOST_TELLINGS
from tests.builders import NOON
from tests.story.fixtures import each_journey
from tests.story.journey import Journey

__all__ = ["each_journey"]
DAY = timedelta(days=1)
Hears = Callable[..., Heard]

SEEN = ReadEvent(
    id="seen-1",
    occurred_at=NOON,
    occurred_as_written="2026-03-02T12:00:00Z",
    tz_known=True,
    classifier="ACT",
    milestone=Milestone.IN_TRANSIT,
    event="departed",
    reason=None,
    raw_code="PU",
    raw_text="Picked up",
    place=None,
    unlocode=None,
    created_at=None,
)


def estimated(at: datetime, *, now: datetime | None, id: str = "", code: str = "EDD") -> ReadEvent:
    """An estimate; `now`: read by a carrier that does not say when it was made."""
    return msgspec.structs.replace(
        SEEN,
        id=id or f"EST-{at:%Y%m%d}",
        occurred_at=at,
        occurred_as_written=at.isoformat(),
        classifier="EST",
        milestone=None,
        event="arrived",
        raw_code=code,
        created_at=now,
    )


@pytest.fixture
def leg(each_journey: Journey) -> UUID:
    """Of a box under way."""
    return each_journey.sent()[2]


@pytest.fixture
def hears(each_journey: Journey, leg: UUID) -> Hears:
    """A minute after the last step; events that have no time of their own are read then.

    `waited`: for so long the answer has waited to be read.
    """

    def hearing(*events: ReadEvent, undated: bool = True, waited: timedelta = timedelta(0)) -> Heard:
        now = each_journey.now + timedelta(minutes=1)
        said = [
            msgspec.structs.replace(one, created_at=now) if undated and one.classifier == "EST" else one
            for one in events
        ]
        answer = Answer(found=True, events=tuple(said))
        came = {leg: now - waited}
        return each_journey.do(lambda session: hear(session, {leg: answer}, now=now, came_at=came), EVERYWHERE)

    return hearing


def standing(journey: Journey, leg: UUID) -> list[CarrierEvent]:
    """What was said and not taken back, apart from estimates."""
    return [one for one in uncorrected(journey.events(leg)) if one.classifier == "ACT"]


def estimates(journey: Journey, leg: UUID) -> list[CarrierEvent]:
    """In the order in which they were heard."""
    return sorted((one for one in journey.events(leg) if one.raw_code == "EDD"), key=lambda one: one.heard_at)


def test_the_same_event_is_one_fact_however_often_it_is_said(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    assert hears(SEEN, SEEN).new == {leg: 1}
    assert hears(SEEN).new == {}
    assert [one.source_id for one in each_journey.events(leg)] == ["seen-1"]


LATER = msgspec.structs.replace(SEEN, occurred_at=NOON + timedelta(hours=3))


def test_what_is_told_otherwise_under_its_name_corrects_the_former_telling(
    each_journey: Journey, leg: UUID, hears: Hears
) -> None:
    hears(SEEN)
    assert hears(LATER).new == {leg: 1}
    first, second = sorted(each_journey.events(leg), key=lambda one: one.heard_at)
    assert (second.corrects_id, second.occurred_at) == (first.id, LATER.occurred_at)
    assert [one.id for one in standing(each_journey, leg)] == [second.id]


def test_two_tellings_of_one_event_do_not_take_turns_for_ever(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    for said in (SEEN, LATER, SEEN, LATER, SEEN):
        hears(said)
    assert len(each_journey.events(leg)) == 2
    third = msgspec.structs.replace(SEEN, milestone=Milestone.DELIVERED, event="delivered")
    assert hears(third).new == {leg: 1}, "a third telling corrects the second"
    assert [one.milestone for one in standing(each_journey, leg)] == [Milestone.DELIVERED]


def test_what_is_said_the_same_and_taken_otherwise_is_corrected_back_too_but_not_for_ever(
    each_journey: Journey, leg: UUID, hears: Hears
) -> None:
    here = msgspec.structs.replace(SEEN, milestone=Milestone.ARRIVED_DESTINATION)
    hears(here)
    hears(SEEN)  # a further leg was planned,
    hears(here)  # and taken back
    assert [one.milestone for one in standing(each_journey, leg)] == [Milestone.ARRIVED_DESTINATION]
    for said in (SEEN, here) * MOST_TELLINGS:
        hears(said)
    assert len(each_journey.events(leg)) == MOST_TELLINGS


def test_the_newer_of_two_tellings_is_the_one_that_came_later_whenever_they_were_recorded(
    each_journey: Journey, leg: UUID, hears: Hears
) -> None:
    hears(SEEN, waited=timedelta(minutes=10))
    assert hears(LATER, waited=timedelta(minutes=9)).new == {leg: 1}
    assert hears(SEEN, waited=timedelta(minutes=20)).new == {}
    assert [one.occurred_at for one in standing(each_journey, leg)] == [LATER.occurred_at]


def of_hour(event: ReadEvent, hour: float) -> ReadEvent:
    """As the carrier says that it made it, so many hours after yesterday's noon."""
    return msgspec.structs.replace(event, created_at=NOON - DAY + timedelta(hours=hour))


def test_the_carriers_own_times_say_which_telling_is_newer(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    hears(of_hour(LATER, 2))
    assert hears(of_hour(SEEN, 1)).new == {}
    assert [one.occurred_at for one in standing(each_journey, leg)] == [LATER.occurred_at]
    hears(of_hour(SEEN, 3))
    hears(of_hour(LATER, 4))
    assert [one.occurred_at for one in standing(each_journey, leg)] == [LATER.occurred_at], "it went back to its word"


def test_of_two_tellings_of_the_same_time_the_one_that_came_later_counts(
    each_journey: Journey, leg: UUID, hears: Hears
) -> None:
    hears(of_hour(SEEN, 1))
    assert hears(of_hour(LATER, 1)).new == {leg: 1}
    assert [one.occurred_at for one in standing(each_journey, leg)] == [LATER.occurred_at]


def test_a_telling_from_the_future_is_as_old_as_its_answer(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    hears(of_hour(SEEN, 24 * 400))
    assert hears(of_hour(LATER, 24 * 300)).new == {leg: 1}


def test_a_code_that_nobody_mapped_takes_nothing_back_and_is_told_once(
    each_journey: Journey, leg: UUID, hears: Hears
) -> None:
    hears(SEEN)
    unknown = msgspec.structs.replace(SEEN, event=None, milestone=None, raw_code="ZZ")
    assert hears(unknown).unknown == [(leg, "ZZ")]
    assert hears(unknown).new == {}
    assert Milestone.IN_TRANSIT in {one.milestone for one in standing(each_journey, leg)}


def test_long_names_that_begin_alike_are_corrected_each(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    both = [msgspec.structs.replace(SEEN, id=f"{'x' * 78}{number}") for number in (1, 2)]
    hears(*both)
    assert hears(*(msgspec.structs.replace(one, occurred_at=LATER.occurred_at) for one in both)).new == {leg: 2}
    assert {one.occurred_at for one in standing(each_journey, leg)} == {LATER.occurred_at}


@pytest.mark.parametrize(
    "change",
    [
        {"occurred_at": None},
        {"milestone": Milestone.DELIVERED},
        {"event": "delivered"},
        {"milestone": Milestone.EXCEPTION, "reason": Reason.CUSTOMS_HOLD},
        {"unlocode": "GNCKY"},
        {"raw_code": "PX"},
        {"classifier": "PLN", "milestone": None},
        {"earliest": NOON, "latest": NOON + DAY},
    ],
    ids=lambda change: " ".join(change),
)
def test_whatever_matters_of_an_event_is_corrected(
    each_journey: Journey, leg: UUID, hears: Hears, change: dict[str, Any]
) -> None:
    hears(SEEN)
    assert hears(msgspec.structs.replace(SEEN, **change)).new == {leg: 1}


def test_other_words_for_the_same_event_are_no_other_telling(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    hears(SEEN)
    assert hears(msgspec.structs.replace(SEEN, raw_text="Collected", place="Rotterdam")).new == {}


def test_a_part_of_a_second_makes_no_other_telling(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    hears(SEEN)
    assert hears(msgspec.structs.replace(SEEN, occurred_at=NOON.replace(microsecond=123_456))).new == {}


def test_what_a_person_took_back_stays_taken_back(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    hears(SEEN)
    (told,) = each_journey.events(leg)
    each_journey.tell(leg, milestone=Milestone.ACCEPTED, corrects=told.id)
    assert hears(LATER).new == {}
    assert [one.milestone for one in standing(each_journey, leg)] == [Milestone.ACCEPTED]


def test_nobody_takes_back_what_was_corrected_meanwhile(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    hears(SEEN)
    (seen,) = each_journey.events(leg)
    hears(LATER)
    with pytest.raises(Conflict, match="corrected meanwhile"):
        each_journey.tell(leg, milestone=Milestone.ACCEPTED, corrects=seen.id)


def test_an_estimate_that_goes_and_comes_back_is_three_facts(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    first, second = estimated(NOON + 5 * DAY, now=None), estimated(NOON + 7 * DAY, now=None)
    for said in (first, first, second, second, first, first):
        hears(said)
    assert [one.occurred_at for one in estimates(each_journey, leg)] == [
        first.occurred_at,
        second.occurred_at,
        first.occurred_at,
    ]


def test_an_estimate_with_the_carriers_own_time_is_one_fact_for_ever(
    each_journey: Journey, leg: UUID, hears: Hears
) -> None:
    first, second = (estimated(NOON + days * DAY, now=NOON) for days in (5, 7))
    for said in (first, second, first):
        hears(said, undated=False)
    assert len(estimates(each_journey, leg)) == 2


def test_two_estimates_said_together_are_not_news_for_ever(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    both = estimated(NOON + 5 * DAY, now=None), estimated(NOON + 7 * DAY, now=None)
    for _ in range(3):
        hears(*both)
    assert len(estimates(each_journey, leg)) == 2


def test_of_two_estimates_said_together_only_the_one_that_changes_is_news(
    each_journey: Journey, leg: UUID, hears: Hears
) -> None:
    one, two, three, four = (estimated(NOON + day * DAY, now=None) for day in (1, 2, 3, 4))
    for said in ((one, two), (one, three), (one, three), (one, four), (one, four)):
        hears(*said)
    assert [event.occurred_at for event in estimates(each_journey, leg)] == [
        event.occurred_at for event in (one, two, three, four)
    ]
    hears(one, two)
    assert estimates(each_journey, leg)[-1].occurred_at == two.occurred_at, "what comes back is news again"


def test_estimates_of_other_codes_and_legs_do_not_answer_for_each_other(
    each_journey: Journey, leg: UUID, hears: Hears
) -> None:
    at = NOON + 5 * DAY
    assert hears(estimated(at, now=None), estimated(at, now=None, code="EDW", id="other")).new == {leg: 2}
    assert hears(estimated(at, now=None)).new == {}


def test_a_range_is_kept_and_a_change_of_it_is_news(each_journey: Journey, leg: UUID, hears: Hears) -> None:
    wide = msgspec.structs.replace(
        estimated(NOON, now=None), occurred_at=None, earliest=NOON + 4 * DAY, latest=NOON + 6 * DAY
    )
    narrow = msgspec.structs.replace(wide, latest=NOON + 5 * DAY)
    for said in (wide, wide, narrow):
        hears(said)
    assert [(one.earliest, one.latest) for one in estimates(each_journey, leg)] == [
        (NOON + 4 * DAY, NOON + 6 * DAY),
        (NOON + 4 * DAY, NOON + 5 * DAY),
    ]


def test_a_code_that_nobody_mapped_is_named(leg: UUID, hears: Hears) -> None:
    unknown = msgspec.structs.replace(SEEN, id="x", event=None, milestone=None, raw_code="ZZ")
    assert hears(unknown).unknown == [(leg, "ZZ")]
