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
from shipments.tracking.event import CarrierEvent

LONGEST_ID = 80
_MATTERS = ("classifier", "occurred_at", "milestone", "event", "reason", "unlocode")  # never a text
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_TOLD = select(
    *(col(CarrierEvent.leg_id), col(CarrierEvent.id), col(CarrierEvent.source_id), col(CarrierEvent.corrects_id)),
    *(col(CarrierEvent.person_id), col(CarrierEvent.said_at), col(CarrierEvent.heard_at)),
    *(getattr(CarrierEvent, name) for name in _MATTERS),
).where(col(CarrierEvent.leg_id).in_(_IDS))


def told_otherwise(
    session: Session, again: Mapping[UUID, Sequence[ReadEvent]], came: Mapping[UUID, datetime]
) -> Iterator[tuple[UUID, ReadEvent, UUID]]:
    """Of leg → events whose names are known: (leg, the event under a name of its own, what it corrects).

    `came`: leg → when the answer came. Left out is what says what was said before under that name, whenever that was:
    an answer that came late must not undo a newer one, nor may two that differ take turns for ever. What a person took
    back stays so.
    """
    if not again:
        return
    told = _told(session, again)
    for leg, events in again.items():
        for event in events:
            tellings = _tellings(told[leg], event.id[:LONGEST_ID])
            if tellings and _is_news(event, tellings, came[leg]):
                renamed = msgspec.structs.replace(event, id=id_of_moment(event.id, came[leg]))
                yield leg, renamed, tellings[-1].id


def id_of_moment(id: str, came: datetime) -> str:
    """A name for what is said under `id` at this moment."""
    moment = f"@{came.timestamp():.6f}"
    return id[: LONGEST_ID - len(moment)] + moment


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
    last = tellings[-1]
    if last.person_id is not None or any(_matter(event) == _matter(one) for one in tellings):
        return False
    said_at, before = event.created_at, last.said_at
    if said_at is None or before is None or said_at == before:
        said_at, before = came, last.heard_at
    return bool(said_at >= before)


def _matter(told: Any) -> tuple[Any, ...]:  # Any: an event that was read, or a row of _TOLD
    return tuple(getattr(told, name) for name in _MATTERS)
