"""Legs as carriers are asked about them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, and_, bindparam, exists, not_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from shipments.batches.batch import Batch, Dispatch, Leg
from shipments.boxes.box import Stage
from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.lanes.lane import Lane


class Way(msgspec.Struct, frozen=True):
    """A leg in a carrier's words, how far its batch is, and the longest silence that is usual on its lane, if known."""

    asked: LegAsked
    stage: Stage
    quiet_s: int | None


_later = aliased(Leg)
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_LANE = and_(
    col(Lane.carrier) == col(Leg.carrier),
    col(Lane.mode) == col(Leg.mode),
    col(Lane.from_place) == col(Leg.from_place),
    col(Lane.to_place) == col(Leg.to_place),
)
_IS_LAST = not_(exists().where(col(_later.batch_id) == col(Leg.batch_id), col(_later.position) > col(Leg.position)))
_COLUMNS: Any = (  # Any: columns of several tables
    *(Leg.id, Leg.reference_type, Leg.reference, Leg.mode, Leg.from_place, Leg.to_place, Dispatch.at),
    *(_IS_LAST, Batch.stage, Lane.quiet_s),
)
_WAYS = (
    select(*_COLUMNS)
    .select_from(Leg)
    .join(Batch, col(Batch.id) == col(Leg.batch_id))
    .outerjoin(Dispatch, col(Dispatch.batch_id) == col(Leg.batch_id))
    .outerjoin(Lane, _LANE)
    .where(col(Leg.id).in_(_IDS))
)


def ways_of(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, Way]:
    """Leg → as its carrier is asked about it. For jobs: legs of every office."""
    rows = session.connection().execute(_WAYS, {"ids": legs}) if legs else ()
    return {
        row.id: Way(LegAsked(row[1], row[2], row[3], row[4], row[5], row[6], bool(row[7])), row[8], row[9])
        for row in rows
    }
