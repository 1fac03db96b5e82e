"""The parts of a FedEx Track v1 answer that we read, as they stand on the wire. Everything else is skipped.

Names, signatures and streets stand in an answer too: none of them is read.
"""

from typing import Final

import msgspec
from msgspec import field

from shipments.errors import CarrierUnavailable, CarrierUnreadable
from shipments.tracking.carriers.answers import Unanswered
from shipments.tracking.carriers.believing import code_told
from shipments.tracking.carriers.parts import Container, read_parts


class Trouble(msgspec.Struct, gc=False):
    """`error` of a number, or one of the `errors` of the whole. FedEx sends an empty one for "none"."""

    code: str | None = None


class Address(msgspec.Struct, gc=False):
    """Only town and country."""

    city: str | None = None
    country: str | None = field(name="countryCode", default=None)


class Delay(msgspec.Struct, gc=False):
    """WEATHER, CLEARANCE …; it counts only where `status` is DELAYED."""

    type: str | None = None
    status: str | None = None


class Said(msgspec.Struct, gc=False):
    """One of `scanEvents`. Its `date` carries an offset."""

    date: str | None = None
    code: str | None = field(name="eventType", default=None)
    status: str | None = field(name="derivedStatusCode", default=None)
    text: str | None = field(name="eventDescription", default=None)
    status_text: str | None = field(name="derivedStatus", default=None)
    exception_text: str | None = field(name="exceptionDescription", default=None)
    place: Address | None = field(name="scanLocation", default=None)
    delay: Delay | None = field(name="delayDetail", default=None)


class DateAndTime(msgspec.Struct, gc=False):
    """One of `dateAndTimes`, such as ESTIMATED_DELIVERY. It carries no offset."""

    type: str | None = None
    at: str | None = field(name="dateTime", default=None)


class Window(msgspec.Struct, gc=False):
    """Local times at the destination, without offset."""

    begins: str | None = None
    ends: str | None = None


class TimeWindow(msgspec.Struct, gc=False):
    """`estimatedDeliveryTimeWindow`."""

    window: Window | None = None


class ContactAndAddress(msgspec.Struct, gc=False):
    """Its contact is a person's and is not read."""

    address: Address | None = None


class Destination(msgspec.Struct, gc=False):
    """`destinationLocation`."""

    at: ContactAndAddress | None = field(name="locationContactAndAddress", default=None)


class Latest(msgspec.Struct, gc=False):
    """`latestStatusDetail`: a state without a time of its own."""

    delay: Delay | None = field(name="delayDetail", default=None)


class Result(Container):
    """One of `trackResults`: one shipment of the number, of which FedEx may know several."""

    error: Trouble | None = None
    scans: list[Said] | None = field(name="scanEvents", default=None)
    times: list[DateAndTime] | None = field(name="dateAndTimes", default=None)
    window: TimeWindow | None = field(name="estimatedDeliveryTimeWindow", default=None)
    destination: Destination | None = field(name="destinationLocation", default=None)
    latest: Latest | None = field(name="latestStatusDetail", default=None)


class Complete(Container):
    """One of `completeTrackResults`: everything of one number."""

    number: str = field(name="trackingNumber", default="")
    results: list[Result] | None = field(name="trackResults", default=None)


class _Output(Container):
    numbers: list[Complete] | None = field(name="completeTrackResults", default=None)


class _Whole(Container):
    output: _Output | None = None
    errors: list[Trouble] | None = None


class _OutputApart(Container):
    numbers: list[msgspec.Raw] | None = field(name="completeTrackResults", default=None)


class _WholeApart(Container):
    output: _OutputApart | None = None


class OfNumber(msgspec.Struct, frozen=True):
    """What is said of one number, and what of that was malformed."""

    said: Complete
    problems: tuple[str, ...] = ()


NOT_FOUND: Final = frozenset({"TRACKING.TRACKINGNUMBER.NOTFOUND"})
OUTAGES: Final = frozenset({"SYSTEM.UNAVAILABLE.EXCEPTION", "SERVICE.UNAVAILABLE.ERROR", "INTERNAL.SERVER.ERROR"})
"""FedEx itself is down; every other code that is not NOT_FOUND is of this number or this call alone."""


def numbers_said(answer: bytes, problems: list[str]) -> list[OfNumber]:
    """What an answer says of each number. `problems` name what cannot be said to be any number's.

    Raises CarrierUnreadable where it is no FedEx answer, or refuses the whole call; CarrierUnavailable in an outage.
    """
    malformed: list[str] = []
    whole = read_parts(answer, _Whole, malformed, carrier="FedEx")
    numbers = whole.output.numbers if whole.output else None
    if numbers is None:
        _refuse(whole.errors or [])
        return []
    return _apart(answer, problems) if malformed else [OfNumber(number) for number in numbers]


def error_told(code: str) -> str:
    """The code of an error, such as `TRACKING.TRACKINGNUMBER.NOTFOUND`, fit to be told."""
    return ".".join(map(code_told, code.split(".")[:5]))


def unanswered(what: str, codes: list[str]) -> Unanswered:
    """`what` happened, and the codes that came instead of an answer: an outage goes before the others."""
    outages = sorted(OUTAGES.intersection(codes))
    shown = ", ".join(map(error_told, (outages or sorted(set(codes)))[:3]))
    kind = CarrierUnavailable if outages else CarrierUnreadable
    return kind(f"{what}: {shown}.")


def _refuse(errors: list[Trouble]) -> None:
    codes = sorted({error.code for error in errors if error.code})
    if not codes:
        raise CarrierUnreadable("The FedEx answer has no track results.")
    if not NOT_FOUND.issuperset(codes):
        raise unanswered("FedEx refused the call", codes)


def _apart(answer: bytes, problems: list[str]) -> list[OfNumber]:
    """Number by number, so that what is wrong with one of thirty is told to that one."""
    whole = read_parts(answer, _WholeApart, problems, carrier="FedEx")
    told = []
    for position, raw in enumerate((whole.output and whole.output.numbers) or (), start=1):
        malformed: list[str] = []
        try:
            told.append(OfNumber(read_parts(bytes(raw), Complete, malformed, carrier="FedEx"), tuple(malformed)))
        except CarrierUnreadable:
            problems.append(f"completeTrackResults {position} is malformed: it is no object")
    return told
