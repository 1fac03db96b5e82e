"""DHL's and UPS's answers about a box from Rotterdam to Conakry, with defaults plus what matters to a test."""

import json
from typing import Any

from shipments.tracking.carriers import dhl, ups
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from tests.tracking.carriers.telling import DISPATCHED, HEARD

DHL_NUMBER = "7777000011"
UPS_NUMBER = "1ZSAMPLE0300000017"
Said = dict[str, Any]  # a part of an answer, as JSON


def a_parcel(reference: str, **more: Any) -> LegAsked:
    """The last leg of a box that goes by courier."""
    defaults = {
        "reference_type": "tracking_number",
        "reference": reference,
        "mode": "courier",
        "from_place": "NLRTM",
        "to_place": "GNCKY",
        "dispatched_at": DISPATCHED,
        "is_last": True,
    }
    return LegAsked(**{**defaults, **more})


def dhl_place(country: str | None, town: str | None = None) -> Said:
    return {"address": {"countryCode": country, "addressLocality": town}}


def dhl_event(
    status: str | None,
    at: str = "2026-03-20T10:00:00Z",
    country: str | None = None,
    *,
    code: str = "transit",
    **more: Any,
) -> Said:
    """One event: `status` is the finer code, `code` one of DHL's five words."""
    event: Said = {"timestamp": at, "statusCode": code, "status": status, "description": "Told by DHL"}
    if country is not None:
        event["location"] = dhl_place(country)
    return {**event, **more}


def dhl_shipment(*events: Any, **more: Any) -> Said:
    shipment: Said = {
        "id": DHL_NUMBER,
        "service": "express",
        "origin": dhl_place("NL", "ROTTERDAM"),
        "destination": dhl_place("GN", "CONAKRY"),
        "events": list(events),
    }
    return {**shipment, **more}


def read_dhl_shipments(*shipments: Any, leg: LegAsked | None = None, **more: Any) -> Answer:
    answer = json.dumps({"shipments": list(shipments), **more}).encode()
    return dhl.read_answer(answer, leg or a_parcel(DHL_NUMBER), heard_at=HEARD)


def read_dhl(*events: Any, leg: LegAsked | None = None, **more: Any) -> Answer:
    """What we make of DHL's answer with these events of our shipment."""
    return read_dhl_shipments(dhl_shipment(*events, **more), leg=leg)


def read_one_dhl(event: Said, leg: LegAsked | None = None, **more: Any) -> ReadEvent:
    (only,) = read_dhl(event, leg=leg, **more).events
    return only


def ups_activity(
    codes: str,
    day: str = "20260320",
    time: str = "100000",
    country: str | None = None,
    *,
    gmt: bool = True,
    **more: Any,
) -> Said:
    """One activity, by `TYPE/CODE/STATUSCODE`, `-` for what is not said; its time is GMT unless told otherwise."""
    kind, code, status = (None if part == "-" else part for part in codes.split("/"))
    activity: Said = {
        "status": {"type": kind, "code": code, "statusCode": status, "description": "Told by UPS"},
        "date": day,
        "time": time,
    }
    if gmt:
        activity |= {"gmtDate": day, "gmtTime": time, "gmtOffset": "+00:00"}
    if country is not None:
        activity["location"] = {"address": {"city": "Somewhere", "countryCode": country}, "slic": "0000"}
    return {**activity, **more}


def ups_package(*activities: Any, **more: Any) -> Said:
    return {"trackingNumber": UPS_NUMBER, "activity": list(activities), **more}


def read_ups_packages(*packages: Any, leg: LegAsked | None = None) -> Answer:
    shipment = {"inquiryNumber": UPS_NUMBER, "package": list(packages)}
    answer = json.dumps({"trackResponse": {"shipment": [shipment]}}).encode()
    return ups.read_answer(answer, leg or a_parcel(UPS_NUMBER), heard_at=HEARD)


def read_ups(*activities: Any, leg: LegAsked | None = None, **more: Any) -> Answer:
    """What we make of UPS's answer with these activities of our parcel."""
    return read_ups_packages(ups_package(*activities, **more), leg=leg)


def read_one_ups(activity: Said, leg: LegAsked | None = None) -> ReadEvent:
    (only,) = read_ups(activity, leg=leg).events
    return only


