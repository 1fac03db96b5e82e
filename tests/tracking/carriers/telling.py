"""Legs asked about and DCSA events told, with defaults plus what matters to a test."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zlib import crc32

from shipments.tracking.carriers import CARRIERS, dcsa
from shipments.tracking.carriers.answers import Account, Answer, LegAsked, ReadEvent

BOOKING = "PRB0012345"
CONTAINER = "PRAU1234567"
HEARD = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
DISPATCHED = datetime(2026, 3, 1, tzinfo=UTC)
Said = dict[str, Any]  # a DCSA event as JSON


def a_leg(
    *,
    reference_type: str = "booking",
    reference: str = BOOKING,
    dispatched_at: datetime | None = DISPATCHED,
    is_last: bool = True,
    to_place: str = "GNCKY",
) -> LegAsked:
    """Rotterdam to Conakry."""
    return LegAsked(reference_type, reference, "sea", "NLRTM", to_place, dispatched_at, is_last)


def an_account(base_url: str, *, carrier: str = "dcsa", allow_private: bool = True) -> Account:
    """An account at the practice carrier, unless told otherwise."""
    login = CARRIERS[carrier].usual.login
    header, prefix = ("Authorization", "Bearer ") if login.kind == "oauth2" else (login.header, login.prefix)
    return Account(UUID(int=1), carrier, base_url, header, f"{prefix}practice", allow_private)


def said(code: str, place: str | None = None, at: str = "2026-03-20T10:00:00+00:00", **more: Any) -> Said:
    """One event, by `TYPE/CODE`; `more` adds fields, or replaces those that it names."""
    kind, _, name = code.partition("/")
    event: Said = {
        "eventID": f"00000000-0000-4000-8000-{crc32(f'{code} {place} {at}'.encode()):012}",
        "eventCreatedDateTime": "2026-03-20T11:00:00Z",
        "eventType": kind,
        "eventClassifierCode": "ACT",
        "eventDateTime": at,
        f"{kind.lower()}EventTypeCode": name,
        "documentReferences": [{"documentReferenceType": "BKG", "documentReferenceValue": BOOKING}],
    }
    if kind == "EQUIPMENT":
        event |= {"emptyIndicatorCode": "LADEN", "equipmentReference": CONTAINER}
    if place is not None:
        event["transportCall"] = {"transportCallID": "1", "modeOfTransport": "VESSEL", "UNLocationCode": place}
    return event | more


def paper(code: str, document: str, **more: Any) -> Said:
    """A shipment event about one kind of document."""
    return said(f"SHIPMENT/{code}", documentTypeCode=document, documentID="D1", documentReferences=None) | more


def read(*events: Any, leg: LegAsked | None = None, headers: dict[str, str] | None = None) -> Answer:
    """What we make of an answer with these events."""
    answer = json.dumps(list(events)).encode()
    return dcsa.read_answer(answer, leg or a_leg(), heard_at=HEARD, headers=headers)


def read_one(event: Said, leg: LegAsked | None = None) -> ReadEvent:
    """The one event in an answer with one event."""
    (only,) = read(event, leg=leg).events
    return only
