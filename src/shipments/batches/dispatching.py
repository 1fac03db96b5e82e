"""The gates before a batch leaves, and its departure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import Select
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from shipments import journal
from shipments.batches.batch import Batch, Dispatch, Mode
from shipments.batches.planning import batch_to_plan, boxes_of, noted
from shipments.boxes.box import Box, BoxCheck, BoxLine, Stage
from shipments.boxes.checking import check_troubles
from shipments.boxes.facts import facts_changed
from shipments.cases.case import Case, CaseTurn, Turn
from shipments.errors import GatesOpen, Invalid
from shipments.offices.scope import Actor
from shipments.requests.request import RequestLine, SupplyRequest
from shipments.shapes import Text, Word

ENDED = frozenset({Stage.WITHDRAWN, Stage.LOST, Stage.RETURNED, Stage.DESTROYED})
MAY_OVERRIDE = frozenset({"departed", "limits"})
FLIES = frozenset({Mode.AIR, Mode.COURIER})
LATEST_RECORD = timedelta(days=366)  # paper is sometimes typed in long after
LARGEST_FLYING_BATTERY_WH = 100  # above it, lithium batteries are fully regulated by air (IATA DGR, class 9)


class Gate(msgspec.Struct, frozen=True):
    """One reason not to leave yet."""

    gate: str
    reason: str


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named person lets a batch pass one open gate, and says why."""

    gate: Word
    reason: Text


def dispatch(
    session: Session, code: str, *, at: datetime | None, override: Override | None, by: Actor, now: datetime
) -> Batch:
    """The batch leaves. Raises GatesOpen with every open gate, WrongState where it left, Invalid, NotAllowed."""
    batch = batch_to_plan(session, code, by)
    at = at or now
    if at > now + timedelta(hours=1) or at < now - LATEST_RECORD:
        raise Invalid([("at", "when it left: not in the future, at most a year ago")])
    _hold(session, batch)
    gates = open_gates(session, batch)
    if override:
        gates = _passed(override, gates)
    if gates:
        raise GatesOpen([{"gate": gate.gate, "reason": gate.reason} for gate in gates])
    batch.dispatched_at = at
    batch.version += 1
    session.add(
        Dispatch(
            batch_id=batch.id,
            at=at,
            heard_at=now,
            person_id=by.person_id,
            override_gate=override.gate if override else None,
            override_reason=override.reason if override else None,
        )
    )
    facts_changed(session, boxes_of(session, batch), [batch.id])
    journal.note(session, noted(batch, "batch.dispatch", by, now, override=override.gate if override else None))
    return batch


def open_gates(session: Session, batch: Batch) -> list[Gate]:
    """Everything that keeps the batch here, each with what to do."""
    boxes = session.exec(select(Box).where(Box.batch_id == batch.id).order_by(col(Box.batch_position))).all()
    if not boxes:
        return [Gate("boxes", "There is no box in the batch. Add one.")]
    gates = [
        Gate("ended", f"{box.code} is {box.stage}. Take it out of the batch.") for box in boxes if box.stage in ENDED
    ]
    boxes = [box for box in boxes if box.stage not in ENDED]
    gates += [Gate("seals", f"{box.code} is not sealed.") for box in boxes if box.sealed_at is None]
    for box in boxes:
        gates += [Gate("checks", f"{box.code}: {trouble}.") for trouble in check_troubles(session, box)]
    gates += _flight_gates(session, batch, boxes)
    gates += _limit_gates(batch, boxes)
    return gates + _departure_gates(session, batch)


def _hold(session: Session, batch: Batch) -> None:
    """Boxes and cases stay as the gates find them until the batch has left; locked after the batch, by id."""
    boxes = select(Box).where(Box.batch_id == batch.id).order_by(col(Box.id)).with_for_update()
    session.exec(boxes.execution_options(populate_existing=True)).all()
    cases = select(Case).where(col(Case.id).in_(_cases_in(batch))).order_by(col(Case.id)).with_for_update()
    session.exec(cases.execution_options(populate_existing=True)).all()


def _cases_in(batch: Batch) -> Select[UUID]:
    return (
        columns(col(SupplyRequest.case_id))
        .join(RequestLine, col(RequestLine.request_id) == col(SupplyRequest.id))
        .join(BoxLine, col(BoxLine.request_line_id) == col(RequestLine.id))
        .join(Box, col(Box.id) == col(BoxLine.box_id))
        .where(col(Box.batch_id) == batch.id)
    )


def _departure_gates(session: Session, batch: Batch) -> list[Gate]:
    cases = session.exec(
        select(Case.id, Case.code).where(col(Case.id).in_(_cases_in(batch))).order_by(col(Case.code))
    ).all()
    turns = set(
        session.exec(select(CaseTurn.case_id, CaseTurn.turn).where(col(CaseTurn.case_id).in_([id for id, _ in cases])))
    )
    gates = [
        Gate("withdrawn", f"Case {code} was withdrawn. Take its things out.")
        for id, code in cases
        if (id, Turn.WITHDRAWN) in turns
    ]
    return gates + [
        Gate("departed", f"The returnee of case {code} has not left yet.")
        for id, code in cases
        if (id, Turn.DEPARTED) not in turns
    ]


def _flight_gates(session: Session, batch: Batch, boxes: Sequence[Box]) -> list[Gate]:
    if batch.mode not in FLIES:
        return []
    checks = session.exec(
        select(Box.code, BoxCheck)
        .join(BoxCheck, col(BoxCheck.box_id) == Box.id)
        .where(col(Box.id).in_([box.id for box in boxes]))
        .order_by(col(BoxCheck.checked_at))
    )
    latest = dict(checks.all())
    return [
        Gate("flight", f"{code}: glue and batteries above {LARGEST_FLYING_BATTERY_WH} Wh do not fly. Send it by sea.")
        for code, check in latest.items()
        if check.glue or check.battery_wh > LARGEST_FLYING_BATTERY_WH
    ]


def _limit_gates(batch: Batch, boxes: Sequence[Box]) -> list[Gate]:
    measured = (
        ("boxes", len(boxes), batch.max_boxes),
        ("weight in grams", sum(box.gross_weight_g or 0 for box in boxes), batch.max_weight_g),
        ("volume in mm³", sum(box.length_mm * box.width_mm * box.height_mm for box in boxes), batch.max_volume_mm3),
    )
    return [
        Gate("limits", f"{name.capitalize()}: {is_} is above the limit of {most}.")
        for name, is_, most in measured
        if most is not None and is_ > most
    ]


def _passed(override: Override, gates: Sequence[Gate]) -> list[Gate]:
    """The gates still open; one that nobody may override stays, and says so."""
    if override.gate not in {gate.gate for gate in gates}:
        raise Invalid([("override.gate", "a gate that is open now")])
    if override.gate in MAY_OVERRIDE:
        return [gate for gate in gates if gate.gate != override.gate]
    only = " and ".join(sorted(MAY_OVERRIDE))
    return [*gates, Gate(override.gate, f"This gate cannot be overridden; only {only} can.")]
