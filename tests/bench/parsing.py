"""What our readers take for one answer, beside decoding the same bytes to plain objects. Every answer is another."""

import cProfile
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec

from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import LegAsked
from tests.bench.rows import Row, paired
from tests.tracking.carriers.telling import DISPATCHED, HEARD, a_leg, said
from tests.tracking.carriers.telling_fedex import a_fedex_answer
from tests.tracking.carriers.telling_parcels import a_dhl_answer, a_parcel, a_ups_answer

AT_A_TIME, TURNS = 6, 300
EVENTS = 14  # of a parcel on its way for a week
_dice = random.Random(7)
Json = Any  # JSON as a carrier defines it
Made = tuple[Json, LegAsked]
_VOYAGE = (
    *(("EQUIPMENT/GTIN", "NLRTM"), ("EQUIPMENT/LOAD", "NLRTM"), ("TRANSPORT/DEPA", "NLRTM")),
    *(("TRANSPORT/ARRI", "MAPTM"), ("EQUIPMENT/DISC", "MAPTM"), ("EQUIPMENT/LOAD", "MAPTM")),
    *(("TRANSPORT/DEPA", "MAPTM"), ("TRANSPORT/ARRI", "GNCKY"), ("EQUIPMENT/DISC", "GNCKY")),
    *(("EQUIPMENT/GTOT", "GNCKY"), ("SHIPMENT/ISSU", None)),
)


def row(carrier: str) -> Row:
    """Microseconds an answer."""
    name = f"parse one {carrier.upper()} answer"
    return paired(name, partial(_turn, carrier), unit="µs", target=4.0, rounds=TURNS)


def where_time_goes(carrier: str) -> str:
    """Functions by their own time, the largest shares first."""
    profile, read = cProfile.Profile(), _reader(carrier)
    for answer, leg in [one for _ in range(50) for one in _answers(carrier)]:
        profile.runcall(read, answer, leg)
    spent = sorted(((entry.inlinetime, entry.code) for entry in profile.getstats()), key=itemgetter(0), reverse=True)
    total = sum(took for took, _ in spent)
    return ", ".join(f"{getattr(code, 'co_name', code)} {took / total:.0%}" for took, code in spent[:8])


def _reader(carrier: str) -> Callable[[bytes, LegAsked], object]:
    reads = CARRIERS[carrier]
    return lambda answer, leg: reads.read_answer(answer, leg, heard_at=HEARD)


def _turn(carrier: str) -> tuple[float, float]:
    """A few answers at a time, as they come from the wire: then they are still at hand."""
    answers, read = _answers(carrier), _reader(carrier)
    limit = _taken(lambda answer, _: msgspec.json.decode(answer), answers)
    return _taken(read, answers), limit


def _taken(read: Callable[[bytes, LegAsked], object], answers: Sequence[tuple[bytes, LegAsked]]) -> float:
    began = time.perf_counter()
    for answer, leg in answers:
        read(answer, leg)
    return (time.perf_counter() - began) / len(answers) * 1e6


def _answers(carrier: str) -> list[tuple[bytes, LegAsked]]:
    made = (ANSWERS_OF[carrier](_dice.randrange(10**9)) for _ in range(AT_A_TIME))
    return [(msgspec.json.encode(answer), leg) for answer, leg in made]


def _times(count: int) -> list[Any]:
    """Moments in order, an hour to a day apart."""
    at, found = DISPATCHED + timedelta(seconds=_dice.randrange(3 * 86_400)), []
    for _ in range(count):
        at += timedelta(seconds=_dice.randrange(3_600, 90_000))
        found.append(at)
    return found


def _lengthened(events: Sequence[Json], repeated: int) -> list[Json]:
    """Newest first, as parcel carriers list them."""
    return [dict(event) for event in [*events, *events[repeated:]][:EVENTS]]


def _dhl(number: int) -> Made:
    answer, reference = a_dhl_answer(), f"{7_000_000_000 + number}"
    shipment = answer["shipments"][0]
    events = _lengthened(shipment["events"], 3)
    for event, at in zip(reversed(events), _times(len(events)), strict=True):
        event["timestamp"] = at.strftime("%Y-%m-%dT%H:%M:%S")
    shipment |= {"id": reference, "events": events, "status": events[0]}
    shipment["estimatedTimeOfDelivery"] = _times(1)[0].strftime("%Y-%m-%dT%H:%M:%S")
    return answer, a_parcel(reference)


def _ups(number: int) -> Made:
    answer, reference = a_ups_answer(), f"1ZSAMPLE{number:010}"
    shipment = answer["trackResponse"]["shipment"][0]
    package = shipment["package"][0]
    shipment["inquiryNumber"] = package["trackingNumber"] = reference
    package["activity"] = _lengthened(package["activity"], 2)
    for event, at in zip(reversed(package["activity"]), _times(len(package["activity"])), strict=True):
        local = at + timedelta(hours=int(event["gmtOffset"][1:3]))
        event |= {"date": local.strftime("%Y%m%d"), "time": local.strftime("%H%M%S")}
        event |= {"gmtDate": at.strftime("%Y%m%d"), "gmtTime": at.strftime("%H%M%S")}
    return answer, a_parcel(reference)


def _fedex(number: int) -> Made:
    answer, reference = msgspec.json.decode(a_fedex_answer()), f"{700_000_000_000 + number}"
    of_number = answer["output"]["completeTrackResults"][0]
    result = of_number["trackResults"][0]
    of_number["trackingNumber"] = result["trackingNumberInfo"]["trackingNumber"] = reference
    result["scanEvents"] = _lengthened(result["scanEvents"], 2)
    for event, at in zip(reversed(result["scanEvents"]), _times(len(result["scanEvents"])), strict=True):
        event["date"] = at.strftime("%Y-%m-%dT%H:%M:%S") + event["date"][19:]
    return answer, a_parcel(reference)


def _dcsa(number: int) -> Made:
    booking, events = f"PRB{number:010}", list[Json]()
    for (code, place), at in zip(_VOYAGE, _times(len(_VOYAGE)), strict=True):
        event = said(code, place, at.isoformat())
        event["eventID"] = str(UUID(int=_dice.getrandbits(128)))
        event["eventCreatedDateTime"] = (at + timedelta(minutes=_dice.randrange(500))).strftime("%Y-%m-%dT%H:%M:%SZ")
        event["documentReferences"] = [{"documentReferenceType": "BKG", "documentReferenceValue": booking}]
        event |= _transport_call(place) if place else {"documentTypeCode": "TRD", "documentID": f"D{number}"}
        events.append(event)
    return events, a_leg(reference=booking)


def _transport_call(place: str) -> Json:
    vessel = {"vesselIMONumber": "9321483", "vesselName": "INVENTED", "vesselFlag": "DE"}
    voyage = {"carrierServiceCode": "FE1", "carrierVoyageNumber": "2103S", "exportVoyageNumber": "2103N"}
    port = {"UNLocationCode": place, "facilityCode": "ABCD", "facilityTypeCode": "POTE", "modeOfTransport": "VESSEL"}
    return {"transportCall": {"transportCallID": "1", **voyage, **port, "vessel": vessel}}


ANSWERS_OF: Mapping[str, Callable[[int], Made]] = {"dhl": _dhl, "ups": _ups, "dcsa": _dcsa, "fedex": _fedex}
