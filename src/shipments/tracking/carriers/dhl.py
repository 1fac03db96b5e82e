"""DHL Shipment Tracking Unified: `GET /track/shipments`, one number a call, for all of DHL's businesses.

Source: DHL's specification 1.4.1. Times come with `Z`, with an offset, without either (then local to the place),
as bare dates and with nanoseconds. Pages by `nextUrl`, of which only offset and limit are taken, so that no
answer can send us to another host.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers import dhl_pushing, parcels
from shipments.tracking.carriers.answers import (
    NOT_FOUND,
    Account,
    Answer,
    Budget,
    Call,
    LegAsked,
    Login,
    ReadEvent,
    Usual,
)
from shipments.tracking.carriers.dhl_choosing import ours_among
from shipments.tracking.carriers.dhl_codes import known_code
from shipments.tracking.carriers.dhl_shapes import Shipment, Told
from shipments.tracking.carriers.parcel_reading import ParcelReading, answer_of, is_over
from shipments.tracking.carriers.parts import read_parts
from shipments.tracking.carriers.remembering import Remembered
from shipments.tracking.carriers.scans import Scan, country_said, scan_of
from shipments.tracking.carriers.times import written_time

name: Final = "dhl"
known_as: Final = "DHL"
polled: Final = True
modes: Final = frozenset({"courier", "post", "air", "road"})
reference_types: Final[Mapping[str, str]] = {
    "tracking_number": "trackingNumber",
    "air_waybill": "trackingNumber",
    "trackingNumber": "trackingNumber",
}
usual: Final = Usual(
    base_url="https://api-eu.dhl.com",
    login=Login(header="DHL-API-Key"),
    budget=Budget(per_second=0.2, per_day=250, per_leg_per_day=10),
)
"""The free plan, which begins anew at 24:00 GMT."""

_LONGEST_BUSINESS = 40


def request_for(leg: LegAsked, account: Account, *, since: datetime | None, page: str | None) -> Call:
    """Asks for one leg's shipment. DHL answers with all its events: `since` narrows nothing."""
    asked = {reference_types[leg.reference_type]: leg.reference, "language": "en"}
    if page is not None:
        asked |= _page_asked(page)
    headers = {account.header: account.secret, "Accept": "application/json"}
    return Call(path="/track/shipments", params=asked, headers=headers)


def _page_asked(page: str) -> dict[str, str]:
    said = dict(parse_qsl(page))
    return {key: said[key] for key in ("offset", "limit") if _is_number(said.get(key, ""))}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6


def read_answer(
    answer: bytes, leg: LegAsked, *, heard_at: datetime, headers: Mapping[str, str] | None = None
) -> Answer:
    """Pure: what these bytes say of this leg. Raises CarrierUnreadable, never guesses."""
    return _read(answer, leg, heard_at, asked=True)


def _read(answer: bytes, leg: LegAsked, heard_at: datetime, *, asked: bool) -> Answer:
    problems: list[str] = []
    told = read_parts(answer, Told, problems, carrier="DHL")
    if told.shipments is None:
        return _without_shipments(told)
    ours = ours_among(told.shipments, leg, problems, asked=asked)
    events: list[ReadEvent] = []
    estimate: ReadEvent | None = None
    found = False
    for shipment in ours:
        kept = _events(shipment, leg, heard_at, problems)
        if kept or not (shipment.events or shipment.status):  # else all of it was an earlier use of the number
            found = True
            events += kept
            if not is_over(kept):
                estimate = _estimate(shipment, leg, heard_at, problems) or estimate
    next_page = _next_page(told.next_url, problems)
    return answer_of(events, estimate, found=found, problems=problems, next_page=next_page)


accepted_status: Final = dhl_pushing.accepted_status
takes_secret = dhl_pushing.takes_secret
is_genuine = dhl_pushing.is_genuine
made_at = dhl_pushing.made_at
pushed_references = dhl_pushing.pushed_references


def read_pushed(body: bytes, leg: LegAsked, *, heard_at: datetime) -> Answer:
    """Pure: what a message says of this leg; what names no number is not ours. Raises CarrierUnreadable."""
    return _read(body, leg, heard_at, asked=False)


def _without_shipments(told: Told) -> Answer:
    if str(told.status) == "404":
        return NOT_FOUND
    raise CarrierUnreadable("The DHL answer holds no list of shipments.")


def _events(shipment: Shipment, leg: LegAsked, heard_at: datetime, problems: list[str]) -> list[ReadEvent]:
    reading = ParcelReading(leg, heard_at, problems, number=str(shipment.id or ""))
    business = (shipment.service or "")[:_LONGEST_BUSINESS].lower()
    said = shipment.events or ([shipment.status] if shipment.status else [])
    for position, event in enumerate(said, start=1):
        at = event.timestamp
        if not at or not (event.status_code or event.status):
            reading.left_out(position, "its status or time is missing")
            continue
        address = event.location.address if event.location else None
        country, town = (address.country, address.town) if address else (None, None)
        scan = _SCANS[business, event.status_code, event.status, event.description, event.remark, country, town]
        reading.take(position, scan, written_time(at, scan.country), at)
    return reading.events()


def _scan(
    business: str,
    status_code: str | None,
    status: str | None,
    description: str | None,
    remark: str | None,
    country: str | None,
    town: str | None,
) -> Scan:
    raw_code, meaning = known_code(business, status_code, status)
    text = f"{description or ''} {remark}" if remark else description
    return scan_of(raw_code, meaning, text=text, country=country_said(country), place=town)


_SCANS = Remembered(_scan)


def _estimate(shipment: Shipment, leg: LegAsked, heard_at: datetime, problems: list[str]) -> ReadEvent | None:
    """The time frame, which is finer, before the one time."""
    frame, raw_code = shipment.frame, "estimatedTimeOfDelivery"
    first = last = shipment.estimate
    if frame is not None and (frame.first or frame.last):
        first, last, raw_code = frame.first, frame.last, "estimatedDeliveryTimeFrame"
    return parcels.estimate(first, last, leg, raw_code=raw_code, heard_at=heard_at, problems=problems)


def _next_page(next_url: str | None, problems: list[str]) -> str | None:
    if not next_url:
        return None
    try:
        asked = _page_asked(urlsplit(next_url).query)
    except ValueError:
        asked = {}
    if "offset" not in asked:
        problems.append("the nextUrl names no page")
        return None
    return "&".join(f"{key}={value}" for key, value in asked.items())
