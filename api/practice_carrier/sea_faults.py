"""What a line can say wrong of a ship: from its right events to wrong ones."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta

import msgspec

from api.practice_carrier.faults import RUDE_TOWN
from api.practice_carrier.replies import Json
from api.practice_carrier.sea import Event, Shipment
from api.practice_carrier.voyages import Step

Spoil = Callable[[Shipment, list[Event]], list[Json]]
USED_BEFORE = timedelta(days=400)


def _wrong(shipment: Shipment, events: list[Event]) -> list[Json]:
    stranger = Shipment(msgspec.structs.replace(shipment.booked, booking="OTHER00001"), shipment.started_at)
    return list(stranger.events(0, len(events)))


def _reused(shipment: Shipment, events: list[Event]) -> list[Json]:
    """What the number stood for before: a voyage of another year, ended."""
    booked = msgspec.structs.replace(shipment.booked, started_at=shipment.started_at - USED_BEFORE)
    return list(Shipment(booked, shipment.started_at).events(0, 1000))


def _out_of_order(shipment: Shipment, events: list[Event]) -> list[Json]:
    random.Random(shipment.booking).shuffle(events)
    return events


def _repetitive(shipment: Shipment, events: list[Event]) -> list[Json]:
    return [*events, *events, *events[:3]]


def _contradictory(shipment: Shipment, events: list[Event]) -> list[Json]:
    """Had by the hub, then on board again."""
    story = (("EQUIPMENT/DROP", 22.5), ("EQUIPMENT/LOAD", 23.0), ("TRANSPORT/DEPA", 23.2))
    steps = [Step(day=day, code=code, where="to") for code, day in story]
    return [*events, *(shipment.event(900 + number, step) for number, step in enumerate(steps))]


def _with_times(time: Callable[[str], str]) -> Spoil:
    def spoil(shipment: Shipment, events: list[Event]) -> list[Json]:
        return [event | {"eventDateTime": time(event["eventDateTime"])} for event in events]

    return spoil


def _unknown_code(shipment: Shipment, events: list[Event]) -> list[Json]:
    for event in [event for event in events if event.get("emptyIndicatorCode") == "LADEN"][-1:]:
        event["equipmentEventTypeCode"] = "ZZZZ"
    return list(events)


def _nulls(shipment: Shipment, events: list[Event]) -> list[Json]:
    return [*events[:-1], *(dict.fromkeys(event) for event in events[-1:]), None]


def _wrong_types(shipment: Shipment, events: list[Event]) -> list[Json]:
    spoilt = {"eventID": 7, "eventDateTime": ["2026"], "transportCall": "a ship"}
    return [*events[:-1], *(event | spoilt for event in events[-1:]), 7, "event", [], {}]


def _missing(shipment: Shipment, events: list[Event]) -> list[Json]:
    kept = ("eventID", "eventType", "eventCreatedDateTime")
    return [*events[:-1], *({name: event[name] for name in kept} for event in events[-1:])]


def _rude_text(shipment: Shipment, events: list[Event]) -> list[Json]:
    rude = {"locationName": RUDE_TOWN, "UNLocationCode": shipment.booked.to_place}
    for event in events:
        if event["eventType"] == "EQUIPMENT":
            event["eventLocation"] = rude
    return list(events)


SPOIL: Mapping[str, Spoil] = {
    "contradictory": _contradictory,
    "epoch": _with_times(lambda written: "1970-01-01T00:00:00Z"),
    "future": _with_times(lambda written: "2099" + written[4:]),
    "malformed": lambda shipment, events: [7],
    "missing": _missing,
    "nulls": _nulls,
    "out_of_order": _out_of_order,
    "repetitive": _repetitive,
    "reused": _reused,
    "rude_text": _rude_text,
    "unknown_code": _unknown_code,
    "wrong": _wrong,
    "wrong_types": _wrong_types,
    "zoneless": _with_times(lambda written: written[:19]),
}
"""By the name of the fault."""
