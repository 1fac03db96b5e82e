"""Reads the facts of many boxes in a fixed number of queries.

Each is prepared once, in columns: they run in every transaction that brings a fact.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select
from sqlmodel import Session, col

from shipments.batches.batch import Batch, Dispatch, Leg
from shipments.boxes.box import Box, BoxFact, BoxLine
from shipments.progress.facts import Arrival, BoxFacts, Deed, Passing, Said, Stretch
from shipments.receipts.receipt import Explanation, Handover, HandoverLine, Receipt, ReceiptLine
from shipments.tracking.event import CarrierEvent
from shipments.tracking.lanes.lane import OF_LEG, Lane

V = TypeVar("V")
Grouped = dict[UUID, tuple[V, ...]]
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)


def _columns(*names: Any) -> Any:  # Any: columns as sqlmodel types them, and the select of them
    return select(*map(col, names))


_BOXES = (
    _columns(Box.id, Box.registered_at, Box.batch_id, Dispatch.at, Dispatch.heard_at)
    .outerjoin(Dispatch, col(Dispatch.batch_id) == col(Box.batch_id))
    .where(col(Box.id).in_(_IDS))
)
_LEGS = (
    _columns(
        *(Leg.batch_id, Leg.id, Leg.position, Leg.mode, Leg.to_place, Leg.planned_arrival, Leg.planned_departure),
        *(Lane.journeys, Lane.least_s, Lane.most_s, Lane.quiet_s),
    )
    .outerjoin(Lane, OF_LEG)
    .where(col(Leg.batch_id).in_(_IDS))
)
_SAID = _columns(
    *(CarrierEvent.id, CarrierEvent.leg_id, CarrierEvent.classifier),
    *(CarrierEvent.occurred_at, CarrierEvent.heard_at),
    *(CarrierEvent.milestone, CarrierEvent.event, CarrierEvent.reason),
    *(CarrierEvent.said_at, CarrierEvent.unlocode, CarrierEvent.corrects_id),
    *(CarrierEvent.earliest, CarrierEvent.latest, CarrierEvent.place),
).where(col(CarrierEvent.leg_id).in_(_IDS))
_DEEDS = _columns(
    *(BoxFact.box_id, BoxFact.id, BoxFact.happened, BoxFact.occurred_at, BoxFact.heard_at),
    *(BoxFact.corrects_id, BoxFact.details),
).where(col(BoxFact.box_id).in_(_IDS))
_RECEIPTS = _columns(
    *(Receipt.box_id, Receipt.id, Receipt.arrived_at, Receipt.heard_at, Receipt.condition),
    *(Receipt.counted, Receipt.seal_number, Receipt.corrects_id),
).where(col(Receipt.box_id).in_(_IDS))
_RECEIPT_LINES = _columns(
    *(ReceiptLine.receipt_id, ReceiptLine.id, ReceiptLine.box_line_id),
    *(ReceiptLine.good, ReceiptLine.damaged, ReceiptLine.missing, ReceiptLine.surplus),
).where(col(ReceiptLine.receipt_id).in_(_IDS))
_SETTLED = _columns(Explanation.receipt_line_id).where(
    col(Explanation.receipt_line_id).in_(_IDS), col(Explanation.settled).is_(True)
)
_HANDOVERS = _columns(Handover.box_id, Handover.id, Handover.at, Handover.heard_at, Handover.refused).where(
    col(Handover.box_id).in_(_IDS)
)
_HANDED = _columns(HandoverLine.handover_id, HandoverLine.box_line_id, HandoverLine.quantity).where(
    col(HandoverLine.handover_id).in_(_IDS)
)
_PACKED = _columns(BoxLine.box_id, BoxLine.id, BoxLine.quantity).where(col(BoxLine.box_id).in_(_IDS))


def facts_of(session: Session, boxes: Sequence[UUID]) -> dict[UUID, BoxFacts]:
    """Box id → facts, whoever acts: facts know no borders. What is pending in the session is flushed before."""
    rows = _rows(session, _BOXES, boxes)
    batches = {row.batch_id for row in rows if row.batch_id is not None}
    legs = _legs(session, batches)
    said = _said(session, legs)
    deeds, receipts, handovers = deeds_of(session, boxes), arrivals_of(session, boxes), passings_of(session, boxes)
    packed = _packed(session, handovers)
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
            packed=packed.get(id, ()),
        )
        for id, registered_at, batch, at, heard_at in rows
    }


def way_of(session: Session, batch: Batch) -> BoxFacts:
    """What is known of the way of a batch: the facts of a box that does nothing but travel with it."""
    session.flush()
    legs = _legs(session, [batch.id])
    said = _said(session, legs)
    return BoxFacts(
        registered_at=batch.planned_at,
        in_batch=True,
        dispatched_at=batch.dispatched_at,
        legs=legs.get(batch.id, ()),
        said=said.get(batch.id, ()),
    )


def in_portions(ids: Sequence[V], size: int = 500) -> Iterator[Sequence[V]]:
    """So many ids at a time: databases limit the values of one statement."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _legs(session: Session, batches: Collection[UUID]) -> Grouped[Stretch]:
    return _grouped((batch, Stretch(*rest)) for batch, *rest in _rows(session, _LEGS, batches))


