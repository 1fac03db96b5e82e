"""DCSA 2.2 lines tell us by themselves: messages signed with HMAC, and one subscription a leg.

Source: DCSA's T&T 2.2.0 specification, `/v2/event-subscriptions` and its callback. `Notification-Signature:
sha256=<hex>` covers the raw body, and no header; the key is the subscription's secret, decoded from Base64.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

import msgspec

from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers.answers import Account, Call, LegAsked
from shipments.tracking.carriers.dcsa_reading import REFERENCE_TYPES
from shipments.tracking.carriers.dcsa_shapes import events_said
from shipments.tracking.carriers.pushing import (
    GRANTED_STATUSES,
    Hook,
    Subscribed,
    bare_ones,
    can_be_kept,
    header_of,
    is_signed_by_one_of,
)
from shipments.tracking.carriers.times import written_time

accepted_status: Final = 204
most_per_subscription: Final = 1
subscription_lives: Final = None
subscriptions_per_second: Final = None
subscribed_statuses: Final = GRANTED_STATUSES
subscription_is_shared: Final = False

_PATH = "/v2/event-subscriptions"
_SHORTEST_SECRET = 32


class _Made(msgspec.Struct):
    id: str = msgspec.field(name="subscriptionID")


def takes_secret(secret: str) -> bool:
    """Base64 of at least 32 bytes, what HMAC with SHA-256 needs to be as strong as it is."""
    return len(_key(secret)) >= _SHORTEST_SECRET


def is_genuine(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Whether `Notification-Signature` is that of the raw body under one of the secrets."""
    kind, _, signature = header_of(headers, "notification-signature").strip().partition("=")
    return kind.lower() == "sha256" and is_signed_by_one_of(signature, body, [*map(_key, secrets)])


def _key(secret: str) -> bytes:
    """Empty, which proves nothing, for a secret that is not Base64."""
    try:
        return b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return b""


def made_at(body: bytes) -> datetime | None:
    """When the newest of its events was written down; a message has no time of its own."""
    try:
        said = events_said(body, [])
    except CarrierUnreadable:
        return None
    times = (written_time(one.created, None).at for one in said if one.created)
    return max((time for time in times if time is not None), default=None)


def pushed_references(body: bytes) -> frozenset[str]:
    """Bookings, transport documents and equipment. Raises CarrierUnreadable."""
    return bare_ones([name for said in events_said(body, []) for name in said.names()])


def may_subscribe(leg: LegAsked) -> bool:
    """Any leg: each kind of number is a filter."""
    return True


def request_to_subscribe(legs: Sequence[LegAsked], account: Account, hook: Hook, *, key: str | None) -> Call:
    """A subscription to all events of one leg's number; with a `key`, a new secret for the one there is."""
    if len(legs) != 1:
        raise Invalid([("legs", "one in a call")])
    if key is not None:
        secret = msgspec.json.encode({"secret": hook.secret})
        return Call(f"{_PATH}/{quote(key, safe='')}/secret", {}, _headers(account), "PUT", secret)
    (leg,) = legs
    asked = {
        "callbackUrl": hook.callback,
        "secret": hook.secret,
        REFERENCE_TYPES[leg.reference_type]: leg.reference,
    }
    return Call(_PATH, {}, _headers(account), "POST", msgspec.json.encode(asked))


def read_subscribed(answer: bytes, legs: Sequence[LegAsked], *, key: str | None) -> Mapping[str, Subscribed]:
    """The line's key for the subscription. Raises CarrierUnreadable where it gives none."""
    if key is None:
        try:
            key = msgspec.json.decode(answer, type=_Made).id
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise CarrierUnreadable("The DCSA answer names no subscription.") from None
        if not can_be_kept(key):
            raise CarrierUnreadable("The DCSA answer names no subscription that can be kept.")
    return {leg.reference: Subscribed(key) for leg in legs}


def subscription_told(headers: Mapping[str, str]) -> str | None:
    """`Subscription-ID`: a message may name only a document that none of our legs is followed by."""
    return header_of(headers, "subscription-id").strip() or None


def request_to_end(account: Account, *, key: str) -> Call | None:
    """Stops it: it would live on there for ever."""
    return Call(f"{_PATH}/{quote(key, safe='')}", {}, _headers(account), "DELETE")


def _headers(account: Account) -> Mapping[str, str]:
    return {account.header: account.secret, "Accept": "application/json", "API-Version": "2"}
