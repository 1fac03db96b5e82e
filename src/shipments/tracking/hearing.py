"""What carriers' answers add to what is known, polled or pushed: events once each, boxes that have news."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, bindparam, select
from sqlmodel import Session, col

from shipments.batches.batch import Leg
from shipments.boxes.box import Box
from shipments.boxes.facts import facts_changed
from shipments.database import insert_unless_there, new_id
from shipments.tracking.carriers.answers import Answer, ReadEvent
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.retelling import LONGEST_ID, id_of_moment, told_otherwise

Row = dict[str, Any]  # Any: the columns of an event
Content = tuple[datetime | None, datetime | None, datetime | None, str]
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_KNOWN = select(col(CarrierEvent.leg_id), col(CarrierEvent.source_id)).where(col(CarrierEvent.leg_id).in_(_IDS))
_ESTIMATES = (
    select(
        *(col(CarrierEvent.leg_id), col(CarrierEvent.raw_code), col(CarrierEvent.occurred_at)),
        *(col(CarrierEvent.earliest), col(CarrierEvent.latest), col(CarrierEvent.occurred_as_written)),
    )
    .where(col(CarrierEvent.leg_id).in_(_IDS), col(CarrierEvent.classifier) == Classifier.EST)
    .order_by(col(CarrierEvent.heard_at), col(CarrierEvent.id))
)
_BOXES = select(col(Box.id)).join(Leg, col(Leg.batch_id) == col(Box.batch_id)).where(col(Leg.id).in_(_IDS))


class Heard(msgspec.Struct, frozen=True):
    """What was new: leg → how many events; (leg, code) of codes that nobody mapped."""

    new: Mapping[UUID, int]
    unknown: Sequence[tuple[UUID, str]]


def hear(
    session: Session,
    answers: Mapping[UUID, Answer],
    *,
    now: datetime,
    came_at: Mapping[UUID, datetime] = MappingProxyType({}),
) -> Heard:
    """Records the events of leg → answer, each once, and marks the boxes of legs with news as changed.

    What is recorded was heard when its answer came: which of two is newer does not depend on when each was recorded.

    The caller holds the LegWatch rows of these legs locked: so what is known cannot change meanwhile. An estimate
    whose carrier does not say when it was made has `created_at` None or the time at which the answer came: `now`, or
    leg → `came_at` where it waited since. Read such answers with that time as `heard_at`.
    """
    telling = [leg for leg, answer in answers.items() if answer.events]
    if not telling:
        return Heard({}, [])
    known = _known(session, telling)
    came = {leg: came_at.get(leg, now) for leg in telling}
    again = {leg: said for leg in telling if (said := _said_again(answers[leg].events, known[leg], came[leg]))}
    rows = [
        _row(leg, event, came[leg]) for leg in telling for event in _unheard(answers[leg].events, known[leg], came[leg])
    ]
    rows += _changed_estimates(session, {leg: answers[leg] for leg in telling}, came)
    rows += [_row(leg, event, came[leg], former) for leg, event, former in told_otherwise(session, again, came)]
    insert_unless_there(session, CarrierEvent.__table__, rows)  # type: ignore[attr-defined]
    new = Counter(row["leg_id"] for row in rows)
    if new:
        facts_changed(session, session.connection().scalars(_BOXES, {"ids": list(new)}).all())
    return Heard(new, [(row["leg_id"], row["raw_code"]) for row in rows if row["event"] is None])


def _known(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, set[str]]:
    known: dict[UUID, set[str]] = defaultdict(set)
    for leg, source_id in session.connection().execute(_KNOWN, {"ids": legs}):
        known[leg].add(source_id)
    return known


def _unheard(events: Iterable[ReadEvent], known: set[str], came: datetime) -> Iterable[ReadEvent]:
    """Those of an identity that is not known; `known` grows."""
    for event in events:
        id = event.id[:LONGEST_ID]
        if id not in known and not is_undated_estimate(event, came):
            known.add(id)
            yield event


def _said_again(events: Iterable[ReadEvent], known: set[str], came: datetime) -> list[ReadEvent]:
    return [one for one in events if one.id[:LONGEST_ID] in known and not is_undated_estimate(one, came)]


def is_undated_estimate(event: ReadEvent, came: datetime) -> bool:
    """Whether its carrier does not say when it was made: then it is as old as the answer that came with it."""
    return event.classifier == "EST" and (event.created_at is None or event.created_at == came)


def _changed_estimates(session: Session, answers: Mapping[UUID, Answer], came: Mapping[UUID, datetime]) -> list[Row]:
    """Estimates without the carrier's own time, where they differ from what was last said: A, B, A are three facts.

    Where one answer says several under one code, what it says again is not news, whichever was recorded last.
    """
    said: dict[tuple[UUID, str], dict[Content, ReadEvent]] = defaultdict(dict)
    for leg, answer in answers.items():
        for event in answer.events:
            if is_undated_estimate(event, came[leg]):
                said[leg, event.raw_code[:80]][_content(event)] = event
    if not said:
        return []
    before: dict[tuple[UUID, str], list[Content]] = defaultdict(list)
    for row in session.connection().execute(_ESTIMATES, {"ids": list({leg for leg, _ in said})}):
        before[row[0], row[1]].append((row[2], row[3], row[4], row[5]))
    return [
        _row(key[0], _dated(event, came[key[0]]), came[key[0]])
        for key, told in said.items()
        for event in _news_among(told, before[key])
    ]


def _news_among(told: Mapping[Content, ReadEvent], before: Sequence[Content]) -> Iterable[ReadEvent]:
    """What was never said before; else, where the last one recorded is said no more, whatever takes its place."""
    fresh = [event for content, event in told.items() if content not in before]
    return fresh or (() if before[-1] in told else told.values())


def _content(event: ReadEvent) -> Content:
    return event.occurred_at, event.earliest, event.latest, event.occurred_as_written[:60]


def _dated(event: ReadEvent, came: datetime) -> ReadEvent:
    """With an identity of this moment, so that the same may be said once more later."""
    return msgspec.structs.replace(event, id=id_of_moment(event.id, came), created_at=came)


def _row(leg_id: UUID, event: ReadEvent, came: datetime, corrects_id: UUID | None = None) -> Row:
    return {
        "id": new_id(),
        "leg_id": leg_id,
        "source_id": event.id[:LONGEST_ID],
        "classifier": event.classifier,
        "occurred_at": event.occurred_at,
        "occurred_as_written": event.occurred_as_written[:60],
        "tz_known": event.tz_known,
        "heard_at": came,
        "said_at": event.created_at,
        "earliest": event.earliest,
        "latest": event.latest,
        "milestone": event.milestone,
        "event": event.event,
        "reason": event.reason,
        "raw_code": event.raw_code[:80],
        "raw_text": event.raw_text[:300],
        "place": event.place,
        "unlocode": event.unlocode,
        "corrects_id": corrects_id,
    }
