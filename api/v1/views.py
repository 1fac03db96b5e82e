"""What several chapters show: progress, and offices by their code."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, ColumnElement, and_, literal
from sqlmodel import Session, col, select

from shipments.batches.batch import Batch
from shipments.boxes.box import Box, Stage
from shipments.offices.office import Office
from shipments.progress.deriving import BoxException, exceptions_by_clock
from shipments.progress.expecting import Source, expected_of_legs
from shipments.progress.gathering import way_of
from shipments.progress.keeping import COLUMNS
from shipments.shapes import Instant
from shipments.transaction import settle_now


class Expected(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """When it is expected at the office, as a range; null: nothing is known."""

    from_: Instant | None
    to: Instant | None


class ExpectedArrival(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """When a leg arrives at its end, as a range, and what says so.

    `source`: `arrived`, the carrier's `estimate`, the `history` of `journeys` earlier ones, the `plan`, or `carried` on
    from the leg before.
    """

    from_: Instant
    to: Instant
    source: Source
    journeys: int | None


class ProgressView(msgspec.Struct, frozen=True):
    """Worked out from facts. `as_of`: our newest fact; exceptions as of this moment."""

    stage: Stage
    exceptions: list[BoxException]
    expected: Expected
    as_of: Instant | None


def expected_arrivals(session: Session, batch: Batch) -> dict[UUID, ExpectedArrival]:
    """Leg → when it arrives; without the legs of which nothing is known."""
    found = expected_of_legs(way_of(session, batch))
    return {id: ExpectedArrival(one.earliest, one.latest, one.source, one.journeys) for id, one in found.items()}


def progress_view(session: Session, row: Box | Batch, now: datetime) -> ProgressView:
    """Of a box or a batch, with what this transaction has done so far."""
    settle_now(session, now=now)
    return progress_from(now, *(getattr(row, name) for name in COLUMNS))


def progress_from(
    now: datetime,
    stage: Stage,
    exceptions: str,
    expected_from: datetime | None,
    expected_to: datetime | None,
    overdue_after: datetime | None,
    silent_after: datetime | None,
    heard_at: datetime | None,
) -> ProgressView:
    """From cached columns as they are read."""
    lasting = [BoxException(word) for word in exceptions.split(",") if word]
    words = {*lasting, *exceptions_by_clock(overdue_after, silent_after, now)}
    return ProgressView(stage, sorted(words), Expected(expected_from, expected_to), heard_at)


def has_exception(
    table: type[Box] | type[Batch], word: BoxException, now: datetime | BindParameter[datetime]
) -> ColumnElement[bool]:
    """The condition for rows with this exception as of `now`."""
    if word == BoxException.OVERDUE:
        return col(table.overdue_after) < now
    if word == BoxException.SILENT:
        return col(table.silent_after) < now
    words = literal(",") + col(table.exceptions) + literal(",")
    return and_(col(table.exceptions) != "", words.contains(f",{word},"))


def office_codes(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """Office id → code."""
    return dict(session.exec(select(Office.id, Office.code).where(col(Office.id).in_(set(ids)))).all())
