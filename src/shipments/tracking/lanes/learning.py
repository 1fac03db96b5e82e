"""How long each lane usually takes and how quiet it is: learned from the journeys that ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, delete, select, tuple_, update
from sqlmodel import Session, col

from shipments.batches.batch import Leg
from shipments.boxes.box import Box, Stage
from shipments.boxes.facts import facts_changed
from shipments.database import insert_or_ignore
from shipments.tracking.lanes.journeys import Way, journeys_by_way
from shipments.tracking.lanes.lane import Lane

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


Changed = tuple[Way, Usual | None]
"""None: too few journeys are left, since what was said of one was taken back."""


def learn(session: Session, *, now: datetime) -> int:
    """All of it in one transaction: `changed_lanes` and `keep`. Returns how many lanes changed."""
    changed = changed_lanes(session)
    keep(session, changed, now=now)
    return len(changed)


def changed_lanes(session: Session) -> list[Changed]:
    """What the legs that ended say now, where that is worth keeping. Only reads; by name."""
    found = {Way(*row[:4]): Usual(*row[4:]) for row in session.connection().execute(_USUAL)}
    known = {Way(*row[:4]): Usual(*row[4:]) for row in session.connection().execute(_KNOWN)}
    changed: list[Changed] = [(way, usual) for way, usual in found.items() if usual.differs(known.get(way))]
    changed += [(way, None) for way in known.keys() - found.keys()]
    return sorted(changed, key=lambda one: one[0])


def keep(session: Session, changed: Sequence[Changed], *, now: datetime) -> None:
    """Writes what was learned; the boxes that are expected by it have news."""
    gone = [way for way, usual in changed if usual is None]
    rows = [{**way._asdict(), **msgspec.structs.asdict(usual), "learned_at": now} for way, usual in changed if usual]
    if gone:
        session.execute(delete(Lane).where(_WAY.in_(gone)), execution_options={"synchronize_session": False})
    if rows:
        insert_or_ignore(session, Lane.__table__, rows)  # type: ignore[attr-defined]
        session.execute(update(Lane), rows, execution_options={"synchronize_session": None})
    if changed:
        ways = {"ways": [way for way, _ in changed]}
        facts_changed(session, session.connection().scalars(_CONCERNED, ways).all())


def quiet_of(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, timedelta]:
    """Leg → how long its carrier usually stays quiet there; a leg on an unknown lane is left out."""
    rows = session.connection().execute(_QUIET, {"ids": list(legs)})
    return {leg: timedelta(seconds=quiet_s) for leg, quiet_s in rows}


def of_leg() -> ColumnElement[bool]:
    """Joins a lane to a leg."""
    return and_(*(getattr(Lane, name) == getattr(Leg, name) for name in Way._fields))


_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_WAYS: BindParameter[Way] = bindparam("ways", expanding=True)
_WAY = tuple_(*(getattr(Lane, name) for name in Way._fields))
_USUAL = journeys_by_way()
_KNOWN = select(*(getattr(Lane, name) for name in (*Way._fields, *Usual.__struct_fields__)))
_QUIET = select(col(Leg.id), col(Lane.quiet_s)).join(Lane, of_leg()).where(col(Leg.id).in_(_IDS), col(Lane.quiet_s) > 0)
_ON_THESE = select(col(Leg.batch_id)).where(tuple_(*(getattr(Leg, name) for name in Way._fields)).in_(_WAYS))
_CONCERNED = select(col(Box.id)).where(col(Box.stage).in_(EXPECTED), col(Box.batch_id).in_(_ON_THESE))
