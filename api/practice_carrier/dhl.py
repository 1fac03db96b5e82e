"""DHL Shipment Tracking Unified: `GET /track/shipments`, over the practice depot.

Its times are as mixed as DHL's own: with `Z`, with an offset, with neither, with nanoseconds, or a bare date.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from api.practice_carrier.limits import Over
from api.practice_carrier.parcel_faults import Speaks, say
from api.practice_carrier.parcels import TOWNS, Parcel, Parcels, Scan
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Json, Reply, json_reply
from api.practice_carrier.speaking import Endpoint, Manners, Spoilt, answered, kept
from api.practice_carrier.stories import Word

PATH: Final = "/track/shipments"
_KNOWN = frozenset({"trackingNumber", "language", "service", "limit", "offset"})
_SAID: Mapping[Word, tuple[str, str, str]] = {
    "label": ("pre-transit", "SD", "Shipment information received"),
    "picked_up": ("transit", "PU", "Shipment picked up"),
    "at_hub": ("transit", "PL", "Processed"),
    "export_cleared": ("transit", "CR", "Clearance processing complete"),
    "departed": ("transit", "DF", "Shipment has departed from a DHL facility"),
    "arrived": ("transit", "AF", "Arrived at DHL sort facility"),
    "customs": ("transit", "IC", "Processed for clearance"),
    "customs_released": ("transit", "CR", "Clearance processing complete"),
    "customs_held": ("failure", "CD", "Clearance event"),
    "at_delivery_hub": ("transit", "AR", "Arrived at DHL delivery facility"),
    "out_for_delivery": ("transit", "WC", "Shipment is out with courier for delivery"),
    "attempt_failed": ("failure", "NH", "Delivery attempted, recipient not home"),
    "delivered": ("delivered", "OK", "Delivered"),
    "delayed": ("failure", "MD", "Scheduled movement missed"),
    "returning": ("transit", "FD", "Forwarded to the shipper"),
    "returned": ("delivered", "RT", "Returned to the shipper"),
    "unheard_of": ("levitating", "ZZ", "Levitating"),
}
_TITLES = {404: "No result found", 429: "Too many requests", 401: "Unauthorized"}


def event(parcel: Parcel, scan: Scan) -> Json:
    """A scan; what it finally is stands in `status`, as Express has it."""
    code, status, words = _SAID[scan.word]
    return {
        "timestamp": _written(scan),
        "statusCode": code,
        "status": status,
        "description": words,
        "location": {"address": {"countryCode": scan.country, "addressLocality": scan.town}},
    }


def _written(scan: Scan) -> str:
    local = scan.local.isoformat()
    if scan.word == "label":
        return local[:10]
    if not scan.zoned or scan.number % 4 == 1:
        return local[:19]
    utc = scan.at.isoformat().replace("+00:00", "")
    return {0: f"{utc}Z", 2: local, 3: f"{utc}.123456789Z"}[scan.number % 4]


def shipment(parcel: Parcel, told: int, events: list[Json]) -> Json:
    """A shipment with its newest event once more."""
    shipped = parcel.shipped
    said: Json = {
        "id": parcel.number,
        "service": shipped.service,
        "origin": _place(shipped.from_place),
        "destination": _place(shipped.to_place),
        "events": events,
    }
    if events:
        said["status"] = events[0]
    expected = parcel.expected(told)
    if expected is not None:
        day = expected.date().isoformat()
        said["estimatedDeliveryTimeFrame"] = {"estimatedFrom": f"{day}T08:00:00", "estimatedThrough": f"{day}T18:00:00"}
    return said


def _place(unlocode: str) -> Json:
    return {"address": {"countryCode": unlocode[:2], "addressLocality": TOWNS.get(unlocode, unlocode)}}


SPEAKS = Speaks(event, shipment)


def _knows(practice: Practice, asked: Asked) -> bool:
    return asked.headers.get("dhl-api-key") == practice.logins.key


def refuse(status: int, headers: Mapping[str, str], detail: str = "") -> Reply:
    """A problem as RFC 7807 has it."""
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    reply = json_reply({"title": title, "status": status, "detail": detail or title}, status, headers)
    return msgspec.structs.replace(reply, content_type="application/problem+json")


def _too_many(over: Over) -> Reply:
    """DHL names no time: after the quota it is 429 until the next day."""
    return refuse(429, {}, f"Rate limit policy of {over.allowed} calls is exceeded")


MANNERS = Manners("dhl", _knows, refuse, _too_many)


def track(practice: Practice, asked: Asked) -> Reply:
    """`GET /track/shipments`."""
    query = dict(parse_qsl(asked.query))
    number = query.get("trackingNumber", "")
    return answered(practice, MANNERS, asked, [number] if number else [], partial(_track, practice, asked, query))


def _track(practice: Practice, asked: Asked, query: Mapping[str, str], spoilt: Spoilt) -> Reply:
    number = query.get("trackingNumber")
    paged = [query.get(name, "1") for name in ("limit", "offset")]
    if asked.method != "GET" or not number or query.keys() - _KNOWN or not all(told.isdigit() for told in paged):
        return refuse(400, {}, f"Practised are {', '.join(sorted(_KNOWN))}")
    found = _of_service(practice.depot.find("dhl", number), query.get("service"))
    if not found:
        return refuse(404, {}, "No shipment with given tracking number found.")
    told = _Asking(practice, query, number, found, spoilt)
    return Reply(body=told.page() if spoilt or "limit" in query else told.whole())


def _of_service(parcels: Parcels, service: str | None) -> Parcels:
    return parcels if service is None else [one for one in parcels if one.shipped.service == service]


class _Asking(msgspec.Struct, frozen=True):
    practice: Practice
    query: Mapping[str, str]
    number: str
    parcels: Parcels
    spoilt: Spoilt

    def whole(self) -> bytes:
        key = f"dhl {self.number} {self.query.get('service', '')}"
        return kept(self.practice, key, self.parcels, lambda told: msgspec.json.encode(self._said(told)))

    def page(self) -> bytes:
        """Some of the shipments, with the address of the next ones."""
        now = self.practice.clock.now()
        said = self._said([parcel.told_by(now) for parcel in self.parcels])
        first, most = int(self.query.get("offset", 0)), int(self.query.get("limit", len(said["shipments"])))
        if first + most < len(said["shipments"]):
            query = {**self.query, "offset": first + most, "limit": most}
            said["nextUrl"] = f"https://api-eu.dhl.com{PATH}?{urlencode(query)}"
        said["shipments"] = said["shipments"][first : first + most]
        return msgspec.json.encode(said)

    def _said(self, told: Sequence[int]) -> Json:
        fault = self.spoilt.get(self.number)
        each = zip(self.parcels, told, strict=True)
        return {"shipments": [say(SPEAKS, parcel, count, fault) for parcel, count in each]}


ROUTES: Mapping[str, Endpoint] = {PATH: track}
