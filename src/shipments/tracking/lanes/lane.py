"""How long a lane usually takes and how quiet it usually is, learned from the journeys that ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, and_
from sqlmodel import Field, SQLModel, col

from shipments.batches.batch import Leg, Mode
from shipments.database import instant, one_of, word


class Lane(SQLModel, table=True):
    """A carrier's stretch between two places. All times are of `journeys` that reached their end.

    `least_s`, `most_s`: the range in which most of them lie, from leaving to arriving. `quiet_s`: how long the carrier
    usually stays quiet at the most between two pieces of news.
    """

    __tablename__ = "lane"
    __table_args__ = (
        one_of("mode", Mode),
        CheckConstraint("journeys > 0", name="journeys_positive"),
        CheckConstraint("0 <= least_s AND least_s <= most_s AND quiet_s >= 0", name="times_in_order"),
    )

    carrier: str = Field(primary_key=True, max_length=40)
    mode: Mode = word(Mode, primary_key=True)
    from_place: str = Field(primary_key=True, max_length=5)
    to_place: str = Field(primary_key=True, max_length=5)
    journeys: int
    least_s: int
    most_s: int
    quiet_s: int
    learned_at: datetime = instant()


class LaneNews(SQLModel, table=True):
    """A lane of which something else is known than its boxes expect yet: those whose ids come after `after`, or all."""

    __tablename__ = "lane_news"
    __table_args__ = (one_of("mode", Mode),)

    carrier: str = Field(primary_key=True, max_length=40)
    mode: Mode = word(Mode, primary_key=True)
    from_place: str = Field(primary_key=True, max_length=5)
    to_place: str = Field(primary_key=True, max_length=5)
    after: UUID | None = None


OF_LEG: ColumnElement[bool] = and_(
    col(Lane.carrier) == col(Leg.carrier),
    col(Lane.mode) == col(Leg.mode),
    col(Lane.from_place) == col(Leg.from_place),
    col(Lane.to_place) == col(Leg.to_place),
)
"""Joins a lane to a leg."""
