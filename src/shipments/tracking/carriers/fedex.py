"""FedEx Track v1: `POST /track/v1/trackingnumbers`, up to 30 numbers a call, and how its answers read.

Source: FedEx's developer portal. The login is OAuth2: the account's secret is the bearer token. There are no pages
and no "only what is new". A number's failure sits inside a 200.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from shipments.errors import CarrierError, Invalid
from shipments.tracking.carriers import parcels
from shipments.tracking.carriers.answers import Account, Answer, Budget, Call, LegAsked, Login, Unanswered, Usual
from shipments.tracking.carriers.fedex_reading import Reading
from shipments.tracking.carriers.fedex_shapes import OfNumber, numbers_said

name: Final = "fedex"
known_as: Final = "FedEx"
polled: Final = True
modes: Final = frozenset({"courier", "air", "road"})
reference_types: Final[Mapping[str, str]] = {"tracking_number": "trackingNumber"}
most_per_call: Final = 30
usual: Final = Usual(
    base_url="https://apis.fedex.com",
    login=Login(kind="oauth2", token_path="/oauth/token", client_in="body"),
    budget=Budget(per_second=140.0, per_day=100_000),
)
"""1,400 calls in ten seconds; the day begins anew at 00:00 GMT."""

_ANOTHERS = "the answer holds another parcel's number: it is left out"


def request_for(leg: LegAsked, account: Account, *, since: datetime | None, page: str | None) -> Call:
    """Asks for one leg. FedEx always answers with everything, on one page."""
    return request_for_many([leg], account)


def request_for_many(legs: Sequence[LegAsked], account: Account) -> Call:
    """Asks for up to 30 legs at once. Raises Invalid for none or more: the rest would be dropped."""
    if not 1 <= len(legs) <= most_per_call:
        raise Invalid([("legs", f"1 to {most_per_call} in one call")])
    asked = {
        "includeDetailedScans": True,
        "trackingInfo": [{"trackingNumberInfo": {"trackingNumber": leg.reference}} for leg in legs],
    }
    return Call(
        path="/track/v1/trackingnumbers",
        params={},
        headers={account.header: account.secret, "Accept": "application/json"},
        method="POST",
        json=msgspec.json.encode(asked),
    )


def read_answer(
    answer: bytes, leg: LegAsked, *, heard_at: datetime, headers: Mapping[str, str] | None = None
) -> Answer:
    """Pure: what these bytes say of this leg; never guesses. Raises CarrierUnreadable, CarrierUnavailable."""
    said = read_answers(answer, [leg], heard_at=heard_at)[leg.reference]
    if isinstance(said, CarrierError):
        raise said
    return said


def read_answers(answer: bytes, legs: Sequence[LegAsked], *, heard_at: datetime) -> Mapping[str, Answer | Unanswered]:
    """What these bytes say of each leg, by its reference. A bad number costs its own leg only.

    Raises CarrierUnreadable or CarrierUnavailable where the answer as a whole is none. A leg without reference takes
    whatever there is.
    """
    problems: list[str] = []
    said = numbers_said(answer, problems)
    asked = {parcels.bare(leg.reference) for leg in legs}
    if "" not in asked and any(parcels.bare(one.said.number) not in asked for one in said):
        problems.append(_ANOTHERS)
    return {leg.reference: _of_leg(leg, said, problems, heard_at) for leg in legs}


def _of_leg(leg: LegAsked, said: list[OfNumber], problems: list[str], heard_at: datetime) -> Answer | Unanswered:
    """`problems` of the answer as a whole are told to every leg: any of them may be the one that lost by it."""
    wanted = parcels.bare(leg.reference)
    ours = [one for one in said if not wanted or parcels.bare(one.said.number) == wanted]
    reading = Reading(leg, heard_at, [*problems, *(problem for one in ours for problem in one.problems)])
    return reading.answer([(one.said.number or "", result) for one in ours for result in one.said.results or ()])
