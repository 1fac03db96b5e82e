"""Custody passes to the returnee or somebody with written authority; in part, or refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from shipments import codes, journal
from shipments.boxes.box import Box, BoxFact, BoxLine, Happened, Stage
from shipments.boxes.facts import facts_changed, record
from shipments.boxes.packing import locked_box, noted
from shipments.cases.case import Case
from shipments.errors import Invalid, KeyReused, TooMuch, WrongState
from shipments.offices.scope import Actor
from shipments.receipts.receipt import CLOCK_ERROR, HandedTo, Handover, HandoverLine
from shipments.receipts.receiving import RECEIVERS, body_hash
from shipments.requests.request import RequestLine, SupplyRequest
from shipments.shapes import Instant, Quantity, Text, TypedCode

AT_THE_OFFICE = frozenset({Stage.AT_THE_OFFICE, Stage.READY})

_OWNERS = (
    select(Case.code, BoxLine.id)
    .join(SupplyRequest, col(SupplyRequest.case_id) == Case.id)
    .join(RequestLine, col(RequestLine.request_id) == SupplyRequest.id)
    .join(BoxLine, col(BoxLine.request_line_id) == RequestLine.id)
    .order_by(col(Case.code), col(BoxLine.id))
)


class LineHanded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of one box line."""

    box_line: UUID
    quantity: Quantity


class HandedOver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an office says: of the things of one case. `refused`: why nothing was taken.

    Without `lines`: everything in good order that is left, if all that the box holds belongs to one case.
    """

    id: UUID
    box: TypedCode
    at: Instant
    to: HandedTo
    identity_checked: bool
    authority: Annotated[str, msgspec.Meta(min_length=1, max_length=300)] | None = None
    lines: Annotated[tuple[LineHanded, ...], msgspec.Meta(max_length=500)] | None = None
    refused: Text | None = None


def hand_over(session: Session, said: HandedOver, *, by: Actor, now: datetime) -> tuple[Handover, bool]:
    """Keeps the hand-over. Returns it and whether it is new.

    Raises NotFound, NotAllowed, WrongState (not at the office), TooMuch, Invalid, KeyReused (same id, other content).
    """
    box = locked_box(session, codes.read(codes.Kind.BOX, said.box))
    by.must_be(RECEIVERS, box.origin_office_id)
    digest = body_hash(said)
    if (known := session.get(Handover, said.id)) is not None:
        if known.body_hash != digest:
            raise KeyReused
        return known, False
    if box.stage not in AT_THE_OFFICE:
        raise WrongState(f"Box {box.code} is {box.stage}.", state=box.stage, expected="at_the_office or ready")
    _refuse_unfit(said, now)
    handover = Handover(
        id=said.id,
        box_id=box.id,
        person_id=by.person_id,
        at=said.at,
        heard_at=now,
        taker=said.to,
        identity_checked=said.identity_checked,
        authority=said.authority,
        refused=said.refused,
        body_hash=digest,
    )
    session.add(handover)
    session.flush()
    if said.refused is None:
        _hand_lines(session, said, box)
    facts_changed(session, [box.id])
    journal.note(session, noted(box, "box.hand_over", by, now, handover=str(said.id), refused=said.refused is not None))
    return handover, True


def tried_to_reach(session: Session, code: str, *, reached: bool, note: str, by: Actor, now: datetime) -> BoxFact:
    """The office tried to tell the returnee. Raises NotFound, NotAllowed, WrongState."""
    box = locked_box(session, code)
    by.must_be(RECEIVERS, box.origin_office_id)
    if box.stage not in AT_THE_OFFICE:
        raise WrongState(f"Box {box.code} is {box.stage}.", state=box.stage, expected="at_the_office or ready")
    happened = Happened.REACHED if reached else Happened.UNREACHABLE
    journal.note(session, noted(box, f"box.{happened}", by, now))
    return record(session, box, happened, by=by, at=now, now=now, note=note)


def _hand_lines(session: Session, said: HandedOver, box: Box) -> None:
    lines = {
        line.id: line
        for line in session.exec(select(BoxLine).where(BoxLine.box_id == box.id).order_by(col(BoxLine.id)))
    }
    _refuse_things_of_others(session, said, box)
    handed = _everything_left(lines) if said.lines is None else said.lines
    if not handed:
        raise TooMuch(
            f"Nothing of box {box.code} is left in good order.", state="nothing left", expected="something left"
        )
    for index, one in enumerate(handed):
        line = lines.get(one.box_line)
        if line is None:
            raise Invalid([(f"lines[{index}].box_line", "the id of a line of this box")])
        left = _left(line)
        if one.quantity > left:
            raise TooMuch(
                f"Line {line.id}: {one.quantity} cannot be handed over, {left} in good order are left.",
                state=f"{left} left",
                expected=f"at most {left}",
            )
        line.handed_over += one.quantity
        session.add(HandoverLine(handover_id=said.id, box_line_id=line.id, quantity=one.quantity))


def _refuse_things_of_others(session: Session, said: HandedOver, box: Box) -> None:
    """One signature takes what belongs to one case."""
    named = None if said.lines is None else {one.box_line for one in said.lines}
    owners: dict[str, list[str]] = {}
    for code, line in session.exec(_OWNERS.where(BoxLine.box_id == box.id)):
        owners.setdefault(code, []).append(str(line))
    taken = [code for code, lines in owners.items() if named is None or named & set(map(UUID, lines))]
    if len(taken) > 1:
        choices = "; ".join(f"{code}: {', '.join(lines)}" for code, lines in owners.items())
        raise Invalid([("lines", f"the box lines of one case; the box holds {choices}")])


def _everything_left(lines: dict[UUID, BoxLine]) -> Sequence[LineHanded]:
    return [LineHanded(line.id, left) for line in lines.values() if (left := _left(line)) > 0]


def _left(line: BoxLine) -> int:
    return (line.quantity if line.good is None else line.good) - line.handed_over


def _refuse_unfit(said: HandedOver, now: datetime) -> None:
    wrong: list[tuple[str, str]] = []
    if said.at > now + CLOCK_ERROR:
        wrong.append(("at", "a time that is not in the future"))
    if said.refused is None and not said.identity_checked:
        wrong.append(("identity_checked", "true: identity is checked before anything is handed over"))
    if said.refused is None and said.to == HandedTo.PROXY and not said.authority:
        wrong.append(("authority", "what written authority the proxy showed"))
    if said.refused is not None and said.lines:
        wrong.append(("lines", "none, since the box was refused"))
    if said.lines and len({one.box_line for one in said.lines}) < len(said.lines):
        wrong.append(("lines", "each box line once"))
    if wrong:
        raise Invalid(wrong)
