"""What a card may show: coarse, and nothing that a stranger could use."""

from enum import StrEnum

import msgspec
from sqlalchemy import and_, bindparam, exists, select
from sqlmodel import col

from shipments.boxes.box import Box, BoxLine, Stage
from shipments.cases.case import Case
from shipments.offices.office import Office
from shipments.requests.request import RequestLine, SupplyRequest


class Point(StrEnum):
    """How far, as coarse as a card says it, in the order of the story."""

    NOTHING_YET = "nothing_yet"
    ASKED = "asked"
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
    zone: str
    ways: tuple[Way, ...]


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
_TRAVELS = (Point.TRAVELLING, Point.IN_THE_COUNTRY)

_line, _asked = RequestLine, SupplyRequest
_OF_CASE = and_(col(_asked.case_id) == bindparam("case_id"), col(_asked.withdrawn_at).is_(None))
_BOXES = (
    select(col(BoxLine.box_id))
    .join(_line, col(_line.id) == col(BoxLine.request_line_id))
    .join(_asked, col(_asked.id) == col(_line.request_id))
    .where(col(_asked.case_id) == bindparam("case_id"))
)
# One statement, in columns, made once: the case's office, its requests in short, and a row for each of its boxes.
_SHOWN = (
    select(
        *(col(Case.language), col(Office.public_phone), col(Office.time_zone)),
        exists().where(_OF_CASE).label("asked"),
        exists().where(_OF_CASE, col(_line.request_id) == col(_asked.id), col(_line.approved) > 0).label("approved"),
        *(col(Box.id), col(Box.stage), col(Box.exceptions), col(Box.expected_from), col(Box.expected_to)),
        *(col(Box.overdue_after), col(Box.silent_after), col(Box.heard_at)),
    )
    .join_from(Case, Office, col(Office.id) == col(Case.origin_office_id))
    .outerjoin(Box, col(Box.id).in_(_BOXES))
    .where(col(Case.id) == bindparam("case_id"))
    .order_by(col(Box.id))
)
