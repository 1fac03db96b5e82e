"""Ship24's trackers: what is sent of a number, a hundred made in one call, and ended one by one.

Source: Ship24's tracking specification, `POST /trackers/bulk` and `PATCH /trackers/{trackerId}`. The same number with
the same details is the same tracker, however it was made; with other details it is another one, which costs: what we
send of a leg never changes. A tracker that has ended tells nothing new any more, neither pushed nor polled.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import field

from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers import parcels
from shipments.tracking.carriers.answers import Account, Call, LegAsked
from shipments.tracking.carriers.believing import code_told
from shipments.tracking.carriers.parts import Container, read_parts
from shipments.tracking.carriers.pushing import Hook, Subscribed, can_be_kept
from shipments.tracking.carriers.ship24_shapes import Trouble

PATH: Final = "/public/v1/trackers"
most_per_subscription: Final = 100
subscription_lives: Final = None
subscriptions_per_second: Final = 3.0
subscribed_statuses: Final = frozenset({200, 201, 207, 400})
"""The schema says 200 of what the list of answers says 201 of; 400 also answers for each leg, where none was made."""
subscription_is_shared: Final = True

_NUMBER = re.compile(r"[a-zA-Z0-9\-_/.]{5,50}")
_MADE = frozenset({"created", "existing"})
_ENDED = "Ship24 has ended the tracker of this number, and follows it no more: its news must be told by hand"


class _Given(msgspec.Struct, gc=False):
    number: str | None = field(name="trackingNumber", default=None)


class _Tracker(msgspec.Struct, gc=False):
    id: str | None = field(name="trackerId", default=None)
    is_followed: bool | None = field(name="isSubscribed", default=None)


class _Item(Container):
    status: str | None = field(name="itemStatus", default=None)
    given: _Given | None = field(name="inputData", default=None)
    tracker: _Tracker | None = None
    errors: list[Trouble] | None = None


class _Answer(Container):
    items: list[_Item] | None = field(name="data", default=None)
    error: Trouble | None = None
    errors: list[Trouble] | None = None


def headers_of(account: Account) -> Mapping[str, str]:
    """Of every call."""
    return {account.header: account.secret, "Accept": "application/json"}


def tracker_of(leg: LegAsked) -> dict[str, Any]:  # Any: a JSON object
    """All that Ship24 is told of a leg."""
    countries = {
        "originCountryCode": parcels.country_of(leg.from_place),
        "destinationCountryCode": parcels.country_of(leg.to_place),
    }
    return {"trackingNumber": leg.reference} | {name: code for name, code in countries.items() if code}


def results_path(key: str) -> str:
    """Where a tracker is read that is known to exist."""
    return f"{PATH}/{quote(key, safe='')}/results"


def may_subscribe(leg: LegAsked) -> bool:
    """Whether its number is of the form that the specification wants: one that is not may fail the whole call."""
    return _NUMBER.fullmatch(leg.reference) is not None


def request_to_subscribe(legs: Sequence[LegAsked], account: Account, hook: Hook, *, key: str | None) -> Call:
    """Makes the trackers that are not there yet. The hook's address and secret stand in Ship24's dashboard."""
    if not 1 <= len(legs) <= most_per_subscription:
        raise Invalid([("legs", f"1 to {most_per_subscription} in one call")])
    return Call(f"{PATH}/bulk", {}, headers_of(account), "POST", msgspec.json.encode([*map(tracker_of, legs)]))


def read_subscribed(answer: bytes, legs: Sequence[LegAsked], *, key: str | None) -> Mapping[str, Subscribed]:
    """By reference; what the answer does not name is not in the mapping. Raises CarrierUnreadable."""
    told = read_parts(answer, _Answer, [], carrier="Ship24")
    if told.items is None:
        codes = _codes([*([told.error] if told.error else ()), *(told.errors or ())])
        raise CarrierUnreadable(f"Ship24 made no tracker{codes}.")
    said = dict(_said(told.items))
    return {leg.reference: said[leg.reference] for leg in legs if leg.reference in said}


def request_to_end(account: Account, *, key: str) -> Call | None:
    """Follows a number no more."""
    ended = msgspec.json.encode({"isSubscribed": False})
    return Call(f"{PATH}/{quote(key, safe='')}", {}, headers_of(account), "PATCH", ended)


def _said(items: Sequence[_Item]) -> Iterator[tuple[str, Subscribed]]:
    for one in items:
        number = one.given.number if one.given else None
        tracker = one.tracker or _Tracker()
        if number is None:
            continue
        if one.status == "error":
            yield number, Subscribed(refused=f"Ship24 makes no tracker of this number{_codes(one.errors or ())}")
        elif one.status in _MADE and tracker.is_followed is False:
            yield number, Subscribed(refused=_ENDED)
        elif one.status in _MADE and tracker.id is not None and can_be_kept(tracker.id):
            yield number, Subscribed(tracker.id)


def _codes(errors: Sequence[Trouble]) -> str:
    """Which errors; their messages may quote the request."""
    codes = sorted({code_told(error.code) for error in errors if error.code})
    return f": {', '.join(codes[:3])}" if codes else ""
