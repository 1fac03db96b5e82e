"""From changes of progress to news for offices. Each piece of news is told once, whatever is repeated."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from shipments.batches.batch import Batch
from shipments.boxes.box import Box, Stage
from shipments.database import insert_or_ignore, new_id
from shipments.notices.delivering import queue_deliveries
from shipments.notices.notice import News, Notice
from shipments.progress.deriving import TRAVELS, BoxException, Progress
from shipments.progress.gathering import in_portions
from shipments.progress.keeping import Change, Changes

RECEIVED = frozenset({Stage.AT_THE_OFFICE, Stage.READY, Stage.HANDED_OVER})
WORTH_TELLING = timedelta(days=1)
TELL_DATES = frozenset({News.DISPATCHED, News.FIRST_DATE, News.DATE_CHANGED})
_ABOUT = {
    table: select(col(table.id), col(table.code), col(table.host_office_id), col(table.origin_office_id)).where(
        col(table.id).in_(bindparam("ids", expanding=True))
    )
    for table in (Batch, Box)
}
Told = tuple[News, str, dict[str, str | None]]


def queue_news(session: Session, changes: Changes, *, now: datetime) -> int:
    """Writes the notices that these changes are worth. Returns how many are new."""
    told = _addressed(session, Batch, "batch", changes.batches, batch_news)
    told += _about_dates(session, changes.batches)
    told += _addressed(session, Box, "box", changes.boxes, box_news)
    return write_news(session, told, now)


def queue_by_clock(session: Session, *, now: datetime) -> int:
    """Batches that became silent or overdue by the clock alone. Returns how many notices are new."""
    travelling = select(Batch).where(col(Batch.stage).in_(TRAVELS))
    told: list[dict[str, Any]] = []
    for news, after in ((News.SILENT, Batch.silent_after), (News.OVERDUE, Batch.overdue_after)):
        for batch in session.execute(travelling.where(col(after) < now)).scalars():
            since = batch.silent_after if news == News.SILENT else batch.overdue_after
            told.append(news_row(batch, "batch", (news, f"{since}", {"since": _text(since)})))
    return write_news(session, told, now)


def batch_news(change: Change) -> Iterator[Told]:
    """What the change of one batch is worth telling."""
    before, after = change.before, change.after
    if after.stage not in TRAVELS:
        return
    if Stage(before["stage"]) not in TRAVELS:
        yield (
            News.DISPATCHED,
            "",
            {"expected_from": _text(after.expected_from), "expected_to": _text(after.expected_to)},
        )
    elif after.stage == Stage.IN_THE_COUNTRY and before["stage"] != Stage.IN_THE_COUNTRY:
        yield News.ARRIVED, "", {"expected_to": _text(after.expected_to)}
    if BoxException.HELD in after.exceptions and BoxException.HELD not in before["exceptions"].split(","):
        yield News.HELD, f"{after.heard_at}", {"heard_at": _text(after.heard_at)}
    if BoxException.DISPUTED in after.exceptions and BoxException.DISPUTED not in before["exceptions"].split(","):
        yield News.DISPUTED, f"{after.heard_at}", {"heard_at": _text(after.heard_at)}


def box_news(change: Change) -> Iterator[Told]:
    """What only this box is worth telling: it arrived at the office, or what was found there is disputed."""
    before, after = change.before, change.after
    if after.stage in RECEIVED and Stage(before["stage"]) not in RECEIVED:
        yield News.RECEIVED, "", {}
    if after.stage in RECEIVED and after.contradictions:
        yield News.DISPUTED, ",".join(sorted(after.contradictions)), {"why": ",".join(sorted(after.contradictions))}


def _about_dates(session: Session, changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Compared with what was told last, not with what was known last: a date may creep."""
    moved = {one.id: one.after for one in changes if one.after.expected_to != one.before["expected_to"]}
    told: list[dict[str, Any]] = []
    for portion in in_portions(list(moved)):
        batches = session.execute(select(Batch).where(col(Batch.id).in_(portion))).scalars().all()
        last = _dates_told(session, [batch.code for batch in batches])
        told += [
            news_row(batch, "batch", one)
            for batch in batches
            for one in _date_news(last.get(batch.code), moved[batch.id])
        ]
    return told


def _dates_told(session: Session, batches: Sequence[str]) -> dict[str, datetime]:
    """Code → the last day that offices were told to expect it by."""
    statement = (
        select(col(Notice.object_code), col(Notice.facts))
        .where(col(Notice.object_code).in_(batches), col(Notice.news).in_(TELL_DATES))
        .order_by(col(Notice.noticed_at), col(Notice.id))
    )
    days = [(code, facts.get("to") or facts.get("expected_to")) for code, facts in session.execute(statement)]
    return {code: datetime.fromisoformat(day) for code, day in days if day}


def _date_news(told: datetime | None, after: Progress) -> Iterator[Told]:
    if after.stage not in TRAVELS or after.expected_to is None:
        return
    facts = {"from": _text(after.expected_from), "to": _text(after.expected_to)}
    if told is None:
        yield News.FIRST_DATE, "", facts
    elif abs(after.expected_to - told) > WORTH_TELLING:
        yield News.DATE_CHANGED, f"{after.expected_to}:{after.heard_at}", {**facts, "before": _text(told)}


def _addressed(
    session: Session, table: type[Batch] | type[Box], kind: str, changes: Sequence[Change], worth: Any
) -> list[dict[str, Any]]:  # Any: batch_news or box_news
    told = {change.id: news for change in changes if (news := list(worth(change)))}
    about: dict[UUID, Any] = {}  # Any: rows of _ABOUT
    for portion in in_portions(list(told)):
        about |= {row.id: row for row in session.connection().execute(_ABOUT[table], {"ids": portion})}
    return [news_row(about[id], kind, one) for id, news in told.items() for one in news]


def news_row(about: Any, kind: str, told: Told) -> dict[str, Any]:
    """One notice for the offices of `about`: a Batch, a Box, or a row of _ABOUT.

    `told`: news, what makes it unique for this thing, facts.
    """
    news, once, facts = told
    return {
        "id": new_id(),
        "news": news,
        "host_office_id": about.host_office_id,
        "origin_office_id": about.origin_office_id,
        "object_kind": kind,
        "object_code": about.code,
        "facts": facts,
        "told_once": f"{news}:{about.code}:{once}"[:160],
    }


def write_news(session: Session, rows: Iterable[dict[str, Any]], now: datetime) -> int:
    """Into the outbox, each piece once, and on its way to whoever wishes to know. Returns how many are new."""
    told = [{**row, "noticed_at": now} for row in rows]
    new = {row.id for row in insert_or_ignore(session, Notice.__table__, told)}  # type: ignore[attr-defined]
    queue_deliveries(session, [row for row in told if row["id"] in new], now=now)
    return len(new)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
