"""How long each lane usually takes and how quiet it is: learned from the journeys that ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, Uuid, bindparam, delete, select, tuple_, update
from sqlmodel import Session, col

from shipments.batches.batch import Leg
from shipments.boxes.box import Box, Stage
from shipments.boxes.facts import facts_changed
from shipments.database import insert_or_ignore
from shipments.tracking.lanes.journeys import LaneName, journeys_by_way
from shipments.tracking.lanes.lane import Lane, LaneNews

WORTH_KEEPING = timedelta(hours=1)
EXPECTED = (Stage.WAITING, Stage.ON_THE_WAY, Stage.IN_THE_COUNTRY)


class Usual(msgspec.Struct, frozen=True):
    """Of a lane, as in its table."""

    journeys: int
    least_s: int
    most_s: int
    quiet_s: int

    def differs(self, other: "Usual | None") -> bool:
        """Whether by more than an hour in anything."""
        if other is None:
            return True
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("least_s", "most_s", "quiet_s"))
        return any(abs(one - another) > WORTH_KEEPING.total_seconds() for one, another in pairs)


Changed = tuple[LaneName, Usual | None]
"""None: too few journeys are left, since what was said of one was taken back."""


def learn(session: Session, *, now: datetime) -> int:
    """All of it in one transaction: `changed_lanes` and `keep`. Returns how many lanes changed."""
    changed = changed_lanes(session)
    keep(session, changed, now=now)
    return len(changed)


def keep(session: Session, changed: Sequence[Changed], *, now: datetime) -> None:
    """`write_lanes`, and all boxes that are expected by them have news."""
    write_lanes(session, changed, now=now)
    while tell_boxes(session, most=1_000):
        pass


def changed_lanes(session: Session) -> list[Changed]:
    """What the legs that ended say now, where that is worth keeping. Only reads; by name."""
    found = {LaneName(*row[:4]): Usual(*row[4:]) for row in session.connection().execute(_USUAL)}
    known = {LaneName(*row[:4]): Usual(*row[4:]) for row in session.connection().execute(_KNOWN)}
    changed: list[Changed] = [(way, usual) for way, usual in found.items() if usual.differs(known.get(way))]
    changed += [(way, None) for way in known.keys() - found.keys()]
    return sorted(changed, key=lambda one: one[0])


def write_lanes(session: Session, changed: Sequence[Changed], *, now: datetime) -> None:
    """Writes what was learned, and that the boxes that are expected by it have not heard of it: see `tell_boxes`."""
    gone = [way for way, usual in changed if usual is None]
    rows = [{**way._asdict(), **msgspec.structs.asdict(usual), "learned_at": now} for way, usual in changed if usual]
    if gone:
        session.execute(delete(Lane).where(_WAY.in_(gone)), execution_options={"synchronize_session": False})
    if rows:
        insert_or_ignore(session, Lane.__table__, rows)  # type: ignore[attr-defined]
        session.execute(update(Lane), rows, execution_options={"synchronize_session": None})
    if changed:
        ways = [way for way, _ in changed]
        begun = delete(LaneNews).where(tuple_(*_NEWS_OF).in_(ways))
        session.execute(begun, execution_options={"synchronize_session": False})
        insert_or_ignore(session, LaneNews.__table__, [way._asdict() for way in ways])  # type: ignore[attr-defined]


def tell_boxes(session: Session, *, most: int) -> bool:
    """The next boxes of a lane, up to `most`, have news. False: all have heard of all. Goes on where it was left."""
    some = select(LaneNews).order_by(*_NEWS_OF).limit(1).with_for_update(skip_locked=True)
    news = session.execute(some.execution_options(populate_existing=True)).scalar_one_or_none()
    if news is None:
        return False
    way = LaneName(news.carrier, news.mode, news.from_place, news.to_place)
    after = news.after or UUID(int=0)
    boxes = session.connection().scalars(_CONCERNED.limit(most), {"ways": [way], "after": after}).all()
    facts_changed(session, boxes)
    if len(boxes) < most:
        session.delete(news)
    else:
        news.after = boxes[-1]
    session.flush()
    return True


_WAYS: BindParameter[LaneName] = bindparam("ways", expanding=True)
_WAY = tuple_(*(getattr(Lane, name) for name in LaneName._fields))
_USUAL = journeys_by_way()
_KNOWN = select(*(getattr(Lane, name) for name in (*LaneName._fields, *Usual.__struct_fields__)))
_NEWS_OF = [getattr(LaneNews, name) for name in LaneName._fields]
_ON_THESE = select(col(Leg.batch_id)).where(tuple_(*(getattr(Leg, name) for name in LaneName._fields)).in_(_WAYS))
_CONCERNED = (
    select(col(Box.id))
    .where(
        col(Box.stage).in_(EXPECTED), col(Box.batch_id).in_(_ON_THESE), col(Box.id) > bindparam("after", type_=Uuid())
    )
    .order_by(col(Box.id))
)
