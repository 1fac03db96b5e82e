"""The practice depot: parcels that move by a story while the clock runs, whichever carrier is asked about them."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec

from api.practice_carrier.clock import Clock
from api.practice_carrier.stories import STORIES, STORY_DAYS, Step, Word

PARCEL_INTERFACES = ("dhl", "ups", "fedex", "ship24")
TOWNS: Mapping[str, str] = {
    "NLAMS": "Amsterdam",
    "NLRTM": "Rotterdam",
    "DEHAM": "Hamburg",
    "DELEJ": "Leipzig",
    "FRCDG": "Paris",
    "MACAS": "Casablanca",
    "GNCKY": "Conakry",
    "NGLOS": "Lagos",
    "GETBS": "Tbilisi",
    "AMEVN": "Yerevan",
    "BRSAO": "Sao Paulo",
}
_ZONES: Mapping[str, str] = {
    "NL": "Europe/Amsterdam",
    "DE": "Europe/Berlin",
    "FR": "Europe/Paris",
    "BE": "Europe/Brussels",
    "MA": "Africa/Casablanca",
    "GN": "Africa/Conakry",
    "NG": "Africa/Lagos",
    "GE": "Asia/Tbilisi",
    "AM": "Asia/Yerevan",
    "BR": "America/Sao_Paulo",
}


@lru_cache(maxsize=64)
def zone_of(country: str) -> ZoneInfo:
    """The clock on the wall there; UTC where we have no such country."""
    return ZoneInfo(_ZONES.get(country, "UTC"))


class Shipped(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What it takes to send a parcel. `started_at`: by default now. `days`: how long it travels. `service`: DHL's."""

    interface: str
    number: str
    from_place: str = "NLAMS"
    to_place: str = "GNCKY"
    via_place: str = "DELEJ"
    story: str = "plain"
    started_at: datetime | None = None
    days: float = STORY_DAYS
    service: str = "express"

    def __post_init__(self) -> None:
        if self.interface not in PARCEL_INTERFACES:
            raise ValueError(f"interface: one of {', '.join(PARCEL_INTERFACES)}")
        if self.story not in STORIES:
            raise ValueError(f"story: one of {', '.join(STORIES)}")
        if self.days <= 0 or (self.started_at and self.started_at.tzinfo is None):
            raise ValueError("days: more than 0; started_at: with its offset")


class Scan(msgspec.Struct, frozen=True):
    """One thing that happened to a parcel. `number` makes its identity; `zoned` False: told without an offset."""

    number: int
    word: Word
    at: datetime
    country: str
    town: str
    zoned: bool = True

    @property
    def local(self) -> datetime:
        """By the clock on the wall, with its offset."""
        return self.at.astimezone(zone_of(self.country))


class Parcel:
    """A parcel under way. The same number always tells the same scans with the same identities."""

    def __init__(self, shipped: Shipped, now: datetime) -> None:
        self.shipped = shipped
        self.number = shipped.number
        self.started_at = (shipped.started_at or now).replace(microsecond=0)
        self.name = uuid5(NAMESPACE_URL, f"{shipped.number} {self.started_at.isoformat()}")
        self.from_country, self.to_country = shipped.from_place[:2], shipped.to_place[:2]
        self._steps = STORIES[shipped.story]
        self._scale = shipped.days / STORY_DAYS
        self._told_at = [self._at(step.day) for step in self._steps]

    def _at(self, day: float) -> datetime:
        return self.started_at + timedelta(seconds=int(day * self._scale * 86_400))

    def told_by(self, now: datetime) -> int:
        """How many steps of the story are told by now."""
        return bisect_right(self._told_at, now)

    def scans(self, told: int) -> list[Scan]:
        """What happened in the first so many steps, newest first, as parcel carriers list it."""
        steps = enumerate(self._steps[:told])
        return [self.scan(number, step.word, step) for number, step in steps if step.word][::-1]

    def scan(self, number: int, word: Word, step: Step) -> Scan:
        """A step of this parcel, at its place and time."""
        shipped = self.shipped
        place = {"from": shipped.from_place, "via": shipped.via_place, "to": shipped.to_place}[step.where]
        return Scan(number, word, self._at(step.day), place[:2], TOWNS.get(place, place))

    def expected(self, told: int) -> datetime | None:
        """When the delivery is expected, as of the first so many steps; None once it is over."""
        steps = self._steps[:told]
        if any(step.word in ("delivered", "returning", "returned") for step in steps):
            return None
        days = [step.eta for step in steps if step.eta is not None]
        return self._at(days[-1]) if days else None

    def event_id(self, number: int) -> UUID:
        """Of a scan, for carriers that name theirs."""
        return uuid5(self.name, str(number))


Parcels = Sequence[Parcel]
"""All that carry one number: it may have been given out before, or by another business of the same carrier."""


class Depot:
    """Every parcel, in memory, gone when the practice carrier stops."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_number: dict[tuple[str, str], list[Parcel]] = {}

    def add(self, shipped: Shipped) -> Parcel:
        """Sends a parcel. The same number of the same business and start is the same parcel, told anew."""
        parcel = Parcel(shipped, self._clock.now())
        others = [one for one in self.find(shipped.interface, shipped.number) if not _are_one(one, parcel)]
        self._by_number[(shipped.interface, shipped.number)] = [*others, parcel]
        return parcel

    def find(self, interface: str, number: str) -> Parcels:
        """The parcels of a number, as that carrier knows them. Ship24 asks the others."""
        found = self._by_number.get((interface, number))
        if found is None and interface == "ship24":
            found = next((self._by_number[(one, number)] for one in PARCEL_INTERFACES if (one, number) in self), None)
        return found or ()

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self._by_number

    def parcels(self) -> list[Parcel]:
        """Each once, in the order of sending."""
        return [parcel for held in self._by_number.values() for parcel in held]


def _are_one(one: Parcel, other: Parcel) -> bool:
    return (one.shipped.service, one.started_at) == (other.shipped.service, other.started_at)
