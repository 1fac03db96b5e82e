"""The checks before a box may leave: wood, hazards, electrical tests, and what they still find wanting."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from shipments import journal
from shipments.boxes.box import Box, BoxCheck, BoxLine, ElectricalTest, Wood
from shipments.boxes.packing import PACKERS, locked_box, must_be_here, noted
from shipments.catalogue.item import Item
from shipments.errors import Invalid
from shipments.offices.scope import Actor
from shipments.requests.request import RequestLine
from shipments.shapes import DayOrInstant, Line, WattHours, Word, moment


class ElectricalTestDone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One electrical test: `serial` is the type or serial number, `kind` what was tested."""

    box_line: UUID
    serial: Word
    tester: Line
    kind: Line
    tested_at: DayOrInstant
    passed: bool


class Hazards(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must not travel unseen. `battery_wh`: watt-hours of all batteries together, 0 for none."""

    fuel: bool
    gas: bool
    aerosol: bool
    glue: bool
    battery_wh: WattHours


def check(
    session: Session,
    code: str,
    *,
    wood: Wood,
    hazards: Hazards,
    electrical: Sequence[ElectricalTestDone],
    by: Actor,
    now: datetime,
) -> BoxCheck:
    """Answers the checklist. Raises NotFound, WrongState once it has left, Invalid for a line of another box."""
    box = locked_box(session, code)
    by.must_be(PACKERS, box.host_office_id)
    must_be_here(box)
    known = dict(session.exec(select(BoxLine.id, BoxLine.request_line_id).where(BoxLine.box_id == box.id)).all())
    foreign = [
        (f"electrical[{index}].box_line", "the id of a line of this box")
        for index, test in enumerate(electrical)
        if test.box_line not in known
    ]
    if foreign:
        raise Invalid(foreign)
    answers = BoxCheck(
        box_id=box.id, wood=wood, checked_at=now, person_id=by.person_id, **msgspec.structs.asdict(hazards)
    )
    session.add(answers)
    session.flush()
    session.add_all(
        ElectricalTest(
            check_id=answers.id,
            request_line_id=known[test.box_line],
            serial=test.serial,
            tester=test.tester,
            kind=test.kind,
            tested_on=_tested_on(test, now),
            passed=test.passed,
        )
        for test in electrical
    )
    journal.note(session, noted(box, "box.check", by, now))
    return answers


def check_troubles(session: Session, box: Box) -> list[str]:
    """What still keeps a box from travelling, in words; empty: nothing."""
    lines = session.exec(
        select(BoxLine.request_line_id, BoxLine.quantity, RequestLine.description, Item.electrical)
        .join(RequestLine, col(RequestLine.id) == BoxLine.request_line_id)
        .outerjoin(Item, col(Item.id) == RequestLine.item_id)
        .where(BoxLine.box_id == box.id)
    ).all()
    if not lines:
        return ["it is empty"]
    last = session.exec(
        select(BoxCheck)
        .where(BoxCheck.box_id == box.id)
        .order_by(col(BoxCheck.checked_at).desc(), col(BoxCheck.id).desc())
    ).first()
    if last is None or (box.filled_at is not None and last.checked_at < box.filled_at):
        return ["the checklist is not answered for what is in it now"]
    tests: dict[UUID, list[bool]] = defaultdict(list)
    for test in session.exec(select(ElectricalTest).where(ElectricalTest.check_id == last.id)):
        tests[test.request_line_id].append(test.passed)
    troubles = _hazard_troubles(last)
    for line, quantity, description, electrical in lines:
        troubles += _electrical_troubles(description, bool(electrical), quantity, tests[line])
    return troubles


def _tested_on(test: ElectricalTestDone, now: datetime) -> date:
    at = moment(test.tested_at, "electrical.tested_at")
    if at is None or at > now + timedelta(days=1):
        raise Invalid([("electrical.tested_at", "a day that is not in the future")])
    return at.date()


def _hazard_troubles(check: BoxCheck) -> list[str]:
    troubles = ["the crate's wood carries no ISPM 15 mark"] if check.wood == Wood.UNMARKED else []
    return troubles + [f"it holds {name}" for name in ("fuel", "gas", "aerosol") if getattr(check, name)]


def _electrical_troubles(description: str, electrical: bool, quantity: int, passed: Sequence[bool]) -> list[str]:
    """`passed`: the outcome of each test of one line; each piece needs one of its own."""
    if not all(passed):
        return [f"{description} failed its electrical test"]
    if electrical and not passed:
        return [f"{description} has no electrical test"]
    if electrical and len(passed) < quantity:
        return [f"{description}: {len(passed)} of {quantity} tested"]
    return []
