"""All that progress depends on, as plain values: nothing here knows a database."""

from datetime import datetime
from uuid import UUID

import msgspec

from shipments.batches.batch import Mode
from shipments.boxes.box import Happened
from shipments.receipts.receipt import Condition
from shipments.tracking.event import Classifier
from shipments.tracking.milestones import Milestone, Reason


class Deed(msgspec.Struct, frozen=True):
    """What people did to the box."""

    id: UUID
    happened: Happened
    occurred_at: datetime
    heard_at: datetime
    corrects_id: UUID | None = None
    seal_number: str | None = None
    weight_g: int | None = None


class Stretch(msgspec.Struct, frozen=True):
    """One leg, as planned, and what its lane usually does, in seconds; None: too few journeys are known."""

    id: UUID
    position: int
    mode: Mode
    to_place: str
    planned_arrival: datetime | None = None
    planned_departure: datetime | None = None
    journeys: int | None = None
    least_s: int | None = None
    most_s: int | None = None
    quiet_s: int | None = None


class Said(msgspec.Struct, frozen=True):
    """What a carrier said about a leg. `earliest`, `latest`: the range of an estimate that is no moment.

    `place`: in the carrier's words; `unlocode`: as a UN/LOCODE.
    """

    id: UUID
    leg_id: UUID
    classifier: Classifier
    occurred_at: datetime | None
    heard_at: datetime
    milestone: Milestone | None
    event: str | None = None
    reason: Reason | None = None
    said_at: datetime | None = None
    unlocode: str | None = None
    corrects_id: UUID | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    place: str | None = None


Found = tuple[UUID | None, int, int, int, int]


class Arrival(msgspec.Struct, frozen=True):
    """A receipt. `missing`, `damaged`, `surplus`: pieces whose discrepancy nobody has settled.

    `found`: box line (None: all surplus together), good, damaged, missing, surplus, as counted, in order.
    """

    id: UUID
    arrived_at: datetime
    heard_at: datetime
    condition: Condition
    counted: bool
    seal_number: str | None = None
    corrects_id: UUID | None = None
    missing: int = 0
    damaged: int = 0
    surplus: int = 0
    found: tuple[Found, ...] = ()


class Passing(msgspec.Struct, frozen=True):
    """A hand-over, or its refusal. `handed`: box line and quantity, in order."""

    id: UUID
    at: datetime
    heard_at: datetime
    refused: bool
    handed: tuple[tuple[UUID, int], ...] = ()


class BoxFacts(msgspec.Struct, frozen=True):
    """One box. `packed`: box line and quantity; read only once something was handed over, and empty before."""

    registered_at: datetime
    deeds: tuple[Deed, ...] = ()
    in_batch: bool = False
    dispatched_at: datetime | None = None
    dispatch_heard_at: datetime | None = None
    legs: tuple[Stretch, ...] = ()
    said: tuple[Said, ...] = ()
    receipts: tuple[Arrival, ...] = ()
    handovers: tuple[Passing, ...] = ()
    packed: tuple[tuple[UUID, int], ...] = ()
