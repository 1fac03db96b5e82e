"""A small programme at every stage, with words planted that must not leak."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
from sqlmodel import Session, select

from shipments.boxes.box import Box, BoxLine, Happened
from shipments.boxes.facts import facts_changed
from shipments.cases.carding import IssuedCard, issue_card
from shipments.cases.case import Case
from shipments.cases.opening import CaseAsked, Contact, open_case
from shipments.database import Database
from shipments.offices.office import Office
from shipments.offices.passwords import hash_of
from shipments.offices.person import Person, Role
from shipments.offices.scope import EVERYWHERE, Actor
from shipments.receipts.receipt import Condition
from shipments.receipts.receiving import Arrived, LineCounted, receive
from shipments.sealing import KeyRing
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.milestones import Milestone, Reason
from shipments.transaction import transaction
from tests.builders import (
    NOON,
    a_batch,
    a_box,
    a_box_fact,
    a_box_line,
    a_case,
    a_leg,
    a_person,
    a_request,
    a_request_line,
    an_office,
    lines_of,
)
from tests.tracking.calls.ledger_rows import a_ledger

PASSWORD = "a long row of invented words"
NAME, CONTACT, CONTENT, REFERENCE = "Canary Diallo", "+224 600 55 01 77", "canary generator", "CANU1234567"
ADDRESS, HOURS, PHONE = "Canary Street 7, Conakry", "Mon-Fri 8-16", "+224 555 01 00"
CANARIES = ("Canary", "canary", "600 55 01 77", "CANU1234567", "Guinea", "GN-CKY", "Conakry", "1234.5")
IN_APRIL = "6\N{EN DASH}18 Apr 2026"
NOW = NOON + timedelta(days=20)
LEFT = NOON + timedelta(days=4)


class Staff(msgspec.Struct, frozen=True):
    """E-mail addresses, all with PASSWORD."""

    logistician: str
    receiver: str
    reader: str
    stranger: str
    auditor: str
    administrator: str


class World(msgspec.Struct, frozen=True):
    """Codes of boxes by what they show; cards by what they show."""

    staff: Staff
    boxes: dict[str, str]
    batch: str
    waiting_batch: str
    cards: dict[str, IssuedCard]
    cases: dict[str, str]

    def token(self, card: str) -> str:
        """As it stands in the address."""
        return self.cards[card].url.rpartition("/")[2]


def a_world(database: Database, ring: KeyRing, *, password_hash: str | None = None) -> World:
    """Four boxes on the way, held, received short, and not sealed yet; a batch that waits; six cards."""
    with transaction(database, EVERYWHERE, now=LEFT) as session:
        host, origin, elsewhere = _offices(session)
        staff, counsellor, receiver = _staff(session, host, origin, elsewhere, password_hash or hash_of(PASSWORD))
        cases = {name: _case(session, ring, counsellor) for name in ("way", "held", "short", "open")}
        cases |= {name: a_case(session, host, origin, language="en") for name in ("asked", "gone", "expired")}
        boxes = {
            name: _box(session, cases[name], host, origin, sealed=name != "open")
            for name in ("way", "held", "short", "open")
        }
        waits = a_box(session, host, origin, sealed_at=NOON)
        waiting = a_batch(session, host, origin, [waits])
        batch = a_batch(session, host, origin, [boxes["way"], boxes["short"]], dispatched_at=LEFT)
        late = a_batch(session, host, origin, [boxes["held"]], dispatched_at=LEFT)
        a_request(session, cases["asked"], [None])
        legs = (
            a_leg(session, batch, reference=REFERENCE),
            a_leg(session, late, planned_arrival=NOON + timedelta(days=3)),
        )
        for leg, held in zip(legs, (False, True), strict=True):
            _said(session, leg.id, held=held)
        a_ledger(session, host, [leg.id for leg in legs], now=NOW)
        facts_changed(session, [box.id for box in (*boxes.values(), waits)])
    with transaction(database, receiver, now=NOW - timedelta(days=1)) as session:
        _receive_short(session, boxes["short"].code, receiver)
    with transaction(database, counsellor, now=NOON) as session:
        cards = {
            name: issue_card(session, ring, case.code, base_url="https://boxes.example.org", by=counsellor, now=NOON)
            for name, case in cases.items()
        }
    return World(
        staff=staff,
        boxes={name: box.code for name, box in boxes.items()},
        batch=batch.code,
        waiting_batch=waiting.code,
        cards=cards,
        cases={name: case.code for name, case in cases.items()},
    )


def _offices(session: Session) -> tuple[Office, Office, Office]:
    contact: dict[str, Any] = {"public_phone": PHONE, "public_address": ADDRESS, "public_hours": HOURS}
    host = an_office(session, "NL-AMS", name="Amsterdam")
    origin = an_office(session, "GN-CKY", name="Canary office", **contact)
    return host, origin, an_office(session, "NG-LOS", name="Lagos")


def _staff(
    session: Session, host: Office, origin: Office, elsewhere: Office, password: str
) -> tuple[Staff, Actor, Actor]:
    def person(role: Role, office: Office | None, language: str = "en") -> Person:
        return a_person(session, [(role, office)], password_hash=password, language=language)

    counsels = person(Role.COUNSELLOR, host)
    receives = person(Role.RECEIVER, origin, "fr")
    staff = Staff(
        logistician=person(Role.LOGISTICIAN, host).email,
        receiver=receives.email,
        reader=person(Role.RECEIVER, origin, "ar").email,
        stranger=person(Role.RECEIVER, elsewhere).email,
        auditor=person(Role.AUDITOR, None).email,
        administrator=person(Role.ADMINISTRATOR, None).email,
    )
    counsellor = Actor(counsels.id, frozenset({(Role.COUNSELLOR, host.id)}))
    return staff, counsellor, Actor(receives.id, frozenset({(Role.RECEIVER, origin.id)}))


def _case(session: Session, ring: KeyRing, counsellor: Actor) -> Case:
    contact = Contact(phone=CONTACT, email="canary@example.org")
    asked = CaseAsked("NL-AMS", "GN-CKY", "ar", name=NAME, contact=contact)
    return open_case(session, ring, asked, by=counsellor, now=NOON)


def _box(session: Session, case: Case, host: Office, origin: Office, *, sealed: bool) -> Box:
    request = a_request(session, case, [])
    for description in (CONTENT, "canary <b>saw</b>"):
        a_request_line(session, request, description=description, approved=3, quantity=3)
    box = a_box(session, host, origin, sealed_at=NOON if sealed else None)
    for line in lines_of(session, request):
        a_box_line(session, box, line, 3)
    return box


def _said(session: Session, leg_id: Any, *, held: bool) -> None:  # Any: a UUID
    arrives = NOON + timedelta(days=10 if held else 33)
    said: list[dict[str, Any]] = [
        {"milestone": Milestone.IN_TRANSIT, "event": "departed", "place": "Rotterdam", "occurred_at": LEFT},
        {"milestone": None, "raw_text": "XYZ", "occurred_as_written": "05/03/2026 14:00", "tz_known": False},
        {
            "milestone": Milestone.IN_TRANSIT,
            "event": "arrived",
            "unlocode": "GNCKY",
            "classifier": Classifier.EST,
            "occurred_at": arrives,
        },
    ]
    if held:
        reason = Reason.CUSTOMS_HOLD
        said.append({"milestone": Milestone.EXCEPTION, "reason": reason, "occurred_at": LEFT + timedelta(days=9)})
    for number, one in enumerate(said):
        defaults = {"leg_id": leg_id, "source_id": f"{number}", "classifier": Classifier.ACT, "heard_at": LEFT}
        session.add(CarrierEvent(**{**defaults, "raw_code": f"C{number}", **one}))
    session.flush()


def _receive_short(session: Session, code: str, receiver: Actor) -> None:
    box = session.exec(select(Box).where(Box.code == code)).one()
    lines = session.exec(select(BoxLine).where(BoxLine.box_id == box.id)).all()
    counted = [LineCounted(box_line=line.id, good=2, damaged=0, missing=1) for line in lines]
    note = Arrived(
        id=uuid4(),
        box=code,
        arrived_at=NOW - timedelta(days=2),
        condition=Condition.WET,
        seal_number=box.seal_number,
        lines=tuple(counted),
        note="canary note",
    )
    receive(session, note, by=receiver, now=NOW - timedelta(days=1))


def tried_in_vain(database: Database, code: str) -> None:
    """The person could not be reached."""
    with transaction(database, EVERYWHERE, now=NOW) as session:
        box = session.exec(select(Box).where(Box.code == code)).one()
        a_box_fact(session, box, Happened.UNREACHABLE, occurred_at=NOW)
        facts_changed(session, [box.id])
