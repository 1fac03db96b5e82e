"""The stretches of a way: what is heard of them by hand, and how a mistyped one goes."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from shipments.batches.batch import Leg
from shipments.errors import NotAllowed, NotFound, WrongState
from shipments.journal import JournalEntry
from shipments.offices.scope import EVERYWHERE, Actor
from shipments.sealing import KeyRing
from shipments.tracking import legs
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.milestones import Milestone, Reason
from shipments.tracking.polling.watch import LegWatch
from tests.builders import NOON
from tests.story import fixtures
from tests.story.journey import Journey


@pytest.fixture
def journey(sqlite_url: str) -> Iterator[Journey]:
    yield from fixtures._journey(sqlite_url)


@pytest.fixture
def each_journey(database_url: str) -> Iterator[Journey]:
    yield from fixtures._journey(database_url)


def remove(journey: Journey, leg: UUID, by: Actor | None = None) -> None:
    by = by or journey.staff.logistician
    journey.do(lambda s: legs.remove_leg(s, leg, by=by, now=journey.now), by)


@pytest.mark.parametrize(
    ("place", "unlocode"),
    [("GNCKY", "GNCKY"), ("Lagos", None), ("LAGO1", None), ("gncky", None), ("NL RTM", None), ("USNY2", "USNY2")],
)
def test_only_what_is_typed_as_a_unlocode_is_one(journey: Journey, place: str, unlocode: str | None) -> None:
    leg = journey.leg(journey.batch())
    journey.tell(leg, Milestone.IN_TRANSIT, place=place)
    (event,) = journey.events(leg)
    assert (event.place, event.unlocode) == (place, unlocode)


def test_a_mistyped_leg_goes_with_its_watch_and_the_journal_knows(each_journey: Journey, ring: KeyRing) -> None:
    journey = each_journey
    journey.account(ring, "http://127.0.0.1:9")
    batch = journey.batch(journey.box())
    first = journey.leg(batch)
    wrong = journey.leg(batch, carrier="dcsa", reference_type="booking", reference="MISTYPED")
    journey.dispatch(batch)
    remove(journey, wrong)

    def left(session: Session) -> tuple[list[UUID], list[UUID]]:
        return list(session.exec(select(Leg.id))), list(session.exec(select(LegWatch.leg_id)))

    assert journey.see(left) == ([first], [])
    entry = journey.see(lambda s: s.exec(select(JournalEntry).where(JournalEntry.action == "batch.remove_leg")).one())
    assert (entry.object_code, entry.details) == (batch, {"carrier": "dcsa", "position": 2})
    assert journey.differences() == []
    again = journey.leg(batch)
    assert journey.the_leg(again).position == 2


def test_a_leg_stays_once_something_was_heard_of_it_or_another_follows(journey: Journey) -> None:
    batch = journey.batch()
    first, second = journey.leg(batch), journey.leg(batch)
    with pytest.raises(WrongState, match="is not its last"):
        remove(journey, first)
    journey.tell(second, Milestone.IN_TRANSIT)
    with pytest.raises(WrongState, match="was heard of already"):
        remove(journey, second)


def test_only_logisticians_of_the_sending_office_remove_a_leg_and_strangers_see_none(journey: Journey) -> None:
    leg = journey.leg(journey.batch())
    with pytest.raises(NotAllowed):
        remove(journey, leg, journey.staff.receiver)
    with pytest.raises(NotFound):
        remove(journey, leg, journey.staff.stranger)
    assert journey.the_leg(leg).position == 1


def test_the_database_itself_keeps_reasons_for_exceptions(each_journey: Journey) -> None:
    leg = each_journey.leg(each_journey.batch())
    event = CarrierEvent(
        leg_id=leg,
        source_id="1",
        classifier=Classifier.ACT,
        occurred_at=NOON,
        heard_at=NOON,
        milestone=Milestone.DELIVERED,
        reason=Reason.DAMAGED,
        raw_code="x",
    )
    with pytest.raises(IntegrityError, match="reason_of_exception"):
        each_journey.do(lambda s: s.add(event), EVERYWHERE)
