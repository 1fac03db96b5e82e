"""DCSA Track & Trace 2.2, the ocean lines' shared interface: `GET /v2/events` and how its answers read.

Source: DCSA's T&T 2.2.0 specification. One reference a call; all its events come back, or those created since
a time. Pages by `Next-Page`, which lines fill with a cursor or with a link; of a link only the query is
taken, so that no answer can send us to another host.

What belongs to version 2.2 alone stands in three places: the path, the parameters' names and `API-Version` in
`request_for`, the parts of an answer in `dcsa_shapes`, the codes in `dcsa_codes`. Version 3.0 renames every code and
most fields. Once lines answer with it, it is a carrier of its own beside this one: `dcsa3.py` and `dcsa3_codes.py`,
with its shapes, found by their names. Its reading turns what it says into `dcsa_shapes.Said`, so that `Reading`
(whose parcel, which place, last port, doubts) is shared, and an account says which of the two its line speaks.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from shipments.tracking.carriers import believing, dcsa_pushing
from shipments.tracking.carriers.answers import Account, Answer, Call, LegAsked, Usual
from shipments.tracking.carriers.dcsa_reading import REFERENCE_TYPES, Reading
from shipments.tracking.carriers.dcsa_shapes import events_said
from shipments.words import N_

name: Final = "dcsa"
known_as: Final = N_("Shipping line (DCSA)")
polled: Final = True
modes: Final = frozenset({"sea", "rail", "road", "inland_water"})
reference_types: Final = REFERENCE_TYPES
usual: Final = Usual()
"""Each line has its own address, login and budget: its account says them."""

PAGE_SIZE = 100
_LONGEST_PAGE_MARK = 2000


def request_for(leg: LegAsked, account: Account, *, since: datetime | None, page: str | None) -> Call:
    """Asks for one leg's events, only those created since a time where one is given."""
    asked = {reference_types[leg.reference_type]: leg.reference, "limit": str(PAGE_SIZE)}
    if since is not None:
        asked["eventCreatedDateTime:gte"] = since.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if page is not None:
        asked |= _page_asked(page)
    headers = {account.header: account.secret, "Accept": "application/json", "API-Version": "2"}
    return Call(path="/v2/events", params=asked, headers=headers)


def _page_asked(page: str) -> dict[str, str]:
    query = urlsplit(page).query
    return dict(parse_qsl(query)) if query else {"cursor": page}


def read_answer(
    answer: bytes, leg: LegAsked, *, heard_at: datetime, headers: Mapping[str, str] | None = None
) -> Answer:
    """Pure: what these bytes say of this leg. Raises CarrierUnreadable, never guesses.

    `found` is False for an empty list: only whoever asked knows whether that means "nothing new".
    """
    return _read(answer, leg, heard_at, headers, asked=True)


def _read(
    answer: bytes, leg: LegAsked, heard_at: datetime, headers: Mapping[str, str] | None, *, asked: bool
) -> Answer:
    problems: list[str] = []
    said = events_said(answer, problems)
    reading = Reading(leg, heard_at, problems)
    told = []
    ours = reading.which_are_ours(said, asked=asked)
    for position, (one, is_ours) in enumerate(zip(said, ours, strict=True), start=1):
        event = reading.event(position, one, ours=is_ours)
        if event is not None:
            told.append(event)
    told = reading.of_this_use(told)
    events = believing.told_once(told, problems)
    earliest, latest = believing.expected_arrival(events, leg.to_place) or (None, None)
    return Answer(
        found=bool(said),
        events=events,
        expected_from=earliest,
        expected_to=latest,
        problems=believing.limited(problems),
        next_page=_next_page(headers, problems),
        ignored=reading.ignored + len(told) - len(events),
    )


accepted_status: Final = dcsa_pushing.accepted_status
most_per_subscription: Final = dcsa_pushing.most_per_subscription
subscription_lives: Final = dcsa_pushing.subscription_lives
subscriptions_per_second: Final = dcsa_pushing.subscriptions_per_second
subscribed_statuses: Final = dcsa_pushing.subscribed_statuses
subscription_is_shared: Final = dcsa_pushing.subscription_is_shared
takes_secret = dcsa_pushing.takes_secret
is_genuine = dcsa_pushing.is_genuine
made_at = dcsa_pushing.made_at
pushed_references = dcsa_pushing.pushed_references
may_subscribe = dcsa_pushing.may_subscribe
read_subscribed = dcsa_pushing.read_subscribed
request_to_end = dcsa_pushing.request_to_end
subscription_told = dcsa_pushing.subscription_told
request_to_subscribe = dcsa_pushing.request_to_subscribe


def read_pushed(body: bytes, leg: LegAsked, *, heard_at: datetime) -> Answer:
    """Pure: what a message says of this leg. Raises CarrierUnreadable, never guesses.

    It answers no question: what names neither our number nor what is joined to it is somebody else's.
    """
    return _read(body, leg, heard_at, None, asked=False)


def _next_page(headers: Mapping[str, str] | None, problems: list[str]) -> str | None:
    page = _header(headers, "Next-Page") if headers else None
    if page and (len(page) > _LONGEST_PAGE_MARK or not page.isprintable()):
        problems.append("the Next-Page header is not a cursor or link")
        return None
    return page or None


def _header(headers: Mapping[str, str], wanted: str) -> str | None:
    """Header names come in any case, and a plain mapping does not forgive it."""
    return headers.get(wanted) or headers.get(wanted.lower())
