"""One DCSA event as one leg sees it: ours or not, when, where, and what it means to us."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

from shipments.batches.batch import bare
from shipments.tracking.carriers import believing, times
from shipments.tracking.carriers.answers import Classifier, LegAsked, ReadEvent
from shipments.tracking.carriers.dcsa_codes import Meaning, meaning_of, milestone_at
from shipments.tracking.carriers.dcsa_shapes import Location, Said
from shipments.tracking.carriers.remembering import Remembered
from shipments.tracking.milestones import Milestone

REFERENCE_TYPES: Final[Mapping[str, str]] = {
    "booking": "carrierBookingReference",
    "bill_of_lading": "transportDocumentReference",
    "container": "equipmentReference",
    "carrierBookingReference": "carrierBookingReference",
    "transportDocumentReference": "transportDocumentReference",
    "equipmentReference": "equipmentReference",
}
"""What staff call a number, and DCSA's own names, to the parameter that asks for it."""

_KIND_OF_REFERENCE = {"carrierBookingReference": "BKG", "transportDocumentReference": "TRD"}
_CLASSIFIERS = frozenset({"ACT", "EST", "PLN"})
_LONGEST_ID = 80
_EARLIER_USE = "an earlier use of the container"


class Reading:
    """Reads events for one leg; `problems` and `ignored` fill as it goes."""

    def __init__(self, leg: LegAsked, heard_at: datetime, problems: list[str]) -> None:
        self.problems = problems
        self.ignored = 0
        self._heard_at = heard_at
        sent = leg.dispatched_at
        self._earliest = max(sent - times.BEFORE_DISPATCH, times.EARLIEST) if sent else times.EARLIEST
        self._latest = heard_at + times.AHEAD_FOR_ACTUAL
        asked_by = REFERENCE_TYPES.get(leg.reference_type, "")
        self._asked_by = _KIND_OF_REFERENCE.get(asked_by, "EQ")
        by_container = asked_by == "equipmentReference"
        self._ours_since = sent - times.WRONG_BY_AT_MOST if sent and by_container else times.EARLIEST
        self._used_until: datetime | None = None
        self._papers_before: dict[str, datetime] = {}
        self._as_typed = leg.reference
        self._reference = bare(leg.reference)
        self._last_port = leg.to_place if leg.is_last else None

    def event(self, position: int, said: Said, *, ours: bool) -> ReadEvent | None:
        """The event, or None where it is not ours; then the count or a problem says so."""
        if said.empty == "EMPTY":
            self.ignored += 1
            return None
        code = said.transport_code or said.equipment_code or said.shipment_code or said.other_code
        if not (said.kind and code and said.occurred):
            return self._left_out(position, "its type, code or time is missing")
        if said.classifier not in _CLASSIFIERS:
            return self._left_out(position, "its classifier is not ACT, EST or PLN")
        if not ours:
            return self._left_out(position, "it carries another parcel's reference")
        return self._read(position, said, said.kind, code, said.occurred)

    def _left_out(self, position: int, why: str) -> ReadEvent | None:
        self.problems.append(f"event {position} is left out: {why}")
        return None

    def of_this_use(self, told: list[ReadEvent]) -> list[ReadEvent]:
        """Without the papers of a container's earlier voyage, once all events are read."""
        until = self._used_until
        if until is None:
            return told
        former = {id for id, at in self._papers_before.items() if at <= until}
        kept = [event for event in told if event.id not in former]
        if len(kept) < len(told):
            self.problems.append(f"{len(told) - len(kept)} papers are left out: they are from {_EARLIER_USE}")
        return kept

    def which_are_ours(self, said: list[Said], *, asked: bool) -> list[bool]:
        """An event that names references of the kind asked for, and only other ones, is another parcel's.

        One that names none is believed as the answer to our question, where we `asked`; but once the answer holds
        another parcel, or where nobody asked, only where a document or container joins it to an event that names ours.
        """
        if not self._reference:
            return [True] * len(said)
        sure = [self._names_us(event) for event in said]
        if asked and False not in sure:
            return [True] * len(said)
        joined = {mark for event, us in zip(said, sure, strict=True) if us for mark in _marks(event)}
        return [
            not joined.isdisjoint(_marks(event)) if us is None else us for event, us in zip(said, sure, strict=True)
        ]

    def _names_us(self, said: Said) -> bool | None:
        """None: it names no reference of the kind asked for."""
        named = _references_named(said, self._asked_by)
        if named:
            return self._as_typed in named or self._reference in map(bare, named)
        return True if self._reference in _marks(said) else None

    def _read(self, position: int, said: Said, kind: str, code: str, occurred: str) -> ReadEvent | None:
        unlocode, place = _where(said)
        raw_code, meaning = _CODES[kind, code, said.document_type]
        written = times.written_time(occurred, unlocode)
        actual, roughly, doubt = said.classifier == "ACT", written.roughly, None
        if roughly is None or not self._earliest <= roughly <= self._latest:  # nearly all are within
            doubt = times.doubt_about(written, actual=actual, heard_at=self._heard_at)
            if doubt:
                self.problems.append(f"event {position} ({raw_code}) moves nothing: {doubt}")
            elif roughly is not None and roughly < self._earliest:
                return self._left_out(position, "it is over 60 days older than the dispatch: a number used before")
        if meaning is None:
            self.problems.append(f"event {position}: the code {raw_code} is unknown")
        id = self._identity(said, raw_code, written.at, occurred, doubted=doubt is not None)
        if roughly is not None and roughly < self._ours_since and not doubt:
            if kind != "SHIPMENT":
                return self._of_earlier_use(position, roughly, actual=actual)
            self._papers_before[id] = roughly
        believed = meaning if actual and not doubt else None
        range = None if doubt or written.at is not None else times.range_of(occurred, unlocode)
        return ReadEvent(
            id=id,
            occurred_at=None if doubt else written.at,
            occurred_as_written=believing.time_shown(occurred),
            tz_known=written.zone_written,
            classifier=cast(Classifier, said.classifier),
            milestone=self._milestone(believed, unlocode, said) if believed is not None else None,
            event=meaning.event if meaning is not None else None,
            reason=believed.reason if believed is not None else None,
            raw_code=raw_code,
            raw_text=_words(said),
            place=place,
            unlocode=unlocode,
            created_at=times.written_time(said.created, None).at if said.created else None,
            earliest=range and range[0],
            latest=range and range[1],
        )

    def _of_earlier_use(self, position: int, at: datetime, *, actual: bool) -> ReadEvent | None:
        """A container's number is that of many voyages: what moved it before our dispatch was none of ours.

        A booking's is not: for it a container is stuffed and gated in long before the ship leaves.
        """
        if actual:
            self._used_until = max(at, self._used_until or at)
        return self._left_out(position, f"it is from before our dispatch, {_EARLIER_USE}")

    def _milestone(self, meaning: Meaning, unlocode: str | None, said: Said) -> Milestone | None:
        at_last_port = unlocode is not None and unlocode == self._last_port
        return milestone_at(meaning, at_last_port=at_last_port, mode=said.call.mode if said.call else None)

    def _identity(self, said: Said, raw_code: str, at: datetime | None, occurred: str, *, doubted: bool) -> str:
        """What is doubted uses up no name: told rightly, or once its time can be believed, it is another event."""
        if said.id and _is_plain(said.id):
            known_by = said.id
        else:
            moment = times.moment_as_text(at) if at else occurred
            known_by = believing.identity(self._reference, said.classifier or "", raw_code, moment)
        return f"?{known_by}" if doubted else known_by


