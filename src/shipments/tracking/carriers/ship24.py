"""Ship24, an aggregator of many hundred carriers: one tracker for a number, and how its answers read.

Source: Ship24's tracking specification. Where an account takes messages, the trackers of new legs are made a hundred a
call (`ship24_trackers`), told of by themselves, and read by their id: that can make no second one, which would cost.
A leg without such an id is read by `POST /trackers/track`, which makes its tracker where there is none, and has the
same details. By number alone (`/trackers/search`) nothing is read: it tells of every tracker that ever had the number.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from shipments.tracking.carriers import ship24_pushing, ship24_trackers
from shipments.tracking.carriers.answers import Account, Answer, Budget, Call, LegAsked, Login, Usual
from shipments.tracking.carriers.ship24_reading import Reading
from shipments.tracking.carriers.ship24_shapes import trackings_said

name: Final = "ship24"
known_as: Final = "Ship24"
polled: Final = True
modes: Final = frozenset({"courier", "post", "air", "road"})
reference_types: Final[Mapping[str, str]] = {"tracking_number": "trackingNumber"}
usual: Final = Usual(
    base_url="https://api.ship24.com",
    login=Login(header="Authorization", prefix="Bearer "),
    budget=Budget(per_second=10.0),
    succeeds=frozenset({200, 201, 207}),
    over_quota=frozenset({429, 403}),  # `quota_limit_reached`; a key that is none is answered with 401
    deadline_s=70.0,
)
"""Ten calls a second, beside those that make many trackers. The first call for a number may take a minute, while
Ship24 asks the carrier itself."""


def request_for(leg: LegAsked, account: Account, *, since: datetime | None, page: str | None) -> Call:
    """Reads the leg's tracker, which is made where none is known. Ship24 always answers with everything."""
    headers = ship24_trackers.headers_of(account)
    if leg.carrier_key is not None:
        return Call(ship24_trackers.results_path(leg.carrier_key), {}, headers)
    made = msgspec.json.encode(ship24_trackers.tracker_of(leg))
    return Call(f"{ship24_trackers.PATH}/track", {}, headers, "POST", made)


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
most_per_subscription: Final = ship24_trackers.most_per_subscription
subscription_lives: Final = ship24_trackers.subscription_lives
subscriptions_per_second: Final = ship24_trackers.subscriptions_per_second
subscription_told = ship24_pushing.subscription_told
subscribed_statuses: Final = ship24_trackers.subscribed_statuses
subscription_is_shared: Final = ship24_trackers.subscription_is_shared
may_subscribe = ship24_trackers.may_subscribe
request_to_subscribe = ship24_trackers.request_to_subscribe
read_subscribed = ship24_trackers.read_subscribed
request_to_end = ship24_trackers.request_to_end


def read_pushed(body: bytes, leg: LegAsked, *, heard_at: datetime) -> Answer:
    """Pure: what a message says of this leg, as if it had been asked. Raises CarrierUnreadable, never guesses."""
    return read_answer(body, leg, heard_at=heard_at)
