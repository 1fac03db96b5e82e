"""FedEx's answers about a box from Rotterdam to Conakry, with defaults plus what matters to a test."""

import json
from typing import Any

from shipments.tracking.carriers import fedex
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from tests.tracking.carriers.telling import HEARD
from tests.tracking.carriers.telling_parcels import a_parcel

NUMBER = "700000000017"
OTHER_NUMBER = "700000000024"
Told = dict[str, Any]  # a part of an answer, as JSON


def scan(status: str | None, at: str = "2026-03-20T10:00:00+00:00", country: str | None = None, **more: Any) -> Told:
    """One scan whose two columns say the same; `eventType` and others through `more`."""
    told: Told = {"date": at, "eventType": status, "derivedStatusCode": status, "eventDescription": "Told by FedEx"}
    if country is not None:
        told["scanLocation"] = {"city": "SOMEWHERE", "countryCode": country, "streetLines": ["1 Invented Road"]}
    return {**told, **more}


def shipment(*scans: Any, **more: Any) -> Told:
    """One of the shipments of a number."""
    told: Told = {
        "trackingNumberInfo": {"trackingNumber": NUMBER, "carrierCode": "FDXE", "trackingNumberUniqueId": "1~2~FX"},
        "error": {},
        "scanEvents": list(scans),
        "dateAndTimes": [],
    }
    return {**told, **more}


def destined(country: str) -> Told:
    return {"locationContactAndAddress": {"contact": {"personName": "A. PERSON"}, "address": {"countryCode": country}}}


def said_of(number: str, *shipments: Any) -> Told:
    """Everything of one number."""
    return {"trackingNumber": number, "trackResults": list(shipments)}


def failed(number: str, code: str = "TRACKING.TRACKINGNUMBER.NOTFOUND") -> Told:
    """The failure of one number, inside a 200."""
    return said_of(number, {"error": {"code": code, "message": f"Tracking number {number} cannot be found."}})


def whole(*numbers: Any) -> bytes:
    return json.dumps({"transactionId": "t", "output": {"completeTrackResults": list(numbers)}}).encode()


def read_numbers(*numbers: Any, leg: LegAsked | None = None) -> Answer:
    return fedex.read_answer(whole(*numbers), leg or a_parcel(NUMBER), heard_at=HEARD)


def read_fedex(*scans: Any, leg: LegAsked | None = None, **more: Any) -> Answer:
    """What we make of an answer with these scans of our shipment."""
    return read_numbers(said_of(NUMBER, shipment(*scans, **more)), leg=leg)


def read_one_fedex(told: Told, leg: LegAsked | None = None) -> ReadEvent:
    (only,) = read_fedex(told, leg=leg).events
    return only


def estimated(at: str) -> list[Told]:
    return [{"type": "SHIP", "dateTime": "2026-03-01T00:00:00"}, {"type": "ESTIMATED_DELIVERY", "dateTime": at}]


def a_fedex_answer() -> bytes:
    """A whole answer as FedEx gives it, with what we do not read; numbers and people are invented."""
    steps = [
        ("DL", "DL", "2026-03-28T15:02:00+00:00", "CONAKRY", "GN", "Delivered"),
        ("OD", "IT", "2026-03-28T09:11:00+00:00", "CONAKRY", "GN", "On FedEx vehicle for delivery"),
        ("CC", "IT", "2026-03-27T17:45:00+00:00", "CONAKRY", "GN", "International shipment release - Import"),
        ("CD", "CD", "2026-03-26T11:30:00+00:00", "CONAKRY", "GN", "Clearance delay - Import"),
        ("AR", "IT", "2026-03-25T06:05:00+01:00", "ROISSY CDG", "FR", "Arrived at FedEx hub"),
        ("DP", "IT", "2026-03-24T23:40:00+01:00", "AMSTERDAM", "NL", "Departed FedEx location"),
        ("PU", "PU", "2026-03-23T16:00:00+01:00", "ROTTERDAM", "NL", "Picked up"),
        ("OC", "IN", "2026-03-22T12:00:00+01:00", "ROTTERDAM", "NL", "Shipment information sent to FedEx"),
    ]
    scans = [
        {
            "date": at,
            "eventType": code,
            "eventDescription": text,
            "exceptionCode": "",
            "exceptionDescription": "",
            "scanLocation": {
                "streetLines": [""],
                "city": town,
                "postalCode": "1000",
                "countryCode": country,
                "residential": False,
                "countryName": "A country",
            },
            "locationId": "XXXX",
            "locationType": "FEDEX_FACILITY",
            "derivedStatusCode": status,
            "derivedStatus": "As derived",
        }
        for code, status, at, town, country, text in steps
    ]
    told = shipment(
        *scans,
        latestStatusDetail={
            "code": "DL",
            "derivedCode": "DL",
            "description": "Delivered",
            "statusByLocale": "Delivered",
        },
        dateAndTimes=[{"type": "ACTUAL_DELIVERY", "dateTime": "2026-03-28T15:02:00"}],
        estimatedDeliveryTimeWindow={"window": {}},
        destinationLocation=destined("GN"),
        deliveryDetails={"receivedByName": "A. PERSON", "signedByName": "A. PERSON", "deliveryAttempts": "0"},
        packageDetails={"count": "1", "weightAndDimensions": {"weight": [{"unit": "KG", "value": "24.5"}]}},
        availableNotifications=["ON_DELIVERY", "ON_EXCEPTION", "ON_ESTIMATED_DELIVERY"],
        shipperInformation={"contact": {"personName": "A. SENDER"}, "address": {"countryCode": "NL"}},
    )
    return whole(said_of(NUMBER, told))
