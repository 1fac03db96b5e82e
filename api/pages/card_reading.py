"""What a card may show: coarse, and nothing that a stranger could use."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement, Engine, Select, and_, bindparam, exists, select
from sqlmodel import Session, col

from api.pages.prepared import Prepared, Reader
from shipments.boxes.box import Box, BoxLine, Stage
from shipments.cases.carding import OPENED
from shipments.cases.case import Case
from shipments.offices.office import Office
from shipments.progress.deriving import BoxException, exceptions_by_clock
from shipments.requests.request import RequestLine, SupplyRequest


class Point(StrEnum):
    """How far, as coarse as a card says it, in the order of the story."""

    NOTHING_YET = "nothing_yet"
    ASKED = "asked"
    APPROVED = "approved"
    PREPARING = "preparing"
    TRAVELLING = "travelling"
    IN_THE_COUNTRY = "in_the_country"
    AT_THE_OFFICE = "at_the_office"
    READY = "ready"
    HANDED_OVER = "handed_over"
    ENDED = "ended"


class Trouble(StrEnum):
    """What a card says beside the point, if anything."""

    LATE = "late"
    STOPPED = "stopped"
    QUIET = "quiet"
    CALL = "call"


class Way(msgspec.Struct, frozen=True):
    """One box, or what will become one. Days are those at the origin office."""

    point: Point
    trouble: Trouble | None = None
    expected_from: str | None = None
    expected_to: str | None = None
    heard: str | None = None


class Shown(msgspec.Struct, frozen=True):
    """All that the page depends on, so that equal cards are one page."""

    phone: str
    ways: tuple[Way, ...]


class Opened(msgspec.Struct, frozen=True):
    """A living card: what it shows, and the language of its case."""

    shown: Shown
    language: str


class Details(msgspec.Struct, frozen=True):
    """What the PIN opens: where to fetch the boxes, and what they are called."""

    office: str
    address: str
    hours: str
    boxes: tuple[str, ...]


POINTS = {
    Stage.REGISTERED: Point.PREPARING,
    Stage.PACKED: Point.PREPARING,
    Stage.WAITING: Point.PREPARING,
    Stage.ON_THE_WAY: Point.TRAVELLING,
    Stage.IN_THE_COUNTRY: Point.IN_THE_COUNTRY,
    Stage.AT_THE_OFFICE: Point.AT_THE_OFFICE,
    Stage.READY: Point.READY,
    Stage.HANDED_OVER: Point.HANDED_OVER,
}
_TOLD = (
    (BoxException.HELD, Trouble.STOPPED),
    (BoxException.OVERDUE, Trouble.LATE),
    (BoxException.SILENT, Trouble.QUIET),
)
TRAVELS = (Point.TRAVELLING, Point.IN_THE_COUNTRY)

_line, _asked, _case = RequestLine, SupplyRequest, bindparam("case_id", type_=Case.__table__.c.id.type)  # type: ignore[attr-defined]


def _boxes(case_id: ColumnElement[UUID]) -> Select[UUID]:
    return (
        select(col(BoxLine.box_id))
        .join(_line, col(_line.id) == col(BoxLine.request_line_id))
        .join(_asked, col(_asked.id) == col(_line.request_id))
        .where(col(_asked.case_id) == case_id)
    )


# One statement, in columns, made once: the case's office, its requests in short, and a row for each of its boxes.
_CARD = OPENED.cte("opened")
_OF_CASE = and_(col(_asked.case_id) == _CARD.c.case_id, col(_asked.withdrawn_at).is_(None))
_SHOWN = (
    select(
        *(col(Case.language), col(Office.public_phone), col(Office.time_zone)),
        exists().where(_OF_CASE).correlate(_CARD).label("asked"),
        exists()
        .where(_OF_CASE, col(_line.request_id) == col(_asked.id), col(_line.approved) > 0)
        .correlate(_CARD)
        .label("approved"),
        *(col(Box.stage), col(Box.exceptions), col(Box.expected_from), col(Box.expected_to)),
        *(col(Box.overdue_after), col(Box.silent_after), col(Box.heard_at)),
    )
    .join_from(_CARD, Case, col(Case.id) == _CARD.c.case_id)
    .join(Office, col(Office.id) == col(Case.origin_office_id))
    .outerjoin(Box, col(Box.id).in_(_boxes(_CARD.c.case_id).correlate(_CARD)))
    .order_by(col(Box.id))
)
_PLACE = (
    select(col(Office.name), col(Office.public_address), col(Office.public_hours))
    .join(Case, col(Case.origin_office_id) == col(Office.id))
    .where(col(Case.id) == bindparam("case_id"))
)
_CODES = select(col(Box.code)).where(col(Box.id).in_(_boxes(_case))).order_by(col(Box.id))


class CardReader:
    """Looks up what tokens open, in one statement that is prepared once."""

    def __init__(self, engine: Engine) -> None:
        self._reader = Reader(engine)
        self._shown = Prepared(engine, _SHOWN)

    def look(self, asked: Mapping[str, object], now: datetime) -> Opened | None:
        """`asked`: see `what_opens`. None, after one query, for every card that is not in use. Raises Unavailable."""
        rows: Sequence[Any] = self._reader.read(lambda connection: self._shown.rows(connection, asked))
        return _opened(rows, now) if rows else None


@lru_cache(maxsize=4)
def card_reader(engine: Engine) -> CardReader:
    """The reader of an engine, made once."""
    return CardReader(engine)


def details_of(session: Session, case_id: UUID) -> Details:
    """For whoever proved the PIN."""
    office = session.connection().execute(_PLACE, {"case_id": case_id}).one()
    boxes = session.connection().execute(_CODES, {"case_id": case_id}).scalars().all()
    return Details(office[0], office[1], office[2], tuple(boxes))


def _opened(rows: Sequence[Any], now: datetime) -> Opened:  # Any: the columns of _SHOWN
    language, phone, zone, asked, approved = rows[0][:5]
    place = ZoneInfo(zone)
    ways = tuple(_way(*row[5:], place=place, now=now) for row in rows if row[5] is not None)
    if not ways:
        ways = (Way(Point.APPROVED if approved else Point.ASKED if asked else Point.NOTHING_YET),)
    return Opened(Shown(phone, ways), language)


def _way(
    stage: Stage,
    exceptions: str,
    first: datetime | None,
    last: datetime | None,
    overdue_after: datetime | None,
    silent_after: datetime | None,
    heard_at: datetime | None,
    *,
    place: ZoneInfo,
    now: datetime,
) -> Way:
    point = POINTS.get(stage, Point.ENDED)
    words = {*exceptions.split(","), *exceptions_by_clock(overdue_after, silent_after, now)}
    return Way(
        point,
        _trouble(point, words),
        _day(first or last, place) if point in TRAVELS or point is Point.PREPARING else None,
        _day(last, place) if point in TRAVELS or point is Point.PREPARING else None,
        _day(heard_at, place),
    )


def _trouble(point: Point, words: Collection[str]) -> Trouble | None:
    if point in TRAVELS:
        return next((trouble for word, trouble in _TOLD if word in words), None)
    waits = point in (Point.AT_THE_OFFICE, Point.READY) and BoxException.UNREACHABLE in words
    return Trouble.CALL if waits else None


def _day(at: datetime | None, place: ZoneInfo) -> str | None:
    return None if at is None else at.astimezone(place).date().isoformat()
