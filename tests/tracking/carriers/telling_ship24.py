"""Ship24's answers about a box from Rotterdam to Conakry, with defaults plus what matters to a test."""

import json
from typing import Any
from zlib import crc32

from shipments.tracking.carriers import ship24
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from tests.tracking.carriers.telling import HEARD
from tests.tracking.carriers.telling_parcels import a_parcel

NUMBER = "LX000000017NL"
OTHER_NUMBER = "LX000000024NL"
Told = dict[str, Any]  # a part of an answer, as JSON


def event(state: str | None, at: str = "2026-03-20T10:00:00+00:00", code: str | None = None, **more: Any) -> Told:
    """One event by its `statusMilestone`, and its `statusCode` where it has one."""
    told: Told = {
        "eventId": f"00000000-0000-4000-8000-{crc32(f'{state} {at} {code}'.encode()):012}",
        "trackingNumber": NUMBER,
        "eventTrackingNumber": NUMBER,
        "status": "Told by a courier",
        "occurrenceDatetime": at,
        "order": None,
        "location": "SOMEWHERE",
        "courierCode": "nl-post",
        "statusCode": code,
        "statusCategory": None,
        "statusMilestone": state,
    }
    return {**told, **more}


def tracking(*events: Any, number: str = NUMBER, state: str = "in_transit", **more: Any) -> Told:
    """One tracker of a number; `more` goes into its shipment."""
    shipment = {
        "shipmentId": "00000000-0000-4000-8000-000000000001",
        "statusMilestone": state,
        "originCountryCode": "NL",
        "destinationCountryCode": "GN",
        "delivery": {"estimatedDeliveryDate": None, "service": None, "signedBy": "A. PERSON"},
        "trackingNumbers": [{"tn": number}],
        "recipient": {"name": "A. PERSON", "address": "1 Invented Road", "city": "Conakry"},
    }
    return {
        "tracker": {"trackerId": "26148317-0000-4000-8000-000000000001", "trackingNumber": number},
        "shipment": {**shipment, **more},
        "events": list(events),
        "statistics": {"timestamps": {"deliveredDatetime": None}},
    }


def whole(*trackings: Any, **more: Any) -> bytes:
    return json.dumps({"data": {"trackings": list(trackings)}, **more}).encode()


def read_trackings(*trackings: Any, leg: LegAsked | None = None, **more: Any) -> Answer:
    return ship24.read_answer(whole(*trackings, **more), leg or a_parcel(NUMBER), heard_at=HEARD)


def read_ship24(*events: Any, leg: LegAsked | None = None, **more: Any) -> Answer:
    """What we make of an answer with these events of our parcel."""
    return read_trackings(tracking(*events, **more), leg=leg)


def read_one_ship24(told: Told, leg: LegAsked | None = None) -> ReadEvent:
    (only,) = read_ship24(told, leg=leg).events
    return only
