"""From what FedEx says of one number to events: times, places, meaning, and which shipment is ours."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from shipments.tracking.carriers import believing, parcels
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from shipments.tracking.carriers.believing import WrittenTime
from shipments.tracking.carriers.fedex_codes import DELAYS, meaning_of
from shipments.tracking.carriers.fedex_shapes import NOT_FOUND, Delay, Result, Said
from shipments.tracking.carriers.parcel_reading import ParcelReading, Scan, answer_of
from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone

_LONGEST_CODE = 30

Read = tuple[Said, Scan]


class Reading:
    """Reads the shipments of one number for one leg; `problems` fill as it goes."""

    def __init__(self, leg: LegAsked, heard_at: datetime, problems: list[str]) -> None:
        self.problems = problems
        self._leg = leg
        self._heard_at = heard_at

    def answer(self, said: list[Result]) -> Answer:
        """All that is said of a number. `found` is False where each of its shipments is an error or another's."""
        told: list[ReadEvent] = []
        ours: list[Result] = []
        for result in said:
            if not self._is_ours(result):
                continue
            events = self._events(result)
            told += events
            if events or not result.scans:  # else all of it is older than the dispatch, or unreadable
                ours.append(result)
        estimate = self._estimate(ours[0]) if len(ours) == 1 else None
        return answer_of(told, estimate, found=bool(ours), problems=self.problems)

    def _is_ours(self, result: Result) -> bool:
        """A failure sits inside a 200; a number that was given out twice has a result for each shipment."""
        code = result.error.code if result.error else None
        if code:
            if code not in NOT_FOUND:
                self.problems.append(f"FedEx says {believing.plain_text(code, 60) or '?'} of this number")
            return False
        destination = result.destination.at.address if result.destination and result.destination.at else None
        if destination is not None and parcels.goes_elsewhere(self._leg, destination.country):
            self.problems.append("a shipment is left out: it goes to another country, another parcel of this number")
            return False
        return True

    def _events(self, result: Result) -> list[ReadEvent]:
        reading = ParcelReading(self._leg, self._heard_at, self.problems)
        read: list[Read] = []
        for position, said in enumerate(result.scans or (), start=1):
            scan = self._scan(position, said)
            if scan is None:
                reading.left_out(position, "its code or time is missing")
                continue
            reading.take(position, scan)
            read.append((said, scan))
        for position, delay in enumerate(self._delays(result, read), start=len(result.scans or ()) + 1):
            reading.take(position, delay)
        return reading.events()

    def _scan(self, position: int, said: Said) -> Scan | None:
        status, code, raw_code = _codes(said.status, said.code)
        if not (said.date and raw_code):
            return None
        meaning = meaning_of(status, code, f"{said.text or ''} {said.status_text or ''}")
        if code == "DL" and status and meaning is not None and meaning.milestone is not Milestone.DELIVERED:
            self.problems.append(f"event {position} ({raw_code}): its two codes disagree, it is not believed delivered")
        country, place = _where(said.place.city, said.place.country) if said.place else (None, None)
        text = f"{said.text or ''} {said.exception_text}" if said.exception_text else said.text or ""
        return Scan(
            raw_code,
            meaning,
            believing.written_time(said.date, country),
            said.date,
            parcels.without_signature(text),
            country,
            place,
        )

    def _delays(self, result: Result, read: list[Read]) -> Iterator[Scan]:
        """The latest status has no time of its own; its delay is as old as the newest scan."""
        for said, scan in read:
            if said.delay is not None and said.delay.status == "DELAYED":
                yield _delayed(said.delay, scan)
        latest = result.latest.delay if result.latest else None
        if latest is None or latest.status != "DELAYED":
            return
        newest = max((scan for _, scan in read), key=_moment, default=None)
        if newest is None:
            self.problems.append("a delay is left out: there is no scan to date it by")
        elif newest.meaning is None or newest.meaning.milestone not in parcels.ENDED:
            yield _delayed(latest, newest)

    def _estimate(self, result: Result) -> parcels.Estimate | None:
        """The window rather than the day."""
        window = result.window.window if result.window else None
        begins, ends = (window.begins, window.ends) if window else (None, None)
        raw_code = "ESTIMATED_DELIVERY_WINDOW"
        if not (begins or ends):
            raw_code = "ESTIMATED_DELIVERY"
            begins = next((time.at for time in result.times or () if time.type == raw_code and time.at), None)
        return parcels.estimate(
            begins, ends, self._leg, raw_code=raw_code, heard_at=self._heard_at, problems=self.problems
        )


def _delayed(delay: Delay, scan: Scan) -> Scan:
    raw_code = f"delayDetail.type={_code(delay.type) or 'none'}"
    meaning: Meaning | None = DELAYS.get(raw_code)
    return Scan(raw_code, meaning, scan.written, scan.as_written, None, scan.country, scan.place)


def _moment(scan: Scan) -> tuple[datetime, str]:
    written: WrittenTime = scan.written
    return written.roughly or believing.EARLIEST, scan.raw_code


@lru_cache(maxsize=1024)
def _codes(status: str | None, code: str | None) -> tuple[str | None, str | None, str]:
    """Both columns, and the two as one raw code: each once, empty where there is neither."""
    derived, scanned = _code(status), _code(code)
    return derived, scanned, "/".join(dict.fromkeys(filter(None, (derived, scanned))))


def _code(written: str | None) -> str | None:
    """A code as FedEx writes it, short and in capitals; None where it is empty."""
    code = believing.plain_text(written, _LONGEST_CODE)
    return code.upper() if code else None


@lru_cache(maxsize=1024)
def _where(town: str | None, country: str | None) -> tuple[str | None, str | None]:
    """The country, and the place to show."""
    shown = ", ".join(filter(None, (town, country)))
    return parcels.country_of(country), believing.plain_text(shown)
