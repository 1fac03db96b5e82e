"""Ship24, an aggregator of many hundred carriers: one tracker for a number, and how its answers read.

Source: Ship24's tracking specification. `POST /trackers/track` makes the tracker of a number where there is none, and
reads it; so a hundred are never made in one call (`/trackers/bulk`), nor read by an id that would have to be kept:
neither would save a call. The same number with other details makes another tracker, which costs: what we send of a leg
never changes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from shipments.tracking.carriers import parcels, ship24_pushing
from shipments.tracking.carriers.answers import Account, Answer, Budget, Call, LegAsked, Login, Usual
from shipments.tracking.carriers.ship24_reading import Reading
from shipments.tracking.carriers.ship24_shapes import trackings_said

name: Final = "ship24"
polled: Final = True
modes: Final = frozenset({"courier", "post", "air", "road"})
reference_types: Final[Mapping[str, str]] = {"tracking_number": "trackingNumber"}
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
takes_secret = ship24_pushing.takes_secret
is_genuine = ship24_pushing.is_genuine
made_at = ship24_pushing.made_at
pushed_references = ship24_pushing.pushed_references


def read_pushed(body: bytes, leg: LegAsked, *, heard_at: datetime) -> Answer:
    """Pure: what a message says of this leg, as if it had been asked. Raises CarrierUnreadable, never guesses."""
    return read_answer(body, leg, heard_at=heard_at)
