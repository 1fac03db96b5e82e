"""The words in which `by_sea` and `by_parcel` tell what has happened in the demo's programme so far, as tables."""

from typing import Literal

import msgspec

from shipments.batches.batch import Mode
from shipments.boxes.box import Happened
from shipments.receipts.receipt import Condition
from shipments.tracking.milestones import Milestone

Days = float  # before now, or how long


class Stretch(msgspec.Struct, frozen=True):
    """A leg. `voyage`: what the practice carrier tells of it, a voyage or a parcel's story; None: it knows nothing.

    `used_before`: the number was another parcel's, to that place, more than a year before.
    """

    from_place: str
    to_place: str
    voyage: str | None = None
    carrier: str = "by_hand"
    mode: Mode = Mode.SEA
    days: Days = 24
    used_before: str | None = None


class Heard(msgspec.Struct, frozen=True):
    """What a carrier said on the phone about the last leg."""

    day: Days
    milestone: Milestone
    place: str
    note: str = ""


class Sailing(msgspec.Struct, frozen=True):
    """A batch. `left` None: it waits still."""

    name: str
    office: str
    planned: Days
    left: Days | None
    legs: tuple[Stretch, ...]
    mode: Mode = Mode.SEA
    heard: tuple[Heard, ...] = ()


class Found(msgspec.Struct, frozen=True):
    """What the office found in a box. Counts are pieces of the first line that has enough of them."""

    day: Days
    condition: Condition = Condition.GOOD
    counted: bool = True
    missing: int = 0
    damaged: int = 0
    seal: Literal["same", "other"] = "same"
    surplus: str | None = None
    note: str = ""


class End(msgspec.Struct, frozen=True):
    """How a box's way ended early."""

    day: Days
    how: Happened
    reason: str


class Crate(msgspec.Struct, frozen=True):
    """One returnee, one request, one box. What is None has not happened."""

    name: str
    language: str
    office: str
    kit: str
    asked: Days
    packed: Days | None = None
    sealed: bool = True
    departed: Days | None = None
    sailing: str | None = None
    substitute: str | None = None
    card: bool = False
    found: Found | None = None
    unreachable: tuple[Days, ...] = ()
    refused: tuple[Days, str] | None = None
    handed: Days | None = None
    withdrawn: tuple[Days, str] | None = None
    end: End | None = None
