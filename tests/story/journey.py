"""A box's way through the verbs, step by step, each in a transaction of its own as an edge makes it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec
from sqlmodel import Session, col, select

from shipments.batches import dispatching, planning
from shipments.batches.batch import Batch, Leg, Mode
from shipments.boxes import checking, packing
from shipments.boxes.box import Box, BoxLine, Wood
from shipments.boxes.checking import Hazards
from shipments.boxes.packing import LineToPack
from shipments.cases import turning
from shipments.cases.case import Case
from shipments.database import Database
from shipments.notices.notice import News, Notice
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE, Actor
from shipments.progress.deriving import Progress
from shipments.progress.keeping import progress_now, rebuild
from shipments.receipts import handing_over, receiving
from shipments.receipts.handing_over import HandedOver
from shipments.receipts.receipt import Condition, HandedTo, Handover, Receipt
from shipments.receipts.receiving import Arrived, LineCounted
from shipments.requests.request import RequestLine, SupplyRequest
from shipments.sealing import KeyRing
from shipments.tracking import legs
from shipments.tracking.accounts.administering import add_account
from shipments.tracking.accounts.terms import AccountAsked
from shipments.tracking.event import CarrierEvent
from shipments.tracking.legs import LegPlanned, Told
from shipments.tracking.milestones import Milestone
from shipments.tracking.polling.watch import LegWatch
from shipments.transaction import reading, transaction
from tests.builders import NOON, a_case, a_request, an_actor, an_office, lines_of

T = TypeVar("T")
Columns = Any  # whatever the verb takes
SAFE = Hazards(fuel=False, gas=False, aerosol=False, glue=False, battery_wh=0)
DAY = timedelta(days=1)


class Staff(msgspec.Struct, frozen=True):
    """Who acts: at the host office NL-AMS, at the origin office GN-CKY, at NG-LOS that has no part in it."""

    counsellor: Actor
    logistician: Actor
    coordinator: Actor
    receiver: Actor
    second_receiver: Actor
    stranger: Actor


class Journey:
    """One installation's people and clock; `now` moves a minute with each step."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOON
        with transaction(database, EVERYWHERE, now=NOON) as session:
            self.host, self.origin = an_office(session, "NL-AMS"), an_office(session, "GN-CKY")
            elsewhere = an_office(session, "NG-LOS")
            self.staff = Staff(
                counsellor=an_actor(session, Role.COUNSELLOR, self.host),
                logistician=an_actor(session, Role.LOGISTICIAN, self.host),
                coordinator=an_actor(session, Role.COORDINATOR, None),
                receiver=an_actor(session, Role.RECEIVER, self.origin),
                second_receiver=an_actor(session, Role.RECEIVER, self.origin),
                stranger=an_actor(session, Role.LOGISTICIAN, elsewhere),
            )

    def do(self, work: Callable[[Session], T], by: Actor) -> T:
        """One transaction, a minute after the last."""
        self.now += timedelta(minutes=1)
        with transaction(self.database, by, now=self.now) as session:
            return work(session)

    def see(self, work: Callable[[Session], T]) -> T:
        """One look at everything."""
        with reading(self.database, EVERYWHERE) as session:
            return work(session)

    # The need

    def case(self, *, departed: bool = True) -> str:
        """A case whose returnee has left, unless told otherwise; its code."""

        def work(session: Session) -> str:
            code = a_case(session, self.host, self.origin).code
            if departed:
                turning.case_departed(session, code, on=self.now.date(), by=self.staff.counsellor, now=self.now)
            return code

        return self.do(work, EVERYWHERE)

    def request(self, *approved: int | None, case: str | None = None) -> list[UUID]:
        """The ids of lines of which so many are approved each."""
        code = case or self.case()

        def work(session: Session) -> list[UUID]:
            owner = session.exec(select(Case).where(Case.code == code)).one()
            return [line.id for line in lines_of(session, a_request(session, owner, approved))]

        return self.do(work, EVERYWHERE)

    # The box

    def box(self, lines: Sequence[UUID] | None = None, *, quantity: int = 3, sealed: bool = True) -> str:
        """A box with `quantity` of each line (one new line, if none is given), checked, and sealed with S1."""
        by = self.staff.logistician
        lines = self.request(quantity) if lines is None else lines

        def work(session: Session) -> str:
            box = packing.register(
                session,
                origin_office="GN-CKY",
                host_office="NL-AMS",
                length_mm=600,
                width_mm=400,
                height_mm=400,
                by=by,
                now=self.now,
            )
            self.pack(session, box.code, dict.fromkeys(lines, quantity))
            self.check(session, box.code)
            return box.code

        code = self.do(work, by)
        if sealed:
            self.seal(code)
        return code

    def pack(self, session: Session, code: str, quantities: dict[UUID, int]) -> Box:
        """So many of each line."""
        lines = [LineToPack(line, quantity) for line, quantity in quantities.items()]
        return packing.pack(session, code, lines, by=self.staff.logistician, now=self.now)

    def check(self, session: Session, code: str, wood: Wood = Wood.PLYWOOD, **hazards: Columns) -> None:
        """The checklist, answered well unless told otherwise."""
        answers = msgspec.structs.replace(SAFE, **hazards)
        checking.check(
            session, code, wood=wood, hazards=answers, electrical=[], by=self.staff.logistician, now=self.now
        )

    def seal(self, code: str, number: str = "S1") -> None:
        """Closes it, 12.5 kg."""
        by = self.staff.logistician
        self.do(
            lambda session: packing.seal(session, code, gross_weight_g=12_500, seal_number=number, by=by, now=self.now),
            by,
        )

    # The batch

    def batch(self, *boxes: str, mode: Mode = Mode.SEA, **limits: int) -> str:
        """A batch for Conakry with these boxes."""
        by = self.staff.logistician
        code = self.do(
            lambda session: (
                planning.plan(
                    session,
                    from_office="NL-AMS",
                    to_office="GN-CKY",
                    mode=mode,
                    cut_off=None,
                    limits=planning.Limits(**limits),
                    by=by,
                    now=self.now,
                ).code
            ),
            by,
        )
        if boxes:
            self.do(lambda session: planning.add_boxes(session, code, boxes, by=by, now=self.now), by)
        return code

    def leg(self, batch: str, **planned: Columns) -> UUID:
        """A leg by hand from Rotterdam to Conakry, planned to arrive in 20 days, unless told otherwise."""
        defaults = {
            "carrier": "by_hand",
            "reference_type": "booking",
            "reference": "PRB0012345",
            "from_place": "NLRTM",
            "to_place": "GNCKY",
            "planned_arrival": at(20).isoformat(),
        }
        leg = LegPlanned(**{**defaults, **planned})
        by = self.staff.logistician
        return self.do(lambda session: legs.add_leg(session, batch, leg, by=by, now=self.now).id, by)

    def dispatch(self, batch: str, **how: Columns) -> None:
        """It leaves now."""
        by = self.staff.logistician
        how = {"at": None, "override": None, **how}
        self.do(lambda session: dispatching.dispatch(session, batch, by=by, now=self.now, **how), by)

    def sent(self, boxes: int = 1, *, quantity: int = 3) -> tuple[list[str], str, UUID]:
        """So many boxes on their way: their codes, their batch, its leg by hand."""
        codes = [self.box(quantity=quantity) for _ in range(boxes)]
        batch = self.batch(*codes)
        leg = self.leg(batch)
        self.dispatch(batch)
        return codes, batch, leg

    def tell(self, leg: UUID, milestone: Milestone | None, *, by: Actor | None = None, **told: Columns) -> UUID:
        """Somebody heard it from the carrier; it happened just now unless told otherwise. The event's id."""
        by = by or self.staff.logistician
        return self.do(
            lambda session: (
                legs.tell(
                    session,
                    leg,
                    Told(**{"milestone": milestone, "occurred_at": self.now, **told}),
                    by=by,
                    now=self.now,
                ).id
            ),
            by,
        )

    # The office

    def arrived(self, box: str, **said: Columns) -> Arrived:
        """What an office may say of a box: good, arrived now, not counted."""
        defaults = {"id": uuid4(), "box": box, "arrived_at": self.now, "condition": Condition.GOOD}
        return Arrived(**{**defaults, **said})

    def receive(self, said: Arrived, *, by: Actor | None = None) -> tuple[Receipt, bool]:
        """The receiver says so."""
        by = by or self.staff.receiver
        return self.do(lambda session: receiving.receive(session, said, by=by, now=self.now), by)

    def counted(self, box: str, *, damaged: int = 0, missing: int = 0) -> tuple[LineCounted, ...]:
        """Every line, of the first so many damaged and missing."""
        counts = []
        for index, line in enumerate(self.lines(box)):
            bad = (damaged, missing) if index == 0 else (0, 0)
            counts.append(LineCounted(line.id, line.quantity - sum(bad), *bad))
        return tuple(counts)

    def handing(self, box: str, **said: Columns) -> HandedOver:
        """What an office may say of a hand-over: all of it, to the returnee, identity checked."""
        defaults = {"id": uuid4(), "box": box, "at": self.now, "to": HandedTo.RETURNEE, "identity_checked": True}
        return HandedOver(**{**defaults, **said})

    def hand_over(self, said: HandedOver, *, by: Actor | None = None) -> tuple[Handover, bool]:
        """The receiver says so."""
        by = by or self.staff.receiver
        return self.do(lambda session: handing_over.hand_over(session, said, by=by, now=self.now), by)

    # What is there now

    def lines(self, box: str) -> Sequence[BoxLine]:
        """What a box holds."""
        return self.see(
            lambda session: session.exec(
                select(BoxLine)
                .join(Box, col(Box.id) == BoxLine.box_id)
                .where(Box.code == box)
                .order_by(col(BoxLine.id))
            ).all()
        )

    def request_line(self, line: UUID) -> RequestLine:
        """One line as it is now."""
        return self.see(lambda session: session.get_one(RequestLine, line))

    def request_of(self, line: UUID) -> str:
        """The code of a line's request."""
        return self.see(
            lambda session: session.get_one(SupplyRequest, session.get_one(RequestLine, line).request_id).code
        )

    def the_box(self, code: str) -> Box:
        """The row with its cached columns."""
        return self.see(lambda session: session.exec(select(Box).where(Box.code == code)).one())

    def the_batch(self, code: str) -> Batch:
        """The row with its cached columns."""
        return self.see(lambda session: session.exec(select(Batch).where(Batch.code == code)).one())

    def progress(self, box: str) -> Progress:
        """Worked out anew."""
        return self.see(lambda session: progress_now(session, session.exec(select(Box).where(Box.code == box)).one()))

    def events(self, leg: UUID) -> Sequence[CarrierEvent]:
        """All that was said of a leg."""
        return self.see(lambda session: session.exec(select(CarrierEvent).where(CarrierEvent.leg_id == leg)).all())

    def watch(self, leg: UUID) -> LegWatch:
        """When a leg is asked next."""
        return self.see(lambda session: session.get_one(LegWatch, leg))

    def the_leg(self, leg: UUID) -> Leg:
        """The row."""
        return self.see(lambda session: session.get_one(Leg, leg))

    def news(self, code: str) -> list[News]:
        """What was told about a box, batch or carrier, in order."""
        return [notice.news for notice in self.notices(code)]

    def notices(self, code: str) -> Sequence[Notice]:
        """The same, whole."""
        return self.see(
            lambda session: session.exec(
                select(Notice).where(Notice.object_code == code).order_by(col(Notice.noticed_at), col(Notice.id))
            ).all()
        )

    def differences(self) -> list[str]:
        """Codes of boxes and batches whose cached columns are not what their facts say."""
        return self.see(
            lambda session: [code for code, cached, derived in rebuild(session, repair=False) if cached != derived]
        )

    def account(self, ring: KeyRing, base_url: str, *, per_second: float = 1_000.0) -> UUID:
        """A login with the practice carrier, shared by all offices."""
        asked = AccountAsked(
            carrier="dcsa", base_url=base_url, secret="practice", allow_private=True, per_second=per_second
        )
        return self.do(lambda session: add_account(session, ring, asked, by=EVERYWHERE, now=self.now).id, EVERYWHERE)


def days(count: float) -> timedelta:
    """So many days."""
    return count * DAY


def at(day: float) -> datetime:
    """So many days after noon."""
    return NOON + day * DAY
