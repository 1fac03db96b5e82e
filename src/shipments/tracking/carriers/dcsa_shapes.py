"""The parts of a DCSA 2.2 answer that we read, as they stand on the wire. Everything else is skipped."""

from collections.abc import Iterator

import msgspec
from msgspec import field

from shipments.errors import CarrierUnreadable


class Address(msgspec.Struct, gc=False):
    """Only the town: street and name may be a person's."""

    city: str | None = None


class Location(msgspec.Struct, gc=False):
    """`eventLocation`, or a transport call's `location`."""

    name: str | None = field(name="locationName", default=None)
    unlocode: str | None = field(name="UNLocationCode", default=None)
    address: Address | None = None


class TransportCall(msgspec.Struct, gc=False):
    """A ship's or vehicle's call at a place."""

    unlocode: str | None = field(name="UNLocationCode", default=None)
    mode: str | None = field(name="modeOfTransport", default=None)
    facility: str | None = field(name="otherFacility", default=None)
    location: Location | None = None


class DocumentReference(msgspec.Struct, gc=False):
    """BKG (booking) or TRD (transport document) and its number."""

    type: str | None = field(name="documentReferenceType", default=None)
    value: str | None = field(name="documentReferenceValue", default=None)


class Reference(msgspec.Struct, gc=False):
    """EQ (equipment) and others."""

    type: str | None = field(name="referenceType", default=None)
    value: str | None = field(name="referenceValue", default=None)


class Said(msgspec.Struct, gc=False):
    """A transport, equipment or shipment event. Any field may be missing: that is checked later."""

    id: str | None = field(name="eventID", default=None)
    created: str | None = field(name="eventCreatedDateTime", default=None)
    kind: str | None = field(name="eventType", default=None)
    classifier: str | None = field(name="eventClassifierCode", default=None)
    occurred: str | None = field(name="eventDateTime", default=None)
    transport_code: str | None = field(name="transportEventTypeCode", default=None)
    equipment_code: str | None = field(name="equipmentEventTypeCode", default=None)
    shipment_code: str | None = field(name="shipmentEventTypeCode", default=None)
    other_code: str | None = field(name="eventTypeCode", default=None)
    document_type: str | None = field(name="documentTypeCode", default=None)
    document_id: str | None = field(name="documentID", default=None)
    empty: str | None = field(name="emptyIndicatorCode", default=None)
    equipment: str | None = field(name="equipmentReference", default=None)
    delay: str | None = field(name="delayReasonCode", default=None)
    remark: str | None = field(name="changeRemark", default=None)
    reason: str | None = None
    location: Location | None = field(name="eventLocation", default=None)
    call: TransportCall | None = field(name="transportCall", default=None)
    documents: list[DocumentReference] | None = field(name="documentReferences", default=None)
    references: list[Reference] | None = None

    def names(self) -> list[str]:
        """Every document and container that it names, as written."""
        named = [other.value for other in self.documents or ()]
        named += [other.value for other in self.references or () if other.type == "EQ"]
        return [name for name in (*named, self.document_id, self.equipment) if name]


_whole = msgspec.json.Decoder(list[Said])
_parts = msgspec.json.Decoder(list[msgspec.Raw])
_one = msgspec.json.Decoder(Said)
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def events_said(answer: bytes, problems: list[str]) -> list[Said]:
    """The events of an answer. A malformed one is named in `problems`, and the others are kept.

    Raises CarrierUnreadable where the answer is not a JSON list.
    """
    try:
        return _whole.decode(answer)
    except _NOT_JSON:
        return list(_good_ones(_parts_of(answer), problems))


def _parts_of(answer: bytes) -> list[msgspec.Raw]:
    try:
        return _parts.decode(answer)
    except msgspec.ValidationError as error:
        raise CarrierUnreadable("The DCSA answer is JSON, but not a list of events.") from error
    except _NOT_JSON as error:
        raise CarrierUnreadable("The DCSA answer is not JSON, or was cut off.") from error


def _good_ones(parts: list[msgspec.Raw], problems: list[str]) -> Iterator[Said]:
    for position, part in enumerate(parts, start=1):
        try:
            yield _one.decode(part)
        except _NOT_JSON as error:
            problems.append(f"event {position} is malformed: {_without_values(error)}")


def _without_values(error: Exception) -> str:
    """msgspec names types and paths, never values; other errors may quote the answer and its references."""
    return str(error)[:160] if isinstance(error, msgspec.ValidationError) else "not valid JSON"
