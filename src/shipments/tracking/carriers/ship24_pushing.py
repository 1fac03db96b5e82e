"""Ship24 tells us by itself of every number that it has a tracker for (`ship24_trackers` makes them).

Source: Ship24's tracking specification, "Receive webhooks". It allots the secret itself, and sends it as
`Authorization: Bearer`; the address of the hook is typed into its dashboard.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct, field

from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers.parts import Container, read_parts
from shipments.tracking.carriers.pushing import bare_ones, fits_a_header, header_of, is_one_of
from shipments.tracking.carriers.ship24_shapes import trackings_said
from shipments.tracking.carriers.times import written_time

accepted_status: Final = 200
takes_secret = fits_a_header


class _Metadata(Struct, gc=False):
    generated: str | None = field(name="generatedAt", default=None)


class _Tracking(Container):
    metadata: _Metadata | None = None


class _Message(Container):
    trackings: list[_Tracking] | None = None


def is_genuine(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Whether `Authorization` holds one of the secrets."""
    scheme, _, token = header_of(headers, "authorization").partition(" ")
    return scheme.lower() == "bearer" and is_one_of(token.strip(), secrets)


def made_at(body: bytes) -> datetime | None:
    """`generatedAt` of its newest tracking."""
    try:
        message = read_parts(body, _Message, [], carrier="Ship24")
    except CarrierUnreadable:
        return None
    said = [one.metadata.generated for one in message.trackings or () if one.metadata and one.metadata.generated]
    return max((at for at in (written_time(time, None).at for time in said) if at is not None), default=None)


def pushed_references(body: bytes) -> frozenset[str]:
    """Every number of its parcels. Raises CarrierUnreadable."""
    named: list[str | None] = []
    for tracking in trackings_said(body, []):
        named.append(tracking.tracker.number if tracking.tracker else None)
        named += [one.number for one in (tracking.shipment.numbers if tracking.shipment else None) or ()]
    return bare_ones(named)


def subscription_told(headers: Mapping[str, str]) -> str | None:
    """Every message names its number instead."""
    return None
