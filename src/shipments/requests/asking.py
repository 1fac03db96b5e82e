"""Logging what a plan asks for, and withdrawing it."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from sqlmodel import Session, col, select

from shipments import codes, journal
from shipments.cases.case import Case, CaseTurn, Turn
from shipments.catalogue.item import Item, KitLine, items_by_code, kits_by_code
from shipments.errors import Invalid, WrongState
from shipments.journal import Noted
from shipments.offices.person import Role
from shipments.offices.scope import Actor, find
from shipments.requests.request import RequestLine, SupplyRequest
from shipments.shapes import Euros, Line, Quantity, Word

MOST_OF_A_LINE = 10_000
ASKERS = frozenset({Role.COUNSELLOR, Role.COORDINATOR})


class LineAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of `item` and `kit` (catalogue codes) or `description`. `declared_value_eur`: of the whole line."""

    quantity: Quantity
    item: Word | None = None
    kit: Word | None = None
    description: Line | None = None
    declared_value_eur: Euros | None = None


def ask(
    session: Session,
    case_code: str,
    lines: Sequence[LineAsked],
    *,
    needed_by: date | None,
    by: Actor,
    now: datetime,
) -> SupplyRequest:
    """A new request. A kit becomes one line an item, so that it can be filled and answered in part.

    Raises NotFound, Invalid (unknown item or kit, not exactly one of the three), WrongState for a withdrawn case.
    """
    case = find(session, Case, case_code, "case")
    by.must_be(ASKERS, case.host_office_id)
    must_be_alive(session, case)
    request = SupplyRequest(
        code=codes.mint(codes.Kind.REQUEST),
        case_id=case.id,
        host_office_id=case.host_office_id,
        origin_office_id=case.origin_office_id,
        needed_by=needed_by,
        asked_at=now,
        asked_by=by.person_id,
    )
    session.add(request)
    session.flush()
    session.add_all(_lines(session, request, lines))
    journal.note(session, _noted(request, "request.ask", by, now, lines=len(lines)))
    return request


def withdraw(session: Session, code: str, *, reason: str, by: Actor, now: datetime) -> SupplyRequest:
    """Takes a request back. What is packed already must be unpacked first. Raises WrongState."""
    request = find(session, SupplyRequest, code, "request", lock=True)
    by.must_be(ASKERS, request.host_office_id)
    must_not_be_withdrawn(request)
    packed = session.exec(
        select(RequestLine.position).where(RequestLine.request_id == request.id, col(RequestLine.packed) > 0)
    ).all()
    if packed:
        raise WrongState(
            f"Lines {', '.join(map(str, packed))} of {code} are packed. Take them out of their boxes first.",
            state="packed",
            expected="nothing packed",
        )
    request.withdrawn_at, request.withdrawn_reason = now, reason
    journal.note(session, _noted(request, "request.withdraw", by, now))
    return request


def lines_of(session: Session, request: SupplyRequest, *, lock: bool = False) -> Sequence[RequestLine]:
    """In the order in which they were asked."""
    statement = select(RequestLine).where(RequestLine.request_id == request.id).order_by(col(RequestLine.position))
    return session.exec(statement.with_for_update() if lock else statement).all()


def must_not_be_withdrawn(request: SupplyRequest) -> None:
    """Raises WrongState."""
    if request.withdrawn_at is not None:
        raise WrongState(
            f"Request {request.code} was withdrawn on {request.withdrawn_at:%Y-%m-%d}. Log a new one.",
            state="withdrawn",
            expected="not withdrawn",
        )


def must_be_alive(session: Session, case: Case) -> None:
    """Raises WrongState for a withdrawn case."""
    gone = session.exec(
        select(col(CaseTurn.on)).where(CaseTurn.case_id == case.id, CaseTurn.turn == Turn.WITHDRAWN)
    ).first()
    if gone is not None:
        raise WrongState(
            f"Case {case.code} was withdrawn on {gone}. Open a new case.", state="withdrawn", expected="not withdrawn"
        )


def _lines(session: Session, request: SupplyRequest, asked: Sequence[LineAsked]) -> list[RequestLine]:
    _refuse_unclear(asked)
    items = items_by_code(session, {line.item for line in asked if line.item})
    kits = kits_by_code(session, {line.kit for line in asked if line.kit})
    made: list[RequestLine] = []
    for index, line in enumerate(asked):
        if line.kit:
            _refuse_too_many(index, line, kits[line.kit])
            made += _kit_lines(request, line, kits[line.kit])
        else:
            item = items[line.item] if line.item else None
            made.append(_line(request, item, line.description or "", line.quantity, _cents(line.declared_value_eur)))
    for position, new in enumerate(made, start=1):
        new.position = position
    return made


def _refuse_too_many(index: int, asked: LineAsked, kit: Sequence[tuple[KitLine, Item]]) -> None:
    most = MOST_OF_A_LINE // max((line.quantity for line, _ in kit), default=1)
    if asked.quantity > most:
        raise Invalid([(f"lines[{index}].quantity", f"at most {most} of kit {asked.kit}; ask for the rest by itself")])


def _kit_lines(request: SupplyRequest, asked: LineAsked, kit: Sequence[tuple[KitLine, Item]]) -> list[RequestLine]:
    made = []
    for (line, item), share in zip(kit, _shares(_cents(asked.declared_value_eur), kit), strict=True):
        new = _line(request, item, "", line.quantity * asked.quantity, share)
        new.kit_id = line.kit_id
        made.append(new)
    return made


def _shares(total: int | None, kit: Sequence[tuple[KitLine, Item]]) -> list[int | None]:
    """Cents for each line of a kit, by its typical value; the last takes what rounding leaves. None: not declared."""
    if total is None:
        return [None] * len(kit)
    values = [item.typical_value_eur * line.quantity for line, item in kit]
    shares = [max(1, total * value // (sum(values) or 1)) for value in values[:-1]]
    return [*shares, max(1, total - sum(shares))]


def _line(request: SupplyRequest, item: Item | None, text: str, quantity: int, cents: int | None) -> RequestLine:
    return RequestLine(
        request_id=request.id,
        position=0,
        item_id=item.id if item else None,
        description=text or (item.name() if item else ""),
        quantity=quantity,
        declared_value_cents=cents,
    )


def _cents(eur: float | None) -> int | None:
    return None if eur is None else max(1, round(eur * 100))


def _refuse_unclear(asked: Sequence[LineAsked]) -> None:
    unclear = [
        (f"lines[{index}]", "exactly one of item, kit and description")
        for index, line in enumerate(asked)
        if sum(map(bool, (line.item, line.kit, line.description))) != 1
    ]
    if unclear:
        raise Invalid(unclear)


def _noted(request: SupplyRequest, action: str, by: Actor, now: datetime, **details: int) -> Noted:
    return Noted(
        at=now,
        action=action,
        object_kind="request",
        object_code=request.code,
        person_id=by.person_id,
        office_id=request.host_office_id,
        details=dict(details),
    )
