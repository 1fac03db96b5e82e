"""From what Ship24 says of one number to events: times, meaning, and which parcel is ours."""

from datetime import datetime

from shipments.tracking.carriers import believing, parcels, times
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from shipments.tracking.carriers.parcel_reading import ParcelReading, answer_of
from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.carriers.remembering import Remembered
from shipments.tracking.carriers.scans import Scan, scan_of
from shipments.tracking.carriers.ship24_codes import MEANINGS, meaning_of
from shipments.tracking.carriers.ship24_shapes import Said, Tracking
from shipments.tracking.carriers.times import WrittenTime
from shipments.tracking.milestones import Milestone

_DAY_LONG = 10  # 2026-03-20


class Reading:
    """Reads the trackings of one number for one leg; `problems` fill as it goes."""

    def __init__(self, leg: LegAsked, heard_at: datetime, problems: list[str]) -> None:
        self.problems = problems
        self._leg = leg
        self._heard_at = heard_at
        self._number = parcels.bare(leg.reference)

    def answer(self, said: list[Tracking]) -> Answer:
        """All that is said of a number. `found` is False where nothing of it is ours, or nothing is known yet."""
        told: list[ReadEvent] = []
        ours: list[Tracking] = []
        for tracking in said:
            if not self._is_ours(tracking):
                continue
            events = self._events(tracking)
            told += events
            if events or not tracking.events:  # else all of it is older than the dispatch, or unreadable
                ours.append(tracking)
        estimate = self._estimate(ours[0]) if len(ours) == 1 else None
        known = any(one.shipment and one.shipment.state not in (None, "pending") for one in ours)
        return answer_of(told, estimate, found=bool(told) or known, problems=self.problems)

    def _is_ours(self, tracking: Tracking) -> bool:
        if self._number and self._number not in _numbers(tracking):
            self.problems.append("the answer holds another parcel's number, or none: it is left out")
            return False
        if tracking.shipment and parcels.goes_elsewhere(self._leg, tracking.shipment.destination):
            self.problems.append("a shipment is left out: it goes to another country, another parcel of this number")
            return False
        return True

    def _events(self, tracking: Tracking) -> list[ReadEvent]:
        number = tracking.tracker.number if tracking.tracker else None
        reading = ParcelReading(self._leg, self._heard_at, self.problems, number=number)
        numbers = _numbers(tracking) | {self._number}
        for position, said in enumerate(tracking.events or (), start=1):
            code, state = _CODES[said.code,], _CODES[said.state,]
            if not (said.occurred and (code or state)):
                reading.left_out(position, "its status or time is missing")
            elif not self._names_us(said, numbers):
                reading.left_out(position, "it carries another parcel's number")
            else:
                scan = _SCANS[code, state, said.text, said.place]
                self._name_disagreement(position, code, state, scan.meaning)
                written = _written(said, said.occurred)
                reading.take(position, scan, written, said.occurred, own_id=said.id, order=said.order)
        return reading.events()

    def _names_us(self, said: Said, numbers: set[str]) -> bool:
        """An event that names numbers, and none of the parcel's, is another parcel's."""
        if said.number == self._leg.reference or not self._number:  # nearly all of them
            return True
        named = {parcels.bare(number) for number in (said.number, said.found_by) if number}
        return not named or not named.isdisjoint(numbers)

    def _name_disagreement(self, position: int, code: str | None, state: str | None, meaning: Meaning | None) -> None:
        if meaning is not None and code and code not in MEANINGS:
            self.problems.append(f"event {position}: the code {code} is unknown, its state {state} is believed")
        if code == "delivery_delivered" and meaning and meaning.milestone is not Milestone.DELIVERED:
            self.problems.append(f"event {position}: its code and its state disagree, it is not believed delivered")

    def _estimate(self, tracking: Tracking) -> ReadEvent | None:
        """The courier's range rather than the one date."""
        delivery = tracking.shipment.delivery if tracking.shipment else None
        if delivery is None:
            return None
        raw_code, earliest, latest = "estimatedDeliveryDate", delivery.estimated, delivery.estimated
        if delivery.by_courier and (delivery.by_courier.earliest or delivery.by_courier.latest):
            raw_code = "courierEstimatedDeliveryDate"
            earliest, latest = delivery.by_courier.earliest, delivery.by_courier.latest
        return parcels.estimate(
            earliest, latest, self._leg, raw_code=raw_code, heard_at=self._heard_at, problems=self.problems
        )


def _scan(code: str | None, state: str | None, text: str | None, place: str | None) -> Scan:
    """Its location is a free text: no country is read from it."""
    raw_code = code or f"statusMilestone={state}"
    return scan_of(raw_code, meaning_of(code, state), text=text, country=None, place=place)


_SCANS = Remembered(_scan)


def _numbers(tracking: Tracking) -> set[str]:
    """Every number that a parcel is known by."""
    named = [tracking.tracker.number] if tracking.tracker else []
    named += [one.number for one in (tracking.shipment.numbers if tracking.shipment else None) or ()]
    return {parcels.bare(number) for number in named if number}


def _written(said: Said, occurred: str) -> WrittenTime:
    """The courier's time, with the offset that stands beside it where it has none itself."""
    if said.has_no_time:
        occurred = occurred[:_DAY_LONG]
    written = times.written_time(occurred, None)
    if written.zone_written or not said.offset or len(occurred) <= _DAY_LONG:
        return written
    with_offset = times.written_time(f"{occurred}{said.offset}", None)
    return with_offset if with_offset.zone_written else written


def _code(written: str | None) -> str | None:
    """A code as Ship24 writes it, short and in small letters; None where it is empty."""
    code = believing.plain_text(written)
    return believing.code_told(code).lower() if code else None


_CODES = Remembered(_code)
