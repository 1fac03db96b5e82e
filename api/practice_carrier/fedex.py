"""FedEx: Track v1 over the practice depot, thirty numbers a call, behind tokens of its own OAuth 2.

Scans carry offsets, `dateAndTimes` do not. A number's failure sits inside a 200.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from uuid import uuid4

import msgspec

from api.practice_carrier.limits import Over
from api.practice_carrier.logins import form_of
from api.practice_carrier.parcel_faults import STRANGER, Speaks, say
from api.practice_carrier.parcels import TOWNS, Parcel, Parcels, Scan
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Json, Reply, json_reply
from api.practice_carrier.speaking import Endpoint, Manners, Spoilt, answered, kept
from api.practice_carrier.stories import Word

TRACK: Final = "/track/v1/trackingnumbers"
TOKEN: Final = "/oauth/token"
MOST: Final = 30
_SAID: Mapping[Word, tuple[str, str, str]] = {
    "label": ("IN", "OC", "Shipment information sent to FedEx"),
    "picked_up": ("PU", "PU", "Picked up"),
    "at_hub": ("IT", "AR", "Arrived at FedEx hub"),
    "export_cleared": ("IT", "EA", "International shipment release - Export"),
    "departed": ("IT", "DP", "Left FedEx origin facility"),
    "arrived": ("IT", "AR", "Arrived at FedEx location"),
    "customs": ("IT", "CP", "Clearance in progress"),
    "customs_released": ("IT", "CC", "International shipment release - Import"),
    "customs_held": ("CD", "CD", "Clearance delay"),
    "at_delivery_hub": ("IT", "AF", "At local FedEx facility"),
    "out_for_delivery": ("OD", "OD", "On FedEx vehicle for delivery"),
    "attempt_failed": ("DE", "DE", "Delivery exception"),
    "delivered": ("DL", "DL", "Delivered"),
    "delayed": ("DY", "DY", "Delay"),
    "returning": ("RS", "RS", "Returning package to shipper"),
    "returned": ("DL", "DL", "Delivered"),
    "unheard_of": ("ZZ", "ZZ", "Levitating"),
}
_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("BAD.REQUEST.ERROR", "The given request is not valid."),
    401: ("NOT.AUTHORIZED.ERROR", "Access token expired. Please modify your request and try again."),
    403: ("FORBIDDEN.ERROR", "We could not authorize your credentials."),
    404: ("NOT.FOUND.ERROR", "The resource you requested is no longer available."),
    429: ("TOO.MANY.REQUESTS", "Daily transaction quota or rate exceeded."),
    503: ("SERVICE.UNAVAILABLE.ERROR", "The service is currently unavailable."),
}
_NOT_FOUND = {
    "code": "TRACKING.TRACKINGNUMBER.NOTFOUND",
    "message": "Tracking number cannot be found. Please correct the tracking number and try again.",
}


class _Info(msgspec.Struct):
    number: str = msgspec.field(name="trackingNumber")


class _One(msgspec.Struct):
    info: _Info = msgspec.field(name="trackingNumberInfo")


class _Question(msgspec.Struct):
    asked: list[_One] = msgspec.field(name="trackingInfo")
    detailed: bool = msgspec.field(name="includeDetailedScans", default=False)


def event(parcel: Parcel, scan: Scan) -> Json:
    """A scan; its date is local, with its offset."""
    derived, kind, words = _SAID[scan.word]
    told: Json = {
        "date": scan.local.isoformat() if scan.zoned else scan.local.isoformat()[:19],
        "eventType": kind,
        "eventDescription": words,
        "exceptionCode": "",
        "exceptionDescription": "",
        "derivedStatusCode": derived,
        "derivedStatus": words,
    }
    if scan.word == "delayed":
        told["delayDetail"] = {"type": "WEATHER", "status": "DELAYED"}
    return told | {"scanLocation": _address(scan.country, scan.town)}


def _address(country: str, town: str) -> Json:
    return {"city": town, "countryCode": country, "residential": False}


def shipment(parcel: Parcel, told: int, events: list[Json]) -> Json:
    """One of a number's `trackResults`."""
    place = parcel.shipped.to_place
    to = {"address": _address(place[:2], TOWNS.get(place, place))}
    result: Json = {
        "trackingNumberInfo": {"trackingNumber": parcel.number, "trackingNumberUniqueId": "", "carrierCode": "FDXE"},
        "scanEvents": events,
        "dateAndTimes": [],
        "destinationLocation": {"locationContactAndAddress": to},
        "error": {"code": "", "message": ""},
    }
    expected = parcel.expected(told)
    if expected is not None:
        day = expected.date().isoformat()
        result["dateAndTimes"] = [{"type": "ESTIMATED_DELIVERY", "dateTime": f"{day}T00:00:00"}]
        window = {"begins": f"{day}T09:00:00", "ends": f"{day}T17:00:00"}
        result["estimatedDeliveryTimeWindow"] = {"window": window}
    return result


