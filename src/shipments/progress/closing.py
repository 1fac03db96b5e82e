"""When the card of a case ends: a while after the way of its last box is over, and not while anything may follow."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, func, or_, select, union
from sqlmodel import Session, col

from shipments.boxes.box import Box, BoxLine, Stage
from shipments.boxes.latest import ENDS
from shipments.cases.card import Card
from shipments.cases.carding import AFTER_CLOSURE, expire_cards
from shipments.progress.gathering import in_portions
from shipments.requests.request import RequestLine, SupplyRequest

OVER = frozenset({Stage.HANDED_OVER, *ENDS.values()})

_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)


def _cases_of_lines() -> Select[UUID]:
    return select(col(SupplyRequest.case_id)).join(RequestLine, col(RequestLine.request_id) == col(SupplyRequest.id))


def _cases_of_boxes() -> Select[UUID]:
    return _cases_of_lines().join(BoxLine, col(BoxLine.request_line_id) == col(RequestLine.id))


# Locked, so that of two boxes handed over at once the second sees the first. In columns: see `gathering`.
_CARDS = (
    select(col(Card.case_id), col(Card.expires_at))
    .where(col(Card.case_id).in_(_cases_of_boxes().where(col(BoxLine.box_id).in_(_IDS))))
    .order_by(col(Card.id))
    .with_for_update()
)
# What a lost box gave back may be packed again, and need not be: until it is, nothing follows.
_EVER_PACKED = (
    select(func.coalesce(func.sum(col(BoxLine.quantity)), 0))
    .where(col(BoxLine.request_line_id) == col(RequestLine.id))
    .correlate(RequestLine)
    .scalar_subquery()
)
_STILL_TO_PACK = _cases_of_lines().where(
    col(SupplyRequest.case_id).in_(_IDS),
    col(SupplyRequest.withdrawn_at).is_(None),
    or_(col(RequestLine.approved).is_(None), col(RequestLine.approved) > _EVER_PACKED),
)
_UNDER_WAY = (
    _cases_of_boxes()
    .join(Box, col(Box.id) == col(BoxLine.box_id))
    .where(col(SupplyRequest.case_id).in_(_IDS), col(Box.stage).not_in(OVER))
)
_OPEN = union(_STILL_TO_PACK, _UNDER_WAY)


def close_cards(session: Session, boxes: Sequence[UUID], *, now: datetime) -> None:
    """Lets the cards of all cases with things in `boxes` end, or live on; their stages are settled before.

    A date that is set stands for as long as nothing follows: a late word about an old box makes no card live longer.
    """
    for portion in in_portions(boxes):
        ends = {row.case_id: row.expires_at for row in session.connection().execute(_CARDS, {"ids": portion})}
        if not ends:
            continue
        open_ = set(session.connection().scalars(_OPEN, {"ids": list(ends)}))
        for case_id, expires_at in ends.items():
            if case_id in open_ and expires_at is not None:
                expire_cards(session, case_id, None)
            elif case_id not in open_ and expires_at is None:
                expire_cards(session, case_id, now + AFTER_CLOSURE)
