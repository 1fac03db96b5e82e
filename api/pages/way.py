"""The way of a batch, leg by leg: what its carrier said last, and when it is asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session

from api.pages.telling import Line, line_of
from api.v1.batches import LegView
from api.v1.box_timeline import Fact, said_of
from shipments.batches.batch import Batch
from shipments.tracking.askings import Asking, askings_of
from shipments.tracking.event import Classifier, moment_of
from shipments.tracking.milestones import RANK, Milestone


class LegShown(msgspec.Struct, frozen=True):
    """One leg. `said`: the newest thing that happened, as its carrier says; None: it has said nothing yet."""

    leg: LegView
    said: Line | None
    asking: Asking


def legs_shown(session: Session, batch: Batch, legs: Sequence[LegView], *, now: datetime) -> list[LegShown]:
    """In their order, read all at once."""
    last = last_said(said_of(session, batch.id)) if legs else {}
    askings = askings_of(session, [leg.id for leg in legs], now=now)
    return [LegShown(leg, line_of(last[leg.id]) if leg.id in last else None, askings[leg.id]) for leg in legs]


def last_said(said: Sequence[tuple[UUID, Fact]]) -> Mapping[UUID, Fact]:
    """Leg → the newest fact that happened and stands; of the same time the one further along."""
    taken_back = {fact.corrects for _, fact in said}
    stands = (one for one in said if one[1].classifier == Classifier.ACT and one[1].id not in taken_back)
    return dict(sorted(stands, key=lambda one: _order(one[1])))


def _order(fact: Fact) -> tuple[datetime, int, str]:
    rank = RANK[Milestone(fact.milestone)] if fact.milestone else -1
    return moment_of(fact), rank, str(fact.id)