def _is_plain(id: str) -> bool:
    return len(id) <= _LONGEST_ID and id.isprintable()


def _marks(said: Said) -> set[str]:
    """Every document and container that an event names, bare."""
    return {bare(name) for name in said.names()}


def _references_named(said: Said, kind: str) -> list[str]:
    """The references of one kind (BKG, TRD, EQ) that an event carries."""
    if kind == "EQ":
        if said.equipment:
            return [said.equipment]
        return [other.value for other in said.references or () if other.type == "EQ" and other.value]
    named = [other.value for other in said.documents or () if other.type == kind and other.value]
    if said.document_type == kind and said.document_id:
        named.append(said.document_id)
    return named


def _known(kind: str, code: str, document: str | None) -> tuple[str, Meaning | None]:
    """The raw code, safe to keep, and what it means."""
    parts = (kind, code, document) if document else (kind, code)
    return "/".join(map(believing.code_told, parts)), meaning_of(kind, code, document)


_CODES = Remembered(_known)


def _where(said: Said) -> tuple[str | None, str | None]:
    """UN/LOCODE and name. The event's own location goes before its transport call's."""
    unlocode = place = None
    if said.call is not None:
        unlocode, place = said.call.unlocode, said.call.facility
        if said.call.location is not None:
            unlocode, place = _at(said.call.location, unlocode, place)
    if said.location is not None:
        unlocode, place = _at(said.location, unlocode, place)
    return (_UNLOCODES[unlocode,] if unlocode else None), (believing.plain_text(place) if place else None)


def _at(location: Location, unlocode: str | None, place: str | None) -> tuple[str | None, str | None]:
    town = location.address.city if location.address else None
    return location.unlocode or unlocode, location.name or town or place


def _unlocode(written: str) -> str | None:
    """Five letters and digits; None where it is none: a place is never guessed from a name."""
    code = written.replace(" ", "").upper()
    return code if len(code) == 5 and code.isascii() and code.isalnum() else None


_UNLOCODES = Remembered(_unlocode)


def _words(said: Said) -> str:
    """The carrier's own words: why it is late, what it remarks."""
    if not (said.delay or said.remark or said.reason):
        return ""
    words = " ".join(filter(None, (said.delay, said.remark, said.reason)))
    return believing.plain_text(believing.without_signature(words)) or ""
