"""The parts of a DHL Unified answer that we read, as they stand on the wire. Everything else is skipped.

Not read on purpose: who signed, who sent and who receives, streets, postcodes and pictures of a delivery.
"""

from msgspec import Struct, field

from shipments.tracking.carriers.parts import Container


class Address(Struct, gc=False):
    """Only country and town."""

    country: str | None = field(name="countryCode", default=None)
    town: str | None = field(name="addressLocality", default=None)


class Place(Struct, gc=False):
    address: Address | None = None


class Event(Struct, gc=False):
    """`statusCode` is one of five words; `status` a finer code or a sentence, as the business likes."""

    timestamp: str | None = None
    location: Place | None = None
    status_code: str | None = field(name="statusCode", default=None)
    status: str | None = None
    description: str | None = None
    remark: str | None = None


class TimeFrame(Struct, gc=False):
    first: str | None = field(name="estimatedFrom", default=None)
    last: str | None = field(name="estimatedThrough", default=None)


class Reference(Struct, gc=False):
    number: str | None = None


class Details(Container):
    """Other names of the same shipment: its references and pieces."""

    references: list[Reference] | Reference | None = None
    pieces: list[str] | None = field(name="pieceIds", default=None)


class Shipment(Container):
    """`status` is the newest event once more. An `id` that is a bare number is one all the same."""

    id: str | int | None = None
    service: str | None = None
    origin: Place | None = None
    destination: Place | None = None
    status: Event | None = None
    events: list[Event] | None = None
    details: Details | None = None
    frame: TimeFrame | None = field(name="estimatedDeliveryTimeFrame", default=None)
    estimate: str | None = field(name="estimatedTimeOfDelivery", default=None)


class Told(Container):
    """A whole answer, or in `status` the number of an RFC 7807 problem."""

    shipments: list[Shipment] | None = None
    next_url: str | None = field(name="nextUrl", default=None)
    status: int | str | None = None
