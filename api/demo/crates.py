"""One returnee's part of the demo's past: from the request to whatever became of the box."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec
from sqlmodel import Session, col, select

from api.demo.staff import HOST
from api.demo.ways import Crate, Found
from shipments.boxes import checking, ending, packing
from shipments.boxes.box import Box, BoxLine, Wood
from shipments.boxes.checking import ElectricalTestDone, Hazards
from shipments.boxes.packing import LineToPack
from shipments.cases import carding, opening, turning
from shipments.cases.carding import IssuedCard
from shipments.cases.case import ConsentKind
from shipments.cases.opening import CaseAsked, Contact
from shipments.catalogue.item import Item
from shipments.offices.scope import Actor, find
from shipments.receipts import handing_over, receiving
from shipments.receipts.handing_over import HandedOver
from shipments.receipts.receipt import HandedTo
from shipments.receipts.receiving import Arrived, LineCounted, Surplus
from shipments.requests import answering, asking
from shipments.requests.answering import LineAnswer
from shipments.requests.asking import LineAsked
from shipments.requests.request import RequestLine, SupplyRequest
from shipments.settings import Settings

CRATE_G = 25_000  # an empty plywood crate
NO_HAZARDS = Hazards(fuel=False, gas=False, aerosol=False, glue=False, battery_wh=0)
VALUE_EUR = 450.0


class CrateStory:
    """The codes come to be as the story goes; every method is one piece of work at its time."""

    def __init__(self, crate: Crate, settings: Settings, now: datetime) -> None:
        self.crate = crate
        self._settings = settings
        self._now = now
        self.case = self.request = self.box = ""
        self.card: IssuedCard | None = None

    def ask(self, session: Session, by: Actor, then: datetime) -> None:
        """The counsellor opens the case and logs what the plan asks for."""
        crate = self.crate
        departure = self._now - timedelta(days=crate.departed) if crate.departed is not None else self._now
        asked = CaseAsked(
            HOST,
            crate.office,
            crate.language,
            planned_departure=departure.date() + timedelta(days=0 if crate.departed is not None else 12),
            name=crate.name,
            contact=Contact(phone="+00 555 0199"),
        )
        self.case = opening.open_case(session, self._settings.ring, asked, by=by, now=then).code
        purpose = "sending tools to the office of return"
        turning.consent(session, self.case, kind=ConsentKind.WRITTEN, purpose=purpose, on=then.date(), by=by, now=then)
        line = LineAsked(kit=crate.kit, quantity=1, declared_value_eur=VALUE_EUR)
        self.request = asking.ask(session, self.case, [line], needed_by=None, by=by, now=then).code

    def pack(self, session: Session, by: Actor, then: datetime) -> None:
        """The logistician answers the request and packs a crate, tests and all."""
        answering.approve(session, self.request, self._answers(session), by=by, now=then)
        box = packing.register(
            session,
            origin_office=self.crate.office,
            host_office=None,
            length_mm=1000,
            width_mm=800,
            height_mm=700,
            by=by,
            now=then,
        )
        self.box = box.code
        lines = [line for line in self._lines(session) if line.approved]
        packing.pack(session, box.code, [LineToPack(line.id, line.approved or 0) for line in lines], by=by, now=then)
        if not self.crate.sealed:
            return
        tests = electrical_tests(session, box, by_whom="J. Voorbeeld", on=then)
        checking.check(session, box.code, wood=Wood.PLYWOOD, hazards=NO_HAZARDS, electrical=tests, by=by, now=then)
        weight = CRATE_G + _weight(session, box)
        packing.seal(session, box.code, gross_weight_g=weight, seal_number=_seal_of(box), by=by, now=then)

    def depart(self, session: Session, by: Actor, then: datetime) -> None:
        """The returnee leaves, perhaps with a card."""
        turning.case_departed(session, self.case, on=then.date(), by=by, now=then)
        if self.crate.card:
            self.card = carding.issue_card(
                session, self._settings.ring, self.case, base_url=self._settings.base_url, by=by, now=then
            )

    def withdraw(self, session: Session, by: Actor, then: datetime) -> None:
        """The returnee withdraws."""
        assert self.crate.withdrawn is not None
        turning.case_withdrawn(session, self.case, on=then.date(), reason=self.crate.withdrawn[1], by=by, now=then)

    def receive(self, session: Session, by: Actor, then: datetime) -> None:
        """The office scans the box and says what it found."""
        found = self.crate.found
        assert found is not None
        box = find(session, Box, self.box, "box")
        surplus = (Surplus(found.surplus, 1),) if found.surplus else ()
        said = Arrived(
            id=uuid4(),
            box=self.box,
            arrived_at=then,
            condition=found.condition,
            seal_number=_seal_of(box) if found.seal == "same" else "S-000000",
            lines=tuple(_counted(_lines_in(session, box), found)) if found.counted else (),
            surplus=surplus,
            note=found.note,
        )
        receiving.receive(session, said, by=by, now=then)

    def miss(self, session: Session, by: Actor, then: datetime) -> None:
        """The office tries to reach the returnee, in vain."""
        handing_over.tried_to_reach(session, self.box, reached=False, note="No answer", by=by, now=then)

    def hand_over(self, session: Session, by: Actor, then: datetime) -> None:
        """The returnee takes everything."""
        handing_over.hand_over(session, self._handed(then, None), by=by, now=then)

    def refuse(self, session: Session, by: Actor, then: datetime) -> None:
        """The returnee does not take the box."""
        assert self.crate.refused is not None
        handing_over.hand_over(session, self._handed(then, self.crate.refused[1]), by=by, now=then)

    def end(self, session: Session, by: Actor, then: datetime) -> None:
        """The box's way ends early."""
        end = self.crate.end
        assert end is not None
        ending.end(session, self.box, how=end.how, at=then, reason=end.reason, by=by, now=then)

    def _handed(self, then: datetime, refused: str | None) -> HandedOver:
        return HandedOver(
            id=uuid4(), box=self.box, at=then, to=HandedTo.RETURNEE, identity_checked=refused is None, refused=refused
        )

    def _answers(self, session: Session) -> list[LineAnswer] | None:
        """Everything as asked, unless the last line is substituted."""
        if self.crate.substitute is None:
            return None
        lines = self._lines(session)
        answers = [LineAnswer(line=line.id, approved_quantity=line.quantity) for line in lines]
        answers[-1] = msgspec.structs.replace(
            answers[-1], substitute=self.crate.substitute, reason="None left in the workshop"
        )
        return answers

    def _lines(self, session: Session) -> Sequence[RequestLine]:
        return asking.lines_of(session, find(session, SupplyRequest, self.request, "request"))


