"""One DCSA event as one leg sees it: ours or not, when, where, and what it means to us."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

from shipments.tracking.carriers import believing
from shipments.tracking.carriers.answers import Classifier, LegAsked, ReadEvent
from shipments.tracking.carriers.dcsa_codes import Meaning, meaning_of, milestone_at
from shipments.tracking.carriers.dcsa_shapes import Location, Said
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
_SEPARATORS = str.maketrans("", "", " -/.")
_LONGEST_ID = 80
_LONGEST_CODE = 60


class Reading:
    """Reads events for one leg; `problems` and `ignored` fill as it goes."""

    def __init__(self, leg: LegAsked, heard_at: datetime, problems: list[str]) -> None:
        self.problems = problems
        self.ignored = 0
        self._heard_at = heard_at
        self._dispatched_at = leg.dispatched_at
        self._asked_by = _KIND_OF_REFERENCE.get(REFERENCE_TYPES.get(leg.reference_type, ""), "EQ")
        self._reference = _bare(leg.reference)
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

    def which_are_ours(self, said: list[Said]) -> list[bool]:
        """An event that names references of the kind asked for, and only other ones, is another parcel's.

        One that names none is believed as the answer to our question; but once the answer holds another
        parcel, only where a document or container joins it to an event that names ours.
        """
        sure = [self._names_us(event) for event in said]
        if False not in sure:
            return [True] * len(said)
        joined = {mark for event, us in zip(said, sure, strict=True) if us for mark in _marks(event)}
        return [
            not joined.isdisjoint(_marks(event)) if us is None else us for event, us in zip(said, sure, strict=True)
        ]

    def _names_us(self, said: Said) -> bool | None:
        if not self._reference:
            return None
        named = _references_named(said, self._asked_by)
        if named:
            return self._reference in map(_bare, named)
        return True if said.document_id and _bare(said.document_id) == self._reference else None

    def _read(self, position: int, said: Said, kind: str, code: str, occurred: str) -> ReadEvent | None:
        unlocode, place = _where(said)
        raw_code = _raw_code(kind, code, said.document_type)
        written = believing.written_time(occurred, unlocode)
        actual = said.classifier == "ACT"
        doubt = believing.doubt_about(written, actual=actual, heard_at=self._heard_at)
        if doubt:
            self.problems.append(f"event {position} ({raw_code}) moves nothing: {doubt}")
        elif believing.from_before(written, self._dispatched_at):
            return self._left_out(position, "it is over 60 days older than the dispatch: a number used before")
        meaning = meaning_of(kind, code, said.document_type)
        if meaning is None:
            self.problems.append(f"event {position}: the code {raw_code} is unknown")
        believed = meaning if actual and not doubt else None
        milestone = self._milestone(believed, unlocode, said)
        return ReadEvent(
            id=self._identity(said, raw_code, written, occurred),
            occurred_at=None if doubt else written.at,
            occurred_as_written=believing.plain_text(occurred, 60) or "",
            tz_known=written.zone_written,
            classifier=cast(Classifier, said.classifier),
            milestone=milestone,
            event=meaning.event if meaning else None,
            reason=believed.reason if believed else None,
            raw_code=raw_code,
            raw_text=_words(said),
            place=place,
            unlocode=unlocode,
            created_at=believing.written_time(said.created, None).at if said.created else None,
        )

    def _milestone(self, meaning: Meaning | None, unlocode: str | None, said: Said) -> Milestone | None:
        if meaning is None:
            return None
        at_last_port = unlocode is not None and unlocode == self._last_port
        return milestone_at(meaning, at_last_port=at_last_port, mode=said.call.mode if said.call else None)

    def _identity(self, said: Said, raw_code: str, written: believing.WrittenTime, occurred: str) -> str:
        if said.id and len(said.id) <= _LONGEST_ID and said.id.isprintable():
            return said.id
        time = written.at.isoformat() if written.at else occurred
        whole = "\n".join((self._reference, said.classifier or "", raw_code, time))
        return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:32]


def _bare(reference: str) -> str:
    return reference.translate(_SEPARATORS).upper()


def _marks(said: Said) -> set[str]:
    """Every document and container that an event names."""
    named = [other.value for other in said.documents or ()]
    named += [other.value for other in said.references or () if other.type == "EQ"]
    return {_bare(mark) for mark in (*named, said.document_id, said.equipment) if mark}


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


def _raw_code(kind: str, code: str, document: str | None) -> str:
    raw = f"{kind}/{code}/{document}" if document else f"{kind}/{code}"
    if len(raw) <= _LONGEST_CODE and raw.isprintable():
        return raw
    return believing.plain_text(raw, _LONGEST_CODE) or "?"


def _where(said: Said) -> tuple[str | None, str | None]:
    """UN/LOCODE and name. The event's own location goes before its transport call's."""
    unlocode = place = None
    if said.call is not None:
        unlocode, place = said.call.unlocode, said.call.facility
        if said.call.location is not None:
            unlocode, place = _at(said.call.location, unlocode, place)
    if said.location is not None:
        unlocode, place = _at(said.location, unlocode, place)
    return _unlocode(unlocode), believing.plain_text(place)


def _at(location: Location, unlocode: str | None, place: str | None) -> tuple[str | None, str | None]:
    town = location.address.city if location.address else None
    return location.unlocode or unlocode, location.name or town or place


def _unlocode(written: str | None) -> str | None:
    """Five letters and digits; None where it is none: a place is never guessed from a name."""
    if written is None:
        return None
    code = written.replace(" ", "").upper()
    return code if len(code) == 5 and code.isascii() and code.isalnum() else None


def _words(said: Said) -> str:
    """The carrier's own words: why it is late, what it remarks."""
    if not (said.delay or said.remark or said.reason):
        return ""
    return believing.plain_text(" ".join(filter(None, (said.delay, said.remark, said.reason)))) or ""