def _said(session: Session, legs: Grouped[Stretch]) -> Grouped[Said]:
    """Batch id → what was said of its legs."""
    batches = {leg.id: batch for batch, its in legs.items() for leg in its}
    said = [Said(*row) for portion in in_portions(list(batches)) for row in _rows(session, _SAID, portion)]
    return _grouped((batches[one.leg_id], one) for one in said)


def deeds_of(session: Session, boxes: Sequence[UUID]) -> Grouped[Deed]:
    """Box id → what people did to it."""
    return _grouped((box, _deed(rest, details)) for box, *rest, details in _rows(session, _DEEDS, boxes))


def _deed(columns: Sequence[Any], details: dict[str, Any]) -> Deed:
    id, happened, occurred_at, heard_at, corrects_id = columns
    weight_g = details.get("weight_g")
    return Deed(id, happened, occurred_at, heard_at, corrects_id, details.get("seal_number"), weight_g)


def arrivals_of(session: Session, boxes: Sequence[UUID]) -> Grouped[Arrival]:
    """Box id → its receipts."""
    receipts = _rows(session, _RECEIPTS, boxes)
    counted = _rows(session, _RECEIPT_LINES, [one.id for one in receipts])
    lines = _grouped((line.receipt_id, line) for line in counted)
    settled = {line for (line,) in _rows(session, _SETTLED, [one.id for one in counted])}
    return _grouped((one.box_id, _arrival(one, lines.get(one.id, ()), settled)) for one in receipts)


def _arrival(receipt: Any, lines: Sequence[Any], settled: set[UUID]) -> Arrival:  # Any: rows of _RECEIPTS and of lines
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


def passings_of(session: Session, boxes: Sequence[UUID]) -> Grouped[Passing]:
    """Box id → its hand-overs."""
    rows = _rows(session, _HANDOVERS, boxes)
    taken = _rows(session, _HANDED, [one.id for one in rows])
    handed = _grouped((handover, (line, quantity)) for handover, line, quantity in sorted(map(tuple, taken)))
    return _grouped(
        (box, Passing(id, at, heard_at, refused is not None, handed.get(id, ())))
        for box, id, at, heard_at, refused in rows
    )


def _packed(session: Session, boxes: Collection[UUID]) -> Grouped[tuple[UUID, int]]:
    return _grouped((box, (line, quantity)) for box, line, quantity in _rows(session, _PACKED, boxes))


def _rows(session: Session, prepared: Any, ids: Collection[UUID]) -> Sequence[Any]:  # Any: rows of many shapes
    return session.connection().execute(prepared, {"ids": list(ids)}).all() if ids else []


def _grouped(pairs: Iterable[tuple[UUID, V]]) -> Grouped[V]:
    groups: dict[UUID, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}
