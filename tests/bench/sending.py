"""Many boxes on their way at once, one a batch and one batch a leg, put straight into the tables."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from shipments import codes
from shipments.batches.batch import Batch, Dispatch, Leg, Mode
from shipments.boxes.box import Box, BoxFact, Happened
from shipments.boxes.facts import facts_changed
from shipments.database import new_id
from shipments.offices.office import Office
from shipments.tracking.polling.watch import LegWatch

Values = dict[str, Any]  # Any: a row as its columns
SEA_DAYS, COURIER_DAYS = 24, 9
_REFERENCE_TYPES = {Mode.SEA: "booking", Mode.COURIER: "tracking_number"}


class Sent(msgspec.Struct, frozen=True):
    """One box with a carrier, asked about from `due_at` on."""

    account_id: UUID
    carrier: str
    reference: str
    mode: Mode
    left_at: datetime
    due_at: datetime


def send(session: Session, host: Office, origin: Office, sent: Sequence[Sent]) -> list[UUID]:
    """The ids of their legs. Progress is worked out when the transaction ends."""
    between = {"host_office_id": host.id, "origin_office_id": origin.id}
    batches = [_batch(one, between) for one in sent]
    boxes = [_box(one, between, batch["id"]) for one, batch in zip(sent, batches, strict=True)]
    legs = [_leg(one, batch["id"]) for one, batch in zip(sent, batches, strict=True)]
    left = [
        {"batch_id": batch["id"], "at": one.left_at, "heard_at": one.left_at}
        for one, batch in zip(sent, batches, strict=True)
    ]
    put(session, Batch, batches)
    put(session, Dispatch, left)
    put(session, Leg, legs)
    put(session, Box, boxes)
    put(session, BoxFact, [fact for box in boxes for fact in facts_of(box)])
    put(session, LegWatch, [_watch(one, leg["id"]) for one, leg in zip(sent, legs, strict=True)])
    facts_changed(session, [box["id"] for box in boxes])
    return [leg["id"] for leg in legs]


def put(session: Session, table: type[SQLModel], rows: list[Values]) -> None:
    """As many rows as there are."""
    session.connection().execute(insert(table), rows)


def facts_of(box: Values) -> Iterator[Values]:
    """It was sealed, and joined its batch."""
    seal = {"seal_number": box["seal_number"], "weight_g": box["gross_weight_g"]}
    for happened, details in ((Happened.SEALED, seal), (Happened.JOINED_BATCH, {})):
        at = box["sealed_at"]
        fact = {"happened": happened, "occurred_at": at, "heard_at": at, "details": details}
        yield {"id": new_id(), "box_id": box["id"], **fact}


def a_box(between: Values, batch: UUID, position: int, before: datetime) -> Values:
    """Sealed, in its batch."""
    return {
        **{"id": new_id(), "code": codes.mint(codes.Kind.BOX)},
        **between,
        **{"length_mm": 600, "width_mm": 400, "height_mm": 400},
        **{"registered_at": before, "sealed_at": before, "seal_number": "S000001", "gross_weight_g": 12_500},
        **{"batch_id": batch, "batch_position": position},
    }


def _box(one: Sent, between: Values, batch: UUID) -> Values:
    return a_box(between, batch, 1, one.left_at - timedelta(days=2))


def _batch(one: Sent, between: Values) -> Values:
    code = codes.mint(codes.Kind.BATCH)
    return {
        **{"id": new_id(), "code": code, **between},
        **{"mode": one.mode, "planned_at": one.left_at, "dispatched_at": one.left_at},
    }


def _leg(one: Sent, batch: UUID) -> Values:
    days = SEA_DAYS if one.mode is Mode.SEA else COURIER_DAYS
    return {
        **{"id": new_id(), "batch_id": batch, "position": 1, "mode": one.mode, "carrier": one.carrier},
        **{"reference": one.reference, "reference_type": _REFERENCE_TYPES[one.mode]},
        **{"from_place": "NLRTM" if one.mode is Mode.SEA else "NLAMS", "to_place": "GNCKY"},
        **{"planned_arrival": one.left_at + timedelta(days=days), "added_at": one.left_at},
    }


def _watch(one: Sent, leg: UUID) -> Values:
    return {"leg_id": leg, "account_id": one.account_id, "due_at": one.due_at}
