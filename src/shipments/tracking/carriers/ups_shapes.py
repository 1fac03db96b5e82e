"""The parts of a UPS Track answer that we read, as they stand on the wire. Everything else is skipped.

Not read on purpose: who took the parcel, names, streets, postcodes, signatures and pictures.
"""

from msgspec import Struct, field

from shipments.tracking.carriers.parts import Container


class Address(Struct, gc=False):
    """Only country and town. `country` is a code in some answers and a name in others."""

    town: str | None = field(name="city", default=None)
    country: str | None = field(name="countryCode", default=None)
    country_as_named: str | None = field(name="country", default=None)


class Location(Struct, gc=False):
    address: Address | None = None


class Status(Struct, gc=False):
    """`type` I, D, X, …; `code` two letters; `statusCode` three digits."""

    type: str | None = None
    code: str | None = None
    status_code: str | None = field(name="statusCode", default=None)
    description: str | None = None


class Activity(Struct, gc=False):
    """`date` and `time` are local to the place, `gmt_*` the same moment in GMT."""

    date: str | None = None
    time: str | None = None
    gmt_date: str | None = field(name="gmtDate", default=None)
    gmt_time: str | None = field(name="gmtTime", default=None)
    gmt_offset: str | None = field(name="gmtOffset", default=None)
    location: Location | None = None
    status: Status | None = None
    logical: bool | None = field(name="logicalScan", default=None)


class DeliveryDate(Struct, gc=False):
    """`type`: SDD scheduled, RDD rescheduled, DEL delivered."""

    type: str | None = None
    date: str | None = None


class DeliveryTime(Struct, gc=False):
    """`type`: EOD end of day, CMT committed, EDW, CDW and IDW windows, DEL delivered."""

    type: str | None = None
    start: str | None = field(name="startTime", default=None)
    end: str | None = field(name="endTime", default=None)


class OtherNumber(Struct, gc=False):
    number: str | None = None


class PackageAddress(Struct, gc=False):
    """`type`: ORIGIN or DESTINATION."""

    type: str | None = None
    address: Address | None = None


class Package(Container):
    number: str | None = field(name="trackingNumber", default=None)
    other_numbers: list[OtherNumber] | None = field(name="alternateTrackingNumber", default=None)
    activities: list[Activity] | None = field(name="activity", default=None)
    dates: list[DeliveryDate] | None = field(name="deliveryDate", default=None)
    time: DeliveryTime | None = field(name="deliveryTime", default=None)
    addresses: list[PackageAddress] | None = field(name="packageAddress", default=None)


class Notice(Struct, gc=False):
    """A warning or an error. Its message may quote the number, and is not read."""

    code: str | None = None


class Shipment(Container):
    number: str | None = field(name="inquiryNumber", default=None)
    packages: list[Package] | None = field(name="package", default=None)
    warnings: list[Notice] | None = None


class Track(Container):
    shipments: list[Shipment] | None = field(name="shipment", default=None)


class Refusal(Container):
    errors: list[Notice] | None = None


class Told(Container):
    """A whole answer: news, or why there is none."""

    track: Track | None = field(name="trackResponse", default=None)
    refusal: Refusal | None = field(name="response", default=None)
