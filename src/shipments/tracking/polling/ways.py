"""Legs as carriers are asked about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, bindparam, exists, not_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from shipments.batches.batch import Batch, Dispatch, Leg
from shipments.boxes.box import Stage
from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.lanes.lane import OF_LEG, Lane
from shipments.tracking.polling.due import WATCHED_AFTER_EARLY_END
from shipments.tracking.pushes.push import Subscription

ARRIVED_STAGES = frozenset({Stage.AT_THE_OFFICE, Stage.READY, Stage.HANDED_OVER})
ENDED_EARLY = frozenset({Stage.LOST, Stage.RETURNED, Stage.DESTROYED, Stage.WITHDRAWN})


class Way(msgspec.Struct, frozen=True):
    """A leg in a carrier's words, how far its batch is, and when we last heard anything of that.

    `quiet_s`: the longest silence that is usual on its lane, if known.
    """

    asked: LegAsked
    stage: Stage
    heard_at: datetime | None
    quiet_s: int | None

    @property
    def ended_early(self) -> bool:
        """Whether all boxes of its batch are gone, or on their way back."""
        return self.stage in ENDED_EARLY

    def is_over(self, *, pace: float, now: datetime) -> bool:
        """Whether nobody needs to ask any more: it arrived, or ended early and has been silent ever since."""
        silent = self.heard_at is None or now - self.heard_at > WATCHED_AFTER_EARLY_END / pace
        return self.stage in ARRIVED_STAGES or (self.ended_early and silent)


_later = aliased(Leg)
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_IS_LAST = not_(exists().where(col(_later.batch_id) == col(Leg.batch_id), col(_later.position) > col(Leg.position)))
_COLUMNS: Any = (  # Any: columns of several tables
    *(Leg.id, Leg.reference_type, Leg.reference, Leg.mode, Leg.from_place, Leg.to_place, Dispatch.at),
    *(_IS_LAST, Subscription.carrier_key, Batch.stage, Batch.heard_at, Lane.quiet_s),
)
_WAYS = (
    select(*_COLUMNS)
    .select_from(Leg)
    .join(Batch, col(Batch.id) == col(Leg.batch_id))
    .outerjoin(Dispatch, col(Dispatch.batch_id) == col(Leg.batch_id))
    .outerjoin(Lane, OF_LEG)
    .outerjoin(Subscription, col(Subscription.leg_id) == col(Leg.id))
    .where(col(Leg.id).in_(_IDS))
)


def ways_of(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, Way]:
    """Leg → as its carrier is asked about it. For jobs: legs of every office."""
    rows = session.connection().execute(_WAYS, {"ids": legs}) if legs else ()
    return {
        row.id: Way(LegAsked(row[1], row[2], row[3], row[4], row[5], row[6], bool(row[7]), row[8]), *row[9:])
        for row in rows
    }
