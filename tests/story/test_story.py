"""One box from request to hand-over over HTTP, with real processes of which some are killed on the way."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import func, select

from api.practice_carrier import Running, practice_carrier
from shipments.batches.batch import Dispatch
from shipments.clock import utc_now
from shipments.database import Database
from shipments.notices.notice import News, Notice
from shipments.offices.keys import make_key
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE
from shipments.receipts.receipt import Handover, Receipt
from shipments.settings import Settings
from shipments.tracking.accounts.administering import add_account
from shipments.tracking.accounts.terms import AccountAsked
from shipments.tracking.event import CarrierEvent
from shipments.transaction import reading, transaction
from tests.builders import a_person, an_office
from tests.conftest import a_secret
from tests.story.processes import Installation, eventually, free_port, kill

BOOKING = "PRB0099001"
VOYAGE_S = 6.0
Json = dict[str, Any]  # as JSON says it


@pytest.fixture
def carrier() -> Iterator[Running]:
    """A practice carrier whose ships take a few seconds."""
    with practice_carrier(api_key="practice") as running:
        yield running


@pytest.fixture
def environment(database_url: str) -> dict[str, str]:
    """An installation in a hurry: what waits half a day waits two seconds, a dead worker's legs come back in three."""
    return {
        "SHIPMENTS_DATABASE_URL": database_url,
        "SHIPMENTS_SECRET_KEYS": f"k1:{a_secret()}",
        "SHIPMENTS_HASH_KEY": a_secret(),
        "SHIPMENTS_SCHEDULER": "false",
        "SHIPMENTS_POLL_EVERY_S": "0.3",
        "SHIPMENTS_LEASE_S": "3",
        "SHIPMENTS_CARRIER_PACE": "20000",
    }


