"""Writes when legs are asked next, after what was said of them, or after nothing was."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, Row, bindparam, case, func, select, update
from sqlmodel import Session, col

from shipments.batches.batch import Mode
from shipments.database import UtcDateTime, write_many
from shipments.tracking.carriers.asking import Said
from shipments.tracking.event import STANDS, CarrierEvent, Classifier
from shipments.tracking.milestones import RANK
from shipments.tracking.polling.claiming import ClaimedLeg
from shipments.tracking.polling.due import AT_THE_DOOR, TERMINAL, Standing, backoff, is_over, next_due
from shipments.tracking.polling.watch import LegWatch, Urgency
from shipments.tracking.pushes.hurrying import AT_MOST_EVERY

OVERLAP = timedelta(minutes=10)  # asked again, since a carrier's clock and ours differ; dedupe takes what is known


class Held(msgspec.Struct, frozen=True):
    """What a leg's row says now, while it is locked: pushes came in since it was claimed."""

    failures: int
    due_at: datetime | None
    arrival_at: datetime | None
    pushed_at: datetime | None


class Answered(msgspec.Struct, frozen=True):
    """A leg that was answered for, and when it was."""

    leg: ClaimedLeg
    said: Said
    heard_at: datetime
    held: Held

    @property
    def is_overtaken(self) -> bool:
        """Whether the carrier told us something by itself since: what it estimated before says nothing any more."""
        return self.held.pushed_at is not None and self.held.pushed_at >= self.heard_at

    @property
    def is_hurried(self) -> bool:
        """Whether it was to be asked soon (`ask_soon`) since it was claimed: this answer may be from before."""
        return self.held.due_at not in (None, self.leg.due_at)


def plan_answered(session: Session, answered: Sequence[Answered], *, pace: float, now: datetime) -> None:
    """The next due times. Of an answer that is the same as before nothing else changes."""
    if not answered:
        return
    newest = _newest_that_matters(session, [one.leg.leg_id for one in answered])
    again, read = list[dict[str, Any]](), list[dict[str, Any]]()  # Any: columns
    for one in answered:
        last = newest.get(one.leg.leg_id)
        row = _times(one, last, pace, now)
        if one.said.answer is None:
            again.append(row)
        else:
            read.append(row | _knowledge(one))
    for statement, rows in ((_SAME_AGAIN, again), (_READ, read)):
        if rows:
            write_many(session, statement, rows)


def _times(one: Answered, last: Row[Any, Any, Any] | None, pace: float, now: datetime) -> dict[str, Any]:
    standing = Standing(
        mode=Mode(one.leg.asked.mode),
        last=last.milestone if last else None,
        last_at=last.at if last else None,
        arrival=_arrival(one),
        quiet_s=one.leg.quiet_s,
        pushed_at=one.held.pushed_at,
        ended_early=one.leg.ended_early,
        doubted=one.said.answer is not None and bool(one.said.answer.problems),
    )
    due = next_due(standing, pace=pace, now=now)
    return {
        "of_leg": one.leg.leg_id,
        "next_at": min(due.at, now + AT_MOST_EVERY) if due.at and one.is_hurried else due.at,
        "waits_s": max(1, round(due.wait.total_seconds())),
        "how_urgent": due.urgency,
        "from_now_on": _since(one),
        "now": now,
    }


def _knowledge(one: Answered) -> dict[str, Any]:
    answer = one.said.answer
    assert answer is not None
    digest = None if one.is_overtaken else one.said.digest
    return {"arrives": _arrival(one), "same_as": digest, "doubts": "; ".join(answer.problems)[:300] or None}


def _arrival(one: Answered) -> datetime | None:
    """An answer with only what is new, or without an estimate, leaves the last one standing."""
    said = one.said.answer.expected_to if one.said.answer and not one.is_overtaken else None
    return said or one.held.arrival_at


def _since(one: Answered) -> datetime | None:
    """What was left out as malformed, or as another's, may be told rightly next time: then it is asked for again."""
    answer = one.said.answer
    if answer is not None and (answer.next_page or not answer.found or answer.problems):
        return one.leg.since
    return one.heard_at - OVERLAP


