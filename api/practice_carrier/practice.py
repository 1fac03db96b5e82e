"""All that one practice carrier holds: its sea and depot, its faults and limits, and every call that it had."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from api.practice_carrier.clock import Clock
from api.practice_carrier.faults import Fault, Faults
from api.practice_carrier.limits import Limit, Limits, What
from api.practice_carrier.logins import Logins
from api.practice_carrier.parcels import Depot, Parcel, Parcels, Shipped
from api.practice_carrier.sea import Booked, Sea, Shipment
from api.practice_carrier.subscriptions import Subscriptions
from api.practice_carrier.trackers import Trackers

Kind = Literal["track", "token", "subscribe"]


class Called(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call: real time in seconds since the epoch, what was asked for (commas between many), what it got."""

    at: float
    reference: str
    status: int
    fault: str | None
    interface: str
    kind: Kind = "track"
    over_limit: What | None = None


class Practice:
    """The state behind the endpoints; tests in the same process may use it directly."""

    def __init__(self, api_key: str, clock: Clock | None = None) -> None:
        self.api_key = api_key
        self.clock = clock or Clock()
        self.sea = Sea(self.clock)
        self.depot = Depot(self.clock)
        self.logins = Logins(api_key)
        self.trackers = Trackers()
        self.subscriptions = Subscriptions()
        self.faults = Faults()
        self.limits = Limits()
        self.calls: list[Called] = []
        self.kept: dict[str, tuple[Parcels, Sequence[int], bytes]] = {}

    def book(self, booking: str, from_place: str, to_place: str, **more: object) -> Shipment:
        """Puts a shipment to sea; `more` as in `Booked`."""
        told = {"booking": booking, "from_place": from_place, "to_place": to_place, **more}
        return self.sea.add(msgspec.convert(told, Booked))

    def ship(self, interface: str, number: str, **more: object) -> Parcel:
        """Sends a parcel with DHL, UPS, FedEx or one of Ship24's carriers; `more` as in `Shipped`."""
        return self.depot.add(msgspec.convert({"interface": interface, "number": number, **more}, Shipped))

    def fault(self, name: str, **more: object) -> Fault:
        """Makes a fault from the next call on; `more` as in `Fault`."""
        fault = msgspec.convert({"name": name, **more}, Fault)
        self.faults.add(fault)
        return fault

    def limit(self, interface: str, **more: object) -> Limit:
        """Allows no more than this from the next call on; `more` as in `Limit`."""
        limit = msgspec.convert({"interface": interface, **more}, Limit)
        self.limits.set(limit)
        return limit

    def over_limit(self) -> list[Called]:
        """Every call over a limit: there should be none."""
        return [call for call in self.calls if call.over_limit]
