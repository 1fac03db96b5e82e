"""Times as carriers write them: with an offset or without, as a bare day, as a window."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec

Range = tuple[datetime, datetime]

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD_FOR_ACTUAL = timedelta(days=2)
AHEAD_FOR_ESTIMATE = timedelta(days=730)
BEFORE_DISPATCH = timedelta(days=60)
WRONG_BY_AT_MOST = timedelta(days=2)
"""How far before the dispatch, as staff noted it, our own may be said to move (a container) or be delivered."""

_EASTMOST, _WESTMOST = timedelta(hours=14), timedelta(hours=12)
_DAY_LONG = 10  # 2026-03-20
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_ZERO = _ZERO.replace(tzinfo=None)


class WrittenTime(msgspec.Struct, frozen=True, gc=False):
    """A time as a carrier wrote it.

    `at` is None where its zone is unknown; `roughly`, at most 14 hours wrong, only where it is no time.
    """

    at: datetime | None
    roughly: datetime | None
    zone_written: bool


NO_TIME = WrittenTime(None, None, False)


def written_time(written: str, place: str | None) -> WrittenTime:
    """Reads ISO 8601, nanoseconds included. `place`: a UN/LOCODE, or a country's two letters.

    Without an offset it is placed by the country, where all zones of that country agree at that time: Germany has
    two names for its one time. A bare date is never placed: midnight would be an invention.
    """
    try:
        read = datetime.fromisoformat(written)
        if read.tzinfo is not None:
            at = read if read.tzinfo is UTC else read.astimezone(UTC)  # nearly all are
            return WrittenTime(at, at, True)
        roughly = _ZERO + (read - _LOCAL_ZERO)  # the cheapest way to say UTC
        if not place or len(written) <= _DAY_LONG:
            return WrittenTime(None, roughly, False)
        offset = _agreed_offset(_zones_of_country(place[:2]), read)
        return WrittenTime(None if offset is None else roughly - offset, roughly, False)
    except (ValueError, OverflowError):
        return NO_TIME


def _agreed_offset(zones: tuple[ZoneInfo, ...], local: datetime) -> timedelta | None:
    if not zones:
        return None
    offset = zones[0].utcoffset(local)
    for zone in zones[1:]:
        if zone.utcoffset(local) != offset:
            return None
    return offset


@lru_cache(maxsize=512)
def _zones_of_country(country: str) -> tuple[ZoneInfo, ...]:
    """The zones of a country, by its two letters. Source: the IANA database's zone.tab."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    return tuple(ZoneInfo(line.split("\t")[2]) for line in table.splitlines() if line.startswith(f"{country}\t"))


def range_of(written: str, place: str | None) -> Range | None:
    """The range in which a time lies: its own moment, a whole day for a bare date, every zone where none is known.

    None where it is no time.
    """
    bare = len(written) == _DAY_LONG
    first = written_time(f"{written}T00:00:00" if bare else written, place)
    last = written_time(f"{written}T23:59:59", place) if bare else first
    if first.roughly is None or last.roughly is None:
        return None
    try:
        return first.at or first.roughly - _EASTMOST, last.at or last.roughly + _WESTMOST
    except OverflowError:
        return None


def moment_as_text(at: datetime) -> str:
    """The same text for the same moment, in whichever offset it was written: its whole seconds since 1970.

    The same scan is told with a part of a second now, and without it then.
    """
    since = at - _ZERO
    return str(since.days * 86_400 + since.seconds)


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
