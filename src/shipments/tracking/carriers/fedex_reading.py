"""From what FedEx says of one number to events: times, places, meaning, and which shipment is ours."""

from collections.abc import Iterator
from datetime import datetime

from shipments.tracking.carriers import believing, parcels, times
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent, Unanswered
from shipments.tracking.carriers.fedex_codes import DELAYS, meaning_of
from shipments.tracking.carriers.fedex_shapes import NOT_FOUND, Address, Delay, Result, error_told, unanswered
from shipments.tracking.carriers.parcel_reading import ParcelReading, answer_of
from shipments.tracking.carriers.remembering import Remembered
from shipments.tracking.carriers.scans import Scan, country_said, scan_of
from shipments.tracking.milestones import Milestone

_NOWHERE = Address()

Dated = tuple[Scan, times.WrittenTime, str]  # and the time as written


class Reading:
    """Reads the shipments of one number for one leg; `problems` fill as it goes."""

    def __init__(self, leg: LegAsked, heard_at: datetime, problems: list[str]) -> None:
        self.problems = problems
        self._failed: list[str] = []
        self._leg = leg
        self._heard_at = heard_at

    def answer(self, said: list[tuple[str, Result]]) -> Answer | Unanswered:
        """All that is said of a number, each beside the number that it is said of.

        `found` is False where FedEx knows none, or each shipment is another's.

        Where FedEx failed for one of them and tells of no other, nobody can say whether it knows the number.
        """
        told: list[ReadEvent] = []
        ours: list[Result] = []
        for number, result in said:
            if not self._is_ours(result):
                continue
            events = self._events(result, number)
            told += events
            if events or not result.scans:  # else all of it is older than the dispatch, or unreadable
                ours.append(result)
        if self._failed and not ours:
            return unanswered("FedEx gave no answer about this number", self._failed)
        estimate = self._estimate(ours[0]) if len(ours) == 1 else None
        return answer_of(told, estimate, found=bool(ours), problems=self.problems)

    def _is_ours(self, result: Result) -> bool:
        """A failure sits inside a 200; a number that was given out twice has a result for each shipment."""
        code = result.error.code if result.error else None
        if code:
            if code not in NOT_FOUND:
                self._failed.append(code)
                self.problems.append(f"FedEx says {error_told(code)} of this number")
            return False
        destination = result.destination.at.address if result.destination and result.destination.at else None
        if destination is not None and parcels.goes_elsewhere(self._leg, destination.country):
            self.problems.append("a shipment is left out: it goes to another country, another parcel of this number")
            return False
        return True

    def _events(self, result: Result, number: str) -> list[ReadEvent]:
        reading = ParcelReading(self._leg, self._heard_at, self.problems, number=number)
        read: list[Dated] = []
        late: list[Dated] = []
        for position, said in enumerate(result.scans or (), start=1):
            at, place = said.date, said.place or _NOWHERE
            scan = _SCANS[
                said.status, said.code, said.text, said.status_text, said.exception_text, place.city, place.country
            ]
            if not (at and scan.raw_code):
                reading.left_out(position, "its code or time is missing")
                continue
            if scan.raw_code.endswith("/DL") and scan.meaning and scan.meaning.milestone is not Milestone.DELIVERED:
                self.problems.append(
                    f"event {position} ({scan.raw_code}): its two codes disagree, it is not believed delivered"
                )
            written = times.written_time(at, scan.country)
            reading.take(position, scan, written, at)
            read.append((scan, written, at))
            if said.delay is not None and said.delay.status == "DELAYED":
                late.append(_delayed(said.delay, read[-1]))
        late += self._latest_delay(result, read)
        for position, delayed in enumerate(late, start=len(result.scans or ()) + 1):
            reading.take(position, *delayed)
        return reading.events()

    def _latest_delay(self, result: Result, read: list[Dated]) -> Iterator[Dated]:
        """The latest status has no time of its own; its delay is as old as the newest scan."""
        latest = result.latest.delay if result.latest else None
        if latest is None or latest.status != "DELAYED":
            return
        newest = max(read, key=_moment, default=None)
        if newest is None:
            self.problems.append("a delay is left out: there is no scan to date it by")
        elif newest[0].meaning is None or newest[0].meaning.milestone not in parcels.ENDED:
            yield _delayed(latest, newest)

    def _estimate(self, result: Result) -> ReadEvent | None:
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


def _delayed(delay: Delay, dated: Dated) -> Dated:
    scan, written, as_written = dated
    raw_code = f"delayDetail.type={_code(delay.type) or 'none'}"
    late = scan_of(raw_code, DELAYS.get(raw_code), text=None, country=scan.country, place=scan.place)
    return late, written, as_written


def _moment(dated: Dated) -> tuple[datetime, str]:
    scan, written, _ = dated
    return written.roughly or times.EARLIEST, scan.raw_code


def _scan(
    status: str | None,
    code: str | None,
    text: str | None,
    status_text: str | None,
    exception_text: str | None,
    town: str | None,
    country: str | None,
) -> Scan:
    """Both columns are one raw code: each once, empty where there is neither."""
    derived, scanned = _code(status), _code(code)
    return scan_of(
        "/".join(dict.fromkeys(filter(None, (derived, scanned)))),
        meaning_of(derived, scanned, f"{text or ''} {status_text or ''}"),
        text=" ".join(filter(None, (text, exception_text))),
        country=country_said(country),
        place=", ".join(filter(None, (town, country))),
    )


_SCANS = Remembered(_scan)


def _code(written: str | None) -> str | None:
    """A code as FedEx writes it, short and in capitals; None where it is empty."""
    code = believing.plain_text(written)
    return _told(code) if code else None


def _told(code: str) -> str:
    return code.upper() if believing.code_told(code) == code else believing.A_SENTENCE
