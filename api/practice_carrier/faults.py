"""What a carrier can do wrong, by name: faults of what is said, and faults of the answer around it."""

import gzip
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from api.practice_carrier.replies import Reply

INWARD = "http://169.254.169.254/"
BOMB_BYTES = 64 * 1024 * 1024
RUDE_TOWN = "\u202eyrkanoC\x00\u2066" * 1000
"""Ten thousand characters that would turn a page around."""

SPOILT = frozenset(
    {
        "contradictory",
        "epoch",
        "future",
        "malformed",
        "missing",
        "nulls",
        "out_of_order",
        "repetitive",
        "reused",
        "rude_text",
        "unknown_code",
        "wrong",
        "wrong_types",
        "zoneless",
    }
)
"""Faults of what is said of one shipment; a call about many loses that one. See `sea_faults`, `parcel_faults`."""


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A fault to make. None for `reference`, `interface`: of every one. `times` None: until it is taken away.

    `seconds`: how slow, for `slow` and `drip`. `retry_after`: the header's text, for `over_quota` and `busy`.
    """

    name: str
    reference: str | None = None
    interface: str | None = None
    times: int | None = None
    seconds: float = 30.0
    retry_after: str | None = None

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            raise ValueError(f"name: one of {', '.join(sorted(FAULTS))}")


Refuse = Callable[[int, Mapping[str, str]], Reply]
"""A refusal in a carrier's own words."""
Told = Callable[[Fault, Reply, Refuse], Reply]


def _refused(status: int) -> Told:
    def told(fault: Fault, good: Reply, refuse: Refuse) -> Reply:
        return refuse(status, {} if fault.retry_after is None else {"Retry-After": fault.retry_after})

    return told


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(bytes(BOMB_BYTES), compresslevel=6)


def _half(good: Reply) -> bytes:
    return good.body[: len(good.body) // 2]


TOLD: Mapping[str, Told] = {
    "slow": lambda fault, good, refuse: replace(good, wait_s=fault.seconds),
    "drip": lambda fault, good, refuse: replace(good, drip_s=fault.seconds),
    "cut": lambda fault, good, refuse: replace(good, body=_half(good), cut=True),
    "over_quota": _refused(429),
    "busy": _refused(503),
    "broken": _refused(500),
    "html": lambda fault, good, refuse: Reply(
        body=b"<!doctype html><title>Maintenance</title>", content_type="text/html"
    ),
    "empty": lambda fault, good, refuse: Reply(),
    "truncated": lambda fault, good, refuse: replace(good, body=_half(good)),
    "deep": lambda fault, good, refuse: Reply(body=b"[" * 100_000),
    "gzip_bomb": lambda fault, good, refuse: Reply(body=_bomb(), headers={"Content-Encoding": "gzip"}),
    "redirect": lambda fault, good, refuse: Reply(status=302, headers={"Location": INWARD}),
    "unauthorised": _refused(401),
    "forbidden": _refused(403),
    "not_found": _refused(404),
}
"""Faults of how it is said: from the good reply to a bad one."""

FAULTS = SPOILT | frozenset(TOLD)


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

    def next_for(self, interface: str, references: Sequence[str]) -> Mapping[str, Fault]:
        """The fault to make in this call, by reference; one with `times` has one fewer afterwards.

        A fault of the answer as a whole is made once, whatever number of references the call is about.
        """
        if not self._set:
            return {}
        chosen: dict[str, Fault] = {}
        for reference in references or [""]:
            fault = next(iter(self._fitting(interface, reference)), None)
            if fault is None or (fault.name in TOLD and fault in chosen.values()):
                continue
            chosen[reference] = fault
            self._made(fault)
        return chosen

    def _fitting(self, interface: str, reference: str) -> list[Fault]:
        here = [fault for fault in self._set if fault.interface in (None, interface)]
        mine = [fault for fault in here if fault.reference == reference]
        return mine or [fault for fault in here if fault.reference is None]

    def _made(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._set = [other for other in self._set if other is not fault]
