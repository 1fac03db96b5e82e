"""What a carrier told once and now tells otherwise, under the same name: a correction of the former telling."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, bindparam, select
from sqlmodel import Session, col

from shipments.tracking.carriers.answers import ReadEvent
from shipments.tracking.carriers.believing import identity
from shipments.tracking.event import CarrierEvent

LONGEST_ID = 80
MOST_TELLINGS = 10  # of one event: two answers of a carrier that differ take turns no longer than this
# What of an event a correction is worth: what the carrier says, and what we take it to mean; never a text.
_SAID = ("classifier", "occurred_at", "earliest", "latest", "unlocode", "raw_code")
_MEANT = ("milestone", "event", "reason")
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_TOLD = (
    select(
        *(col(CarrierEvent.leg_id), col(CarrierEvent.id), col(CarrierEvent.source_id), col(CarrierEvent.corrects_id)),
        *(col(CarrierEvent.person_id), col(CarrierEvent.said_at), col(CarrierEvent.heard_at)),
        *(getattr(CarrierEvent, name) for name in (*_SAID, *_MEANT)),
    )
    .where(col(CarrierEvent.leg_id).in_(_IDS))
    .order_by(col(CarrierEvent.id))
)


def told_otherwise(
    session: Session, again: Mapping[UUID, Sequence[ReadEvent]], came: Mapping[UUID, datetime]
) -> Iterator[tuple[UUID, ReadEvent, UUID | None]]:
    """Of leg → events whose names are known: (leg, the event under a name of its own, what it corrects).

    `came`: leg → when the answer came. What came late undoes no newer telling, and what a person took back stays so. A
    code that nobody mapped corrects nothing: it is told beside what is known.
    """
    if not again:
        return
    told = _told(session, again)
    for leg, events in again.items():
        for event in events:
            tellings = _tellings(told[leg], event.id[:LONGEST_ID])
            if not tellings or not _is_news(event, tellings, came[leg]):
                continue
            if event.event is not None:
                renamed = msgspec.structs.replace(event, id=id_of_moment(event.id, came[leg]))
                yield leg, renamed, tellings[-1].id
            elif (id := _with(event.id, f" {event.raw_code}")) not in told[leg].named:
                yield leg, msgspec.structs.replace(event, id=id), None


def id_of_moment(id: str, came: datetime) -> str:
    """A name for what is said under `id` at this moment."""
    return _with(id, f"@{came.timestamp():.6f}")


def _with(id: str, mark: str) -> str:
    if len(id) + len(mark) > LONGEST_ID:
        id, mark = identity(id), mark if len(mark) <= LONGEST_ID // 2 else identity(mark)
    return f"{id}{mark}"


class _Leg:
    """What was told of a leg: rows by the carrier's name, and by what they correct."""

    def __init__(self) -> None:
        self.named: dict[str, Any] = {}  # Any: rows of _TOLD
        self.correcting: dict[UUID, Any] = {}


def _told(session: Session, legs: Iterable[UUID]) -> Mapping[UUID, _Leg]:
    told: dict[UUID, _Leg] = defaultdict(_Leg)
    for row in session.connection().execute(_TOLD, {"ids": list(legs)}):
        told[row.leg_id].named[row.source_id] = row
        if row.corrects_id is not None:
            told[row.leg_id].correcting[row.corrects_id] = row
    return told


def _tellings(leg: _Leg, name: str) -> list[Any]:  # Any: rows of _TOLD
    """The first, and each that corrects the one before it."""
    telling, found = leg.named.get(name), []
    while telling is not None:
        found.append(telling)
        telling = leg.correcting.get(telling.id)
    return found


def _is_news(event: ReadEvent, tellings: Sequence[Any], came: datetime) -> bool:
    """Whether it differs from the last telling and is newer.

    Of the same age by the carrier's own word, or of none, what was said before comes back only where the carrier says
    the same as last, and we take it otherwise: as where a further leg was planned, and taken back.
    """
    last = tellings[-1]
    if last.person_id is not None or len(tellings) >= MOST_TELLINGS or _whole(event) == _whole(last):
        return False
    if event.created_at is not None and last.said_at is not None:
        said_at, before = min(event.created_at, came), min(last.said_at, last.heard_at)
        if said_at != before:
            return bool(said_at > before)
    if came < last.heard_at:
        return False
    return _parts(event, _SAID) == _parts(last, _SAID) or all(_whole(event) != _whole(one) for one in tellings)


def _whole(told: Any) -> tuple[Any, ...]:  # Any: an event that was read, or a row of _TOLD
    return _parts(told, _SAID) + _parts(told, _MEANT)


def _parts(told: Any, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(_comparable(getattr(told, name)) for name in names)


def _comparable(value: Any) -> Any:  # Any: a time, a word or a code, which is kept no longer
    if isinstance(value, datetime):
        return value.replace(microsecond=0)  # told with a part of a second now, and without it then
    return value[:LONGEST_ID] if isinstance(value, str) else value