_TIMES: dict[str, Any] = {  # Any: columns
    "due_at": bindparam("next_at"),
    "wait_s": bindparam("waits_s"),
    "urgency": bindparam("how_urgent"),
    "since": bindparam("from_now_on"),
    "asked_at": bindparam("now"),
    "leased_until": None,
    "failures": 0,
    "trouble": None,
}
_OF_LEG = col(LegWatch.leg_id) == bindparam("of_leg")
_SAME_AGAIN = update(LegWatch).where(_OF_LEG).values(**_TIMES)
_READ = _SAME_AGAIN.values(
    arrival_at=bindparam("arrives"), answer_digest=bindparam("same_as"), trouble=bindparam("doubts")
)

_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_AT = func.coalesce(col(CarrierEvent.occurred_at), col(CarrierEvent.heard_at), type_=UtcDateTime())
_RANK = case({milestone.value: rank for milestone, rank in RANK.items()}, value=col(CarrierEvent.milestone))
_RANKED = (
    select(
        col(CarrierEvent.leg_id),
        col(CarrierEvent.milestone),
        _AT.label("at"),
        func.row_number()
        .over(partition_by=col(CarrierEvent.leg_id), order_by=(_AT.desc(), _RANK.desc(), col(CarrierEvent.id).desc()))
        .label("place"),
    )
    .where(
        col(CarrierEvent.leg_id).in_(_IDS),
        col(CarrierEvent.classifier) == Classifier.ACT,
        col(CarrierEvent.milestone).is_not(None),
        STANDS,
    )
    .subquery()
)
_CONCERNED = (
    select(col(CarrierEvent.leg_id))
    .where(
        col(CarrierEvent.leg_id).in_(_IDS),
        col(CarrierEvent.milestone).in_(TERMINAL | AT_THE_DOOR),
        col(CarrierEvent.classifier) == Classifier.ACT,
    )
    .distinct()
)
_NEWEST = select(_RANKED.c.leg_id, _RANKED.c.milestone, _RANKED.c.at).where(_RANKED.c.place == 1)


def _newest_that_matters(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, Row[Any, Any, Any]]:
    """As `_newest`, of legs of which something was said that changes when to ask: most legs are far from that.

    It may have been taken back since: that is looked at only then.
    """
    concerned = list(session.connection().scalars(_CONCERNED, {"ids": legs}))
    return _newest(session, concerned) if concerned else {}


def _newest(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, Row[Any, Any, Any]]:
    """Leg → its newest event that happened and stands, with a milestone: by time, then by rank, as progress does."""
    return {row.leg_id: row for row in session.connection().execute(_NEWEST, {"ids": legs})}


def leave_due(session: Session, legs: Sequence[UUID], *, trouble: str | None, now: datetime) -> None:
    """Given back as they were: not they failed, but their account, or nobody asked. `trouble` None: leaves the last."""
    if not legs:
        return
    values: dict[str, Any] = {"leased_until": None}
    if trouble is not None:
        values |= {"trouble": trouble[:300], "asked_at": now}
    session.connection().execute(update(LegWatch).where(col(LegWatch.leg_id).in_(legs)).values(**values))


def resume(session: Session, legs: Collection[UUID], *, now: datetime) -> None:
    """Those of these legs that nobody was to ask about any more are due now, unless they are over by themselves."""
    stopped = select(col(LegWatch.leg_id)).where(col(LegWatch.leg_id).in_(legs), col(LegWatch.due_at).is_(None))
    ids = session.connection().scalars(stopped).all()
    last = _newest(session, ids) if ids else {}
    over = {leg for leg, row in last.items() if is_over(row.milestone, row.at, pace=1.0, now=now)}
    if back := [leg for leg in ids if leg not in over]:
        due_now = update(LegWatch).where(col(LegWatch.leg_id).in_(back), col(LegWatch.due_at).is_(None))
        session.connection().execute(due_now.values(due_at=now, urgency=Urgency.UNDER_WAY))


def plan_failed(session: Session, failures: Mapping[UUID, tuple[int, str]], *, pace: float, now: datetime) -> None:
    """Asked again after a while that grows with each failure in a row. `failures`: leg → those before, this trouble."""
    rows = [
        {"of_leg": leg, "next_at": now + backoff(before + 1, pace=pace), "failed": before + 1, "met": trouble[:300]}
        for leg, (before, trouble) in failures.items()
    ]
    if rows:
        write_many(session, _FAILED.values(leased_until=None, asked_at=now), rows)


_FAILED = (
    update(LegWatch)
    .where(_OF_LEG)
    .values(due_at=bindparam("next_at"), failures=bindparam("failed"), trouble=bindparam("met"))
)
