"""What a carrier can do wrong, by name: faults of the events, and faults of the answer around them."""

import gzip
import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from api.practice_carrier.replies import Reply, refusal
from api.practice_carrier.sea import Event, Shipment
from api.practice_carrier.voyages import Step

INWARD = "http://169.254.169.254/"
BOMB_BYTES = 64 * 1024 * 1024

Spoil = Callable[[Shipment, list[Event]], list[Any]]


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A fault to make. `reference` None: for every shipment. `times` None: until it is taken away.

    `seconds`: how slow, for `slow` and `drip`. `retry_after`: the header's text, for `over_quota` and `busy`.
    """

    name: str
    reference: str | None = None
    times: int | None = None
    seconds: float = 30.0
    retry_after: str | None = None

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            raise ValueError(f"name: one of {', '.join(sorted(FAULTS))}")


def _wrong(shipment: Shipment, events: list[Event]) -> list[Any]:
    stranger = Shipment(msgspec.structs.replace(shipment.booked, booking="OTHER00001"), shipment.started_at)
    return list(stranger.events(0, len(events)))


def _out_of_order(shipment: Shipment, events: list[Event]) -> list[Any]:
    random.Random(shipment.booking).shuffle(events)
    return events


def _repetitive(shipment: Shipment, events: list[Event]) -> list[Any]:
    return [*events, *events, *events[:3]]


def _contradictory(shipment: Shipment, events: list[Event]) -> list[Any]:
    """Had by the hub, then on board again."""
    story = (("EQUIPMENT/DROP", 22.5), ("EQUIPMENT/LOAD", 23.0), ("TRANSPORT/DEPA", 23.2))
    steps = [Step(day=day, code=code, where="to") for code, day in story]
    return [*events, *(shipment.event(900 + number, step) for number, step in enumerate(steps))]


def _with_times(time: Callable[[str], str]) -> Spoil:
    def spoil(shipment: Shipment, events: list[Event]) -> list[Any]:
        return [event | {"eventDateTime": time(event["eventDateTime"])} for event in events]

    return spoil


def _unknown_code(shipment: Shipment, events: list[Event]) -> list[Any]:
    for event in [event for event in events if event.get("emptyIndicatorCode") == "LADEN"][-1:]:
        event["equipmentEventTypeCode"] = "ZZZZ"
    return list(events)


def _nulls(shipment: Shipment, events: list[Event]) -> list[Any]:
    return [*events[:-1], *(dict.fromkeys(event) for event in events[-1:]), None]


def _wrong_types(shipment: Shipment, events: list[Event]) -> list[Any]:
    spoilt = {"eventID": 7, "eventDateTime": ["2026"], "transportCall": "a ship"}
    return [*events[:-1], *(event | spoilt for event in events[-1:]), 7, "event", [], {}]


def _missing(shipment: Shipment, events: list[Event]) -> list[Any]:
    kept = ("eventID", "eventType", "eventCreatedDateTime")
    return [*events[:-1], *({name: event[name] for name in kept} for event in events[-1:])]


def _rude_text(shipment: Shipment, events: list[Event]) -> list[Any]:
    rude = {"locationName": "\u202eyrkanoC\x00\u2066" * 1000, "UNLocationCode": shipment.booked.to_place}
    for event in events:
        if event["eventType"] == "EQUIPMENT":
            event["eventLocation"] = rude
    return list(events)


SPOILT: Mapping[str, Spoil] = {
    "wrong": _wrong,
    "out_of_order": _out_of_order,
    "repetitive": _repetitive,
    "contradictory": _contradictory,
    "future": _with_times(lambda written: "2099" + written[4:]),
    "epoch": _with_times(lambda written: "1970-01-01T00:00:00Z"),
    "zoneless": _with_times(lambda written: written[:19]),
    "unknown_code": _unknown_code,
    "nulls": _nulls,
    "wrong_types": _wrong_types,
    "missing": _missing,
    "rude_text": _rude_text,
}
"""Faults of what is said: from the right events to wrong ones."""


def _over_quota(fault: Fault, good: Reply) -> Reply:
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    return refusal(429, "quota", "Too many calls", headers)


def _busy(fault: Fault, good: Reply) -> Reply:
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    return refusal(503, "busy", "Try again later", headers)


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(bytes(BOMB_BYTES), compresslevel=6)


def _html(fault: Fault, good: Reply) -> Reply:
    return Reply(body=b"<!doctype html><title>Maintenance</title>", content_type="text/html")


Told = Callable[[Fault, Reply], Reply]
TOLD: Mapping[str, Told] = {
    "slow": lambda fault, good: msgspec.structs.replace(good, wait_s=fault.seconds),
    "drip": lambda fault, good: msgspec.structs.replace(good, drip_s=fault.seconds),
    "cut": lambda fault, good: msgspec.structs.replace(good, body=good.body[: len(good.body) // 2], cut=True),
    "over_quota": _over_quota,
    "busy": _busy,
    "broken": lambda fault, good: refusal(500, "broken", "Something broke"),
    "html": _html,
    "empty": lambda fault, good: Reply(body=b""),
    "truncated": lambda fault, good: msgspec.structs.replace(good, body=good.body[: len(good.body) // 2]),
    "deep": lambda fault, good: Reply(body=b"[" * 100_000),
    "gzip_bomb": lambda fault, good: Reply(body=_bomb(), headers={"Content-Encoding": "gzip"}),
    "redirect": lambda fault, good: Reply(status=302, body=b"", headers={"Location": INWARD}),
    "unauthorised": lambda fault, good: refusal(401, "login", "This key is not known"),
    "forbidden": lambda fault, good: refusal(403, "login", "This key may not ask"),
    "not_found": lambda fault, good: refusal(404, "notFound", "No such shipment"),
}
"""Faults of how it is said: from the good reply to a bad one."""

FAULTS = frozenset(SPOILT) | frozenset(TOLD)


class Faults:
    """The faults to make now. A shipment's own go before those for every shipment, newer before older."""

    def __init__(self) -> None:
        self._set: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """From the next call on."""
        self._set.insert(0, fault)

    def clear(self) -> None:
        """No more faults."""
        self._set = []

    def now(self) -> list[Fault]:
        """Those still to be made."""
        return list(self._set)

    def next_for(self, reference: str) -> Fault | None:
        """The fault to make in this call; one with `times` has one fewer afterwards."""
        if not self._set:
            return None
        mine = [fault for fault in self._set if fault.reference == reference]
        fault = next(iter(mine or [fault for fault in self._set if fault.reference is None]), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._set = [other for other in self._set if other is not fault]
        return fault
