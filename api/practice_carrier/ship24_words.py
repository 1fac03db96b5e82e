"""What Ship24 calls things. Its times have no offset unless the courier wrote one."""

import re
from collections.abc import Mapping

import msgspec

from api.practice_carrier.limits import Over
from api.practice_carrier.parcel_faults import Speaks
from api.practice_carrier.parcels import Parcel, Scan
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Json
from api.practice_carrier.stories import Word
from api.practice_carrier.trackers import Tracker

_MOVING = (None, None, "in_transit")
_SAID: Mapping[Word, tuple[tuple[str | None, str | None, str], str]] = {
    "label": (("data_order_created", "data", "info_received"), "Shipping label created"),
    "picked_up": (_MOVING, "Picked up by the courier"),
    "at_hub": (_MOVING, "Arrived at hub"),
    "export_cleared": (_MOVING, "Cleared for export"),
    "departed": (_MOVING, "Departed from facility"),
    "arrived": (("destination_arrival", "destination", "in_transit"), "Arrived in the country of destination"),
    "customs": (("customs_received", "customs", "in_transit"), "Presented to customs"),
    "customs_released": (("customs_cleared", "customs", "in_transit"), "Released by customs"),
    "customs_held": (("customs_exception", "customs", "exception"), "Held by customs"),
    "at_delivery_hub": (_MOVING, "Arrived at delivery facility"),
    "out_for_delivery": (("delivery_out_for_delivery", "delivery", "out_for_delivery"), "Out for delivery"),
    "attempt_failed": (("delivery_attempted", "delivery", "failed_attempt"), "Delivery attempted"),
    "delivered": (("delivery_delivered", "delivery", "delivered"), "Delivered to the addressee"),
    "delayed": ((None, None, "exception"), "Delayed"),
    "returning": (("exception_return", "exception", "exception"), "Being returned to the sender"),
    "returned": (("delivery_delivered", "delivery", "delivered"), "Delivered to the sender"),
    "unheard_of": (("levitation_begun", "levitation", "levitating"), "Levitating"),
}
_STAMPS = {
    "infoReceivedDatetime": "info_received",
    "inTransitDatetime": "in_transit",
    "outForDeliveryDatetime": "out_for_delivery",
    "failedAttemptDatetime": "failed_attempt",
    "availableForPickupDatetime": "available_for_pickup",
    "exceptionDatetime": "exception",
    "deliveredDatetime": "delivered",
}


def event(parcel: Parcel, scan: Scan) -> Json:
    """An event with a name of its own. Every third time is without its offset, as couriers have it."""
    (code, category, state), words = _SAID[scan.word]
    local = scan.local.isoformat()
    return {
        "eventId": str(parcel.event_id(scan.number)),
        "trackingNumber": parcel.number,
        "eventTrackingNumber": parcel.number,
        "status": words,
        "occurrenceDatetime": local if scan.zoned and scan.number % 3 else local[:19],
        "order": scan.number + 1,
        "location": scan.town,
        "sourceCode": "practice-tracking",
        "courierCode": "practice-post",
        "statusCode": code,
        "statusCategory": category,
        "statusMilestone": state,
    }


def shipment(parcel: Parcel, told: int, events: list[Json]) -> Json:
    """A parcel, its events and when it first was where."""
    newest = next((one for one in events if isinstance(one, dict) and one.get("statusMilestone")), {})
    expected = parcel.expected(told)
    return {
        "shipment": {
            "shipmentId": str(parcel.name),
            "statusCode": newest.get("statusCode"),
            "statusCategory": newest.get("statusCategory"),
            "statusMilestone": newest.get("statusMilestone", "pending"),
            "originCountryCode": parcel.from_country,
            "destinationCountryCode": parcel.to_country,
            "delivery": {
                "estimatedDeliveryDate": None,
                "courierEstimatedDeliveryDate": _window(expected.date().isoformat()) if expected else None,
                "service": None,
                "signedBy": None,
            },
            "trackingNumbers": [{"tn": parcel.number}],
            "recipient": None,
        },
        "events": events,
        "statistics": {"timestamps": _stamps(events)},
    }


def _window(day: str) -> Json:
    return {"from": f"{day}T09:00:00", "to": f"{day}T17:00:00"}


def _stamps(events: list[Json]) -> Json:
    first: dict[Json, Json] = {}
    for one in events:  # newest first
        if isinstance(one, dict) and isinstance(one.get("statusMilestone"), str):
            first[one["statusMilestone"]] = one.get("occurrenceDatetime")
    return {stamp: first.get(state) for stamp, state in _STAMPS.items()}


SPEAKS = Speaks(event, shipment)
NO_NEWS: Json = {
    "shipment": {
        "shipmentId": None,
        "statusCode": None,
        "statusCategory": None,
        "statusMilestone": "pending",
        "originCountryCode": None,
        "destinationCountryCode": None,
        "delivery": {"estimatedDeliveryDate": None, "courierEstimatedDeliveryDate": None},
        "trackingNumbers": [],
        "recipient": None,
    },
    "events": [],
    "statistics": {"timestamps": dict.fromkeys(_STAMPS)},
}
"""Nobody knows the number yet."""

_NUMBER = re.compile(r"[a-zA-Z0-9\-_/.]{5,50}")
_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("validation_error", "The trackingNumber provided seems invalid."),
    401: ("auth_invalid_api_key", "The API key is invalid."),
    403: ("quota_limit_reached", "No more quota left. Please update your plan."),
    404: ("tracker_not_found", "Tracker not found."),
    429: ("too_many_requests", "Too many requests."),
}
NOT_UPDATABLE: Json = {"code": "tracker_not_updatable", "message": "This Tracker can't be updated."}


def error_shown(status: int) -> Json:
    """One of `errors`."""
    code, message = _ERRORS.get(status, ("internal_error", "Something went wrong."))
    return {"code": code, "message": message}


def left_of(over: Over) -> Mapping[str, str]:
    """The headers of a 429."""
    left = {"RateLimit-Limit": str(over.allowed), "RateLimit-Remaining": "0", "RateLimit-Reset": str(over.wait_s)}
    return {**left, "Retry-After": str(over.wait_s)}


def knows(practice: Practice, asked: Asked) -> bool:
    """Whether the key is a customer's."""
    return asked.headers.get("authorization") == f"Bearer {practice.logins.key}"


def decoded(body: bytes) -> Json:
    """None where it is no JSON."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def number_said(told: Json) -> str:
    """The number that something is said of, valid or not; empty where there is none."""
    number = told.get("trackingNumber") if isinstance(told, dict) else None
    return number if isinstance(number, str) else ""


def valid(told: Json) -> Json:
    """What was said of a number, or None where it is none, or one made up such as AAAAAA."""
    number = number_said(told)
    return told if _NUMBER.fullmatch(number) and len(set(number)) > 1 else None


def tracker_shown(tracker: Tracker, number: str) -> Json:
    """A tracker as it is made and told back."""
    return {
        "trackerId": tracker.id,
        "trackingNumber": number,
        "shipmentReference": tracker.details.get("shipmentReference"),
        "clientTrackerId": tracker.details.get("clientTrackerId"),
        "isSubscribed": tracker.ended_at is None,
        "isTracked": tracker.ended_at is None,
        "createdAt": tracker.made_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
