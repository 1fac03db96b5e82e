"""A carton or crate with a QR label, what is in it, and what happened to it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shipments.database import instant, new_id, one_of, word
from shipments.errors import WrongState
from shipments.offices.scope import Scoped

LONGEST_MM = 3_000
LARGEST_MM3 = 1_000_000_000  # 1 m³, the foundation's limit for a crate


class Stage(StrEnum):
    """How far a box is, in the order of the story; the last four end it early."""

    REGISTERED = "registered"
    PACKED = "packed"
    WAITING = "waiting"
    ON_THE_WAY = "on_the_way"
    IN_THE_COUNTRY = "in_the_country"
    AT_THE_OFFICE = "at_the_office"
    READY = "ready"
    HANDED_OVER = "handed_over"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    RETURNED = "returned"
    DESTROYED = "destroyed"


class Box(Scoped, table=True):
    """It travels whole, or not at all. Columns from `stage` on are worked out by `progress` and by nothing else."""

    __table_args__ = (
        CheckConstraint(f"length_mm BETWEEN 10 AND {LONGEST_MM}", name="length_sane"),
        CheckConstraint(f"width_mm BETWEEN 10 AND {LONGEST_MM}", name="width_sane"),
        CheckConstraint(f"height_mm BETWEEN 10 AND {LONGEST_MM}", name="height_sane"),
        CheckConstraint("gross_weight_g > 0", name="weight_positive"),
        CheckConstraint("(sealed_at IS NULL) = (seal_number IS NULL)", name="seal_has_number"),
        CheckConstraint("(sealed_at IS NULL) = (gross_weight_g IS NULL)", name="seal_has_weight"),
        CheckConstraint("batch_id IS NULL OR batch_position IS NOT NULL", name="position_in_batch"),
        UniqueConstraint("batch_id", "batch_position"),
        one_of("stage", Stage),
        Index("ix_box_host_office_id", "host_office_id", "stage", "id"),
        Index("ix_box_origin_office_id", "origin_office_id", "stage", "id"),
        Index("ix_box_newest_host", "host_office_id", "id"),
        Index("ix_box_newest_origin", "origin_office_id", "id"),
        Index(
            "ix_box_exceptions", "id", sqlite_where=text("exceptions <> ''"), postgresql_where=text("exceptions <> ''")
        ),
        Index("ix_box_overdue_after", "overdue_after"),
        Index("ix_box_silent_after", "silent_after"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(max_length=32, unique=True)
    host_office_id: UUID = Field(foreign_key="office.id")
    origin_office_id: UUID = Field(foreign_key="office.id")
    length_mm: int
    width_mm: int
    height_mm: int
    registered_at: datetime = instant()
    filled_at: datetime | None = instant(default=None)
    sealed_at: datetime | None = instant(default=None)
    seal_number: str | None = Field(default=None, max_length=40)
    gross_weight_g: int | None = None
    batch_id: UUID | None = Field(default=None, foreign_key="batch.id")
    batch_position: int | None = None
    version: int = 1

    stage: Stage = word(Stage, default=Stage.REGISTERED)
    exceptions: str = Field(default="", max_length=200)
    expected_from: datetime | None = instant(default=None)
    expected_to: datetime | None = instant(default=None)
    overdue_after: datetime | None = instant(default=None)
    silent_after: datetime | None = instant(default=None)
    heard_at: datetime | None = instant(default=None)

    def seal(self, at: datetime, number: str, gross_weight_g: int) -> None:
        """Closes it. Raises WrongState where it is sealed."""
        self.must_be_open()
        self.sealed_at, self.seal_number, self.gross_weight_g = at, number, gross_weight_g

    def reopen(self) -> None:
        """Breaks the seal. Raises WrongState where there is none."""
        if self.sealed_at is None:
            raise WrongState(f"Box {self.code} is open already.", state="open", expected="sealed")
        self.sealed_at = self.seal_number = self.gross_weight_g = None

    def must_be_open(self) -> None:
        """Raises WrongState where it is sealed."""
        if self.sealed_at is not None:
            raise WrongState(
                f"Box {self.code} is sealed with {self.seal_number}. Reopen it first.", state="sealed", expected="open"
            )


class BoxLine(SQLModel, table=True):
    """What a box holds of a request line. Counts come from the receipt that counts, `handed_over` from hand-overs.

    `given_back`: pieces no longer counted as packed on the request line, as the box was lost, sent back or destroyed.
    """

    __tablename__ = "box_line"
    __table_args__ = (
        UniqueConstraint("box_id", "request_line_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(
            "(good IS NULL AND damaged IS NULL AND missing IS NULL) OR (good >= 0 AND damaged >= 0 AND missing >= 0"
            " AND good + damaged + missing = quantity)",
            name="received_adds_up",
        ),
        CheckConstraint("handed_over >= 0 AND handed_over <= coalesce(good, quantity)", name="handed_over_within_good"),
        CheckConstraint("given_back >= 0 AND given_back <= quantity", name="given_back_within_quantity"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    box_id: UUID = Field(foreign_key="box.id")
    request_line_id: UUID = Field(foreign_key="request_line.id", index=True)
    quantity: int
    good: int | None = None
    damaged: int | None = None
    missing: int | None = None
    handed_over: int = 0
    given_back: int = 0


class Happened(StrEnum):
    """What people did to a box, as facts."""

    SEALED = "sealed"
    REOPENED = "reopened"
    JOINED_BATCH = "joined_batch"
    LEFT_BATCH = "left_batch"
    UNREACHABLE = "unreachable"
    REACHED = "reached"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    FOUND = "found"
    RETURNED = "returned"
    DESTROYED = "destroyed"


class BoxFact(SQLModel, table=True):
    """A person's decision or deed on a box. Appended only; `corrects_id` names the fact that this one takes back."""

    __tablename__ = "box_fact"
    __table_args__ = (one_of("happened", Happened), Index("ix_box_fact_box_id", "box_id", "occurred_at"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    box_id: UUID = Field(foreign_key="box.id")
    happened: Happened = word(Happened)
    occurred_at: datetime = instant()
    heard_at: datetime = instant()
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    note: str = Field(default="", max_length=500)
    details: dict[str, str | int | None] = Field(default_factory=dict, sa_type=JSON)
    corrects_id: UUID | None = Field(default=None, foreign_key="box_fact.id")


class Wood(StrEnum):
    """What a crate is made of, as plant health sees it (ISPM 15)."""

    PLYWOOD = "plywood"
    ISPM15 = "ispm15"
    UNMARKED = "unmarked"


class BoxCheck(SQLModel, table=True):
    """Answers to the checklist before sealing. A later check replaces an earlier one; both stay."""

    __tablename__ = "box_check"
    __table_args__ = (
        one_of("wood", Wood),
        CheckConstraint("battery_wh BETWEEN 0 AND 100000", name="battery_sane"),
        Index("ix_box_check_box_id", "box_id", "checked_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    box_id: UUID = Field(foreign_key="box.id")
    wood: Wood = word(Wood)
    fuel: bool
    gas: bool
    aerosol: bool
    glue: bool
    battery_wh: int
    checked_at: datetime = instant()
    person_id: UUID | None = Field(default=None, foreign_key="person.id")


class ElectricalTest(SQLModel, table=True):
    """A test of one electrical thing, of this request line, in the box of the check. Appended only, as checks are."""

    __tablename__ = "electrical_test"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    check_id: UUID = Field(foreign_key="box_check.id", index=True)
    request_line_id: UUID = Field(foreign_key="request_line.id", index=True)
    serial: str = Field(max_length=80)
    tester: str = Field(max_length=120)
    kind: str = Field(max_length=120)
    tested_on: date
    passed: bool
