"""All that one practice carrier holds: its sea, its faults, and every call that it had."""

import msgspec

from api.practice_carrier.faults import Fault, Faults
from api.practice_carrier.sea import Booked, Clock, Sea, Shipment


class Called(msgspec.Struct, frozen=True):
    """One call to `/v2/events`: real time in seconds since the epoch, what was asked for, what it got."""

    at: float
    reference: str
    status: int
    fault: str | None


class Practice:
    """The state behind the endpoints; tests in the same process may use it directly."""

    def __init__(self, api_key: str, clock: Clock | None = None) -> None:
        self.api_key = api_key
        self.sea = Sea(clock)
        self.faults = Faults()
        self.calls: list[Called] = []

    @property
    def clock(self) -> Clock:
        """Practice time."""
        return self.sea.clock

    def book(self, booking: str, from_place: str, to_place: str, **more: object) -> Shipment:
        """Puts a shipment to sea; `more` as in `Booked`."""
        told = {"booking": booking, "from_place": from_place, "to_place": to_place, **more}
        return self.sea.add(msgspec.convert(told, Booked))

    def fault(self, name: str, **more: object) -> Fault:
        """Makes a fault from the next call on; `more` as in `Fault`."""
        fault = msgspec.convert({"name": name, **more}, Fault)
        self.faults.add(fault)
        return fault