def a_dhl_answer() -> Said:
    """A whole answer as Express gives it, with what we do not read; numbers and people are invented."""
    steps = [
        ("OK", "delivered", "2026-03-28T15:02:00", "GN", "CONAKRY - GUINEA", "Delivered - Signed for by: A. PERSON"),
        ("WC", "transit", "2026-03-28T09:11:00", "GN", "CONAKRY - GUINEA", "Shipment is out with courier for delivery"),
        ("AR", "transit", "2026-03-28T08:20:00", "GN", "CONAKRY - GUINEA", "Arrived at DHL Delivery Facility"),
        ("CR", "transit", "2026-03-27T17:45:00", "GN", "CONAKRY - GUINEA", "Clearance processing complete"),
        ("IC", "transit", "2026-03-26T11:30:00", "GN", "CONAKRY - GUINEA", "Processed for clearance"),
        ("AF", "transit", "2026-03-25T06:05:00", "MA", "CASABLANCA - MOROCCO", "Arrived at DHL Sort Facility"),
        ("DF", "transit", "2026-03-24T23:40:00", "DE", "LEIPZIG - GERMANY", "Shipment has departed from a facility"),
        ("PL", "transit", "2026-03-24T20:10:00", "DE", "LEIPZIG - GERMANY", "Processed at LEIPZIG"),
        ("PU", "transit", "2026-03-23T16:00:00", "NL", "ROTTERDAM - THE NETHERLANDS", "Shipment picked up"),
    ]
    events = [
        {
            "timestamp": at,
            "location": {"address": {"countryCode": country, "postalCode": "1000", "addressLocality": town}},
            "statusCode": code,
            "status": status,
            "description": description,
            "pieceIds": ["JD000000000000000001", "JD000000000000000002"],
        }
        for status, code, at, country, town, description in steps
    ]
    person = {"@type": "Person", "givenName": "A.", "familyName": "PERSON", "name": "A. PERSON"}
    details = {
        "proofOfDeliverySignedAvailable": True,
        "totalNumberOfPieces": 2,
        "pieceIds": ["JD000000000000000001", "JD000000000000000002"],
        "proofOfDelivery": {"signatureUrl": "https://dhl.example/signature", "signed": person},
        "references": [{"number": "BT-INVENTED", "type": "customer-reference"}],
        "weight": {"value": 24.5, "unitText": "kg"},
    }
    shipment = dhl_shipment(*events, details=details, status=events[0], estimatedTimeOfDelivery="2026-03-29T18:00:00")
    link = "https://api-eu.dhl.example/track/shipments?trackingNumber=7777000011&language=en&offset=0&limit=5"
    return {"url": link, "firstUrl": link, "lastUrl": link, "shipments": [shipment]}


def a_ups_answer() -> Said:
    """A whole answer as UPS gives it, with what we do not read; numbers and people are invented."""
    steps = [
        ("D/KB/011", "20260328", "150200", "150200", "+00:00", "GN", "Conakry", "DELIVERED"),
        ("I/OT/021", "20260328", "091100", "91100", "+00:00", "GN", "Conakry", "Out For Delivery Today"),
        ("I/AR/005", "20260327", "174500", "17:45:00", "+00:00", "GN", "Conakry", "Arrived at Facility"),
        ("X/CP/013", "20260326", "113000", "113000", "+00:00", "GN", "Conakry", "Delayed by an import gateway hold"),
        ("I/DP/005", "20260325", "021000", "11000", "+01:00", "DE", "Koeln", "Departed from Facility"),
        ("I/AR/005", "20260324", "234000", "224000", "+01:00", "DE", "Koeln", "Arrived at Facility"),
        ("I/OR/005", "20260323", "200000", "190000", "+01:00", "NL", "Eindhoven", "Origin Scan"),
        ("M/MP/003", "20260322", "120000", "110000", "+01:00", "NL", None, "Shipper created a label"),
    ]
    activities = []
    for codes, day, time, gmt_time, offset, country, town, text in steps:
        activity = ups_activity(codes, day, time, gmtTime=gmt_time, gmtOffset=offset)
        activity["status"] |= {"description": text, "simplifiedTextDescription": text}
        address = {"city": town, "countryCode": country, "country": country}
        activities.append({"location": {"address": address, "slic": "1234"}, **activity})
    package = ups_package(
        *activities,
        deliveryDate=[{"type": "DEL", "date": "20260328"}],
        deliveryTime={"type": "DEL", "endTime": "150200"},
        deliveryInformation={
            "location": "Front Desk",
            "receivedBy": "A. PERSON",
            "signature": {"image": "aW52ZW50ZWQ="},
        },
        packageAddress=[
            {"type": "ORIGIN", "address": {"city": "Rotterdam", "countryCode": "NL"}, "name": "A. SENDER"},
            {"type": "DESTINATION", "address": {"city": "Conakry", "countryCode": "GN"}, "attentionName": "A. PERSON"},
        ],
        currentStatus={"code": "011", "description": "Delivered"},
        weight={"unitOfMeasurement": "KGS", "weight": "24.50"},
        service={"code": "065", "description": "UPS Worldwide Saver"},
        referenceNumber=[{"type": "SHIPMENT", "number": "BT-INVENTED"}],
        packageCount=1,
    )
    return {"trackResponse": {"shipment": [{"inquiryNumber": UPS_NUMBER, "package": [package], "userRelation": []}]}}
