"""What the readers of parcel carriers share: what a code means, where it holds, and when the parcel is expected.

Parcel carriers name a country at most, never a UN/LOCODE: what they say is placed by country.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from shipments.batches.batch import bare as bare
from shipments.tracking.carriers import believing, times
from shipments.tracking.carriers.answers import LegAsked, ReadEvent
from shipments.tracking.milestones import Milestone, Reason

AT_DESTINATION = frozenset(
    {
        Milestone.ARRIVED_DESTINATION,
        Milestone.AVAILABLE_FOR_PICKUP,
        Milestone.OUT_FOR_DELIVERY,
        Milestone.ATTEMPT_FAILED,
        Milestone.DELIVERED,
    }
)
ENDED = frozenset({Milestone.AVAILABLE_FOR_PICKUP, Milestone.DELIVERED, Milestone.RETURNED, Milestone.CANCELLED})


class Meaning(msgspec.Struct, frozen=True, gc=False):
    """`milestone` holds anywhere; `there`, where set, instead of it in the country where our last leg ends."""

    event: str
    milestone: Milestone | None
    there: Milestone | None = None
    reason: Reason | None = None


def milestone_in(meaning: Meaning, leg: LegAsked, country: str | None) -> Milestone | None:
    """The milestone of something said of a country (ISO 3166, two letters; None: not said).

    A hub is not the office: what says that a parcel is at its end is `in_transit` on a leg before the last one,
    and in any other country than the one where the leg ends.
    """
    ends_in = country_of(leg.to_place)
    if meaning.there is not None and leg.is_last and country is not None and country == ends_in:
        return meaning.there
    elsewhere = country is not None and ends_in is not None and country != ends_in
    if meaning.milestone in AT_DESTINATION and (elsewhere or not leg.is_last):
        return Milestone.IN_TRANSIT
    return meaning.milestone


@lru_cache(maxsize=1024)
def country_of(unlocode: str | None) -> str | None:
    """The country of a UN/LOCODE, or of a country code; None where it is neither."""
    if unlocode is None:
        return None
    country = unlocode[:2].upper()
    return country if len(country) == 2 and country.isascii() and country.isalpha() else None


def goes_elsewhere(leg: LegAsked, country: str | None) -> bool:
    """Whether a destination is in another country than the leg's end: another parcel of the same number."""
    said = country_of(country) if country and len(country) == 2 else None
    ends_in = country_of(leg.to_place)
    return said is not None and ends_in is not None and said != ends_in


def delivered_back(events: list[ReadEvent], order: Sequence[float | None] | None = None) -> list[ReadEvent]:
    """What is delivered after it was sent back is delivered to the sender: `returned`, not `delivered`.

    `order`, where the carrier gives one, stands in for the times. What has neither cannot be said to come after.
    """
    returning = Milestone.RETURNING
    if not any(one.milestone is returning for one in events):
        return events  # nearly always
    places = [_moment(one.occurred_at) for one in events] if order is None else order
    told = list(zip(events, places, strict=True))
    sent_back = [place for one, place in told if one.milestone is returning and place is not None]
    first = min(sent_back, default=None)
    return [
        _to_sender(one) if first is not None and place is not None and place >= first else one for one, place in told
    ]


def _to_sender(event: ReadEvent) -> ReadEvent:
    if event.milestone is Milestone.DELIVERED or event.event == "delivered":  # abroad it is no DELIVERED
        return msgspec.structs.replace(event, milestone=Milestone.RETURNED, event="delivered_to_sender")
    return event


def _moment(at: datetime | None) -> float | None:
    return at.timestamp() if at else None


def estimate(
    begins: str | None, ends: str | None, leg: LegAsked, *, raw_code: str, heard_at: datetime, problems: list[str]
) -> ReadEvent | None:
    """The delivery at the leg's end, estimated between two times as written; either may be missing.

    `created_at` of its event is `heard_at`: parcel carriers do not say when they estimated. Of a window
    `occurred_at` is the end; of a day, and where no zone is known, there is only the range.
    """
    first, last = begins or ends, ends or begins
    if first is None or last is None:
        return None
    country = country_of(leg.to_place)
    written = times.written_time(last, country)
    doubt = times.doubt_about(written, actual=False, heard_at=heard_at)
    until = times.range_of(last, country)
    since = until if first == last else times.range_of(first, country)
    if since is None or until is None or doubt or since[0] > until[1]:
        problems.append(f"the {raw_code} is left out: {doubt or 'its range cannot be read'}")
        return None
    exact = since[0] == until[1]
    return ReadEvent(
        id=believing.identity(bare(leg.reference), "EST", raw_code, first, last),
        occurred_at=written.at,
        occurred_as_written=believing.plain_text(last, 60) or "",
        tz_known=written.zone_written,
        classifier="EST",
        milestone=None,
        event="arrived",
        reason=None,
        raw_code=raw_code,
        raw_text="",
        place=None,
        unlocode=leg.to_place if len(leg.to_place) == 5 else None,
        created_at=heard_at,
        earliest=None if exact else since[0],
        latest=None if exact else until[1],
    )
