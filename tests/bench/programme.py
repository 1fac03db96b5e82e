"""A programme to measure with: two offices, staff with API keys, boxes under way, a card. Everything is invented."""

import secrets
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from shipments import codes
from shipments.batches.batch import Batch, Dispatch, Leg, Mode
from shipments.boxes.box import Box, BoxFact, BoxLine
from shipments.boxes.facts import facts_changed
from shipments.cases.carding import issue_card
from shipments.cases.case import Case
from shipments.database import Database, new_id
from shipments.migrating import migrate
from shipments.offices.keys import make_key
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE, Actor
from shipments.requests.request import Answer, RequestLine, SupplyRequest
from shipments.settings import Settings
from shipments.transaction import transaction
from tests.bench.sending import Values, a_box, facts_of, put
from tests.builders import an_actor, an_item, an_office

A_BATCH, A_CASE = 40, 2  # boxes


class Programme(msgspec.Struct, frozen=True):
    """Where it lies and what opens it. `boxes`: (code, its line) of boxes that were dispatched, none received."""

    settings: Settings
    counsellor: str
    logistician: str
    receiver: str
    case: str
    items: Sequence[str]
    boxes: Sequence[tuple[str, UUID]]
    card: str

    @property
    def environment(self) -> dict[str, str]:
        """For a process that serves it."""
        return environment_of(self.settings)


def environment_of(chosen: Settings) -> dict[str, str]:
    """For a process of that installation."""
    return {
        "SHIPMENTS_DATABASE_URL": chosen.database_url,
        "SHIPMENTS_SECRET_KEYS": chosen.secret_keys.get_secret_value(),
        "SHIPMENTS_HASH_KEY": chosen.hash_key.get_secret_value(),
        "SHIPMENTS_BASE_URL": chosen.base_url,
        "SHIPMENTS_SCHEDULER": "false",
        "SHIPMENTS_LOG_LEVEL": "WARNING",
    }


def a_programme(folder: Path, *, boxes: int) -> Programme:
    """A migrated SQLite file in `folder` with so many boxes at sea, forty a batch, two a case."""
    settings = Settings.model_validate(
        {
            "database_url": f"sqlite:///{folder / 'programme.sqlite3'}",
            "secret_keys": f"k1:{_secret()}",
            "hash_key": _secret(),
            "base_url": "http://127.0.0.1:8000",
        }
    )
    database = Database.at(settings.database_url)
    now = datetime.now(UTC)
    try:
        migrate(database)
        with transaction(database, EVERYWHERE, now=now) as session:
            return _programme(session, settings, boxes, now)
    finally:
        database.close()


def _programme(session: Session, settings: Settings, boxes: int, now: datetime) -> Programme:
    host, origin = an_office(session, "NL-AMS"), an_office(session, "GN-CKY")
    between = {"host_office_id": host.id, "origin_office_id": origin.id}
    under_way = [box for _ in range(0, boxes, A_BATCH) for box in _boxes(session, between, now)]
    counsellor, logistician = an_actor(session, Role.COUNSELLOR, host), an_actor(session, Role.LOGISTICIAN, host)
    # The last two: their boxes are not scanned, and the one with the card gets no request after request.
    with_card, asks = session.exec(select(Case.code).order_by(col(Case.id).desc()).limit(2))
    card = issue_card(session, settings.ring, with_card, base_url=settings.base_url, by=counsellor, now=now)
    return Programme(
        settings=settings,
        counsellor=_key(session, settings, counsellor, now),
        logistician=_key(session, settings, logistician, now),
        receiver=_key(session, settings, an_actor(session, Role.RECEIVER, origin), now),
        case=asks,
        items=[an_item(session).code for _ in range(5)],
        boxes=under_way[: -2 * A_CASE],
        card=card.url.rpartition("/")[2],
    )


def _boxes(session: Session, between: Values, now: datetime) -> Iterator[tuple[str, UUID]]:
    """A batch at sea, full, with two boxes a case and one line a box."""
    batch = _a_batch(session, between, now)
    boxes = [a_box(between, batch, position, now - timedelta(days=5)) for position in range(1, A_BATCH + 1)]
    wanted = _wanted(session, between, A_BATCH // A_CASE, now)
    lines = [
        {"id": new_id(), "box_id": box["id"], "request_line_id": wanted[index // A_CASE], "quantity": 1}
        for index, box in enumerate(boxes)
    ]
    put(session, Box, boxes)
    put(session, BoxLine, lines)
    put(session, BoxFact, [fact for box in boxes for fact in facts_of(box)])
    facts_changed(session, [box["id"] for box in boxes])
    return ((box["code"], line["id"]) for box, line in zip(boxes, lines, strict=True))


def _wanted(session: Session, between: Values, count: int, now: datetime) -> list[UUID]:
    """The line of so many requests, of a case each, approved and packed."""
    cases = [
        {**between, "id": new_id(), "code": codes.mint(codes.Kind.CASE), "language": "fr", "opened_at": now}
        for _ in range(count)
    ]
    requests = [
        {**between, "id": new_id(), "code": codes.mint(codes.Kind.REQUEST), "case_id": case["id"], "asked_at": now}
        for case in cases
    ]
    answered = {"answer": Answer.APPROVED, "answered_at": now, "approved": A_CASE, "packed": A_CASE}
    line = {"position": 1, "description": "hammer", "quantity": A_CASE, "declared_value_cents": 1_200, **answered}
    lines = [{**line, "id": new_id(), "request_id": request["id"]} for request in requests]
    for table, rows in ((Case, cases), (SupplyRequest, requests), (RequestLine, lines)):
        put(session, table, rows)
    return [line["id"] for line in lines]


def _a_batch(session: Session, between: Values, now: datetime) -> UUID:
    left = now - timedelta(days=3)
    batch, leg = new_id(), {"position": 1, "mode": Mode.SEA, "carrier": "dcsa", "reference_type": "equipment"}
    planned = {"code": codes.mint(codes.Kind.BATCH), "mode": Mode.SEA, "planned_at": left, "dispatched_at": left}
    way = {"from_place": "NLRTM", "to_place": "GNCKY", "planned_arrival": now + timedelta(days=25), "added_at": left}
    put(session, Batch, [{"id": batch, **between, **planned}])
    put(session, Leg, [{"id": new_id(), "batch_id": batch, **leg, **way, "reference": "PRCU0000001"}])
    put(session, Dispatch, [{"batch_id": batch, "at": left, "heard_at": left}])
    return batch


def _key(session: Session, settings: Settings, actor: Actor, now: datetime) -> str:
    assert actor.person_id is not None
    ends = now + timedelta(days=1)
    return make_key(
        session, settings.ring, person_id=actor.person_id, may_write=True, expires_at=ends, by=actor, now=now
    )


def _secret() -> str:
    return b64encode(secrets.token_bytes(32)).decode()
