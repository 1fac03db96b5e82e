"""What decides over a case: the returnee leaves, withdraws, agrees."""

from datetime import date, datetime, timedelta

from sqlmodel import Session, select

from shipments.cases.carding import end_card
from shipments.cases.case import Case, CaseTurn, Consent, ConsentKind, Turn
from shipments.cases.noting import note_case
from shipments.cases.personal import AT_HOST, must_work_with
from shipments.errors import Invalid, WrongState
from shipments.offices.scope import Actor, find
from shipments.offices.typed import line

_TOMORROW = timedelta(days=1)  # it is tomorrow already in some of the offices
_LONG_AGO = timedelta(days=5 * 366)


def case_departed(session: Session, code: str, *, on: date, by: Actor, now: datetime) -> Case:
    """The returnee left on that day. Raises NotFound, NotAllowed, Invalid, WrongState where left or withdrawn."""
    return _turn(session, code, Turn.DEPARTED, on=on, reason="", by=by, now=now)


def case_withdrawn(session: Session, code: str, *, on: date, reason: str, by: Actor, now: datetime) -> Case:
    """The returnee withdrew; their card is dead from now on. Raises as `case_departed`."""
    case = _turn(session, code, Turn.WITHDRAWN, on=on, reason=line("reason", reason, 500), by=by, now=now)
    end_card(session, case.id, now=now)
    return case


def consent(
    session: Session, code: str, *, kind: ConsentKind, purpose: str, on: date, by: Actor, now: datetime
) -> Consent:
    """The returnee agreed to a purpose, once more or anew. Raises NotFound, NotAllowed, Invalid."""
    case = find(session, Case, code, "case", lock=True)
    must_work_with(by, case)
    agreed = Consent(
        case_id=case.id,
        kind=kind,
        purpose=line("purpose", purpose, 200),
        on=_happened(on, now),
        heard_at=now,
        person_id=by.person_id,
    )
    session.add(agreed)
    case.version += 1
    session.flush()
    note_case(session, case, "case.consent", by=by, now=now, kind=kind.value)
    return agreed


def turns_of(session: Session, case: Case) -> dict[Turn, date]:
    """What has been decided, and on which day."""
    decided = session.exec(select(CaseTurn).where(CaseTurn.case_id == case.id))
    return {fact.turn: fact.on for fact in decided}


def _turn(session: Session, code: str, turn: Turn, *, on: date, reason: str, by: Actor, now: datetime) -> Case:
    case = find(session, Case, code, "case", lock=True)
    by.must_be(AT_HOST, case.host_office_id)
    fact = CaseTurn(
        case_id=case.id, turn=turn, on=_happened(on, now), reason=reason, heard_at=now, person_id=by.person_id
    )
    _must_be_open_to(turn, turns_of(session, case), case.code)
    session.add(fact)
    case.version += 1
    session.flush()
    note_case(session, case, f"case.{turn}", by=by, now=now, on=on.isoformat())
    return case


def _must_be_open_to(turn: Turn, decided: dict[Turn, date], code: str) -> None:
    """Somebody who is home may still withdraw; nobody leaves after withdrawing."""
    against = decided.get(Turn.WITHDRAWN) or decided.get(turn)
    if against is None:
        return
    state = Turn.WITHDRAWN if Turn.WITHDRAWN in decided else turn
    expected = "neither departed nor withdrawn" if turn is Turn.DEPARTED else "not withdrawn"
    raise WrongState(f"Case {code} is {state} since {against}.", state=state.value, expected=expected)


def _happened(on: date, now: datetime) -> date:
    if not now.date() - _LONG_AGO <= on <= now.date() + _TOMORROW:
        raise Invalid([("at", "the day on which it happened, not in the future and at most five years ago")])
    return on
