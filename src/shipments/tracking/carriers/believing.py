"""What is believed of a carrier's texts, times and repetitions, whichever carrier it is."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec

from shipments.tracking.carriers.answers import Answer, ReadEvent

LONGEST_TEXT = 200
MOST_PROBLEMS = 50
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD_FOR_ACTUAL = timedelta(days=2)
AHEAD_FOR_ESTIMATE = timedelta(days=730)
BEFORE_DISPATCH = timedelta(days=60)

# Zero-width joiners stay: Persian and several Indian scripts are misspelt without them.
_BIDI_AND_BLANK = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_NOT_TEXT = frozenset({"Cc", "Cs", "Cn", "Co"})


class WrittenTime(msgspec.Struct, frozen=True, gc=False):
    """A time as a carrier wrote it.

    `at` is None where its zone is unknown; `roughly`, at most 14 hours wrong, only where it is no time.
    """

    at: datetime | None
    roughly: datetime | None
    zone_written: bool


NO_TIME = WrittenTime(None, None, False)


def plain_text(text: str | None, longest: int = LONGEST_TEXT) -> str | None:
    """One line that is safe to show: no NUL, control or direction override; None if nothing is left."""
    if text is None:
        return None
    if not text.isprintable():
        text = "".join(_plain(character) for character in text[: longest * 4])
    return text.strip()[:longest].rstrip() or None


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    if character in _BIDI_AND_BLANK or unicodedata.category(character) in _NOT_TEXT:
        return ""
    return character


def written_time(written: str, unlocode: str | None) -> WrittenTime:
    """Reads ISO 8601. Without an offset it is placed by the country's zone, where the country has only one.

    A bare date is never placed: midnight would be an invention.
    """
    try:
        read = datetime.fromisoformat(written)
        if read.tzinfo is not None:
            at = read.astimezone(UTC)
            return WrittenTime(at, at, True)
        zone = _zone_of_country(unlocode[:2]) if unlocode and len(written) > 10 else None
        placed = read.replace(tzinfo=zone).astimezone(UTC) if zone else None
    except (ValueError, OverflowError):
        return NO_TIME
    return WrittenTime(placed, placed or read.replace(tzinfo=UTC), False)


@lru_cache(maxsize=16_384)
def _placed(written: str, country: str | None) -> WrittenTime:
    """Carriers without news of their own tell a parcel's whole story at every poll, with the same times."""
    time = written_time(written, country)
    if time.at is not None or time.roughly is None or country is None or len(written) <= 10:
        return time
    local = time.roughly.replace(tzinfo=None)
    moments = {local.replace(tzinfo=zone).astimezone(UTC) for zone in _zones_of_country(country[:2])}
    if len(moments) != 1:
        return time
    (at,) = moments
    return WrittenTime(at, at, False)


def placed_time(written: str, country: str | None) -> WrittenTime:
    """As `written_time`, and placed too where a country has several zones that agree at that time.

    Germany has two names for its one time: a hub there is on the way of most European parcels.
    """
    return _placed(written, country) if len(written) <= 40 else NO_TIME


def _zone_of_country(country: str) -> ZoneInfo | None:
    zones = _zones_of_country(country)
    return zones[0] if len(zones) == 1 else None


@lru_cache(maxsize=512)
def _zones_of_country(country: str) -> tuple[ZoneInfo, ...]:
    """The zones of a country, by its two letters. Source: the IANA database's zone.tab."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    return tuple(ZoneInfo(line.split("\t")[2]) for line in table.splitlines() if line.startswith(f"{country}\t"))


def doubt_about(written: WrittenTime, *, actual: bool, heard_at: datetime) -> str | None:
    """Why a time cannot be believed, or None. Clocks may be two days wrong, estimates two years ahead."""
    at = written.roughly
    if at is None:
        return "its time cannot be read"
    if at < EARLIEST:
        return "its time is before the year 2000"
    if at > heard_at + (AHEAD_FOR_ACTUAL if actual else AHEAD_FOR_ESTIMATE):
        return "it is said to have happened in the future" if actual else "its estimate is over two years ahead"
    return None


def from_before(written: WrittenTime, dispatched_at: datetime | None) -> bool:
    """True where an event is too old to be ours: carriers give their numbers out again."""
    if dispatched_at is None or written.roughly is None:
        return False
    return written.roughly < dispatched_at - BEFORE_DISPATCH


def told_once(events: Iterable[ReadEvent], problems: list[str]) -> tuple[ReadEvent, ...]:
    """Each identity once, in the order first told; where two differ, the later written, and it is named."""
    kept: dict[str, ReadEvent] = {}
    for event in events:
        other = kept.setdefault(event.id, event)
        if other is not event and other != event:
            problems.append(f"two different events ({other.raw_code}, {event.raw_code}) share one identity")
            kept[event.id] = max(other, event, key=_written_last)
    return tuple(kept.values())


def _written_last(event: ReadEvent) -> tuple[datetime, str, str, str]:
    return (event.created_at or EARLIEST, event.occurred_as_written, event.raw_code, event.raw_text)


ARRIVALS = ("arrived", "discharged")


def expected_arrival(events: Iterable[ReadEvent], to_place: str) -> datetime | None:
    """The newest estimate of the arrival at `to_place`, or None where it has arrived or nothing is said.

    A plan counts only where there is no estimate, the discharge only where nothing is said of the ship.
    """
    there = [event for event in events if event.unlocode == to_place and event.event in ARRIVALS and event.occurred_at]
    if any(event.classifier == "ACT" for event in there):
        return None
    newest = max(there, key=_weight_of_estimate, default=None)
    return newest.occurred_at if newest else None


def _weight_of_estimate(event: ReadEvent) -> tuple[bool, bool, datetime, datetime, str]:
    return (
        event.classifier == "EST",
        event.event == "arrived",
        event.created_at or EARLIEST,
        event.occurred_at or EARLIEST,
        event.id,
    )


def limited(problems: list[str]) -> tuple[str, ...]:
    """The first problems, and how many more there were."""
    if len(problems) <= MOST_PROBLEMS:
        return tuple(problems)
    return (*problems[:MOST_PROBLEMS], f"and {len(problems) - MOST_PROBLEMS} more problems")


def together(pages: list[Answer], to_place: str) -> Answer:
    """All pages of one answer as one answer."""
    if len(pages) == 1:
        return pages[0]
    problems = [problem for page in pages for problem in page.problems]
    told = [event for page in pages for event in page.events]
    events = told_once(told, problems)
    earliest, latest = _expected_of(pages, events, to_place)
    return Answer(
        found=any(page.found for page in pages),
        events=events,
        expected_from=earliest,
        expected_to=latest,
        problems=limited(problems),
        next_page=pages[-1].next_page,
        ignored=sum(page.ignored for page in pages) + len(told) - len(events),
    )


def _expected_of(
    pages: list[Answer], events: tuple[ReadEvent, ...], to_place: str
) -> tuple[datetime | None, datetime | None]:
    """What the events of all pages say, as the range of the page that states it.

    Some carriers estimate a bare date: then no event holds a moment, and the last page that states a range counts.
    """
    expected = expected_arrival(events, to_place)
    spoken_of = any(one.unlocode == to_place and one.event in ARRIVALS and one.occurred_at for one in events)
    stated = [(one.expected_from, one.expected_to) for one in pages if one.expected_to is not None]
    if spoken_of:
        stated = [one for one in stated if one[1] == expected]
    return stated[-1] if stated else (expected, expected)
