"""A parcel's news as one leg sees it: believed or not, from an earlier use of its number or not."""

from collections.abc import Iterable
from datetime import datetime

from shipments.tracking.carriers import believing, parcels, times
from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent
from shipments.tracking.carriers.scans import Scan
from shipments.tracking.carriers.times import WrittenTime

_LONGEST_ID = 80
_LONGEST_MOMENT = 20


class ParcelReading:
    """Reads scans of one parcel for one leg; `problems` fills as it goes.

    `number`: the parcel's own, which tells its events from those of others where the leg has none.
    """

    def __init__(self, leg: LegAsked, heard_at: datetime, problems: list[str], *, number: str | None = None) -> None:
        self.problems = problems
        self._leg = leg
        self._heard_at = heard_at
        self._number = believing.identity(parcels.bare(leg.reference or number or ""))[:12]
        self._told: list[tuple[datetime | None, ReadEvent]] = []
        self._order: dict[str, int] = {}
        self._used_until: datetime | None = None
        sent = leg.dispatched_at
        self._earliest = max(sent - times.BEFORE_DISPATCH, times.EARLIEST) if sent else times.EARLIEST
        self._latest = heard_at + times.AHEAD_FOR_ACTUAL

    def left_out(self, position: int, why: str) -> None:
        self.problems.append(f"event {position} is left out: {why}")

    def take(
        self,
        position: int,
        scan: Scan,
        written: WrittenTime,
        as_written: str,
        *,
        own_id: str | None = None,
        order: int | None = None,
    ) -> None:
        """Keeps the event of a scan, or names why not.

        `own_id`: the carrier's own name for it; `order`: its place among the others, where the carrier numbers them.
        """
        roughly, believed = written.roughly, True
        if roughly is None or not self._earliest <= roughly <= self._latest:  # nearly all are within
            doubt = times.doubt_about(written, actual=True, heard_at=self._heard_at)
            if not doubt:
                return self.left_out(position, "it is over 60 days older than the dispatch: a number used before")
            self.problems.append(f"event {position} ({scan.raw_code}) moves nothing: {doubt}")
            roughly, believed = None, False
        if scan.meaning is None:
            self.problems.append(f"event {position}: the code {scan.raw_code} is unknown")
        elif scan.delivers and believed:
            self._note_earlier_use(written)
        event = self._event(scan, written, as_written, own_id, believed)
        if order is not None:
            self._order[event.id] = order
        self._told.append((roughly, event))

    def _note_earlier_use(self, delivered: WrittenTime) -> None:
        sent, at = self._leg.dispatched_at, delivered.roughly
        if sent is not None and at is not None and at < sent - times.WRONG_BY_AT_MOST:
            self._used_until = max(at, self._used_until or at)

    def _event(
        self, scan: Scan, written: WrittenTime, as_written: str, own_id: str | None, believed: bool
    ) -> ReadEvent:
        at, meaning, milestone, reason = written.at, scan.meaning, None, None
        if meaning is not None and believed:
            reason = meaning.reason
            milestone = meaning.milestone if scan.anywhere else parcels.milestone_in(meaning, self._leg, scan.country)
        if own_id and len(own_id) <= _LONGEST_ID and own_id.isprintable():
            id = own_id
        else:  # number, code and moment; never a text, which is told otherwise the next day
            id = f"{self._number} {scan.mark} {_short(as_written) if at is None else times.moment_as_text(at)}"
        within = times.range_of(as_written, scan.country) if at is None and believed else None
        return ReadEvent(
            # What is doubted uses up no name: told rightly, or once its time can be believed, it is another event.
            id=id if believed else f"?{id}",
            occurred_at=at if believed else None,
            occurred_as_written=believing.time_shown(as_written),
            tz_known=written.zone_written,
            classifier="ACT",
            milestone=milestone,
            event=meaning.event if meaning is not None else None,
            reason=reason,
            raw_code=scan.raw_code,
            raw_text=scan.words,
            place=scan.place,
            unlocode=None,
            created_at=None,
            earliest=within and within[0],
            latest=within and within[1],
        )

    def events(self) -> list[ReadEvent]:
        """What is kept, without an earlier use of the number, once all scans of the parcel are taken."""
        kept = [event for _, event in self._told]
        if self._used_until is not None:
            kept = [event for at, event in self._told if not self._is_earlier_use(at)]
            gone = len(self._told) - len(kept)
            self.problems.append(f"{gone} events are left out: this number was delivered before our dispatch")
        order = [self._order.get(event.id) for event in kept] if self._order else None
        return parcels.delivered_back(kept, order)

    def _is_earlier_use(self, at: datetime | None) -> bool:
        return self._used_until is not None and at is not None and at <= self._used_until


def answer_of(
    told: Iterable[ReadEvent],
    estimate: ReadEvent | None,
    *,
    found: bool,
    problems: list[str],
    next_page: str | None = None,
) -> Answer:
    """Events, each once, with an estimate that counts only while nothing says delivered."""
    acted = list(told)
    expected = estimate if estimate is not None and not is_over(acted) else None
    said = [*acted, expected] if expected else acted
    events = believing.told_once(said, problems)
    earliest, latest = (expected and believing.range_in(expected)) or (None, None)
    return Answer(
        found=found,
        events=events,
        expected_from=earliest,
        expected_to=latest,
        problems=believing.limited(problems),
        next_page=next_page,
        ignored=len(said) - len(events),
    )


def _short(written: str) -> str:
    """A time without zone as a part of an identity."""
    return written if len(written) <= _LONGEST_MOMENT and written.isprintable() else believing.identity(written)[:20]


def is_over(events: Iterable[ReadEvent]) -> bool:
    """Whether nothing more is to be expected."""
    return any(one.milestone in parcels.ENDED for one in events)
