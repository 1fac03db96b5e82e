"""Reads the facts of many boxes in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from shipments.batches.batch import Dispatch, Leg
from shipments.boxes.box import Box, BoxFact, BoxLine
from shipments.progress.facts import Arrival, BoxFacts, Deed, Passing, Said, Stretch
from shipments.receipts.receipt import Explanation, Handover, Receipt, ReceiptLine
from shipments.tracking.event import CarrierEvent

V = TypeVar("V")
Grouped = dict[UUID, tuple[V, ...]]


def facts_of(session: Session, boxes: Sequence[UUID]) -> dict[UUID, BoxFacts]:
    """Box id → facts. Reads with the session's own sight: call it where EVERYWHERE acts."""
    rows = session.execute(
        select(col(Box.id), col(Box.registered_at), col(Box.batch_id), col(Dispatch.at), col(Dispatch.heard_at))
        .outerjoin(Dispatch, col(Dispatch.batch_id) == col(Box.batch_id))
        .where(col(Box.id).in_(boxes))
    ).all()
    batches = {row.batch_id for row in rows if row.batch_id is not None}
    legs, said = _legs(session, batches), _said(session, batches)
    deeds, receipts, handovers = _deeds(session, boxes), _receipts(session, boxes), _handovers(session, boxes)
    left = _left(session, boxes)
    return {
        id: BoxFacts(
            registered_at=registered_at,
            deeds=deeds.get(id, ()),
            in_batch=batch is not None,
            dispatched_at=at,
            dispatch_heard_at=heard_at,
            legs=legs.get(batch, ()),
            said=said.get(batch, ()),
            receipts=receipts.get(id, ()),
            handovers=handovers.get(id, ()),
            left_to_hand_over=left.get(id, 0),
        )
        for id, registered_at, batch, at, heard_at in rows
    }


def in_portions(ids: Sequence[UUID], size: int = 500) -> Iterator[Sequence[UUID]]:
    """So many ids at a time: databases limit the values of one statement."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _legs(session: Session, batches: set[UUID]) -> Grouped[Stretch]:
    if not batches:
        return {}
    statement = select(
        col(Leg.batch_id), col(Leg.id), col(Leg.position), col(Leg.mode), col(Leg.to_place), col(Leg.planned_arrival)
    ).where(col(Leg.batch_id).in_(batches))
    return _grouped((batch, Stretch(*rest)) for batch, *rest in _rows(session, statement))


def _said(session: Session, batches: set[UUID]) -> Grouped[Said]:
    if not batches:
        return {}
    event = CarrierEvent
    statement = (
        select(
            col(Leg.batch_id),
            *(col(event.id), col(event.leg_id), col(event.classifier), col(event.occurred_at), col(event.heard_at)),
            *(col(event.milestone), col(event.event), col(event.reason)),
            *(col(event.said_at), col(event.unlocode), col(event.corrects_id)),
        )
        .join(Leg, col(Leg.id) == col(event.leg_id))
        .where(col(Leg.batch_id).in_(batches))
    )
    return _grouped((batch, Said(*rest)) for batch, *rest in _rows(session, statement))


def _deeds(session: Session, boxes: Sequence[UUID]) -> Grouped[Deed]:
    fact = BoxFact
    statement = select(
        *(col(fact.box_id), col(fact.id), col(fact.happened), col(fact.occurred_at), col(fact.heard_at)),
        *(col(fact.corrects_id), col(fact.details)),
    ).where(col(fact.box_id).in_(boxes))
    rows = _rows(session, statement)
    return _grouped((box, _deed(rest, details)) for box, *rest, details in rows)


def _deed(columns: Sequence[Any], details: dict[str, Any]) -> Deed:
    id, happened, occurred_at, heard_at, corrects_id = columns
    return Deed(id, happened, occurred_at, heard_at, corrects_id, details.get("seal_number"))


def _receipts(session: Session, boxes: Sequence[UUID]) -> Grouped[Arrival]:
    receipts = session.execute(select(Receipt).where(col(Receipt.box_id).in_(boxes))).scalars().all()
    if not receipts:
        return {}
    line = ReceiptLine
    statement = select(line).where(col(line.receipt_id).in_([one.id for one in receipts]))
    lines = _grouped((one.receipt_id, one) for one in session.execute(statement).scalars())
    settled = _settled(session, [one.id for counted in lines.values() for one in counted])
    return _grouped((one.box_id, _arrival(one, lines.get(one.id, ()), settled)) for one in receipts)


def _settled(session: Session, lines: Sequence[UUID]) -> set[UUID]:
    said = Explanation
    statement = select(col(said.receipt_line_id)).where(
        col(said.receipt_line_id).in_(lines), col(said.settled).is_(True)
    )
    return set(session.execute(statement).scalars())


def _arrival(receipt: Receipt, lines: Sequence[ReceiptLine], settled: set[UUID]) -> Arrival:
    still_open = [line for line in lines if line.id not in settled]
    listed = [line for line in lines if line.box_line_id is not None]
    found = sorted((line.box_line_id, line.good, line.damaged, line.missing, 0) for line in listed)
    surplus = sum(line.surplus for line in lines)
    return Arrival(
        id=receipt.id,
        arrived_at=receipt.arrived_at,
        heard_at=receipt.heard_at,
        condition=receipt.condition,
        counted=receipt.counted,
        seal_number=receipt.seal_number,
        corrects_id=receipt.corrects_id,
        missing=sum(line.missing for line in still_open),
        damaged=sum(line.damaged for line in still_open),
        surplus=sum(line.surplus for line in still_open),
        found=(*found, (None, 0, 0, 0, surplus)),
    )


def _handovers(session: Session, boxes: Sequence[UUID]) -> Grouped[Passing]:
    statement = select(
        col(Handover.box_id), col(Handover.id), col(Handover.at), col(Handover.heard_at), col(Handover.refused)
    ).where(col(Handover.box_id).in_(boxes))
    rows = _rows(session, statement)
    return _grouped((box, Passing(id, at, heard_at, refused is not None)) for box, id, at, heard_at, refused in rows)


def _left(session: Session, boxes: Sequence[UUID]) -> dict[UUID, int]:
    left = func.coalesce(col(BoxLine.good), col(BoxLine.quantity)) - col(BoxLine.handed_over)
    rows = _rows(
        session,
        select(col(BoxLine.box_id), func.sum(left)).where(col(BoxLine.box_id).in_(boxes)).group_by(col(BoxLine.box_id)),
    )
    return {box: int(pieces) for box, pieces in rows}


def _rows(session: Session, statement: Any) -> Sequence[Any]:  # Any: rows of many shapes
    return session.execute(statement).all()


def _grouped(pairs: Iterable[tuple[UUID, V]]) -> Grouped[V]:
    groups: dict[UUID, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}
