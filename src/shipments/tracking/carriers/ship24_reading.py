"""From what Ship24 says of one number to events: times, meaning, identity, and which parcel is ours."""

from collections.abc import Iterator
from datetime import datetime

from shipments.tracking.carriers import believing, parcels
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from shipments.tracking.carriers.believing import WrittenTime
from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.carriers.ship24_codes import MEANINGS, meaning_of
from shipments.tracking.carriers.ship24_shapes import Said, Tracking
from shipments.tracking.milestones import Milestone

_LONGEST_ID = 80
_LONGEST_CODE = 60
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
        ours = [tracking for tracking in said if self._is_ours(tracking)]
        told = [event for tracking in ours for event in self._events(tracking)]
        expected = self._expected(ours, told)
        if expected is not None:
            told.append(expected.event)
        events = believing.told_once(told, self.problems)
        return Answer(
            found=bool(events) or any(one.shipment and one.shipment.state not in (None, "pending") for one in ours),
            events=events,
            expected_from=expected.range[0] if expected else None,
            expected_to=expected.range[1] if expected else None,
            problems=believing.limited(self.problems),
            ignored=len(told) - len(events),
        )

    def _is_ours(self, tracking: Tracking) -> bool:
        numbers = _numbers(tracking)
        if self._number and numbers and self._number not in numbers:
            self.problems.append("the answer holds another parcel's number: it is left out")
            return False
        if tracking.shipment and parcels.goes_elsewhere(self._leg, tracking.shipment.destination):
            self.problems.append("a shipment is left out: it goes to another country, another parcel of this number")
            return False
        return True

    def _events(self, tracking: Tracking) -> Iterator[ReadEvent]:
        numbers = _numbers(tracking) | {self._number}
        said = tracking.events or []
        read = [(one, self._event(position, one, numbers)) for position, one in enumerate(said, start=1)]
        told = [event for _, event in read if event is not None]
        yield from parcels.delivered_back(told, [one.order for one, event in read if event is not None])

    def _event(self, position: int, said: Said, numbers: set[str]) -> ReadEvent | None:
        code, state = _code(said.code), _code(said.state)
        if not (said.occurred and (code or state)):
            return self._left_out(position, "its status or time is missing")
        named = {parcels.bare(number) for number in (said.number, said.found_by) if number}
        if self._number and named and named.isdisjoint(numbers):
            return self._left_out(position, "it carries another parcel's number")
        raw_code = code or f"statusMilestone={state}"
        written = _written(said, said.occurred)
        doubt = believing.doubt_about(written, actual=True, heard_at=self._heard_at)
        if doubt:
            self.problems.append(f"event {position} ({raw_code}) moves nothing: {doubt}")
        elif believing.from_before(written, self._leg.dispatched_at):
            return self._left_out(position, "it is over 60 days older than the dispatch: a number used before")
        return self._read(said, said.occurred, raw_code, written, doubt, self._meaning(position, code, state))

    def _left_out(self, position: int, why: str) -> ReadEvent | None:
        self.problems.append(f"event {position} is left out: {why}")
        return None

    def _meaning(self, position: int, code: str | None, state: str | None) -> Meaning | None:
        meaning = meaning_of(code, state)
        for name in (code, state):
            if name and name not in MEANINGS:
                self.problems.append(f"event {position}: the code {name} is unknown")
        if code == "delivery_delivered" and meaning and meaning.milestone is not Milestone.DELIVERED:
            self.problems.append(f"event {position}: its code and its state disagree, it is not believed delivered")
        return meaning

    def _read(
        self, said: Said, occurred: str, raw_code: str, written: WrittenTime, doubt: str | None, meaning: Meaning | None
    ) -> ReadEvent:
        believed = None if doubt else meaning
        time = written.at.isoformat() if written.at else occurred
        own_id = said.id if said.id and len(said.id) <= _LONGEST_ID and said.id.isprintable() else None
        return ReadEvent(
            id=own_id or parcels.identity(self._number, raw_code, time),
            occurred_at=None if doubt else written.at,
            occurred_as_written=believing.plain_text(occurred, 60) or "",
            tz_known=written.zone_written,
            classifier="ACT",
            milestone=parcels.milestone_in(believed, self._leg, None) if believed else None,
            event=meaning.event if meaning else None,
            reason=believed.reason if believed else None,
            raw_code=raw_code,
            raw_text=believing.plain_text(parcels.without_signature(said.text or "")) or "",
            place=believing.plain_text(said.place),
            unlocode=None,
            created_at=None,
        )

    def _expected(self, ours: list[Tracking], told: list[ReadEvent]) -> parcels.Estimate | None:
        """The courier's range rather than the one date. Nothing where it has arrived, or two may be ours."""
        if len(ours) != 1 or any(event.milestone in parcels.ENDED for event in told):
            return None
        delivery = ours[0].shipment.delivery if ours[0].shipment else None
        if delivery is None:
            return None
        raw_code, earliest, latest = "estimatedDeliveryDate", delivery.estimated, delivery.estimated
        if delivery.by_courier and (delivery.by_courier.earliest or delivery.by_courier.latest):
            raw_code = "courierEstimatedDeliveryDate"
            earliest, latest = delivery.by_courier.earliest, delivery.by_courier.latest
        return parcels.estimate(
            earliest, latest, self._leg, raw_code=raw_code, heard_at=self._heard_at, problems=self.problems
        )


def _numbers(tracking: Tracking) -> set[str]:
    """Every number that a parcel is known by."""
    named = [tracking.tracker.number] if tracking.tracker else []
    named += [one.number for one in (tracking.shipment.numbers if tracking.shipment else None) or ()]
    return {parcels.bare(number) for number in named if number}


def _written(said: Said, occurred: str) -> WrittenTime:
    """The courier's time, with the offset that stands beside it where it has none itself.

    Its place is a free text, which tells no zone.
    """
    if said.has_no_time:
        occurred = occurred[:_DAY_LONG]
    written = believing.written_time(occurred, None)
    if written.zone_written or not said.offset or len(occurred) <= _DAY_LONG:
        return written
    with_offset = believing.written_time(f"{occurred}{said.offset}", None)
    return with_offset if with_offset.zone_written else written


def _code(written: str | None) -> str | None:
    """A code as Ship24 writes it, short and in small letters; None where it is empty."""
    code = believing.plain_text(written, _LONGEST_CODE)
    return code.lower() if code else None
