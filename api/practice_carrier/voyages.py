"""The voyages of practice ships: what is told on which day, from booking to the empty container's return."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Where = Literal["from", "via", "to"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `day`: when it is told, in days since the start; `on`: when it happens, by default then."""

    day: float
    code: str
    where: Where = "from"
    on: float | None = None
    classifier: Literal["ACT", "EST", "PLN"] = "ACT"
    mode: Literal["VESSEL", "RAIL", "TRUCK", "BARGE"] = "VESSEL"
    empty: bool = False
    late: str | None = None


Voyage = tuple[Step, ...]


def _paper(day: float, code: str) -> Step:
    return Step(day=day, code=f"SHIPMENT/{code}")


def _eta(day: float, on: float, *, classifier: Literal["EST", "PLN"] = "EST", late: str | None = None) -> Step:
    return Step(day=day, code="TRANSPORT/ARRI", where="to", on=on, classifier=classifier, late=late)


def _at(day: float, where: Where, code: str, mode: Literal["VESSEL", "TRUCK"] = "VESSEL") -> Step:
    return Step(day=day, code=code, where=where, mode=mode)


BOOKED: Voyage = (
    _paper(0, "CONF/BKG"),
    Step(day=0, code="TRANSPORT/DEPA", on=4, classifier="PLN"),
    _eta(0, 20, classifier="PLN"),
    _eta(0.2, 20),
    Step(day=0.5, code="EQUIPMENT/GTOT", mode="TRUCK", empty=True),
)
SAILED: Voyage = (
    _at(1.5, "from", "EQUIPMENT/STUF", "TRUCK"),
    _at(2.5, "from", "EQUIPMENT/GTIN", "TRUCK"),
    _at(3.5, "from", "EQUIPMENT/LOAD"),
    _at(4, "from", "TRANSPORT/DEPA"),
    _paper(4.2, "ISSU/TRD"),
)
TRANSSHIPPED: Voyage = (
    _at(9, "via", "TRANSPORT/ARRI"),
    _at(9.5, "via", "EQUIPMENT/DISC"),
    _at(11, "via", "EQUIPMENT/LOAD"),
    _at(11.5, "via", "TRANSPORT/DEPA"),
)
ARRIVED: Voyage = (_at(20, "to", "TRANSPORT/ARRI"), _at(20.5, "to", "EQUIPMENT/DISC"))
RELEASED: Voyage = (_paper(21.5, "RELS/CUS"),)
AT_THE_HUB: Voyage = (
    _at(22, "to", "EQUIPMENT/GTOT", "TRUCK"),
    _at(22.5, "to", "EQUIPMENT/DROP", "TRUCK"),
    _at(23, "to", "EQUIPMENT/STRP", "TRUCK"),
    Step(day=24, code="EQUIPMENT/GTIN", where="to", mode="TRUCK", empty=True),
)


def _later(voyage: Voyage, days: float) -> Voyage:
    return tuple(msgspec.structs.replace(step, day=step.day + days) for step in voyage)


_LANDED = ARRIVED + RELEASED + AT_THE_HUB
_DELAYS = (_eta(8, 23, late="WEA"), _eta(14, 26, late="PRT"))
_HELD = (_paper(20.8, "HOLD/CUS"), *_later(RELEASED + AT_THE_HUB, 4))
_TAKEN_BACK = (_at(23.4, "to", "EQUIPMENT/LOAD"), _at(23.6, "to", "TRANSPORT/DEPA"))


def _voyage(*parts: Voyage) -> Voyage:
    return tuple(sorted((step for part in parts for step in part), key=lambda step: step.day))


VOYAGES: Mapping[str, Voyage] = {
    "plain": _voyage(BOOKED, SAILED, TRANSSHIPPED, _LANDED),
    "direct": _voyage(BOOKED, SAILED, _LANDED),
    "delayed": _voyage(BOOKED, SAILED, TRANSSHIPPED, _DELAYS, _later(_LANDED, 6)),
    "held": _voyage(BOOKED, SAILED, TRANSSHIPPED, ARRIVED, _HELD),
    "silent": _voyage(BOOKED, SAILED),
    "cancelled": _voyage(BOOKED, (_paper(1, "VOID/BKG"),)),
    "contradictory": _voyage(BOOKED, SAILED, _LANDED, _TAKEN_BACK),
}
"""By name. Days are of a voyage that takes 24; a shipment may take more or fewer."""
