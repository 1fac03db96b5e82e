"""`/practice/…`: what tests, the demo and benchmarks tell the practice carrier to do. No carrier has this."""

from datetime import datetime

import msgspec
from litestar import Router, delete, get, post
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.params import FromQuery, JSONBody

from api.practice_carrier.control_pushing import callbacks, forget_callbacks, push_now, read_callbacks
from api.practice_carrier.faults import Fault
from api.practice_carrier.limits import Limit
from api.practice_carrier.parcels import Parcel, Shipped
from api.practice_carrier.practice import Called, Practice
from api.practice_carrier.sea import Booked, Shipment


class ClockSet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is given is changed: first the time, then the pace (real seconds a day), then a leap in days."""

    now: datetime | None = None
    seconds_per_day: float | None = None
    advance_days: float = 0.0


class ClockShown(msgspec.Struct):
    """Practice time and its pace."""

    now: datetime
    seconds_per_day: float


class AtSea(msgspec.Struct):
    """A shipment as it can be asked for."""

    booking: str
    document: str
    container: str
    voyage: str
    started_at: datetime


class UnderWay(msgspec.Struct):
    """A parcel as it can be asked for."""

    interface: str
    number: str
    story: str
    started_at: datetime


class TokensSet(msgspec.Struct, forbid_unknown_fields=True):
    """How long tokens issued from now on live."""

    token_s: int


class Calls(msgspec.Struct):
    """How many calls there were, how many of them over a limit, and those since the one asked for."""

    total: int
    over_limit: int
    calls: list[Called]


@get("/shipments", sync_to_thread=False)
def shipments(state: State) -> list[AtSea]:
    """Everything at sea."""
    return [_shown(shipment) for shipment in _practice(state).sea.shipments()]


@post("/shipments", sync_to_thread=False)
def book(data: JSONBody[list[Booked]], state: State) -> list[AtSea]:
    """Puts shipments to sea."""
    return [_shown(_practice(state).sea.add(booked)) for booked in data]


@get("/parcels", sync_to_thread=False)
def parcels(state: State) -> list[UnderWay]:
    """Every parcel."""
    return [_under_way(parcel) for parcel in _practice(state).depot.parcels()]


@post("/parcels", sync_to_thread=False)
def ship(data: JSONBody[list[Shipped]], state: State) -> list[UnderWay]:
    """Sends parcels."""
    return [_under_way(_practice(state).depot.add(shipped)) for shipped in data]


@get("/clock", sync_to_thread=False)
def read_clock(state: State) -> ClockShown:
    """What time it is."""
    clock = _practice(state).clock
    return ClockShown(clock.now(), clock.seconds_per_day)


@post("/clock", status_code=200, sync_to_thread=False)
def set_clock(data: JSONBody[ClockSet], state: State) -> ClockShown:
    """Sets the time or the pace, or leaps forward."""
    clock = _practice(state).clock
    if data.now is not None and data.now.tzinfo is None:
        raise ClientException("now: a time with its offset")
    if data.seconds_per_day is not None and data.seconds_per_day <= 0:
        raise ClientException("seconds_per_day: more than 0")
    clock.set(data.now or clock.now(), data.seconds_per_day or clock.seconds_per_day)
    clock.advance(data.advance_days)
    return ClockShown(clock.now(), clock.seconds_per_day)


@get("/faults", sync_to_thread=False)
def read_faults(state: State) -> list[Fault]:
    """The faults still to be made."""
    return _practice(state).faults.now()


@post("/faults", sync_to_thread=False)
def add_fault(data: JSONBody[Fault], state: State) -> list[Fault]:
    """Makes a fault from the next call on."""
    _practice(state).faults.add(data)
    return _practice(state).faults.now()


@delete("/faults", sync_to_thread=False)
def clear_faults(state: State) -> None:
    """No more faults."""
    _practice(state).faults.clear()


@get("/limits", sync_to_thread=False)
def read_limits(state: State) -> list[Limit]:
    """What is allowed."""
    return _practice(state).limits.now()


@post("/limits", sync_to_thread=False)
def set_limits(data: JSONBody[list[Limit]], state: State) -> list[Limit]:
    """Allows no more than this from the next call on, counted from nought."""
    for limit in data:
        _practice(state).limits.set(limit)
    return _practice(state).limits.now()


@delete("/limits", sync_to_thread=False)
def clear_limits(state: State) -> None:
    """No more limits."""
    _practice(state).limits.clear()


@post("/tokens", status_code=200, sync_to_thread=False)
def set_tokens(data: JSONBody[TokensSet], state: State) -> None:
    """Tokens live so long from now on."""
    _practice(state).logins.token_s = data.token_s


@delete("/tokens", sync_to_thread=False)
def revoke_tokens(state: State) -> None:
    """No token is good any longer."""
    _practice(state).logins.revoke()


@get("/calls", sync_to_thread=False)
def calls(state: State, since: FromQuery[int] = 0) -> Calls:
    """Every call but the first `since`."""
    heard = _practice(state).calls
    return Calls(len(heard), len(_practice(state).over_limit()), heard[since:])


@delete("/calls", sync_to_thread=False)
def forget_calls(state: State) -> None:
    """Counts from nought again."""
    _practice(state).calls.clear()


def _practice(state: State) -> Practice:
    practice: Practice = state.practice
    return practice


def _shown(shipment: Shipment) -> AtSea:
    return AtSea(shipment.booking, shipment.document, shipment.container, shipment.booked.voyage, shipment.started_at)


def _under_way(parcel: Parcel) -> UnderWay:
    shipped = parcel.shipped
    return UnderWay(shipped.interface, shipped.number, shipped.story, parcel.started_at)


control = Router(
    "/practice",
    route_handlers=[
        shipments,
        book,
        parcels,
        ship,
        read_clock,
        set_clock,
        read_faults,
        add_fault,
        clear_faults,
        read_limits,
        set_limits,
        clear_limits,
        set_tokens,
        revoke_tokens,
        calls,
        forget_calls,
        read_callbacks,
        callbacks,
        forget_callbacks,
        push_now,
    ],
)
