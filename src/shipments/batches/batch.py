"""A batch, its legs and its departure."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from shipments.boxes.box import Stage
from shipments.database import instant, new_id, one_of, word
from shipments.errors import WrongState
from shipments.offices.scope import Scoped


class Mode(StrEnum):
    """How a stretch is travelled."""

    SEA = "sea"
    AIR = "air"
    ROAD = "road"
    RAIL = "rail"
    COURIER = "courier"


class Batch(Scoped, table=True):
    """Boxes that leave together for one origin office. `host_office_id` sends. From `stage` on: see Box."""

    __table_args__ = (
        one_of("mode", Mode),
        one_of("stage", Stage),
        CheckConstraint("max_weight_g > 0", name="max_weight_positive"),
        CheckConstraint("max_volume_mm3 > 0", name="max_volume_positive"),
        CheckConstraint("max_boxes > 0", name="max_boxes_positive"),
        Index("ix_batch_host_office_id", "host_office_id", "stage", "id"),
        Index("ix_batch_origin_office_id", "origin_office_id", "stage", "id"),
        Index("ix_batch_newest_host", "host_office_id", "id"),
        Index("ix_batch_newest_origin", "origin_office_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(max_length=32, unique=True)
    host_office_id: UUID = Field(foreign_key="office.id")
    origin_office_id: UUID = Field(foreign_key="office.id")
    mode: Mode = word(Mode)
    cut_off: datetime | None = instant(default=None)
    max_weight_g: int | None = None
    max_volume_mm3: int | None = Field(default=None, sa_type=BigInteger)
    max_boxes: int | None = None
    planned_at: datetime = instant()
    dispatched_at: datetime | None = instant(default=None)
    version: int = 1

    stage: Stage = word(Stage, default=Stage.REGISTERED)
    exceptions: str = Field(default="", max_length=200)
    expected_from: datetime | None = instant(default=None)
    expected_to: datetime | None = instant(default=None)
    overdue_after: datetime | None = instant(default=None)
    silent_after: datetime | None = instant(default=None)
    heard_at: datetime | None = instant(default=None)

    def must_be_here(self) -> None:
        """Raises WrongState once it has left."""
        if self.dispatched_at is not None:
            raise WrongState(
                f"Batch {self.code} left on {self.dispatched_at:%Y-%m-%d}. Plan another batch.",
                state="dispatched",
                expected="not dispatched",
            )


class Dispatch(SQLModel, table=True):
    """A fact: the batch left. Once a batch. An override names the gate that was passed open, and why."""

    __table_args__ = (
        CheckConstraint("(override_gate IS NULL) = (override_reason IS NULL)", name="override_has_reason"),
    )

    batch_id: UUID = Field(primary_key=True, foreign_key="batch.id")
    at: datetime = instant()
    heard_at: datetime = instant()
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    override_gate: str | None = Field(default=None, max_length=40)
    override_reason: str | None = Field(default=None, max_length=500)


_SEPARATORS = str.maketrans("", "", " -/.")


def bare(reference: str) -> str:
    """A carrier's number without what people type into it."""
    return reference.translate(_SEPARATORS).upper()


def _bare_of_row(context: Any) -> str:  # Any: SQLAlchemy's, of the insert that needs the column
    return bare(context.get_current_parameters()["reference"])


class Leg(SQLModel, table=True):
    """One carrier's stretch. Places are UN/LOCODEs, five characters. The last leg ends at our own last port.

    `bare_reference`: filled by itself; what carriers tell us by themselves is matched by it. Capitals may be longer.
    """

    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        CheckConstraint("length(from_place) = 5 AND length(to_place) = 5", name="places_unlocode"),
        one_of("mode", Mode),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="batch.id")
    position: int
    mode: Mode = word(Mode)
    carrier: str = Field(max_length=40)
    reference_type: str = Field(max_length=40)
    reference: str = Field(max_length=60)
    bare_reference: str | None = Field(
        default=None, max_length=180, index=True, sa_column_kwargs={"default": _bare_of_row, "nullable": False}
    )
    from_place: str = Field(max_length=5)
    to_place: str = Field(max_length=5)
    planned_departure: datetime | None = instant(default=None)
    planned_arrival: datetime | None = instant(default=None)
    added_at: datetime = instant()
