"""All facts about one box, told in the order in which they happened."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from shipments.batches.batch import Dispatch, Leg
from shipments.boxes.box import Box, BoxFact
from shipments.receipts.receipt import Handover, Receipt
from shipments.shapes import Instant
from shipments.tracking.event import CarrierEvent, moment_of


class Fact(msgspec.Struct, frozen=True):
    """One fact. `occurred_at` null: the carrier's time could not be placed, `as_written` has it as it came.

    `earliest`, `latest`: then the range in which it lies, if it can be read; also of estimates that are no moment.

    `source`: `staff`, `receipt`, `handover`, or the name of the carrier. `what`: the word of the fact.
    """

    id: UUID
    what: str
    source: str
    occurred_at: Instant | None
    heard_at: Instant
    as_written: str | None = None
    classifier: str | None = None
    milestone: str | None = None
    reason: str | None = None
    place: str | None = None
    note: str | None = None
    raw_code: str | None = None
    corrects: UUID | None = None
    earliest: Instant | None = None
    latest: Instant | None = None


def timeline(session: Session, box: Box) -> list[Fact]:
    """Oldest first; what has no time of its own stands in the middle of its range, or where it was heard."""
    facts = [
        _registered(box),
        *_deeds(session, box),
        *_departure(session, box),
        *(fact for _, fact in said_of(session, box.batch_id)),
    ]
    facts += [*_receipts(session, box), *_handovers(session, box)]
    return sorted(facts, key=_moment)


def _moment(fact: Fact) -> tuple[datetime, datetime, str]:
    return moment_of(fact), fact.heard_at, str(fact.id)


def _registered(box: Box) -> Fact:
    return Fact(box.id, "registered", "staff", box.registered_at, box.registered_at)


def _deeds(session: Session, box: Box) -> list[Fact]:
    return [
        Fact(
            one.id,
            one.happened,
            "staff",
            one.occurred_at,
            one.heard_at,
            note=one.note or None,
            corrects=one.corrects_id,
        )
        for one in session.exec(select(BoxFact).where(BoxFact.box_id == box.id))
    ]


def _departure(session: Session, box: Box) -> list[Fact]:
    left = session.exec(select(Dispatch).where(Dispatch.batch_id == box.batch_id)).all()
    return [Fact(one.batch_id, "dispatched", "staff", one.at, one.heard_at, note=one.override_reason) for one in left]


def said_of(session: Session, batch_id: UUID | None) -> list[tuple[UUID, Fact]]:
    """(leg, fact) of all that carriers said of a batch's way."""
    rows = session.exec(
        select(CarrierEvent, Leg.carrier).join(Leg, col(Leg.id) == CarrierEvent.leg_id).where(Leg.batch_id == batch_id)
    )
    return [
        (
            event.leg_id,
            Fact(
                id=event.id,
                what=event.event or event.milestone or "unknown",
                source="staff" if event.person_id else carrier,
                occurred_at=event.occurred_at,
                heard_at=event.heard_at,
                as_written=event.occurred_as_written,
                classifier=event.classifier,
                milestone=event.milestone,
                reason=event.reason,
                place=event.place or event.unlocode,
                note=event.raw_text or None,
                raw_code=event.raw_code,
                corrects=event.corrects_id,
                earliest=event.earliest,
                latest=event.latest,
            ),
        )
        for event, carrier in rows
    ]


def _receipts(session: Session, box: Box) -> list[Fact]:
    return [
        Fact(
            one.id,
            "received",
            "receipt",
            one.arrived_at,
            one.heard_at,
            reason=one.condition,
            note=one.note or None,
            corrects=one.corrects_id,
        )
        for one in session.exec(select(Receipt).where(Receipt.box_id == box.id))
    ]


def _handovers(session: Session, box: Box) -> list[Fact]:
    return [
        Fact(one.id, "refused" if one.refused else "handed_over", "handover", one.at, one.heard_at, note=one.refused)
        for one in session.exec(select(Handover).where(Handover.box_id == box.id))
    ]
