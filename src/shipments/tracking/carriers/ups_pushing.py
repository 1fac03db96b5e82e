"""UPS Track Alert: one event a message, with the credential that we gave when we subscribed.

Source: UPS's Track Alert specification: header `credential`; up to 100 numbers `1Z…` a subscription, which lives 14
days and tells nothing of what was before. A message holds what one activity of a Track answer holds, under other
names, so it is turned into one and read by the same reader: the same event has the same identity.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import field

from shipments.batches.batch import bare
from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers.answers import Account, Call, LegAsked
from shipments.tracking.carriers.parts import Container, read_parts
from shipments.tracking.carriers.pushing import (
    GRANTED_STATUSES,
    Hook,
    Subscribed,
    bare_ones,
    fits_a_header,
    header_of,
    is_one_of,
)
from shipments.tracking.carriers.ups_shapes import Activity
from shipments.tracking.carriers.ups_times import moment_of

accepted_status: Final = 200
takes_secret = fits_a_header
most_per_subscription: Final = 100
subscription_lives: Final = timedelta(days=14)
subscriptions_per_second: Final = None
subscribed_statuses: Final = GRANTED_STATUSES
subscription_is_shared: Final = False

_NUMBER = re.compile(r"1Z[0-9A-Z]{16}")
_PATH = "/api/track/v1/subscription/standard/package"


class _Place(msgspec.Struct, gc=False):
    town: str | None = field(name="city", default=None)
    country: str | None = None


class _Status(msgspec.Struct, gc=False):
    type: str | None = None
    code: str | None = None
    description: str | None = None
    status_code: str | None = field(name="descriptionCode", default=None)


class _Event(Container):
    """What is not known yet is an empty text."""

    number: str | None = field(name="trackingNumber", default=None)
    place: _Place | None = field(name="activityLocation", default=None)
    status: _Status | None = field(name="activityStatus", default=None)
    date: str | None = field(name="localActivityDate", default=None)
    time: str | None = field(name="localActivityTime", default=None)
    gmt_date: str | None = field(name="gmtActivityDate", default=None)
    gmt_time: str | None = field(name="gmtActivityTime", default=None)
    scheduled: str | None = field(name="scheduledDeliveryDate", default=None)
    delivered: str | None = field(name="actualDeliveryDate", default=None)
    delivery_begins: str | None = field(name="deliveryStartTime", default=None)
    delivery_ends: str | None = field(name="deliveryEndTime", default=None)


class _Answer(Container):
    valid: list[str] | None = field(name="validTrackingNumbers", default=None)
    invalid: list[str] | None = field(name="invalidTrackingNumbers", default=None)


def is_genuine(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Whether `credential` holds one of the secrets."""
    return is_one_of(header_of(headers, "credential"), secrets)


def made_at(body: bytes) -> datetime | None:
    """When its activity was, in GMT: Track Alert tells of it within minutes. None where it is not in GMT."""
    try:
        event = read_parts(body, _Event, [], carrier="UPS")
    except CarrierUnreadable:
        return None
    return moment_of(Activity(gmt_date=event.gmt_date or None, gmt_time=event.gmt_time or None), None)[0].at


def pushed_references(body: bytes) -> frozenset[str]:
    """Its one number. Raises CarrierUnreadable."""
    return bare_ones([read_parts(body, _Event, [], carrier="UPS").number])


def as_polled(body: bytes) -> bytes:
    """The message as a Track answer with one package and one activity. Raises CarrierUnreadable."""
    problems: list[str] = []
    event = read_parts(body, _Event, problems, carrier="UPS")
    if problems or not bare(event.number or ""):
        raise CarrierUnreadable(f"The UPS message is not an event: {'; '.join(problems) or 'no number'}.")
    status, place = event.status or _Status(), event.place or _Place()
    activity = {
        "date": event.date or None,
        "time": event.time or None,
        "gmtDate": event.gmt_date or None,
        "gmtTime": event.gmt_time or None,
        "location": {"address": {"city": place.town or None, "countryCode": place.country or None}},
        "status": {
            "type": status.type or None,
            "code": status.code or None,
            "statusCode": status.status_code or None,
            "description": status.description or None,
        },
    }
    package = {"trackingNumber": event.number, "activity": [activity], **_delivery(event)}
    return msgspec.json.encode({"trackResponse": {"shipment": [{"package": [package]}]}})


def _delivery(event: _Event) -> dict[str, object]:
    """The day it is expected, or was delivered; a window where both its ends are said, else its end at the latest."""
    days = [("SDD", event.scheduled), ("DEL", event.delivered)]
    kind = "EDW" if event.delivery_begins and event.delivery_ends else "CMT" if event.delivery_ends else "EOD"
    return {
        "deliveryDate": [{"type": one, "date": day} for one, day in days if day],
        "deliveryTime": {
            "type": kind,
            "startTime": event.delivery_begins or None,
            "endTime": event.delivery_ends or None,
        },
    }


def may_subscribe(leg: LegAsked) -> bool:
    """A package's own number: freight and mail numbers are not told about."""
    return _NUMBER.fullmatch(bare(leg.reference)) is not None


def request_to_subscribe(legs: Sequence[LegAsked], account: Account, hook: Hook, *, key: str | None) -> Call:
    """For 14 days. `locale` and `countryCode` are wanted and not used yet."""
    if not 1 <= len(legs) <= most_per_subscription:
        raise Invalid([("legs", f"1 to {most_per_subscription} in one call")])
    asked = {
        "locale": "en_US",
        "countryCode": "US",
        "trackingNumberList": [bare(leg.reference) for leg in legs],
        "destination": {"url": hook.callback, "credentialType": "Bearer", "credential": hook.secret},
    }
    about = "\n".join(leg.reference for leg in legs)
    return Call(_PATH, {}, headers_of(account, about), "POST", msgspec.json.encode(asked))


def read_subscribed(answer: bytes, legs: Sequence[LegAsked], *, key: str | None) -> Mapping[str, Subscribed]:
    """By reference; what the answer does not name is not in the mapping. Raises CarrierUnreadable."""
    told = read_parts(answer, _Answer, [], carrier="UPS")
    if told.valid is None and told.invalid is None:
        raise CarrierUnreadable("The UPS answer names no number.")
    good, bad = ({bare(number) for number in numbers or ()} for numbers in (told.valid, told.invalid))
    said = {leg.reference: bare(leg.reference) for leg in legs}
    refused = Subscribed(refused="UPS does not know this number, or not yet")
    return {ours: Subscribed() if number in good else refused for ours, number in said.items() if number in good | bad}


def subscription_told(headers: Mapping[str, str]) -> str | None:
    """Every message names its number instead."""
    return None


def request_to_end(account: Account, *, key: str) -> Call | None:
    """It ends by itself."""
    return None


def headers_of(account: Account, about: str) -> Mapping[str, str]:
    """Of every call. `transId` tells calls apart in UPS's own records; it holds no reference."""
    call = hashlib.sha256(f"{account.id}\n{about}".encode("utf-8", "replace")).hexdigest()[:32]
    own = {"Accept": "application/json", "transId": call, "transactionSrc": "shipments"}
    return {account.header: account.secret, **own}
