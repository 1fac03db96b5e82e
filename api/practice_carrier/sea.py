"""The practice sea: shipments that move by a voyage while the clock runs, faster than life if told to."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from api.practice_carrier.clock import Clock
from api.practice_carrier.voyages import VOYAGES, Step

VOYAGE_DAYS = 24.0
PORTS: Mapping[str, str] = {
    "NLRTM": "Rotterdam",
    "NLAMS": "Amsterdam",
    "BEANR": "Antwerpen",
    "DEHAM": "Hamburg",
    "ESALG": "Algeciras",
    "MAPTM": "Tanger Med",
    "GNCKY": "Conakry",
    "NGAPP": "Apapa",
    "NGLOS": "Lagos",
    "GEPTI": "Poti",
    "AMEVN": "Yerevan",
    "BRSSZ": "Santos",
}
HOURS_EAST = {"NL": 1, "BE": 1, "DE": 1, "ES": 1, "MA": 1, "NG": 1, "GE": 4, "AM": 4, "BR": -3}
ZONES: Mapping[str, timezone] = {land: timezone(timedelta(hours=hours)) for land, hours in HOURS_EAST.items()}
GREENWICH = timezone(timedelta(0))

Event = dict[str, Any]  # JSON as DCSA 2.2 defines it


class Booked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What it takes to put a shipment to sea. `started_at`: by default now. `days`: how long it travels."""

    booking: str
    from_place: str
    to_place: str
    via_place: str = "MAPTM"
    voyage: str = "plain"
    started_at: datetime | None = None
    days: float = VOYAGE_DAYS
    document: str | None = None
    container: str | None = None

    def __post_init__(self) -> None:
        if self.voyage not in VOYAGES:
            raise ValueError(f"voyage: one of {', '.join(VOYAGES)}")
        if self.days <= 0 or (self.started_at and self.started_at.tzinfo is None):
            raise ValueError("days: more than 0; started_at: with its offset")


class Shipment:
    """A shipment at sea. The same booking always tells the same events with the same identities."""

    def __init__(self, booked: Booked, now: datetime) -> None:
        self.booked = booked
        self.booking = booked.booking
        name = uuid5(NAMESPACE_URL, booked.booking)
        self._identity = str(name)[:24]  # of an event's UUID; its number makes the rest
        self.document = booked.document or f"TD{booked.booking}"
        self.container = booked.container or f"PRAU{name.int % 10**7:07}"
        self.started_at = (booked.started_at or now).astimezone(UTC).replace(microsecond=0)
        self._steps = VOYAGES[booked.voyage]
        self._scale = booked.days / VOYAGE_DAYS
        self._told_at = [self._at(step.day) for step in self._steps]
        self._kept: tuple[tuple[int, int], bytes] = ((0, 0), b"[]")

    def _at(self, day: float) -> datetime:
        return self.started_at + timedelta(seconds=int(day * self._scale * 86_400))

    def told(self, since: datetime | None, now: datetime) -> tuple[int, int]:
        """Which events (from, to) were created since a time, as of now."""
        first = bisect_left(self._told_at, since) if since else 0
        return first, max(first, bisect_right(self._told_at, now))

    def told_by(self, now: datetime) -> int:
        """How many events were created by now."""
        return bisect_right(self._told_at, now)

    def answer(self, first: int, last: int) -> bytes:
        """Those events as a JSON list; the last one asked for is kept ready."""
        if self._kept[0] != (first, last):
            self._kept = ((first, last), msgspec.json.encode(list(self.events(first, last))))
        return self._kept[1]

    def events(self, first: int, last: int) -> Iterator[Event]:
        """Those events, each made anew: faults may spoil them."""
        for number in range(first, min(last, len(self._steps))):
            yield self.event(number, self._steps[number])

    def event(self, number: int, step: Step) -> Event:
        """One event of this shipment; its number makes its identity."""
        kind, code, *document = step.code.split("/")
        place = {"from": self.booked.from_place, "via": self.booked.via_place, "to": self.booked.to_place}[step.where]
        event: Event = {
            "eventID": f"{self._identity}{number:012}",
            "eventCreatedDateTime": _written(self._at(step.day), "NL"),
            "eventType": kind,
            "eventClassifierCode": step.classifier,
            "eventDateTime": _written(self._at(step.day if step.on is None else step.on), place[:2]),
        }
        if kind == "SHIPMENT":
            return event | self._paper(code, document[0])
        event["documentReferences"] = [
            {"documentReferenceType": "BKG", "documentReferenceValue": self.booking},
            {"documentReferenceType": "TRD", "documentReferenceValue": self.document},
        ]
        event["transportCall"] = _call(self.booking, place, step)
        if kind == "EQUIPMENT":
            return event | self._equipment(code, place, step)
        event["transportEventTypeCode"] = code
        event["references"] = [{"referenceType": "EQ", "referenceValue": self.container}]
        if step.late:
            event |= {"delayReasonCode": step.late, "changeRemark": "Arrival moved"}
        return event

    def _paper(self, code: str, document: str) -> Event:
        return {
            "shipmentEventTypeCode": code,
            "documentTypeCode": document,
            "documentID": self.document if document == "TRD" else self.booking,
            "references": [{"referenceType": "EQ", "referenceValue": self.container}],
        }

    def _equipment(self, code: str, place: str, step: Step) -> Event:
        return {
            "equipmentEventTypeCode": code,
            "equipmentReference": self.container,
            "ISOEquipmentCode": "22GP",
            "emptyIndicatorCode": "EMPTY" if step.empty else "LADEN",
            "eventLocation": {"locationName": PORTS.get(place, place), "UNLocationCode": place},
        }


def _call(booking: str, place: str, step: Step) -> Event:
    call: Event = {
        "transportCallID": f"{booking}-{place}-{step.mode}",
        "UNLocationCode": place,
        "facilityTypeCode": "POTE",
        "modeOfTransport": step.mode,
        "location": {"locationName": PORTS.get(place, place), "UNLocationCode": place},
    }
    if step.mode == "VESSEL":
        call |= {"exportVoyageNumber": "2603S", "carrierServiceCode": "PRX"}
        call["vessel"] = {"vesselIMONumber": "9321483", "vesselName": "Practice Wind"}
    return call


def _written(at: datetime, country: str) -> str:
    """With the offset of the place, as lines write it."""
    return at.astimezone(ZONES.get(country, GREENWICH)).isoformat()


class Sea:
    """Every shipment, in memory, gone when the practice carrier stops."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self._by_reference: dict[str, Shipment] = {}

    def add(self, booked: Booked) -> Shipment:
        """Puts a shipment to sea, to be found by booking, transport document or container."""
        shipment = Shipment(booked, self.clock.now())
        for reference in (shipment.booking, shipment.document, shipment.container):
            self._by_reference[reference] = shipment
        return shipment

    def find(self, reference: str) -> Shipment | None:
        """The shipment of a booking, transport document or container."""
        return self._by_reference.get(reference)

    def shipments(self) -> list[Shipment]:
        """Each once, in the order of booking."""
        return list(dict.fromkeys(self._by_reference.values()))
