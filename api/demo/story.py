"""The way of one box from request to hand-over, each step a real HTTP call of the person whose task it is."""

import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec

from api.demo.asking import Desk, Json, StepFailed
from api.demo.catalogue import electrical_items
from api.demo.history import PastCard
from api.demo.programme import Programme
from api.demo.staff import HOST
from api.demo.telling import Teller
from api.demo.watching import carrier_facts, news, pushed
from shipments import journal
from shipments.database import Database
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE
from shipments.transaction import reading

THERE = "GN-CKY"
CARRIER, BOOKING = "dcsa", "STORY1"
LOOK_EVERY_S = 0.4
LAST_WORD = "stripped"


class Scene(msgspec.Struct, frozen=True):
    """Where the story plays. `voyage_s`: how many seconds the ship needs; `folder` takes the labels."""

    database: Database
    base_url: str
    carrier_url: str
    folder: Path
    voyage_s: float
    pause_s: float


class Told(msgspec.Struct, frozen=True):
    """What the story made."""

    box: str
    batch: str
    card: PastCard


class Story:
    """One telling. `tell` walks through it; each method is one part of the way."""

    def __init__(self, scene: Scene, teller: Teller, counsellor: Desk, logistician: Desk, receiver: Desk) -> None:
        self._scene, self._teller = scene, teller
        self._counsellor, self._logistician, self._receiver = counsellor, logistician, receiver
        self._known: set[str] = set()
        self.doing = "begin"

    def tell(self) -> Told:
        """From request to hand-over. Raises StepFailed."""
        case, request = self._ask()
        box = self._pack(request)
        batch = self._plan(box)
        card = self._leave(case, batch)
        self._sail(box, batch)
        self._arrive(box, batch)
        return Told(box, batch, card)

    def _ask(self) -> tuple[str, Json]:
        self.doing = "log the case and the request"
        desk = self._counsellor
        asked = {
            "host_office": HOST,
            "origin_office": THERE,
            "language": "fr",
            "planned_departure": datetime.now(UTC).date().isoformat(),
            "name": "Binta Exemple",
            "contact": {"phone": "+00 555 0142"},
        }
        case = desk.post("/api/v1/cases", asked, expect=201)["code"]
        agreed = {"kind": "written", "purpose": "sending tools", "at": asked["planned_departure"]}
        desk.post(f"/api/v1/cases/{case}/consents", agreed)
        self._step(desk, f"opens case {case}: a tailor goes home to Conakry")
        lines = [{"kit": "tailor", "quantity": 1, "declared_value_eur": 450}]
        request = desk.post("/api/v1/requests", {"case": case, "lines": lines}, expect=201)
        self._step(desk, f"logs request {request['code']}: the tailor's kit, {len(request['lines'])} lines")
        self.doing = "approve the request"
        request = self._logistician.do(f"/api/v1/requests/{request['code']}/approve")
        self._step(self._logistician, "approves every line as asked")
        return case, request

    def _pack(self, request: Json) -> str:
        self.doing = "pack, check and seal the box"
        desk = self._logistician
        size = {"origin_office": THERE, "length_mm": 1000, "width_mm": 800, "height_mm": 600}
        box: str = desk.post("/api/v1/boxes", size, expect=201)["code"]
        self._step(desk, f"registers box {box}, 100 by 80 by 60 cm")
        lines = [{"request_line": line["id"], "quantity": line["approved_quantity"]} for line in request["lines"]]
        packed = desk.post(f"/api/v1/boxes/{box}/pack", {"lines": lines})
        self._step(desk, f"packs {', '.join(line['description'].lower() for line in packed['lines'])}")
        self._check(box, packed, request)
        sealed = desk.post(f"/api/v1/boxes/{box}/seal", {"gross_weight_g": 62_400, "seal_number": "S-204117"})
        self._step(desk, f"weighs it (62.4 kg) and seals it with {sealed['seal_number']}")
        return box

    def _check(self, box: str, packed: Json, request: Json) -> None:
        safe = dict.fromkeys(("fuel", "gas", "aerosol", "glue"), False)
        items = {line["id"]: line["item"] for line in request["lines"]}
        tests = [
            {
                "box_line": line["id"],
                "serial": f"DEMO-{number}",
                "tester": self._logistician.name,
                "kind": "NEN 3140",
                "tested_at": datetime.now(UTC).date().isoformat(),
                "passed": True,
            }
            for number, line in enumerate(packed["lines"], start=1)
            if items[line["request_line"]] in electrical_items()
        ]
        answers = {"wood": "plywood", "hazards": {**safe, "battery_wh": 0}, "electrical": tests}
        checked = self._logistician.post(f"/api/v1/boxes/{box}/checks", answers)
        if checked["open_checks"]:
            raise StepFailed(f"checks are open: {'; '.join(checked['open_checks'])}")
        self._step(
            self._logistician, f"answers the checklist: plywood, no hazards, {len(tests)} electrical tests passed"
        )

    def _plan(self, box: str) -> str:
        self.doing = "plan the batch and book the ship"
        desk = self._logistician
        way = {"from_office": HOST, "to_office": THERE, "mode": "sea"}
        batch: str = desk.post("/api/v1/batches", way, expect=201)["code"]
        desk.post(f"/api/v1/batches/{batch}/boxes", {"boxes": [box]})
        self._step(desk, f"plans batch {batch} by sea and puts the box in")
        self._book()
        begins = datetime.now(UTC)
        leg = {
            "carrier": CARRIER,
            "reference_type": "booking",
            "reference": BOOKING,
            "from_place": "NLRTM",
            "to_place": "GNCKY",
            "planned_departure": begins.isoformat(),
            "planned_arrival": (begins + timedelta(seconds=self._scene.voyage_s)).isoformat(),
        }
        desk.post(f"/api/v1/batches/{batch}/legs", leg, expect=201)
        self._step(desk, f"books Rotterdam to Conakry at the practice carrier: booking {BOOKING}")
        self.doing = "see the dispatch refused while the returnee is still here"
        refused = desk.post(f"/api/v1/batches/{batch}/dispatch", expect=409)
        self._step(desk, f"wants to dispatch and may not: {refused['gates'][0]['reason']}")
        return batch

    def _book(self) -> None:
        days = self._scene.voyage_s / 86_400
        booked = [{"booking": BOOKING, "from_place": "NLRTM", "to_place": "GNCKY", "voyage": "plain", "days": days}]
        try:
            httpx.post(f"{self._scene.carrier_url}/practice/shipments", json=booked, trust_env=False).raise_for_status()
        except httpx.HTTPError as error:
            raise StepFailed(f"the practice carrier took no booking: {error}") from error

    def _leave(self, case: str, batch: str) -> PastCard:
        self.doing = "hand out the card and note the departure"
        desk = self._counsellor
        card = desk.do(f"/api/v1/cases/{case}/card", expect=201)
        self._step(desk, "gives the returnee a card with a QR, and its PIN by word of mouth")
        desk.post(f"/api/v1/cases/{case}/departed", {"at": datetime.now(UTC).date().isoformat()})
        self._step(desk, "notes that the returnee has left")
        self.doing = "print the labels and dispatch"
        desk = self._logistician
        labels = self._scene.folder / f"labels-{batch}.pdf"
        labels.write_bytes(desk.fetch(f"/api/v1/batches/{batch}/labels.pdf?paper=a4-4"))
        self._step(desk, f"prints the labels: .demo/{labels.name}")
        desk.do(f"/api/v1/batches/{batch}/dispatch")
        self._step(desk, "dispatches the batch; from here on nobody needs to ask where it is")
        return PastCard(case, card["url"], card["pin"])

    def _sail(self, box: str, batch: str) -> None:
        self.doing = "hear from the carrier that the ship has arrived"
        facts: set[str] = set()
        until = time.monotonic() + self._scene.voyage_s * 1.5 + 30
        heard: set[str] = set()
        while LAST_WORD not in heard:
            if time.monotonic() > until:
                raise StepFailed(
                    f"the carrier's last word did not come; heard: {', '.join(sorted(filter(None, heard)))}"
                )
            for word, sentence in carrier_facts(self._receiver.get(f"/api/v1/boxes/{box}/timeline"), facts):
                heard.add(word)
                self._teller.step("the carrier", sentence)
            self._tell_news(box, batch)
            time.sleep(LOOK_EVERY_S)
        messages, first = pushed(self._scene.database, CARRIER)
        heard_of = f"sent {messages} signed messages by itself: {first} of its {len(facts)} facts came first that way"
        self._teller.step("the carrier", f"{heard_of}, the others when it was asked")

    def _arrive(self, box: str, batch: str) -> None:
        self.doing = "confirm the receipt"
        desk = self._receiver
        lines = desk.get(f"/api/v1/boxes/{box}")["lines"]
        counts = [{"box_line": line["id"], "good": line["quantity"], "damaged": 0, "missing": 0} for line in lines]
        at = datetime.now(UTC).isoformat()
        receipt = {"id": str(uuid4()), "box": box, "arrived_at": at, "condition": "good", "seal_number": "S-204117"}
        received = desk.post("/api/v1/receipts", {**receipt, "lines": counts}, expect=201)
        self._step(desk, f"scans the box at the office, seal unbroken, all {len(lines)} lines there")
        self._step(desk, f"sees it on the board: {_words(received)}")
        self._tell_news(box, batch)
        self.doing = "hand the box over"
        passing = {"id": str(uuid4()), "box": box, "at": datetime.now(UTC).isoformat(), "to": "returnee"}
        handed = desk.post("/api/v1/handovers", {**passing, "identity_checked": True}, expect=201)
        self._step(desk, "checks the returnee's identity and hands everything over")
        self.doing = "see the box handed over"
        if handed["progress"]["stage"] != "handed_over":
            raise StepFailed(f"the box is {_words(handed)} instead")
        self._step(desk, f"sees it on the board: {_words(handed)}")

    def _step(self, desk: Desk, text: str) -> None:
        self._teller.step(desk.signature, text)
        time.sleep(self._scene.pause_s)

    def _tell_news(self, box: str, batch: str) -> None:
        for sentence in news(self._scene.database, (box, batch), self._known):
            self._teller.news(f"{THERE} is told", sentence)


def tell_story(scene: Scene, programme: Programme, teller: Teller) -> Told:
    """The whole of it, with the journal's own proof at the end. Raises StepFailed that names the step."""
    roles = ((Role.COUNSELLOR, HOST), (Role.LOGISTICIAN, HOST), (Role.RECEIVER, THERE))
    with ExitStack() as stack:
        desks = [
            stack.enter_context(closing(Desk(scene.base_url, programme.login(role, office)))) for role, office in roles
        ]
        story = Story(scene, teller, *desks)
        try:
            told = story.tell()
            story.doing = "verify the journal"
            _verify(scene, teller)
        except StepFailed as error:
            raise StepFailed(f"The story broke at the step '{story.doing}'. {error}") from error
    return told


def _verify(scene: Scene, teller: Teller) -> None:
    with reading(scene.database, EVERYWHERE) as session:
        faults = [fault for _, fault in journal.verify(session) if fault]
        entries = journal.count(session)
    if faults:
        raise StepFailed("; ".join(faults[:3]))
    teller.step("journal verify", f"{entries} entries in one chain, no faults: who did and saw what is all there")


def _words(answer: Json) -> str:
    progress = answer["progress"]
    return ", ".join([progress["stage"], *progress["exceptions"]]).replace("_", " ")
