"""From changes of progress to news for offices. Each piece of news is told once, whatever is repeated."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, bindparam, select
from sqlmodel import Session, col

from shipments.batches.batch import Batch
from shipments.boxes.box import Box, Stage
from shipments.database import insert_or_ignore, new_id
from shipments.notices.delivering import queue_deliveries
from shipments.notices.notice import TELL_DATES, News, Notice
from shipments.notices.noticing import Untold, untold
from shipments.progress.carrier_news import CARRIERS_OWN
from shipments.progress.deriving import TRAVELS, Progress
from shipments.progress.gathering import in_portions
from shipments.progress.holding import Hold
from shipments.progress.keeping import Change, Changes

RECEIVED = frozenset({Stage.AT_THE_OFFICE, Stage.READY, Stage.HANDED_OVER})
WORTH_TELLING = timedelta(days=1)
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_BATCHES = select(col(Batch.id), col(Batch.code), col(Batch.host_office_id), col(Batch.origin_office_id)).where(
    col(Batch.id).in_(_IDS)
)
_BOXES: Any = (  # Any: a select of five columns
    select(
        *(col(Box.id), col(Box.code), col(Box.host_office_id), col(Box.origin_office_id)),
        col(Batch.code).label("batch_code"),
    )
    .outerjoin(Batch, col(Batch.id) == col(Box.batch_id))
    .where(col(Box.id).in_(_IDS))
)
Told = tuple[News, str, dict[str, str | None]]


class DatesTold(msgspec.Struct, frozen=True):
    """What offices were told last of when to expect something, and by which notice."""

    notice: UUID
    earliest: datetime | None
    latest: datetime


def queue_news(session: Session, changes: Changes, *, now: datetime) -> int:
    """Writes the notices that these changes are worth. Returns how many are new."""
    told = _about_batches(session, changes.batches)
    told += _about_boxes(session, changes.boxes)
    return write_news(session, told, now)


def queue_by_clock(session: Session, *, now: datetime) -> int:
    """Batches that became silent or overdue by the clock alone, some at a time. Returns how many notices are new."""
    told = [news_row(one, "batch", (one.news, f"{one.anew}", _facts_by_clock(one))) for one in untold(session, now=now)]
    return write_news(session, told, now)


def _facts_by_clock(one: Untold) -> dict[str, str | None]:
    """`since`: when it began. `last_word`: after which nothing came; `to`: the date by which it was expected."""
    silent = one.news == News.SILENT
    return {"since": _text(one.since), **({"last_word": _text(one.anew)} if silent else {"to": _text(one.expected_to)})}


def batch_news(change: Change) -> Iterator[Told]:
    """What the change of one batch is worth telling, except of its dates."""
    before, after = change.before, change.after
    if after.stage not in TRAVELS:
        return
    if Stage(before["stage"]) not in TRAVELS:
        yield News.DISPATCHED, "", _dates(after)
    if after.stage == Stage.IN_THE_COUNTRY and before["stage"] != Stage.IN_THE_COUNTRY:
        yield News.ARRIVED, "", {"expected_to": _text(after.expected_to)}


def box_news(change: Change) -> Iterator[Told]:
    """What only this box is worth telling: it arrived at the office, or what was found there is disputed."""
    before, after = change.before, change.after
    if after.stage not in RECEIVED:
        return
    if Stage(before["stage"]) not in RECEIVED:
        yield News.RECEIVED, "", {}
    for why in sorted(after.contradictions - CARRIERS_OWN):
        yield News.DISPUTED, why, {"why": why}


def way_news(change: Change) -> Iterator[Told]:
    """What a box says of its whole batch: held (each hold once), or the carrier contradicts itself (so, once)."""
    after = change.after
    if after.stage not in TRAVELS | RECEIVED:
        return
    for hold in sorted(after.holds, key=lambda one: one.name):
        yield News.HELD, hold.name, {"heard_at": _text(after.heard_at), **facts_of_hold(hold)}
    for why in sorted(after.contradictions & CARRIERS_OWN):
        yield News.DISPUTED, why, {"why": why, "heard_at": _text(after.heard_at)}


def facts_of_hold(hold: Hold) -> dict[str, str | None]:
    """As a notice keeps them. `reasons`: our words between commas, in order; empty: the carrier gives none."""
    return {"reasons": ",".join(sorted(hold.reasons)), "place": hold.place, "since": _text(hold.since)}


def date_news(told: DatesTold | None, change: Change) -> Iterator[Told]:
    """Compared with what was told last, not with what was known last: a date may creep."""
    after = change.after
    if after.expected_to is None:
        return
    if told is None:
        if Stage(change.before["stage"]) in TRAVELS:  # else the news that it left says so
            yield News.FIRST_DATE, "", _dates(after)
    elif _moved(told.latest, after.expected_to) or _moved(told.earliest, after.expected_from):
        before = {"before_from": _text(told.earliest), "before": _text(told.latest)}
        yield News.DATE_CHANGED, f"{told.notice}", {**_dates(after), **before}


def _moved(told: datetime | None, now: datetime | None) -> bool:
    return told is not None and now is not None and abs(now - told) > WORTH_TELLING


def _about_batches(session: Session, changes: Sequence[Change]) -> list[dict[str, Any]]:
    worth = {one.id: list(batch_news(one)) for one in changes}
    moved = [one for one in changes if _date_moved(one)]
    rows = _rows(session, _BATCHES, [one.id for one in changes if worth[one.id] or _date_moved(one)])
    last = _dates_told(session, [rows[one.id].code for one in moved])
    for one in moved:
        worth[one.id] += date_news(last.get(rows[one.id].code), one)
    return [news_row(rows[id], "batch", news) for id, told in worth.items() for news in told]


def _date_moved(change: Change) -> bool:
    before, after = change.before, change.after
    moved = (before["expected_from"], before["expected_to"]) != (after.expected_from, after.expected_to)
    return moved and after.stage in TRAVELS


def _dates_told(session: Session, batches: Sequence[str]) -> dict[str, DatesTold]:
    """Code → the newest."""
    told: dict[str, DatesTold] = {}
    for portion in in_portions(batches):
        statement = (
            select(col(Notice.object_code), col(Notice.id), col(Notice.facts))
            .where(col(Notice.object_code).in_(portion), col(Notice.news).in_(TELL_DATES))
            .order_by(col(Notice.noticed_at), col(Notice.id))
        )
        for code, id, facts in session.execute(statement):
            if facts.get("to"):
                told[code] = DatesTold(id, _read(facts.get("from")), datetime.fromisoformat(facts["to"]))
    return told


def _about_boxes(session: Session, changes: Sequence[Change]) -> list[dict[str, Any]]:
    told = {one.id: (list(box_news(one)), list(way_news(one))) for one in changes}
    rows = _rows(session, _BOXES, [id for id, (own, shared) in told.items() if own or shared])
    written: dict[str, dict[str, Any]] = {}
    for id, row in rows.items():
        own, shared = told[id]
        written |= {news["told_once"]: news for news in (news_row(row, "box", one) for one in own)}
        if row.batch_code is not None:
            batch = {"code": row.batch_code}
            written |= {news["told_once"]: news for news in (news_row(row, "batch", one, **batch) for one in shared)}
    return list(written.values())


def _rows(session: Session, statement: Any, ids: Sequence[UUID]) -> dict[UUID, Any]:  # Any: one of the two, its rows
    found: dict[UUID, Any] = {}
    for portion in in_portions(ids):
        found |= {row.id: row for row in session.connection().execute(statement, {"ids": portion})}
    return found


def news_row(about: Any, kind: str, told: Told, *, code: str | None = None) -> dict[str, Any]:
    """One notice for the offices of `about`: a Batch, a Box, or a row of either; of another thing there if `code`.

    `told`: news, what makes it unique for this thing, facts.
    """
    news, once, facts = told
    code = code or about.code
    return {
        "id": new_id(),
        "news": news,
        "host_office_id": about.host_office_id,
        "origin_office_id": about.origin_office_id,
        "object_kind": kind,
        "object_code": code,
        "facts": facts,
        "told_once": f"{news}:{code}:{once}"[:160],
    }


def write_news(session: Session, rows: Iterable[dict[str, Any]], now: datetime) -> int:
    """Into the outbox, each piece once, and on its way to whoever wishes to know. Returns how many are new."""
    told = [{**row, "noticed_at": now} for row in rows]
    new = {row.id for row in insert_or_ignore(session, Notice.__table__, told)}  # type: ignore[attr-defined]
    queue_deliveries(session, [row for row in told if row["id"] in new], now=now)
    return len(new)


def _dates(after: Progress) -> dict[str, str | None]:
    return {"from": _text(after.expected_from), "to": _text(after.expected_to)}


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _read(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
