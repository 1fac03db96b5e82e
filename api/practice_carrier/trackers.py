"""Ship24's trackers: made once for a number and what was said of it, read by their id, followed until they end."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

import msgspec

from api.practice_carrier.replies import Json


class Tracker(msgspec.Struct, frozen=True):
    """What Ship24 follows. `details`: all that was said when it was made; other details make another tracker.

    `ended_at`: since then it is not followed any more, and tells what was known at that time.
    """

    id: str
    number: str
    details: Json
    made_at: datetime
    ended_at: datetime | None = None


class Trackers:
    """Those that were made."""

    def __init__(self) -> None:
        self._by_id: dict[str, Tracker] = {}

    def make(self, details: Json, now: datetime) -> tuple[Tracker, bool]:
        """The tracker of these details, and whether it is new. One that has ended stays ended."""
        number = details["trackingNumber"]
        written = msgspec.json.encode(details, order="sorted").decode()
        id = str(uuid5(NAMESPACE_URL, written))
        known = self._by_id.get(id)
        if known is not None:
            return known, False
        made = self._by_id[id] = Tracker(id, number, details, now.replace(microsecond=0))
        return made, True

    def end(self, id: str, now: datetime) -> Tracker:
        """It is followed no more. Raises KeyError."""
        tracker = self._by_id[id]
        if tracker.ended_at is None:
            tracker = self._by_id[id] = msgspec.structs.replace(tracker, ended_at=now)
        return tracker

    def find(self, id: str) -> Tracker | None:
        """By its id."""
        return self._by_id.get(id)

    def all(self) -> list[Tracker]:
        """In the order in which they were made."""
        return list(self._by_id.values())

    def clear(self) -> None:
        """None was ever made."""
        self._by_id.clear()

    def numbers(self) -> list[str]:
        """Every number that is followed, each once."""
        return list(dict.fromkeys(tracker.number for tracker in self._by_id.values() if tracker.ended_at is None))

    def of_number(self, number: str) -> Tracker | None:
        """The newest of a number."""
        return next((one for one in reversed(self._by_id.values()) if one.number == number), None)
