"""The parts of a Ship24 answer that we read, as they stand on the wire. Everything else is skipped.

Who signed and who receives stand in an answer too: neither is read.
"""

import msgspec
from msgspec import field

from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers.believing import code_told
from shipments.tracking.carriers.parts import Container, read_parts


class Trouble(msgspec.Struct, gc=False):
    """One of `errors`. Its message may quote the request and is not read."""

    code: str | None = None


class Said(msgspec.Struct, gc=False):
    """An event. `occurrenceDatetime` is as the courier wrote it, mostly without zone.

    The old `datetime` is the same time with a Z that nobody knows to be true: it is not read.
    """

    id: str | None = field(name="eventId", default=None)
    number: str | None = field(name="trackingNumber", default=None)
    found_by: str | None = field(name="eventTrackingNumber", default=None)
    text: str | None = field(name="status", default=None)
    occurred: str | None = field(name="occurrenceDatetime", default=None)
    order: int | None = None
    place: str | None = field(name="location", default=None)
    code: str | None = field(name="statusCode", default=None)
    state: str | None = field(name="statusMilestone", default=None)
    offset: str | None = field(name="utcOffset", default=None)
    has_no_time: bool | None = field(name="hasNoTime", default=None)


class Number(msgspec.Struct, gc=False):
    """One of the numbers that a parcel has with its couriers."""

    number: str | None = field(name="tn", default=None)


class Estimated(Container):
    """`courierEstimatedDeliveryDate`: local times, mostly without zone."""

    earliest: str | None = field(name="from", default=None)
    latest: str | None = field(name="to", default=None)


class Delivery(Container):
    """When it is expected."""

    estimated: str | None = field(name="estimatedDeliveryDate", default=None)
    by_courier: Estimated | None = field(name="courierEstimatedDeliveryDate", default=None)


class Shipment(Container):
    """The parcel as a whole. Its countries are guessed by Ship24."""

    state: str | None = field(name="statusMilestone", default=None)
    destination: str | None = field(name="destinationCountryCode", default=None)
    delivery: Delivery | None = None
    numbers: list[Number] | None = field(name="trackingNumbers", default=None)


class Tracker(msgspec.Struct, gc=False):
    """What was asked for."""

    number: str | None = field(name="trackingNumber", default=None)


class Tracking(Container):
    """One tracker with its parcel and events. A number may have several."""

    tracker: Tracker | None = None
    shipment: Shipment | None = None
    events: list[Said] | None = None


class _Data(Container):
    trackings: list[Tracking] | None = None


class _Whole(Container):
    data: _Data | None = None
    trackings: list[Tracking] | None = None
    errors: list[Trouble] | None = None


def trackings_said(answer: bytes, problems: list[str]) -> list[Tracking]:
    """The trackings of an answer, or of a push. A malformed part is named in `problems`, the others are kept.

    Raises CarrierUnreadable where it is no Ship24 answer, or refuses the call.
    """
    whole = read_parts(answer, _Whole, problems, carrier="Ship24")
    trackings = whole.data.trackings if whole.data else whole.trackings
    codes = sorted({code_told(error.code) for error in whole.errors or () if error.code})
    if trackings is None and codes == ["tracker_not_found"]:
        return []
    if trackings is None:
        refused = (
            f"Ship24 refused the call: {', '.join(codes[:3])}." if codes else "The Ship24 answer has no trackings."
        )
        raise CarrierUnreadable(refused)
    problems += [f"Ship24 says {code}" for code in codes]
    return trackings
