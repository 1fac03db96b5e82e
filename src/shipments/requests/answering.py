"""What the foundation says to a request, line by line."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session

from shipments import journal
from shipments.errors import Invalid, TooMuch, WrongState
from shipments.journal import Noted
from shipments.offices.person import Role
from shipments.offices.scope import Actor, find
from shipments.requests.asking import lines_of, must_not_be_withdrawn
from shipments.requests.request import Answer, RequestLine, SupplyRequest
from shipments.shapes import Count, Line, Text

ANSWERERS = frozenset({Role.LOGISTICIAN, Role.COORDINATOR})


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of a line may be packed; what instead; why less, which is welcome and not enforced."""

    line: UUID
    approved_quantity: Count
    substitute: Line | None = None
    reason: Text | None = None


def approve(
    session: Session, code: str, answers: Sequence[LineAnswer] | None, *, by: Actor, now: datetime
) -> SupplyRequest:
    """Answers the lines named; without `answers` every line that has no answer yet, as asked.

    A line may be answered again, though never with fewer than are packed of it.

    Raises NotFound, WrongState (nothing is left to answer), TooMuch,
    Invalid (a line of another request, more than asked, a line twice).
    """
    request = _answerable(session, code, by)
    lines = {line.id: line for line in lines_of(session, request, lock=True)}
    if answers is None:
        unanswered = [line for line in lines.values() if line.answer is None]
        if not unanswered:
            raise WrongState(
                f"Every line of {code} has its answer. Name the lines to answer again.",
                state="answered",
                expected="asked",
            )
        answers = [LineAnswer(line=line.id, approved_quantity=line.quantity) for line in unanswered]
    _refuse_unfit(answers, lines)
    for answer in answers:
        _answer(lines[answer.line], answer, now)
    journal.note(session, _noted(request, "request.approve", answers, by, now))
    return request


def decline(session: Session, code: str, *, reason: str, by: Actor, now: datetime) -> SupplyRequest:
    """Every line, for one reason. Raises NotFound, TooMuch where something is packed."""
    request = _answerable(session, code, by)
    lines = {line.id: line for line in lines_of(session, request, lock=True)}
    answers = [LineAnswer(line=line, approved_quantity=0, reason=reason) for line in lines]
    for answer in answers:
        _answer(lines[answer.line], answer, now)
    journal.note(session, _noted(request, "request.decline", answers, by, now))
    return request


def _answerable(session: Session, code: str, by: Actor) -> SupplyRequest:
    request = find(session, SupplyRequest, code, "request", lock=True)
    by.must_be(ANSWERERS, request.host_office_id)
    must_not_be_withdrawn(request)
    return request


def _answer(line: RequestLine, answer: LineAnswer, now: datetime) -> None:
    if answer.approved_quantity < line.packed:
        raise TooMuch(
            f"Line {line.id}: {line.packed} are packed, so no fewer can be approved. Take them out first.",
            state=f"packed {line.packed}",
            expected=f"approved at least {line.packed}",
        )
    line.approved = answer.approved_quantity
    line.substitute, line.reason, line.answered_at = answer.substitute, answer.reason, now
    line.answer = _word(line, answer)


def _word(line: RequestLine, answer: LineAnswer) -> Answer:
    if answer.approved_quantity == 0:
        return Answer.DECLINED
    if answer.substitute:
        return Answer.SUBSTITUTED
    return Answer.SHORT if answer.approved_quantity < line.quantity else Answer.APPROVED


def _refuse_unfit(answers: Sequence[LineAnswer], lines: dict[UUID, RequestLine]) -> None:
    unfit: list[tuple[str, str]] = []
    for index, answer in enumerate(answers):
        line = lines.get(answer.line)
        if line is None:
            unfit.append((f"lines[{index}].line", "the id of a line of this request"))
        elif answer.approved_quantity > line.quantity:
            unfit.append((f"lines[{index}].approved_quantity", f"at most the {line.quantity} asked for"))
    if len({answer.line for answer in answers}) < len(answers):
        unfit.append(("lines", "each line once"))
    if unfit:
        raise Invalid(unfit)


def _noted(request: SupplyRequest, action: str, answers: Sequence[LineAnswer], by: Actor, now: datetime) -> Noted:
    """Its details: line id → how many were approved."""
    return Noted(
        at=now,
        action=action,
        object_kind="request",
        object_code=request.code,
        person_id=by.person_id,
        office_id=request.host_office_id,
        details={str(answer.line): answer.approved_quantity for answer in answers},
    )
