"""What a parcel carrier can say wrong of one parcel, whichever carrier it is."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from api.practice_carrier.faults import RUDE_TOWN, Fault
from api.practice_carrier.parcels import Parcel, Scan
from api.practice_carrier.replies import Json
from api.practice_carrier.stories import Step, Word

USED_BEFORE = timedelta(days=400)
WHOLE_STORY = 1000
STRANGER = "1Z999AA10123456784"


class Speaks(NamedTuple):
    """How a carrier writes down one scan, and a parcel around its events as of so many steps; newest first."""

    event: Callable[[Parcel, Scan], Json]
    shipment: Callable[[Parcel, int, list[Json]], Json]


def say(speaks: Speaks, parcel: Parcel, told: int, fault: Fault | None = None) -> Json:
    """A parcel as a carrier tells of it, or tells wrongly."""
    if fault is None:
        return speaks.shipment(parcel, told, [speaks.event(parcel, scan) for scan in parcel.scans(told)])
    if fault.name == "malformed":
        return 7
    parcel, told = OTHER.get(fault.name, _same)(parcel, told)
    scans = SCANS.get(fault.name, _as_told)(parcel, parcel.scans(told))
    events = [speaks.event(parcel, scan) for scan in scans]
    return speaks.shipment(parcel, told, EVENTS.get(fault.name, list)(events))


Told = tuple[Parcel, int]


def _as_told(parcel: Parcel, scans: list[Scan]) -> list[Scan]:
    return scans


def _same(parcel: Parcel, told: int) -> Told:
    return parcel, told


def _wrong(parcel: Parcel, told: int) -> Told:
    return Parcel(replace(parcel.shipped, number=STRANGER), parcel.started_at), told


def _reused(parcel: Parcel, told: int) -> Told:
    """What the number stood for before: a parcel of another year, delivered."""
    started_at = parcel.started_at - USED_BEFORE
    return Parcel(replace(parcel.shipped, started_at=started_at), started_at), WHOLE_STORY


OTHER: Mapping[str, Callable[[Parcel, int], Told]] = {"wrong": _wrong, "reused": _reused}
"""Another parcel than the one asked about."""


def _contradictory(parcel: Parcel, scans: list[Scan]) -> list[Scan]:
    """Delivered, then under way again."""
    last = scans[0].at if scans else parcel.started_at
    told: tuple[tuple[Word, int], ...] = (("delivered", 1), ("departed", 2))
    step = Step(day=0, where="to")
    added = [replace(parcel.scan(900 + hours, word, step), at=last + timedelta(hours=hours)) for word, hours in told]
    return [*added[::-1], *scans]


def _out_of_order(parcel: Parcel, scans: list[Scan]) -> list[Scan]:
    random.Random(parcel.number).shuffle(scans)
    return scans


def _each(**change: object) -> Callable[[Parcel, list[Scan]], list[Scan]]:
    return lambda parcel, scans: [replace(scan, **change) for scan in scans]


SCANS: Mapping[str, Callable[[Parcel, list[Scan]], list[Scan]]] = {
    "contradictory": _contradictory,
    "epoch": _each(at=datetime(1970, 1, 1, tzinfo=UTC)),
    "future": lambda parcel, scans: [replace(scan, at=scan.at.replace(year=2099, day=1)) for scan in scans],
    "out_of_order": _out_of_order,
    "repetitive": lambda parcel, scans: [*scans, *scans, *scans[:3]],
    "rude_text": _each(town=RUDE_TOWN),
    "unknown_code": lambda parcel, scans: [*(replace(scan, word="unheard_of") for scan in scans[:1]), *scans[1:]],
    "zoneless": _each(zoned=False),
}
"""Before they are put into a carrier's words."""


def _nulls(events: list[Json]) -> list[Json]:
    return [*(dict.fromkeys(event) for event in events[:1]), *events[1:], None]


def _wrong_types(events: list[Json]) -> list[Json]:
    return [*({name: _wrong_type(value) for name, value in event.items()} for event in events[:1]), *events[1:], *JUNK]


def _wrong_type(value: Json) -> Json:
    return "an object" if isinstance(value, dict) else {"value": value}


JUNK: list[Json] = [7, "event", [], {}]
EVENTS: Mapping[str, Callable[[list[Json]], list[Json]]] = {
    "missing": lambda events: [*(dict(list(event.items())[-1:]) for event in events[:1]), *events[1:]],
    "nulls": _nulls,
    "wrong_types": _wrong_types,
}
"""Afterwards."""

SPOIL = frozenset({"malformed", *OTHER, *SCANS, *EVENTS})