@pytest.fixture
def installation(environment: dict[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Its processes."""
    return Installation(environment, tmp_path, tmp_path_factory.getbasetemp() / "bytecode")


@pytest.fixture
def keys(environment: dict[str, str], database: Database, carrier: Running) -> dict[Role, str]:
    """Offices, an account with the carrier, and an API key for each role."""
    now = utc_now()
    ring = Settings.model_validate(
        {"secret_keys": environment["SHIPMENTS_SECRET_KEYS"], "hash_key": environment["SHIPMENTS_HASH_KEY"]}
    ).ring
    with transaction(database, EVERYWHERE, now=now) as session:
        host, origin = an_office(session, "NL-AMS"), an_office(session, "GN-CKY")
        asked = AccountAsked(
            carrier="dcsa", base_url=carrier.url, secret="practice", allow_private=True, per_second=50.0
        )
        add_account(session, ring, asked, by=EVERYWHERE, now=now)
        made = {}
        for role, office in ((Role.COUNSELLOR, host), (Role.LOGISTICIAN, host), (Role.RECEIVER, origin)):
            person = a_person(session, [(role, office)])
            made[role] = make_key(
                session,
                ring,
                person_id=person.id,
                may_write=True,
                expires_at=now + timedelta(days=1),
                by=EVERYWHERE,
                now=now,
            )
        return made


class Caller:
    """A person with an API key. Every POST has a fresh Idempotency-Key unless one is given."""

    def __init__(self, port: int, key: str) -> None:
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=30,
        )

    def send(self, path: str, body: Json, *, key: str = "") -> httpx.Response:
        """The answer, whatever it is."""
        return self._client.post(path, json=body, headers={"Idempotency-Key": key or str(uuid4())})

    def post(self, path: str, body: Json, *, key: str = "") -> Json:
        """What a good answer says."""
        answer = self.send(path, body, key=key)
        assert answer.status_code in (200, 201), answer.text
        said: Json = answer.json()
        return said

    def get(self, path: str) -> Json:
        """What a good answer says."""
        answer = self._client.get(path)
        assert answer.status_code == 200, answer.text
        said: Json = answer.json()
        return said

    def close(self) -> None:
        """Lets go of its connections."""
        self._client.close()


class People:
    """Whoever takes part, each with a key, until the block ends."""

    def __init__(self, port: int, keys: dict[Role, str]) -> None:
        self.counsellor = Caller(port, keys[Role.COUNSELLOR])
        self.logistician = Caller(port, keys[Role.LOGISTICIAN])
        self.receiver = Caller(port, keys[Role.RECEIVER])

    def __enter__(self) -> "People":
        return self

    def __exit__(self, *_: object) -> None:
        for caller in (self.counsellor, self.logistician, self.receiver):
            caller.close()

    def packed_box(self) -> str:
        """From a case to a sealed box; its code."""
        ask, pack = self.counsellor.post, self.logistician.post
        case = ask("/cases", {"host_office": "NL-AMS", "origin_office": "GN-CKY", "language": "fr"})["code"]
        ask(f"/cases/{case}/departed", {"at": f"{utc_now():%Y-%m-%d}"})
        request = ask("/requests", {"case": case, "lines": [{"description": "sewing machine", "quantity": 2}]})
        pack(f"/requests/{request['code']}/approve", {})
        box = pack("/boxes", {"origin_office": "GN-CKY", "length_mm": 600, "width_mm": 400, "height_mm": 400})["code"]
        line = {"request_line": request["lines"][0]["id"], "quantity": 2}
        pack(f"/boxes/{box}/pack", {"lines": [line]})
        hazards = {"fuel": False, "gas": False, "aerosol": False, "glue": False, "battery_wh": 0}
        pack(f"/boxes/{box}/checks", {"wood": "plywood", "hazards": hazards})
        pack(f"/boxes/{box}/seal", {"gross_weight_g": 14_000, "seal_number": "S77"})
        return str(box)

    def sent_batch(self, box: str) -> str:
        """A batch with the box in it, on its way with the practice carrier; its code."""
        plan = self.logistician.post
        batch = plan("/batches", {"from_office": "NL-AMS", "to_office": "GN-CKY", "mode": "sea"})["code"]
        plan(f"/batches/{batch}/boxes", {"boxes": [box]})
        leg = {"carrier": "dcsa", "reference_type": "booking", "reference": BOOKING}
        plan(f"/batches/{batch}/legs", {**leg, "from_place": "NLRTM", "to_place": "GNCKY"})
        plan(f"/batches/{batch}/dispatch", {})
        return str(batch)

    def stage(self, box: str) -> str:
        """How far it is, as the office of origin sees it."""
        return str(self.receiver.get(f"/boxes/{box}")["progress"]["stage"])


def test_a_box_travels_from_request_to_hand_over_though_a_worker_is_killed_in_the_middle_of_a_poll(
    installation: Installation, keys: dict[Role, str], carrier: Running, database: Database
) -> None:
    port = free_port()
    with installation.serving(port), People(port, keys) as people:
        box = people.packed_box()
        batch = people.sent_batch(box)
        carrier.practice.fault("slow", seconds=30.0, times=1)
        carrier.practice.book(BOOKING, "NLRTM", "GNCKY", started_at=datetime.now(UTC), days=VOYAGE_S / 86_400)
        with installation.running("work") as worker:
            eventually(lambda: carrier.practice.calls, "the worker asks the carrier")
            kill(worker)
        assert _count(database, CarrierEvent) == 0
        assert people.stage(box) == "on_the_way"
        with installation.running("work"), installation.running("work"):
            eventually(lambda: people.stage(box) == "in_the_country", "the box is in the country")
            _received_and_handed_over_once(people, box)
            assert people.stage(box) == "handed_over"
        assert people.logistician.get(f"/batches/{batch}")["progress"]["stage"] == "handed_over"
    _everything_is_in_order(installation, database)
    assert {_count(database, table) for table in (Dispatch, Receipt, Handover)} == {1}
    assert _news(database, batch) == [News.ARRIVED, News.DISPATCHED, News.FIRST_DATE]
    assert _news(database, box) == [News.RECEIVED]


def _received_and_handed_over_once(people: People, box: str) -> None:
    """Each note is sent twice, as a phone does whose answer was lost."""
    arrived = {"id": str(uuid4()), "box": box, "arrived_at": utc_now().isoformat(), "condition": "good"}
    handed = {"id": str(uuid4()), "box": box, "at": utc_now().isoformat(), "to": "returnee", "identity_checked": True}
    for path, note in (("/receipts", arrived), ("/handovers", handed)):
        first, again = people.receiver.send(path, note), people.receiver.send(path, note)
        assert (first.status_code, again.status_code) == (201, 200), first.text
        assert first.json()["id"] == again.json()["id"] == note["id"]


def test_what_the_api_acknowledged_before_it_was_killed_is_there_and_a_retry_gets_the_first_answer(
    installation: Installation, keys: dict[Role, str], database: Database
) -> None:
    port = free_port()
    asked = {"origin_office": "GN-CKY", "length_mm": 600, "width_mm": 400, "height_mm": 400}
    acknowledged: list[tuple[str, Json]] = []
    with installation.serving(port) as api, People(port, keys) as people:
        for _ in range(3):
            key = str(uuid4())
            acknowledged.append((key, people.logistician.post("/boxes", asked, key=key)))
        kill(api)
    with installation.serving(port), People(port, keys) as people:
        for key, answer in acknowledged:
            assert people.logistician.get(f"/boxes/{answer['code']}")["code"] == answer["code"]
            assert people.logistician.post("/boxes", asked, key=key) == answer
        other = people.logistician.send("/boxes", {**asked, "length_mm": 601}, key=acknowledged[0][0])
        assert other.status_code == 422
        shown = people.logistician.get("/boxes")["items"]
    assert sorted(row["code"] for row in shown) == sorted(answer["code"] for _, answer in acknowledged)
    _everything_is_in_order(installation, database)


def _everything_is_in_order(installation: Installation, database: Database) -> None:
    for words in (("journal", "verify"), ("progress", "rebuild")):
        ended = installation.run(*words)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    if database.local:
        with closing(database.engine.raw_connection()) as connection:
            assert connection.cursor().execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _count(database: Database, table: type[Any]) -> int:  # Any: any of our tables
    with reading(database, EVERYWHERE) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def _news(database: Database, code: str) -> list[str]:
    """What was told of a thing, by name."""
    with reading(database, EVERYWHERE) as session:
        return sorted(session.exec(select(Notice.news).where(Notice.object_code == code)))
