"""A parcel's news as one leg sees it: believed or not, from an earlier use of its number or not."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from shipments.tracking.carriers import believing, parcels
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone

WRONG_BY_AT_MOST = timedelta(days=2)
"""How far before the dispatch, as staff noted it, our own parcel may be said to be delivered."""

_LONGEST_CODE = 60
_from_signed_on = re.compile(r"\W*\bsigned\b", re.IGNORECASE)
_LONGEST_ID = 80


class Scan(msgspec.Struct, gc=False):
    """One event of a parcel, in whichever words its carrier has.

    `country`: two letters, None where not said. `physical` False: noted in an office, nobody held the parcel.
    `own_id`: the carrier's own name for it; `order`: its place among the others, where the carrier numbers them.
    """

    raw_code: str
    meaning: Meaning | None
    written: believing.WrittenTime
    as_written: str
    text: str | None
    country: str | None
    place: str | None
    physical: bool = True
    own_id: str | None = None
    order: int | None = None


class ParcelReading:
    """Reads scans of one parcel for one leg; `problems` fills as it goes."""

    def __init__(self, leg: LegAsked, heard_at: datetime, problems: list[str]) -> None:
        self.problems = problems
        self._leg = leg
        self._heard_at = heard_at
        self._reference = parcels.bare(leg.reference)
        self._told: list[tuple[datetime | None, ReadEvent]] = []
        self._order: dict[str, int] = {}
        self._used_until: datetime | None = None
        sent = leg.dispatched_at
        self._earliest = max(sent - believing.BEFORE_DISPATCH, believing.EARLIEST) if sent else believing.EARLIEST
        self._latest = heard_at + believing.AHEAD_FOR_ACTUAL

    def left_out(self, position: int, why: str) -> None:
        self.problems.append(f"event {position} is left out: {why}")

    def take(self, position: int, scan: Scan) -> None:
        """Keeps the event of a scan, or names why not."""
        roughly, doubt = scan.written.roughly, None
        if roughly is None or not self._earliest <= roughly <= self._latest:  # nearly all are within
            doubt = believing.doubt_about(scan.written, actual=True, heard_at=self._heard_at)
            if not doubt:
                return self.left_out(position, "it is over 60 days older than the dispatch: a number used before")
            self.problems.append(f"event {position} ({scan.raw_code}) moves nothing: {doubt}")
        if scan.meaning is None:
            self.problems.append(f"event {position}: the code {scan.raw_code} is unknown")
        elif scan.meaning.milestone is Milestone.DELIVERED and not doubt:
            self._note_earlier_use(scan.written)
        event = self._event(scan, believed=not doubt)
        if scan.order is not None:
            self._order[event.id] = scan.order
        self._told.append((None if doubt else roughly, event))

    def _note_earlier_use(self, delivered: believing.WrittenTime) -> None:
        sent, at = self._leg.dispatched_at, delivered.roughly
        if sent is not None and at is not None and at < sent - WRONG_BY_AT_MOST:
            self._used_until = max(at, self._used_until or at)

    def _event(self, scan: Scan, *, believed: bool) -> ReadEvent:
        meaning = scan.meaning if believed else None
        written = scan.written
        time = str(written.at.timestamp()) if written.at else scan.as_written
        return ReadEvent(
            id=_own_id(scan) or parcels.identity(self._reference, "ACT", scan.raw_code, time),
            occurred_at=written.at if believed else None,
            occurred_as_written=_as_written(scan.as_written),
            tz_known=written.zone_written,
            classifier="ACT",
            milestone=self._milestone(meaning, scan) if meaning else None,
            event=scan.meaning.event if scan.meaning else None,
            reason=meaning.reason if meaning else None,
            raw_code=scan.raw_code,
            raw_text=_words(scan),
            place=believing.plain_text(scan.place) or scan.country,
            unlocode=None,
            created_at=None,
        )

    def _milestone(self, meaning: Meaning, scan: Scan) -> Milestone | None:
        """What is only noted in an office proves no arrival, whatever place is written beside it."""
        there = meaning.there if scan.physical else None
        if there is None and meaning.milestone not in parcels.AT_DESTINATION:
            return meaning.milestone
        plain = meaning if there is meaning.there else msgspec.structs.replace(meaning, there=None)
        return parcels.milestone_in(plain, self._leg, scan.country)

    def events(self) -> list[ReadEvent]:
        """What is kept, without an earlier use of the number, once all scans of the parcel are taken."""
        used = self._used_until is not None
        kept = [event for at, event in self._told if not (used and self._is_earlier_use(at))]
        if len(kept) < len(self._told):
            gone = len(self._told) - len(kept)
            self.problems.append(f"{gone} events are left out: this number was delivered before our dispatch")
        order = [self._order.get(event.id) for event in kept] if self._order else None
        return list(parcels.delivered_back(kept, order))

    def _is_earlier_use(self, at: datetime | None) -> bool:
        return self._used_until is not None and at is not None and at <= self._used_until


def answer_of(
    told: Iterable[ReadEvent],
    estimate: parcels.Estimate | None,
    *,
    found: bool,
    problems: list[str],
    next_page: str | None = None,
) -> Answer:
    """Events, each once, with an estimate that counts only while nothing says delivered."""
    acted = list(told)
    expected = estimate if estimate is not None and not is_over(acted) else None
    said = [*acted, expected.event] if expected else acted
    events = believing.told_once(said, problems)
    earliest, latest = expected.range if expected else (None, None)
    return Answer(
        found=found,
        events=events,
        expected_from=earliest,
        expected_to=latest,
        problems=believing.limited(problems),
        next_page=next_page,
        ignored=len(said) - len(events),
    )


def _own_id(scan: Scan) -> str | None:
    return scan.own_id if scan.own_id and len(scan.own_id) <= _LONGEST_ID and scan.own_id.isprintable() else None


def country_said(written: str | None) -> str | None:
    """A country code, or None: a country's name is not looked up."""
    return parcels.country_of(written) if written and len(written) == 2 else None


def is_over(events: Iterable[ReadEvent]) -> bool:
    """Whether nothing more is to be expected."""
    return any(one.milestone in parcels.ENDED for one in events)


def code_of(*parts: str | None) -> str:
    """A raw code from its parts, `-` where one is missing; safe to show and to keep."""
    raw = "/".join([part or "-" for part in parts])
    if len(raw) <= _LONGEST_CODE and raw.isprintable():
        return raw  # nearly always
    return believing.plain_text(raw, _LONGEST_CODE) or "?"


def _as_written(time: str) -> str:
    return time if len(time) <= 30 and time.isprintable() else believing.plain_text(time, 60) or ""


def _words(scan: Scan) -> str:
    """The carrier's own words, without the name of who signed; of a delivery nothing from "signed" on."""
    text = parcels.without_signature(scan.text) if scan.text else None
    if text and scan.meaning is not None and scan.meaning.milestone is Milestone.DELIVERED:
        text = _from_signed_on.split(text, maxsplit=1)[0]
    return believing.plain_text(text) or ""
