"""What the readers of parcel carriers share: what a code means, where it holds, and when the parcel is expected.

Parcel carriers name a country at most, never a UN/LOCODE: what they say is placed by country.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from shipments.tracking.carriers import believing
from shipments.tracking.carriers.answers import LegAsked, ReadEvent
from shipments.tracking.milestones import Milestone, Reason

_SEPARATORS = str.maketrans("", "", " -/.")
_EASTMOST, _WESTMOST = timedelta(hours=14), timedelta(hours=12)
_DAY_LONG = 10  # 2026-03-20

_SIGNED = re.compile(r"\b(signed(?: for)? by|received by|signature of|signé par)\b.*", re.IGNORECASE | re.DOTALL)

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


class Meaning(msgspec.Struct, frozen=True):
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


def bare(reference: str) -> str:
    """A reference without what people type into it."""
    return reference.translate(_SEPARATORS).upper()


def without_signature(text: str) -> str:
    """A carrier's text without the name of whoever signed."""
    if "ign" not in text and "IGN" not in text and "eceived" not in text and "ECEIVED" not in text:
        return text  # nearly all of them, at a tenth of the price
    return _SIGNED.sub(r"\1 …", text)


def identity(*parts: str) -> str:
    """32 hexadecimal digits for an event whose carrier gives it no name of its own."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def delivered_back(events: Sequence[ReadEvent], order: Sequence[float | None] | None = None) -> Iterator[ReadEvent]:
    """What is delivered after it was sent back is delivered to the sender: `returned`, not `delivered`.

    `order`, where the carrier gives one, stands in for the times. What has neither cannot be said to come after.
    """
    if not any(one.milestone is Milestone.RETURNING for one in events):
        yield from events  # nearly always
        return
    places = [_moment(one.occurred_at) for one in events] if order is None else order
    told = list(zip(events, places, strict=True))
    sent_back = [place for one, place in told if one.milestone is Milestone.RETURNING and place is not None]
    first = min(sent_back, default=None)
    for one, place in told:
        late = first is not None and place is not None and place >= first
        if late and (one.milestone is Milestone.DELIVERED or one.event == "delivered"):  # abroad it is no DELIVERED
            yield msgspec.structs.replace(one, milestone=Milestone.RETURNED, event="delivered_to_sender")
        else:
            yield one


def _moment(at: datetime | None) -> float | None:
    return at.timestamp() if at else None


Range = tuple[datetime, datetime]


class Estimate(msgspec.Struct, frozen=True):
    """What a carrier says of the delivery to come: `event` to record, and the range in which it lies."""

    event: ReadEvent
    range: Range


def estimate(
    begins: str | None, ends: str | None, leg: LegAsked, *, raw_code: str, heard_at: datetime, problems: list[str]
) -> Estimate | None:
    """The delivery at the leg's end, estimated between two times as written; either may be missing.

    `created_at` of its event is `heard_at`: parcel carriers do not say when they estimated.
    """
    first, last = begins or ends, ends or begins
    if first is None or last is None:
        return None
    country = country_of(leg.to_place)
    earliest, latest = range_of(first, country), range_of(last, country)
    written = believing.written_time(last, country)
    doubt = believing.doubt_about(written, actual=False, heard_at=heard_at)
    if earliest is None or latest is None or doubt or earliest[0] > latest[1]:
        problems.append(f"the {raw_code} is left out: {doubt or 'its range cannot be read'}")
        return None
    event = ReadEvent(
        id=identity(bare(leg.reference), "EST", raw_code, first, last),
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
    )
    return Estimate(event, (earliest[0], latest[1]))


def range_of(written: str, country: str | None) -> Range | None:
    """The range in which a time lies: its own moment, a whole day for a bare date, every zone where none is known."""
    bare_date = len(written) == _DAY_LONG
    first = believing.written_time(f"{written}T00:00:00" if bare_date else written, country)
    last = believing.written_time(f"{written}T23:59:59" if bare_date else written, country)
    if first.roughly is None or last.roughly is None:
        return None
    try:
        return first.at or first.roughly - _EASTMOST, last.at or last.roughly + _WESTMOST
    except OverflowError:
        return None
