"""A box's way ends early: withdrawn before it left, lost, sent back, destroyed; or what was lost is found."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from shipments import journal
from shipments.boxes.box import Box, BoxFact, BoxLine, Happened, Stage
from shipments.boxes.facts import record
from shipments.boxes.latest import last_end, uncorrected
from shipments.boxes.packing import locked_box, noted
from shipments.errors import Invalid, TooMuch, WrongState
from shipments.offices.person import Role
from shipments.offices.scope import Actor
from shipments.requests.request import RequestLine

ENDERS = frozenset({Role.LOGISTICIAN, Role.COORDINATOR})
BEFORE_LEAVING = frozenset({Stage.REGISTERED, Stage.PACKED, Stage.WAITING})


def end(session: Session, code: str, *, how: Happened, at: datetime, reason: str, by: Actor, now: datetime) -> Box:
    """Records what became of a box. What is lost, sent back or destroyed may be packed anew, in another box.

    Raises NotFound, NotAllowed, Invalid, WrongState where it does not fit, TooMuch for a find that was replaced.
    """
    box = locked_box(session, code)
    by.must_be(ENDERS, box.host_office_id)
    if not box.registered_at - timedelta(days=1) <= at <= now + timedelta(hours=1):
        raise Invalid([("at", "a time between the registration of the box and now")])
    if how == Happened.FOUND:
        _refuse_unfit_find(session, box, at)
    else:
        _refuse_unfit(box, how)
    _book(session, box, how)
    box.version += 1
    record(session, box, how, by=by, at=at, now=now, note=reason)
    journal.note(session, noted(box, f"box.{how}", by, now))
    return box


def _refuse_unfit(box: Box, how: Happened) -> None:
    if how == Happened.WITHDRAWN:
        fits, expected = box.stage in BEFORE_LEAVING and box.batch_id is None, "not dispatched and in no batch"
    elif how == Happened.RETURNED and box.stage in BEFORE_LEAVING:
        fits, expected = False, "dispatched"
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


def _book(session: Session, box: Box, how: Happened) -> None:
    """What is gone no longer counts as packed; what is found counts again."""
    if how == Happened.WITHDRAWN:  # it is still here, and can be unpacked
        return
    inside = (
        select(BoxLine, RequestLine)
        .join(RequestLine, col(RequestLine.id) == BoxLine.request_line_id)
        .where(BoxLine.box_id == box.id)
        .order_by(col(RequestLine.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for held, line in session.exec(inside).all():
        if how == Happened.FOUND:
            _count_again(box, held, line)
        else:
            gone = max(0, held.quantity - held.handed_over - held.given_back)
            held.given_back += gone
            line.packed -= gone


def _count_again(box: Box, held: BoxLine, line: RequestLine) -> None:
    left = (line.approved or 0) - line.packed
    if held.given_back > left:
        raise TooMuch(
            f"Box {box.code} was replaced: {held.given_back} of line {line.id} are in it, {left} are left to pack."
            " Take the replacement out of its box, or approve more of the line, then report it found.",
            state=f"approved {line.approved or 0}, packed {line.packed}",
            expected=f"at least {held.given_back} left to pack",
        )
    line.packed += held.given_back
    held.given_back = 0
