"""UPS Track v1: `GET /api/track/v1/details/{number}`, one number a call.

Source: UPS's Tracking specification. Not found is a 200 with warning TW0001 and no package. What is over 120
days old is gone from UPS's answers, and stays with us.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers import believing, parcels, ups_pushing
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
from shipments.tracking.carriers.parcel_reading import ParcelReading, answer_of, is_over
from shipments.tracking.carriers.parts import read_parts
from shipments.tracking.carriers.remembering import Remembered
from shipments.tracking.carriers.scans import Scan, country_said, scan_of
from shipments.tracking.carriers.ups_codes import UNPROVEN, known_code
from shipments.tracking.carriers.ups_shapes import Activity, Address, Notice, Package, Shipment, Told
from shipments.tracking.carriers.ups_times import delivery_expected, moment_of

name: Final = "ups"
known_as: Final = "UPS"
polled: Final = True
modes: Final = frozenset({"courier", "air", "road"})
reference_types: Final[Mapping[str, str]] = {
    "tracking_number": "inquiryNumber",
    "inquiryNumber": "inquiryNumber",
}
usual: Final = Usual(
    base_url="https://onlinetools.ups.com",
    login=Login(kind="oauth2", token_path="/security/v1/oauth/token"),
    budget=Budget(per_second=2.0),
)
"""UPS does not publish its limits: two calls a second are our own modesty."""

NOT_FOUND_CODE = "TW0001"
KEPT_FOR = timedelta(days=120)
_MOST_WARNINGS = 5
_NOWHERE = Address()


def request_for(leg: LegAsked, account: Account, *, since: datetime | None, page: str | None) -> Call:
    """Asks for one leg's parcel. The account's secret is the access token of the day.

    UPS answers with all that it still has, on one page: `since` and `page` narrow nothing. `transId` tells
    calls apart in UPS's own records; it holds no reference.
    """
    headers = ups_pushing.headers_of(account, f"{leg.reference}\n{since}")
    path = f"/api/track/v1/details/{quote(leg.reference, safe='')}"
    return Call(path=path, params={"locale": "en_US"}, headers=headers)


def read_answer(
    answer: bytes, leg: LegAsked, *, heard_at: datetime, headers: Mapping[str, str] | None = None
) -> Answer:
    """Pure: what these bytes say of this leg. Raises CarrierUnreadable, never guesses."""
    problems: list[str] = []
    told = read_parts(answer, Told, problems, carrier="UPS")
    if told.track is None or told.track.shipments is None:
        return _refused(told)
    packages = [(shipment, package) for shipment in told.track.shipments for package in shipment.packages or ()]
    if not packages:
        return _nothing(told.track.shipments, leg, heard_at, problems)
    events: list[ReadEvent] = []
    estimate: ReadEvent | None = None
    found = False
    for position, (shipment, package) in enumerate(packages, start=1):
        why = _why_another(shipment, package, leg)
        if why:
            problems.append(f"package {position} is left out as another one: {why}")
            continue
        kept = _events(package, leg, heard_at, problems)
        if kept or not package.activities:  # else all of it was an earlier use of the number
            found = True
            events += kept
            if not is_over(kept):
                estimate = _estimate(package, leg, heard_at, problems) or estimate
    return answer_of(events, estimate, found=found, problems=problems)


accepted_status: Final = ups_pushing.accepted_status
most_per_subscription: Final = ups_pushing.most_per_subscription
subscription_lives: Final = ups_pushing.subscription_lives
subscriptions_per_second: Final = ups_pushing.subscriptions_per_second
subscribed_statuses: Final = ups_pushing.subscribed_statuses
subscription_is_shared: Final = ups_pushing.subscription_is_shared
takes_secret = ups_pushing.takes_secret
is_genuine = ups_pushing.is_genuine
made_at = ups_pushing.made_at
pushed_references = ups_pushing.pushed_references
may_subscribe = ups_pushing.may_subscribe
read_subscribed = ups_pushing.read_subscribed
request_to_end = ups_pushing.request_to_end
subscription_told = ups_pushing.subscription_told
request_to_subscribe = ups_pushing.request_to_subscribe


def read_pushed(body: bytes, leg: LegAsked, *, heard_at: datetime) -> Answer:
    """Pure: what a message says of this leg, as if it had been asked. Raises CarrierUnreadable, never guesses."""
    return read_answer(ups_pushing.as_polled(body), leg, heard_at=heard_at)


def _refused(told: Told) -> Answer:
    codes = _codes(told.refusal.errors if told.refusal else None)
    if NOT_FOUND_CODE in codes:
        return NOT_FOUND
    if codes:
        raise CarrierUnreadable(f"UPS refused to answer: {', '.join(codes)}.")
    raise CarrierUnreadable("The UPS answer holds no list of shipments.")


def _nothing(shipments: list[Shipment], leg: LegAsked, heard_at: datetime, problems: list[str]) -> Answer:
    codes = [code for shipment in shipments for code in _codes(shipment.warnings) if code != NOT_FOUND_CODE]
    problems += [f"UPS warns: {code}" for code in codes]
    if leg.dispatched_at is not None and heard_at - leg.dispatched_at > KEPT_FOR:
        problems.append(f"UPS keeps its news for {KEPT_FOR.days} days, and this leg left earlier")
    return Answer(found=False, problems=believing.limited(problems))


def _codes(notices: list[Notice] | None) -> list[str]:
    return [believing.code_told(notice.code) for notice in (notices or [])[:_MOST_WARNINGS] if notice.code]


def _why_another(shipment: Shipment, package: Package, leg: LegAsked) -> str | None:
    """A package that names no number is the answer to our question, unless its shipment answers another."""
    names = [package.number, *(other.number for other in package.other_numbers or ())]
    said = [parcels.bare(name) for name in names if name] or [parcels.bare(shipment.number or "")]
    if leg.reference and any(said) and parcels.bare(leg.reference) not in said:
        return "it carries another number"
    ends = {one.type: country_of_address(one.address) for one in package.addresses or ()}
    if _differ(ends.get("DESTINATION"), parcels.country_of(leg.to_place)):
        return "it goes to another country"
    if _differ(ends.get("ORIGIN"), parcels.country_of(leg.from_place)):
        return "it comes from another country"
    return None


def _differ(said: str | None, asked: str | None) -> bool:
    return said is not None and asked is not None and said != asked


def country_of_address(address: Address | None) -> str | None:
    """Two letters, or None."""
    return country_said(address.country or address.country_as_named) if address else None


def _events(package: Package, leg: LegAsked, heard_at: datetime, problems: list[str]) -> list[ReadEvent]:
    reading = ParcelReading(leg, heard_at, problems, number=package.number)
    for position, activity in enumerate(package.activities or (), start=1):
        status = activity.status
        if status is None or not (status.type or status.code or status.status_code) or not _has_date(activity):
            reading.left_out(position, "its status or date is missing")
            continue
        address = (activity.location and activity.location.address) or _NOWHERE
        country = address.country or address.country_as_named
        physical = activity.logical is not True
        scan = _SCANS[status.type, status.code, status.status_code, status.description, country, address.town, physical]
        if scan.meaning is UNPROVEN:
            problems.append(f"event {position} ({scan.raw_code}) moves nothing: delivered is type D with code 011")
        reading.take(position, scan, *moment_of(activity, scan.country))
    return reading.events()


def _has_date(activity: Activity) -> bool:
    return bool(activity.date or activity.gmt_date)


def _scan(
    kind: str | None,
    code: str | None,
    status_code: str | None,
    description: str | None,
    country: str | None,
    town: str | None,
    physical: bool,
) -> Scan:
    raw_code, meaning = known_code(kind, code, status_code)
    country = country_said(country)
    return scan_of(raw_code, meaning, text=description, country=country, place=town, physical=physical)


_SCANS = Remembered(_scan)


def _estimate(package: Package, leg: LegAsked, heard_at: datetime, problems: list[str]) -> ReadEvent | None:
    expected = delivery_expected(package)
    if expected is None:
        return None
    return parcels.estimate(*expected, leg, raw_code="deliveryDate", heard_at=heard_at, problems=problems)
