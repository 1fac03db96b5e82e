"""What staff read off an air waybill's or a post's page is recorded by its code, and moves the box as the code says."""

from collections.abc import Iterator

import pytest
from sqlmodel import select

from shipments.boxes.box import Stage
from shipments.errors import Invalid
from shipments.journal import JournalEntry
from shipments.tracking.carriers.by_hand import Vocabulary
from shipments.tracking.milestones import Milestone
from tests.story import fixtures
from tests.story.journey import Journey


@pytest.fixture
def journey(sqlite_url: str) -> Iterator[Journey]:
    yield from fixtures._journey(sqlite_url)


@pytest.fixture
def each_journey(database_url: str) -> Iterator[Journey]:
    yield from fixtures._journey(database_url)


def test_a_code_told_at_our_last_port_brings_the_box_into_the_country(each_journey: Journey) -> None:
    (box,), _, leg = each_journey.sent()
    each_journey.tell(leg, None, code="RCF", vocabulary=Vocabulary.IATA, place="MACMN")
    assert each_journey.the_box(box).stage == Stage.ON_THE_WAY
    each_journey.tell(leg, None, code="rcf", vocabulary=Vocabulary.IATA, place="GNCKY")
    assert each_journey.the_box(box).stage == Stage.IN_THE_COUNTRY
    said = [(event.raw_code, event.event, event.milestone) for event in each_journey.events(leg)]
    assert said == [
        ("IATA/RCF", "received_from_flight", Milestone.IN_TRANSIT),
        ("IATA/RCF", "received_from_flight", Milestone.ARRIVED_DESTINATION),
    ]


def test_the_journal_names_the_code_where_it_says_no_milestone(journey: Journey) -> None:
    _, _, leg = journey.sent()
    journey.tell(leg, None, code="AWR", vocabulary=Vocabulary.IATA)
    entry = journey.see(lambda s: s.exec(select(JournalEntry).where(JournalEntry.action == "leg.tell")).one())
    assert entry.details == {"leg": 1, "milestone": "IATA/AWR"}


def test_a_code_that_the_list_does_not_know_is_refused_and_nothing_is_recorded(journey: Journey) -> None:
    _, _, leg = journey.sent()
    with pytest.raises(Invalid, match="code"):
        journey.tell(leg, None, code="ZZZ", vocabulary=Vocabulary.IATA)
    assert list(journey.events(leg)) == []
