"""What the practice carrier pushes: what is new of a shipment, as each carrier posts it, and proved as each does.

DCSA signs the raw body; Ship24, UPS and DHL send the secret that they were given along.
"""

import hmac
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from api.practice_carrier import dhl, ups
from api.practice_carrier.dcsa import VERSION
from api.practice_carrier.parcel_faults import say
from api.practice_carrier.parcels import Parcel, Scan
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Json
from api.practice_carrier.sea import Shipment
from api.practice_carrier.ship24_words import SPEAKS, event, tracker_shown
from api.practice_carrier.subscriptions import Subscription

PushFault = Literal["bad_signature", "replayed", "reserialised", "stale"]
STALE = timedelta(days=30)
DHL_HEADER = "X-Shipments-Key"


class Message(msgspec.Struct, frozen=True):
    """One post. `told`: how many steps of the story whoever accepts it has been told."""

    subscription: Subscription
    reference: str
    told: int
    body: bytes
    headers: Mapping[str, str]


def messages_for(
    practice: Practice, subscription: Subscription, *, reference: str | None = None, fault: PushFault | None = None
) -> Iterator[Message]:
    """What is new to a subscriber: of one reference, or of all that it wants; wrong if told to be."""
    older = STALE if fault == "stale" else timedelta(0)
    for one, told in _news(practice, subscription, reference):
        for body in _BODIES[subscription.interface](practice, subscription, one, told, older):
            message = Message(subscription, one, told, body, _headers(subscription, body))
            yield from _spoilt(message, fault)


def _spoilt(message: Message, fault: PushFault | None) -> Iterable[Message]:
    if fault == "replayed":
        return [message, message, message]
    if fault == "reserialised":
        return [replace(message, body=msgspec.json.format(message.body, indent=2))]
    if fault == "bad_signature":
        forged = replace(message.subscription, secret=f"AAAA{message.subscription.secret}")
        return [replace(message, headers=_headers(forged, message.body))]
    return [message]


def _news(practice: Practice, subscription: Subscription, reference: str | None) -> Iterator[tuple[str, int]]:
    """Each reference with news, and how far its story has come."""
    now = practice.clock.now()
    for one in [reference] if reference else _references(practice, subscription):
        found = _found(practice, subscription.interface, one)
        told = found.told_by(now) if found else 0
        if subscription.wants(one) and told > subscription.pushed.get(one, 0):
            yield one, told


def _references(practice: Practice, subscription: Subscription) -> Iterable[str]:
    if subscription.references is not None:
        return subscription.references
    if subscription.interface == "dcsa":
        return [shipment.booking for shipment in practice.sea.shipments()]
    if subscription.interface == "ship24":
        return practice.trackers.numbers()
    return [one.number for one in practice.depot.parcels() if one.shipped.interface == subscription.interface]


def _found(practice: Practice, interface: str, reference: str) -> Shipment | Parcel | None:
    if interface == "dcsa":
        return practice.sea.find(reference)
    return next(reversed(practice.depot.find(interface, reference)), None)


Bodies = Callable[[Practice, Subscription, str, int, timedelta], Iterator[bytes]]


def _dcsa(
    practice: Practice, subscription: Subscription, reference: str, told: int, older: timedelta
) -> Iterator[bytes]:
    """The new events as a list."""
    shipment = practice.sea.find(reference)
    assert shipment is not None
    events = list(shipment.events(subscription.pushed.get(reference, 0), told))
    for one in events:
        written = datetime.fromisoformat(one["eventCreatedDateTime"]) - older
        one["eventCreatedDateTime"] = written.isoformat()
    yield msgspec.json.encode(events)


def _ship24(
    practice: Practice, subscription: Subscription, reference: str, told: int, older: timedelta
) -> Iterator[bytes]:
    """The new events of a tracker around its parcel."""
    parcel, scans = _new_scans(practice, subscription, reference, told)
    tracker = practice.trackers.of_number(reference)
    made = (practice.clock.now() - older).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    tracking: Json = {
        "metadata": {"generatedAt": made, "messageId": str(uuid4()), "topic": "tracking/events"},
        "tracker": tracker_shown(tracker, reference) if tracker else {"trackingNumber": reference},
        **say(SPEAKS, parcel, told),
        "events": [event(parcel, scan) for scan in scans],
    }
    yield msgspec.json.encode({"trackings": [tracking]})


def _dhl(
    practice: Practice, subscription: Subscription, reference: str, told: int, older: timedelta
) -> Iterator[bytes]:
    """The shipment as in an answer. It does not say when it was made."""
    parcel, _ = _new_scans(practice, subscription, reference, told)
    self = f"https://api-eu.dhl.com/tracking/push/v1/subscription/{subscription.id}"
    yield msgspec.json.encode({"scope": "shipment", "self": self, "shipments": [say(dhl.SPEAKS, parcel, told)]})


def _ups(
    practice: Practice, subscription: Subscription, reference: str, told: int, older: timedelta
) -> Iterator[bytes]:
    """One event a message, oldest first."""
    parcel, scans = _new_scans(practice, subscription, reference, told)
    for scan in reversed(scans):
        yield msgspec.json.encode(_alert(parcel, replace(scan, at=scan.at - older), told))


def _alert(parcel: Parcel, scan: Scan, told: int) -> Json:
    activity = ups.event(parcel, scan)
    status = activity["status"]
    expected = parcel.expected(told)
    is_delivered = scan.word == "delivered"
    return {
        "trackingNumber": parcel.number,
        "localActivityDate": activity["date"],
        "localActivityTime": activity["time"],
        "activityLocation": {"city": scan.town, "stateProvince": "", "postalCode": "", "country": scan.country},
        "activityStatus": {
            "type": status["type"],
            "code": status["code"],
            "description": status["description"],
            "descriptionCode": status["statusCode"],
        },
        "scheduledDeliveryDate": expected.strftime("%Y%m%d") if expected else "",
        "actualDeliveryDate": activity["date"] if is_delivered else "",
        "actualDeliveryTime": activity["time"] if is_delivered else "",
        "gmtActivityDate": activity["gmtDate"],
        "gmtActivityTime": activity["gmtTime"],
    }


def _new_scans(practice: Practice, subscription: Subscription, reference: str, told: int) -> tuple[Parcel, list[Scan]]:
    """The parcel, and what happened to it since it was last pushed, newest first."""
    parcel = practice.depot.find(subscription.interface, reference)[-1]
    already = subscription.pushed.get(reference, 0)
    return parcel, [scan for scan in parcel.scans(told) if scan.number >= already]


_BODIES: Mapping[str, Bodies] = {"dcsa": _dcsa, "ship24": _ship24, "dhl": _dhl, "ups": _ups}
PUSHED_BY = frozenset(_BODIES)


def _headers(subscription: Subscription, body: bytes) -> dict[str, str]:
    """What proves a message genuine."""
    secret, plain = subscription.secret, {"Content-Type": "application/json"}
    if subscription.interface == "dcsa":
        signature = hmac.digest(b64decode(secret), body, "sha256").hex()
        signed = {"Notification-Signature": f"sha256={signature}", "Subscription-ID": subscription.id}
        return {**plain, **VERSION, **signed}
    if subscription.interface == "ship24":
        return {**plain, "Authorization": f"Bearer {secret}"}
    if subscription.interface == "ups":
        return {**plain, "credential": secret, "User-Agent": "UPSPubSubTrackingService"}
    return {**plain, subscription.header or DHL_HEADER: secret}