def electrical_tests(session: Session, box: Box, *, by_whom: str, on: datetime) -> list[ElectricalTestDone]:
    """A passed test for every electrical thing in a box."""
    return [
        ElectricalTestDone(
            line, f"DEMO-{str(line)[-6:].upper()}-{number}", by_whom, "NEN 3140", on.date().isoformat(), True
        )
        for line, quantity in session.exec(
            select(BoxLine.id, BoxLine.quantity)
            .join(RequestLine, col(RequestLine.id) == BoxLine.request_line_id)
            .join(Item, col(Item.id) == RequestLine.item_id)
            .where(BoxLine.box_id == box.id, col(Item.electrical))
        )
        for number in range(1, quantity + 1)
    ]


def _weight(session: Session, box: Box) -> int:
    rows = session.exec(
        select(BoxLine.quantity, Item.typical_weight_g)
        .join(RequestLine, col(RequestLine.id) == BoxLine.request_line_id)
        .join(Item, col(Item.id) == RequestLine.item_id)
        .where(BoxLine.box_id == box.id)
    )
    return sum(quantity * grams for quantity, grams in rows)


def _lines_in(session: Session, box: Box) -> list[tuple[UUID, int]]:
    statement = select(BoxLine.id, BoxLine.quantity).where(BoxLine.box_id == box.id).order_by(col(BoxLine.id))
    return list(session.exec(statement))


def _counted(lines: list[tuple[UUID, int]], found: Found) -> list[LineCounted]:
    """What is missing or damaged is taken from the first lines that have enough."""
    missing, damaged = found.missing, found.damaged
    counted = []
    for line, quantity in lines:
        gone = min(missing, quantity)
        broken = min(damaged, quantity - gone)
        counted.append(LineCounted(line, quantity - gone - broken, broken, gone))
        missing, damaged = missing - gone, damaged - broken
    return counted


def _seal_of(box: Box) -> str:
    return f"S-{box.id.int % 10**6:06}"
