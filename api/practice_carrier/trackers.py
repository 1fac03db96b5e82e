"""Ship24's trackers: made once for a number and what was said of it, then read by their id."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

import msgspec

from api.practice_carrier.replies import Json


class Tracker(msgspec.Struct, frozen=True):
    """What Ship24 follows. `details`: all that was said when it was made; other details make another tracker."""

    id: str
    number: str
    details: Json
    made_at: datetime


class Trackers:
    """Those that were made."""

    def __init__(self) -> None:
        self._by_id: dict[str, Tracker] = {}

    def make(self, details: Json, now: datetime) -> tuple[Tracker, bool]:
        """The tracker of these details, and whether it is new."""
        number = details["trackingNumber"]
        written = msgspec.json.encode(details, order="sorted").decode()
        id = str(uuid5(NAMESPACE_URL, written))
        known = self._by_id.get(id)
        if known is not None:
            return known, False
        made = self._by_id[id] = Tracker(id, number, details, now.replace(microsecond=0))
        return made, True

    def find(self, id: str) -> Tracker | None:
        """By its id."""
        return self._by_id.get(id)

    def numbers(self) -> list[str]:
        """Every number that is followed, each once."""
        return list(dict.fromkeys(tracker.number for tracker in self._by_id.values()))

    def of_number(self, number: str) -> Tracker | None:
        """The newest of a number."""
        return next((one for one in reversed(self._by_id.values()) if one.number == number), None)
