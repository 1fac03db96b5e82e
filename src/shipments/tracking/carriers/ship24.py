"""Ship24, an aggregator of many hundred carriers: one tracker for a number, and how its answers read.

Source: Ship24's tracking specification. A tracker is made once for a number and then read; `POST /trackers/track`
does both, up to 100 can be made in one call (which may succeed in part, with 207), and a known tracker is read by
its id. The same number with other details makes another tracker, which costs: what we send of a leg never changes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from shipments.errors import Invalid
from shipments.tracking.carriers import believing, parcels, ship24_pushing
from shipments.tracking.carriers.answers import Account, Answer, Budget, Call, LegAsked, Login, Usual
from shipments.tracking.carriers.ship24_reading import Reading
from shipments.tracking.carriers.ship24_shapes import Made, trackers_made, trackings_said

name: Final = "ship24"
polled: Final = True
modes: Final = frozenset({"courier", "post", "air", "road"})
reference_types: Final[Mapping[str, str]] = {"tracking_number": "trackingNumber"}
most_per_creation: Final = 100
usual: Final = Usual(
    base_url="https://api.ship24.com",
    login=Login(header="Authorization", prefix="Bearer "),
    budget=Budget(per_second=10.0),
    succeeds=frozenset({200, 201, 207}),
    deadline_s=70.0,
)
"""Ten calls a second. The first call for a number may take a minute, while Ship24 asks the carrier itself."""

_PATH = "/public/v1/trackers"


def request_for(leg: LegAsked, account: Account, *, since: datetime | None, page: str | None) -> Call:
    """Makes a tracker for one leg where there is none, and reads it. Ship24 always answers with everything."""
    return Call(
        path=f"{_PATH}/track",
        params={},
        headers=_headers(account),
        method="POST",
        json=msgspec.json.encode(_tracker(leg)),
    )


def request_to_create(legs: Sequence[LegAsked], account: Account) -> Call:
    """Makes trackers for up to 100 legs. Raises Invalid for none or more: the rest would be dropped."""
    if not 1 <= len(legs) <= most_per_creation:
        raise Invalid([("legs", f"1 to {most_per_creation} in one call")])
    body = msgspec.json.encode([_tracker(leg) for leg in legs])
    return Call(path=f"{_PATH}/bulk", params={}, headers=_headers(account), method="POST", json=body)


def request_for_results(tracker_id: str, account: Account) -> Call:
    """Reads one tracker that was made before."""
    return Call(path=f"{_PATH}/{quote(tracker_id, safe='')}/results", params={}, headers=_headers(account))


def _headers(account: Account) -> Mapping[str, str]:
    return {account.header: account.secret, "Accept": "application/json"}


def _tracker(leg: LegAsked) -> dict[str, Any]:  # Any: a JSON object
    countries = {
        "originCountryCode": parcels.country_of(leg.from_place),
        "destinationCountryCode": parcels.country_of(leg.to_place),
    }
    return {"trackingNumber": leg.reference} | {name: code for name, code in countries.items() if code}


def read_answer(
    answer: bytes, leg: LegAsked, *, heard_at: datetime, headers: Mapping[str, str] | None = None
) -> Answer:
    """Pure: what these bytes, polled or pushed, say of this leg. Raises CarrierUnreadable, never guesses.

    A leg without reference takes whatever there is.
    """
    problems: list[str] = []
    said = trackings_said(answer, problems)
    return Reading(leg, heard_at, problems).answer(said)


accepted_status: Final = ship24_pushing.accepted_status
is_genuine = ship24_pushing.is_genuine
made_at = ship24_pushing.made_at
pushed_references = ship24_pushing.pushed_references


def read_pushed(body: bytes, leg: LegAsked, *, heard_at: datetime) -> Answer:
    """Pure: what a message says of this leg, as if it had been asked. Raises CarrierUnreadable, never guesses."""
    return read_answer(body, leg, heard_at=heard_at)


class Creation(msgspec.Struct, frozen=True):
    """What became of a leg's tracker: its id, or the code of why there is none."""

    tracker_id: str | None = None
    refused: str | None = None


def read_created(answer: bytes, legs: Sequence[LegAsked]) -> tuple[Mapping[str, Creation], tuple[str, ...]]:
    """By reference, what became of each tracker of a bulk creation, and the problems of the answer.

    A leg that the answer does not name is not in the mapping. Raises CarrierUnreadable where all were refused.
    """
    problems: list[str] = []
    asked = {parcels.bare(leg.reference): leg.reference for leg in legs}
    made: dict[str, Creation] = {}
    for position, one in enumerate(trackers_made(answer, problems), start=1):
        reference = asked.get(_number_of(one))
        if reference is None:
            problems.append(f"tracker {position} is left out: it has another parcel's number, or none")
        elif one.tracker and one.tracker.id:
            made[reference] = Creation(tracker_id=one.tracker.id)
        else:
            codes = [believing.plain_text(error.code, 60) for error in one.errors or () if error.code]
            made[reference] = Creation(refused=(codes and codes[0]) or "unknown")
    return made, believing.limited(problems)


def _number_of(made: Made) -> str:
    named = (made.asked and made.asked.number) or (made.tracker and made.tracker.number) or ""
    return parcels.bare(named)
