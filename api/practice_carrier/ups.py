"""UPS: Track v1 over the practice depot, behind tokens of its own OAuth 2.

Its times are local and in GMT; the latter lose a leading zero now and then. Not found is a 200 with a warning.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from urllib.parse import unquote

import msgspec

from api.practice_carrier.limits import Over
from api.practice_carrier.logins import CLIENT, form_of
from api.practice_carrier.parcel_faults import Speaks, say
from api.practice_carrier.parcels import TOWNS, Parcel, Parcels, Scan
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Json, Reply, json_reply
from api.practice_carrier.speaking import Endpoint, Manners, Spoilt, answered, kept
from api.practice_carrier.stories import Word

DETAILS: Final = "/api/track/v1/details/"
TOKEN: Final = "/security/v1/oauth/token"
_SAID: Mapping[Word, tuple[str, str, str, str]] = {
    "label": ("M", "MP", "003", "Shipper created a label, UPS has not received the package yet."),
    "picked_up": ("I", "PU", "038", "Picked Up"),
    "at_hub": ("I", "AR", "005", "Arrived at Facility"),
    "export_cleared": ("I", "OR", "005", "Export Scan"),
    "departed": ("I", "DP", "005", "Departed from Facility"),
    "arrived": ("I", "IP", "005", "Import Scan"),
    "customs": ("I", "Z1", "012", "Your package is being processed by customs."),
    "customs_released": ("I", "DA", "014", "Your package was released by the customs agency."),
    "customs_held": ("X", "CP", "126", "Your package is held by customs."),
    "at_delivery_hub": ("I", "DS", "071", "Preparing for Delivery"),
    "out_for_delivery": ("I", "OT", "021", "Out For Delivery Today"),
    "attempt_failed": ("X", "48", "022", "The receiver was not available for delivery."),
    "delivered": ("D", "KB", "011", "DELIVERED"),
    "delayed": ("X", "DL", "048", "Due to operating conditions, your package may be delayed."),
    "returning": ("X", "RS", "035", "The package is being returned to the sender."),
    "returned": ("X", "RT", "034", "Returned to the sender."),
    "unheard_of": ("Z", "ZZ", "999", "Levitating"),
}
_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("TV1002", "Missing transId"),
    401: ("250002", "Invalid Authentication Information."),
    403: ("250003", "Blocked Merchant"),
    404: ("TW0001", "Tracking Information Not Found"),
    429: ("10429", "Too Many Requests"),
    503: ("TW0002", "Service unavailable"),
}


def event(parcel: Parcel, scan: Scan) -> Json:
    """An activity, by the clock on the wall and in GMT."""
    kind, code, status, words = _SAID[scan.word]
    told: Json = {
        "date": scan.local.strftime("%Y%m%d"),
        "time": scan.local.strftime("%H%M%S"),
        "status": {"type": kind, "code": code, "statusCode": status, "description": words},
    }
    if scan.zoned:
        gmt = scan.at.strftime("%H%M%S")
        told["gmtDate"] = scan.at.strftime("%Y%m%d")
        told["gmtTime"] = gmt.removeprefix("0") if scan.number % 2 else f"{gmt[:2]}:{gmt[2:4]}:{gmt[4:]}"
        told["gmtOffset"] = scan.local.isoformat()[-6:]
    return told | {"location": {"address": _address(scan.country, scan.town), "slic": "8566"}}


def _address(country: str, town: str) -> Json:
    return {"city": town, "countryCode": country, "country": country}


def shipment(parcel: Parcel, told: int, events: list[Json]) -> Json:
    """A shipment of one package."""
    shipped = parcel.shipped
    ends = {"ORIGIN": shipped.from_place, "DESTINATION": shipped.to_place}
    package: Json = {
        "trackingNumber": parcel.number,
        "packageCount": 1,
        "activity": events,
        "packageAddress": [
            {"type": end, "address": _address(place[:2], TOWNS.get(place, place))} for end, place in ends.items()
        ],
    }
    expected = parcel.expected(told)
    if expected is not None:
        package["deliveryDate"] = [{"type": "SDD", "date": expected.strftime("%Y%m%d")}]
        package["deliveryTime"] = {"type": "EOD"}
    return {"inquiryNumber": parcel.number, "package": [package]}


SPEAKS = Speaks(event, shipment)


def _knows(practice: Practice, asked: Asked) -> bool:
    return practice.logins.holds(asked.headers.get("authorization", ""), "ups", practice.clock.now())


def refuse(status: int, headers: Mapping[str, str]) -> Reply:
    """Errors as UPS lists them."""
    code, message = _ERRORS.get(status, ("500000", "An error occurred"))
    return json_reply({"response": {"errors": [{"code": code, "message": message}]}}, status, headers)


def _too_many(over: Over) -> Reply:
    return refuse(429, {})  # UPS names neither limit nor time


MANNERS = Manners("ups", _knows, refuse, _too_many)
_TOKENS = msgspec.structs.replace(MANNERS, knows=lambda practice, asked: True)


def details(practice: Practice, asked: Asked) -> Reply:
    """`GET /api/track/v1/details/{number}`."""
    number = unquote(asked.path.removeprefix(DETAILS))
    return answered(practice, MANNERS, asked, [number], partial(_details, practice, asked, number))


def _details(practice: Practice, asked: Asked, number: str, spoilt: Spoilt) -> Reply:
    told = asked.headers.get("transid"), asked.headers.get("transactionsrc")
    if asked.method != "GET" or not all(told) or not 7 <= len(number) <= 34:
        return refuse(400, {})
    parcels = practice.depot.find("ups", number)
    if not parcels:
        warning = {"code": "TW0001", "message": "Tracking Information Not Found"}
        return _track([{"inquiryNumber": number, "warnings": [warning]}])
    if spoilt:
        return _track(_said(parcels, [parcel.told_by(practice.clock.now()) for parcel in parcels], spoilt))
    return Reply(body=kept(practice, f"ups {number}", parcels, lambda told: _track(_said(parcels, told, {})).body))


def _said(parcels: Parcels, told: Sequence[int], spoilt: Spoilt) -> list[Json]:
    each = zip(parcels, told, strict=True)
    return [say(SPEAKS, parcel, count, spoilt.get(parcel.number)) for parcel, count in each]


def _track(shipments: list[Json]) -> Reply:
    return json_reply({"trackResponse": {"shipment": shipments}})


def token(practice: Practice, asked: Asked) -> Reply:
    """`POST /security/v1/oauth/token`, with the client in the header."""
    return answered(practice, _TOKENS, asked, [], partial(_token, practice, asked), "token")


def _token(practice: Practice, asked: Asked, spoilt: Spoilt) -> Reply:
    if asked.method != "POST" or form_of(asked.body).get("grant_type") != "client_credentials":
        return refuse(400, {})
    if not practice.logins.is_basic(asked.headers.get("authorization", "")):
        return refuse(401, {})
    now = practice.clock.now()
    return json_reply(
        {
            "token_type": "Bearer",
            "issued_at": str(int(now.timestamp() * 1000)),
            "client_id": CLIENT,
            "access_token": practice.logins.issue("ups", now),
            "expires_in": str(practice.logins.token_s),
            "status": "approved",
        }
    )


ROUTES: Mapping[str, Endpoint] = {DETAILS: details, TOKEN: token}