SPEAKS = Speaks(event, shipment)


def _knows(practice: Practice, asked: Asked) -> bool:
    return practice.logins.holds(asked.headers.get("authorization", ""), "fedex", practice.clock.now())


def refuse(status: int, headers: Mapping[str, str]) -> Reply:
    """Errors as FedEx lists them."""
    code, message = _ERRORS.get(status, ("INTERNAL.SERVER.ERROR", "We encountered an unexpected error."))
    return json_reply({"transactionId": str(uuid4()), "errors": [{"code": code, "message": message}]}, status, headers)


def _too_many(over: Over) -> Reply:
    return refuse(429, {})  # FedEx names no time: a day's quota is free again at midnight GMT


MANNERS = Manners("fedex", _knows, refuse, _too_many)
_TOKENS = msgspec.structs.replace(MANNERS, knows=lambda practice, asked: True)


def track(practice: Practice, asked: Asked) -> Reply:
    """`POST /track/v1/trackingnumbers`."""
    try:
        numbers = [one.info.number for one in msgspec.json.decode(asked.body, type=_Question).asked]
    except msgspec.DecodeError:
        numbers = []
    return answered(practice, MANNERS, asked, numbers, partial(_track, practice, asked, numbers))


def _track(practice: Practice, asked: Asked, numbers: Sequence[str], spoilt: Spoilt) -> Reply:
    if asked.method != "POST" or not 1 <= len(numbers) <= MOST:
        return refuse(400, {})
    said = b",".join(_of_number(practice, number, spoilt) for number in numbers)
    whole = b'{"transactionId":"%s","output":{"completeTrackResults":[%s]}}' % (str(uuid4()).encode(), said)
    return Reply(body=whole)


def _of_number(practice: Practice, number: str, spoilt: Spoilt) -> bytes:
    """All of one number, as JSON already: most of thirty have not moved since they were last asked for."""
    parcels = practice.depot.find("fedex", number)
    if number not in spoilt:
        return kept(practice, f"fedex {number}", parcels, lambda told: _encoded(number, parcels, told, {}))
    told = [parcel.told_by(practice.clock.now()) for parcel in parcels]
    return _encoded(number, parcels, told, spoilt)


def _encoded(number: str, parcels: Parcels, told: Sequence[int], spoilt: Spoilt) -> bytes:
    fault = spoilt.get(number)
    each = zip(parcels, told, strict=True)
    results = [say(SPEAKS, parcel, count, fault) for parcel, count in each] or [{"error": _NOT_FOUND}]
    shown = STRANGER if fault is not None and fault.name == "wrong" else number
    return msgspec.json.encode({"trackingNumber": shown, "trackResults": results})


def token(practice: Practice, asked: Asked) -> Reply:
    """`POST /oauth/token`, with the client in the form."""
    return answered(practice, _TOKENS, asked, [], partial(_token, practice, asked), "token")


def _token(practice: Practice, asked: Asked, spoilt: Spoilt) -> Reply:
    form = form_of(asked.body)
    if asked.method != "POST" or form.get("grant_type") != "client_credentials":
        return refuse(400, {})
    if not practice.logins.is_client(form):
        return refuse(401, {})
    issued = practice.logins.issue("fedex", practice.clock.now())
    return json_reply(
        {"access_token": issued, "token_type": "bearer", "expires_in": practice.logins.token_s, "scope": "CXS"}
    )


ROUTES: Mapping[str, Endpoint] = {TRACK: track, TOKEN: token}
