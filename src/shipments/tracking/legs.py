"""The legs of a batch's way, each with a carrier that can be asked, or that somebody is told by."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import exists, func, update
from sqlmodel import Session, col, select

from shipments import journal
from shipments.batches.batch import Batch, Leg, Mode
from shipments.batches.planning import PLANNERS, boxes_of, noted
from shipments.boxes.box import Box
from shipments.boxes.facts import facts_changed
from shipments.database import new_id
from shipments.errors import Conflict, Invalid, NotFound, WrongState
from shipments.offices.person import Role
from shipments.offices.scope import Actor, find
from shipments.shapes import DayOrInstant, Instant, Line, Unlocode, Word, moment
from shipments.tracking.accounts.choosing import account_for, hand_over
from shipments.tracking.accounts.terms import AccountName
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.by_hand import Reported, Vocabulary, reported
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.milestones import Milestone, Reason
from shipments.tracking.polling.due import TERMINAL
from shipments.tracking.polling.scheduling import resume
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.polling.ways import ways_of
from shipments.tracking.pushes.inbox import wake_parked
from shipments.tracking.pushes.letting_go import let_go

UNLOCODE = r"[A-Z]{2}[A-Z2-9]{3}"
TELLERS_HERE = frozenset({Role.LOGISTICIAN, Role.COORDINATOR})
TELLERS_THERE = frozenset({Role.RECEIVER, Role.COORDINATOR})


class LegPlanned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One carrier's stretch, places as UN/LOCODE, times aware. `mode`: as the batch, if not said.

    `account`: the name of the one it is asked about with, where the sending office has a choice.
    """

    carrier: Annotated[str, msgspec.Meta(min_length=1, max_length=40, examples=["dcsa", "by_hand"])]
    reference_type: Annotated[str, msgspec.Meta(min_length=1, max_length=40, examples=["booking", "bill_of_lading"])]
    reference: Word
    from_place: Unlocode
    to_place: Unlocode
    mode: Mode | None = None
    planned_departure: DayOrInstant | None = None
    planned_arrival: DayOrInstant | None = None
    account: AccountName | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a carrier said to somebody: a `milestone`, or a `code` as its page shows it, of a `vocabulary`.

    `place`: a UN/LOCODE or any name. `corrects`: an event this one takes back.
    """

    occurred_at: Instant
    milestone: Milestone | None = None
    reason: Reason | None = None
    place: Line | None = None
    note: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    corrects: UUID | None = None
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=20, examples=["RCF", "EMD"])] | None = None
    vocabulary: Vocabulary | None = None


def add_leg(session: Session, code: str, planned: LegPlanned, *, by: Actor, now: datetime) -> Leg:
    """The next stretch, after those there are; also after dispatch, when a waybill number comes late.

    Raises NotFound, NotAllowed, Invalid (unknown carrier, a reference or mode it does not take, ends before it begins,
    no account to ask with, or several and none was named).
    """
    batch = find(session, Batch, code, "batch")
    by.must_be(PLANNERS, batch.host_office_id)
    _lock_boxes(session, batch.id)
    batch = find(session, Batch, code, "batch", lock=True)
    mode = planned.mode or batch.mode
    departure = moment(planned.planned_departure, "planned_departure")
    arrival = moment(planned.planned_arrival, "planned_arrival")
    _refuse_unfit(planned, mode, departure, arrival)
    position = session.exec(select(func.max(Leg.position)).where(Leg.batch_id == batch.id)).one() or 0
    leg = Leg(
        batch_id=batch.id,
        mode=mode,
        position=position + 1,
        added_at=now,
        planned_departure=departure,
        planned_arrival=arrival,
        **{
            name: getattr(planned, name)
            for name in ("carrier", "reference_type", "reference", "from_place", "to_place")
        },
    )
    session.add(leg)
    session.flush()
    if CARRIERS[leg.carrier].polled:
        account_id = account_for(session, leg.carrier, batch.host_office_id, planned.account)
        session.add(LegWatch(leg_id=leg.id, account_id=account_id))
    batch.version += 1
    facts_changed(session, boxes_of(session, batch), [batch.id])
    journal.note(session, noted(batch, "batch.add_leg", by, now, carrier=leg.carrier, position=leg.position))
    return leg


def tell(session: Session, leg_id: UUID, told: Told, *, by: Actor, now: datetime) -> CarrierEvent:
    """Records what somebody heard from a carrier.

    Raises NotFound, NotAllowed, Invalid, or Conflict where what it corrects was corrected meanwhile.
    """
    leg, batch, _ = _locked(session, leg_id)
    if any(by.is_a(role, batch.host_office_id) for role in TELLERS_HERE):
        by.must_be(TELLERS_HERE, batch.host_office_id)
    else:
        by.must_be(TELLERS_THERE, batch.origin_office_id)
    report = Reported(
        id=str(new_id()),
        milestone=told.milestone,
        occurred_at=told.occurred_at,
        reason=told.reason,
        place=told.place,
        unlocode=told.place if told.place and re.fullmatch(UNLOCODE, told.place) else None,
        note=told.note,
        code=told.code,
        vocabulary=told.vocabulary,
    )
    corrected = _corrected(session, leg, told)
    read = reported(report, ways_of(session, [leg.id])[leg.id].asked, heard_at=now)
    event = CarrierEvent(
        leg_id=leg.id,
        source_id=read.id,
        classifier=Classifier(read.classifier),
        occurred_at=read.occurred_at,
        occurred_as_written=read.occurred_as_written,
        heard_at=now,
        said_at=now,
        milestone=read.milestone,
        event=read.event,
        reason=read.reason,
        raw_code=read.raw_code,
        raw_text=read.raw_text,
        place=read.place,
        unlocode=read.unlocode,
        person_id=by.person_id,
        corrects_id=told.corrects,
    )
    session.add(event)
    if corrected is not None and corrected.milestone in TERMINAL:
        session.flush()
        resume(session, [leg.id], now=now)
    facts_changed(session, boxes_of(session, batch), [batch.id])
    reached = read.milestone or read.raw_code
    journal.note(session, noted(batch, "leg.tell", by, now, leg=leg.position, milestone=reached))
    return event


def remove_leg(session: Session, leg_id: UUID, *, by: Actor, now: datetime) -> None:
    """Takes back a leg that was mistyped: the last one, of which nothing was heard. Raises NotFound, WrongState."""
    # Its watch is locked before the look: whoever asks the carrier records what it says only while holding that.
    leg, batch, watch = _locked(session, leg_id)
    by.must_be(PLANNERS, batch.host_office_id)
    if session.scalar(select(exists().where(col(CarrierEvent.leg_id) == leg.id))):
        raise WrongState(
            f"Leg {leg.position} of {batch.code} was heard of already; add another one after it.",
            state="heard of",
            expected="nothing heard",
        )
    if leg.position != session.exec(select(func.max(Leg.position)).where(Leg.batch_id == batch.id)).one():
        raise WrongState(
            f"Leg {leg.position} of {batch.code} is not its last. Remove those after it first.",
            state="not the last leg",
            expected="the last leg",
        )
    let_go(session, [leg.id], now=now)
    if watch is not None:
        session.delete(watch)
        session.flush()
    session.delete(leg)
    batch.version += 1
    facts_changed(session, boxes_of(session, batch), [batch.id])
    journal.note(session, noted(batch, "batch.remove_leg", by, now, carrier=leg.carrier, position=leg.position))


def set_account(session: Session, leg_id: UUID, name: str, *, by: Actor, now: datetime) -> Leg:
    """From now on the leg is asked about with this account. Raises NotFound, NotAllowed, Invalid.

    WrongState where nobody is asked about it.
    """
    leg, batch, watch = _locked(session, leg_id)
    by.must_be(PLANNERS, batch.host_office_id)
    if watch is None:
        raise WrongState(
            f"Leg {leg.position} of {batch.code} is told of by hand; no account is asked about it.",
            state="told by hand",
            expected="asked about",
        )
    account_id = account_for(session, leg.carrier, batch.host_office_id, name)
    if account_id != watch.account_id:
        hand_over(session, [leg.id], account_id, now=now)
        journal.note(session, noted(batch, "leg.set_account", by, now, leg=leg.position, account=name))
    return leg


def wake_watches(session: Session, batches: Collection[UUID], *, now: datetime) -> None:
    """Legs of these batches that were never asked about are due from now on, if their batch has left.

    What their carriers told us of them before is read now.
    """
    if batches:
        legs = (
            select(Leg.id)
            .join(Batch, col(Batch.id) == Leg.batch_id)
            .where(col(Leg.batch_id).in_(batches), col(Batch.dispatched_at).is_not(None))
        )
        woken = session.execute(
            update(LegWatch)
            .where(col(LegWatch.leg_id).in_(legs), col(LegWatch.due_at).is_(None), col(LegWatch.asked_at).is_(None))
            .values(due_at=now)
            .returning(col(LegWatch.leg_id)),
            execution_options={"synchronize_session": False},
        ).all()
        if woken:
            wake_parked(session, batches)


def resume_watches(session: Session, batches: Collection[UUID], *, now: datetime) -> None:
    """Legs of these batches, which travel again after all: what was lost is found, a receipt was taken back."""
    if batches:
        legs = select(Leg.id).where(col(Leg.batch_id).in_(batches))
        resume(session, session.exec(legs).all(), now=now)


def _locked(session: Session, leg_id: UUID) -> tuple[Leg, Batch, LegWatch | None]:
    """Its watch, its boxes, its batch: in the order of whoever records, so that nobody waits crosswise.

    No box joins the batch unseen. Raises NotFound.
    """
    row = select(Leg, Batch).join(Batch, col(Batch.id) == Leg.batch_id).where(Leg.id == leg_id)
    found = session.exec(row).one_or_none()
    if found is None:
        raise NotFound("leg", str(leg_id))
    watched = select(LegWatch).where(LegWatch.leg_id == leg_id).with_for_update()
    watch = session.exec(watched.execution_options(populate_existing=True)).one_or_none()
    _lock_boxes(session, found[0].batch_id)
    locked = row.with_for_update(of=Batch).execution_options(populate_existing=True)
    found = session.exec(locked).one_or_none()
    if found is None:  # somebody removed it while we waited
        raise NotFound("leg", str(leg_id))
    leg, batch = found
    return leg, batch, watch


def _lock_boxes(session: Session, batch_id: UUID) -> None:
    boxes = select(Box.id).where(Box.batch_id == batch_id).order_by(col(Box.id))
    session.exec(boxes.with_for_update(key_share=True)).all()


def _corrected(session: Session, leg: Leg, told: Told) -> CarrierEvent | None:
    if told.corrects is None:
        return None
    other = session.get(CarrierEvent, told.corrects)
    if other is None or other.leg_id != leg.id:
        raise Invalid([("corrects", "the id of an event of this leg")])
    correction = select(CarrierEvent.id).where(CarrierEvent.leg_id == leg.id, CarrierEvent.corrects_id == other.id)
    if session.exec(correction).first() is not None:
        raise Conflict("This event was corrected meanwhile. Look at the leg again, and correct what stands now.")
    return other


def _refuse_unfit(planned: LegPlanned, mode: Mode, departure: datetime | None, arrival: datetime | None) -> None:
    carrier = CARRIERS.get(planned.carrier)
    if carrier is None:
        raise Invalid([("carrier", f"one of {', '.join(sorted(CARRIERS))}")])
    wrong: list[tuple[str, str]] = []
    if planned.reference_type not in carrier.reference_types:
        wrong.append(("reference_type", f"one of {', '.join(sorted(carrier.reference_types))} for {planned.carrier}"))
    if planned.account is not None and not carrier.polled:
        wrong.append(("account", f"nothing: {planned.carrier} has no accounts"))
    if mode not in carrier.modes:
        wrong.append(("mode", f"one of {', '.join(sorted(carrier.modes))} for {planned.carrier}"))
    if departure and arrival and arrival < departure:
        wrong.append(("planned_arrival", "a time after planned_departure"))
    if wrong:
        raise Invalid(wrong)
