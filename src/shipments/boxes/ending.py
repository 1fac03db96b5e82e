"""A box's way ends early: withdrawn before it left, lost, sent back, destroyed; or what was lost is found."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from shipments import journal
from shipments.boxes.box import Box, BoxFact, Happened, Stage
from shipments.boxes.facts import record
from shipments.boxes.latest import last_end, uncorrected
from shipments.boxes.packing import noted
from shipments.errors import Invalid, WrongState
from shipments.offices.person import Role
from shipments.offices.scope import Actor, find

ENDERS = frozenset({Role.LOGISTICIAN, Role.COORDINATOR})
BEFORE_LEAVING = frozenset({Stage.REGISTERED, Stage.PACKED, Stage.WAITING})


def end(session: Session, code: str, *, how: Happened, at: datetime, reason: str, by: Actor, now: datetime) -> Box:
    """Records what became of a box. Raises NotFound, NotAllowed, Invalid, WrongState where it does not fit."""
    box = find(session, Box, code, "box", lock=True)
    by.must_be(ENDERS, box.host_office_id)
    if not box.registered_at - timedelta(days=1) <= at <= now + timedelta(hours=1):
        raise Invalid([("at", "a time between the registration of the box and now")])
    if how == Happened.FOUND:
        _refuse_unfit_find(session, box, at)
    else:
        _refuse_unfit(box, how)
    box.version += 1
    record(session, box, how, by=by, at=at, now=now, note=reason)
    journal.note(session, noted(box, f"box.{how}", by, now))
    return box


def _refuse_unfit(box: Box, how: Happened) -> None:
    if how == Happened.WITHDRAWN:
        fits, expected = box.stage in BEFORE_LEAVING and box.batch_id is None, "not dispatched and in no batch"
    else:
        over = {Stage.HANDED_OVER, Stage.WITHDRAWN, Stage.DESTROYED, Stage(how.value)}
        fits, expected = box.stage not in over, f"neither handed over nor withdrawn, destroyed or {how}"
    if not fits:
        state = f"{box.stage}, in a batch" if box.batch_id and how == Happened.WITHDRAWN else box.stage
        raise WrongState(f"Box {box.code} is {state}.", state=state, expected=expected)


def _refuse_unfit_find(session: Session, box: Box, at: datetime) -> None:
    """What was reported lost may have been received meanwhile: what counts is the report, not the stage."""
    facts = session.exec(select(BoxFact).where(BoxFact.box_id == box.id)).all()
    ended = last_end(uncorrected(facts))
    if ended is None or ended.happened != Happened.LOST:
        raise WrongState(f"Box {box.code} is {box.stage} and not reported lost.", state=box.stage, expected="lost")
    if at <= ended.occurred_at:
        raise Invalid([("at", f"a time after it was lost: {ended.occurred_at.isoformat()}")])
