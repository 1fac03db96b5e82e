"""From what FedEx says of one number to events: times, places, meaning, identity, and which shipment is ours."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from shipments.tracking.carriers import believing, parcels
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from shipments.tracking.carriers.fedex_codes import DELAYS, meaning_of
from shipments.tracking.carriers.fedex_shapes import NOT_FOUND, Delay, Result, Scan
from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone

_LONGEST_CODE = 60


class Reading:
    """Reads the shipments of one number for one leg; `problems` fill as it goes."""

    def __init__(self, leg: LegAsked, heard_at: datetime, problems: list[str]) -> None:
        self.problems = problems
        self._leg = leg
        self._heard_at = heard_at
        self._number = parcels.bare(leg.reference)

    def answer(self, said: list[Result]) -> Answer:
        """All that is said of a number. `found` is False where each of its shipments is an error or another's."""
        ours = [result for result in said if self._is_ours(result)]
        told = [event for result in ours for event in self._events(result)]
        expected = self._expected(ours, told)
        if expected is not None:
            told.append(expected.event)
        events = believing.told_once(told, self.problems)
        return Answer(
            found=bool(ours),
            events=events,
            expected_from=expected.range[0] if expected else None,
            expected_to=expected.range[1] if expected else None,
            problems=believing.limited(self.problems),
            ignored=len(told) - len(events),
        )

    def _is_ours(self, result: Result) -> bool:
        """A failure sits inside a 200; a number that was given out twice has a result for each shipment."""
        code = result.error.code if result.error else None
        if code:
            if code not in NOT_FOUND:
                self.problems.append(f"FedEx says {believing.plain_text(code, _LONGEST_CODE) or '?'} of this number")
            return False
        destination = result.destination.at.address if result.destination and result.destination.at else None
        if destination is not None and parcels.goes_elsewhere(self._leg, destination.country):
            self.problems.append("a shipment is left out: it goes to another country, another parcel of this number")
            return False
        return not self._is_from_before(result)

    def _is_from_before(self, result: Result) -> bool:
        written = [believing.written_time(scan.date, None) for scan in result.scans or () if scan.date]
        if not written or not all(believing.from_before(time, self._leg.dispatched_at) for time in written):
            return False
        self.problems.append(
            "a shipment is left out: all of it is over 60 days older than the dispatch, a number used before"
        )
        return True

    def _events(self, result: Result) -> Iterator[ReadEvent]:
        scans = result.scans or []
        read = [self._scan(position, scan) for position, scan in enumerate(scans, start=1)]
        told = [event for event in read if event is not None]
        yield from parcels.delivered_back(told)
        for scan, event in zip(scans, read, strict=True):
            if event is not None and scan.delay is not None:
                yield from self._delay(scan.delay, event)
        if result.latest is not None and result.latest.delay is not None:
            yield from self._latest_delay(result.latest.delay, told)

    def _scan(self, position: int, scan: Scan) -> ReadEvent | None:
        status, code = _code(scan.status), _code(scan.code)
        if not (scan.date and (status or code)):
            self.problems.append(f"scan {position} is left out: its code or time is missing")
            return None
        raw_code = "/".join(dict.fromkeys(filter(None, (status, code))))
        country = parcels.country_of(scan.place.country) if scan.place else None
        written = believing.written_time(scan.date, country)
        doubt = believing.doubt_about(written, actual=True, heard_at=self._heard_at)
        if doubt:
            self.problems.append(f"scan {position} ({raw_code}) moves nothing: {doubt}")
        elif believing.from_before(written, self._leg.dispatched_at):
            self.problems.append(
                f"scan {position} is left out: over 60 days older than the dispatch, a number used before"
            )
            return None
        meaning = meaning_of(status, code, f"{scan.text or ''} {scan.status_text or ''}")
        if meaning is None:
            self.problems.append(f"scan {position}: the code {raw_code} is unknown, or means more than one thing")
        elif code == "DL" and status and meaning.milestone is not Milestone.DELIVERED:
            self.problems.append(f"scan {position} ({raw_code}): its two codes disagree, it is not believed delivered")
        return self._event(raw_code, scan.date, written, None if doubt else meaning, meaning, scan, country)

    def _event(
        self,
        raw_code: str,
        date: str,
        written: believing.WrittenTime,
        believed: Meaning | None,
        meaning: Meaning | None,
        scan: Scan,
        country: str | None,
    ) -> ReadEvent:
        at = written.at if believed is not None or meaning is None else None
        milestone = parcels.milestone_in(believed, self._leg, country) if believed else None
        return ReadEvent(
            id=parcels.identity(self._number, raw_code, written.at.isoformat() if written.at else date),
            occurred_at=at,
            occurred_as_written=believing.plain_text(date, 60) or "",
            tz_known=written.zone_written,
            classifier="ACT",
            milestone=milestone,
            event=meaning.event if meaning else None,
            reason=believed.reason if believed else None,
            raw_code=raw_code,
            raw_text=_words(scan),
            place=_place(scan),
            unlocode=None,
            created_at=None,
        )

    def _latest_delay(self, delay: Delay, told: list[ReadEvent]) -> Iterator[ReadEvent]:
        """The latest status has no time of its own; its delay is as old as the newest scan."""
        placed = [event for event in told if event.occurred_at]
        newest = max(placed, key=lambda event: (event.occurred_at, event.id), default=None)
        if newest is not None:
            yield from self._delay(delay, newest)
        elif delay.status == "DELAYED":
            self.problems.append("a delay is left out: there is no scan to date it by")

    def _delay(self, delay: Delay, scan: ReadEvent) -> Iterator[ReadEvent]:
        if delay.status != "DELAYED" or scan.milestone in parcels.ENDED:
            return
        raw_code = f"delayDetail.type={_code(delay.type) or 'none'}"
        meaning = DELAYS.get(raw_code)
        if meaning is None:
            self.problems.append(f"the code {raw_code} is unknown")
        believed = meaning if scan.occurred_at else None
        yield msgspec.structs.replace(
            scan,
            id=parcels.identity(self._number, raw_code, scan.id),
            milestone=believed.milestone if believed else None,
            event=meaning.event if meaning else None,
            reason=believed.reason if believed else None,
            raw_code=raw_code,
            raw_text="",
        )

    def _expected(self, ours: list[Result], told: list[ReadEvent]) -> parcels.Estimate | None:
        """The window rather than the day. Nothing where it has arrived, or two shipments may be ours."""
        if len(ours) != 1 or any(event.milestone in parcels.ENDED for event in told):
            return None
        (only,) = ours
        window = only.window.window if only.window else None
        begins, ends = (window.begins, window.ends) if window else (None, None)
        raw_code = "ESTIMATED_DELIVERY_WINDOW"
        if not (begins or ends):
            raw_code = "ESTIMATED_DELIVERY"
            begins = ends = next((time.at for time in only.times or () if time.type == raw_code and time.at), None)
        return parcels.estimate(
            begins, ends, self._leg, raw_code=raw_code, heard_at=self._heard_at, problems=self.problems
        )


def _code(written: str | None) -> str | None:
    """A code as FedEx writes it, short and in capitals; None where it is empty."""
    code = believing.plain_text(written, _LONGEST_CODE // 2)
    return code.upper() if code else None


def _words(scan: Scan) -> str:
    words = dict.fromkeys(filter(None, (scan.text, scan.exception_text)))
    return believing.plain_text(parcels.without_signature(" ".join(words))) or ""


def _place(scan: Scan) -> str | None:
    if scan.place is None:
        return None
    return believing.plain_text(", ".join(filter(None, (scan.place.city, scan.place.country))))
