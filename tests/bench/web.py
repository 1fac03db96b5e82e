"""The API beside bare handlers: logging a request, scan to receipt, the list of boxes, the card's page."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import event

from api.pages.speech import COOKIE
from api.v1.box_list import Asked, listed
from shipments.database import Database
from shipments.offices.keys import actor_by_key
from shipments.transaction import reading
from tests.bench import bare, profiled, servers
from tests.bench.loading import WrongAnswer, get, measure, post
from tests.bench.programme import Programme
from tests.bench.rows import Row, compared

TURN_S = 1.0
# Rows that ours writes, so many the bare handler writes: the request, five lines; the receipt, its line, the counts
# of the box line, box, batch, notice. And for both: journal and its head; for the request its kept answer.
REQUEST_ROWS, RECEIPT_ROWS = 9, 8
LANGUAGES = {"en": "English", "ar": "Arabic"}
READY = "/health/ready"


class Work(msgspec.Struct, frozen=True):
    """One row: what is asked of ours and of the bare handlers, and the status that both answer."""

    name: str
    ours: Iterator[bytes]
    limit: Iterator[bytes]
    status: int
    target: float


class Pair(msgspec.Struct, frozen=True):
    """The ports of ours and of the bare handlers."""

    ours: int
    limit: int


def works(programme: Programme) -> list[Work]:
    """What is compared."""
    return [
        _logging_a_request(programme),
        _scan_to_receipt(programme),
        Work(
            "list of 50 boxes",
            cycle([get("/api/v1/boxes?limit=50", key=programme.logistician)]),
            cycle([get("/boxes")]),
            200,
            0.5,
        ),
        *(
            Work(f"the card's page, {name}", cycle([_card(programme, code)]), cycle([get(f"/page/{code}")]), 200, 0.4)
            for code, name in LANGUAGES.items()
        ),
    ]


@contextmanager
def side_by_side(programme: Programme, folder: Path) -> Iterator[Pair]:
    """The API and the bare handlers, both serving until the block ends."""
    with servers.serving(servers.SHIPMENTS, programme.environment, ready=READY) as ours:
        pages = {language: _page(ours, programme, language) for language in LANGUAGES}
        plan = folder / "plan.json"
        plan.write_bytes(msgspec.json.encode(_plan(programme, pages)))
        with servers.serving(servers.BARE, {bare.PLAN: str(plan)}, ready="/page/en") as limit:
            yield Pair(ours, limit)


def compare(work: Work, pair: Pair) -> Row:
    """Answers a second of both."""
    ours, limit = _turn(pair.ours, work.ours, work.status), _turn(pair.limit, work.limit, work.status)
    return compared(work.name, ours, limit, unit="/s", target=work.target)


def where_time_goes(work: Work, programme: Programme, folder: Path) -> str:
    """Whose code a server is in while it does `work`, the largest shares first."""
    notes = folder / "notes.json"
    environment = {**programme.environment, profiled.NOTES: str(notes)}
    with servers.serving(servers.PROFILED, environment, ready=READY) as port:
        measure(port, work.ours, expect=work.status, seconds=3 * TURN_S, connections=1)
    spent: Mapping[str, float] = msgspec.json.decode(notes.read_bytes())
    largest = list(spent.items())[:8]
    return ", ".join(f"{whose} {seconds / sum(spent.values()):.0%}" for whose, seconds in largest)


def _logging_a_request(programme: Programme) -> Work:
    lines = [{"item": item, "quantity": 2, "declared_value_eur": 24} for item in programme.items]
    body = msgspec.json.encode({"case": programme.case, "lines": lines})
    ours = (post("/api/v1/requests", body, key=programme.counsellor, once=str(uuid4())) for _ in cycle([0]))
    return Work("log a request with 5 lines", ours, cycle([post(f"/rows/{REQUEST_ROWS}", body)]), 201, 0.35)


def _scan_to_receipt(programme: Programme) -> Work:
    ours = (post("/api/v1/receipts", _arrived(*box), key=programme.receiver) for box in programme.boxes)
    limit = cycle([post(f"/rows/{RECEIPT_ROWS}", _arrived(*programme.boxes[0]))])
    return Work("scan to receipt", ours, limit, 201, 0.35)


def _arrived(box: str, line: UUID) -> bytes:
    """One box, counted, under an id that a phone gave it."""
    counted = {"box_line": line, "good": 1, "damaged": 0, "missing": 0}
    arrived = {"id": uuid4(), "box": box, "arrived_at": datetime.now(UTC), "condition": "good", "lines": [counted]}
    return msgspec.json.encode(arrived)


def _card(programme: Programme, language: str) -> bytes:
    return get(f"/C/{programme.card}", cookie=f"{COOKIE}={language}")


def _turn(port: int, requests: Iterator[bytes], expect: int) -> Callable[[], float]:
    def turn() -> float:
        measured = measure(port, requests, expect=expect, seconds=TURN_S)
        if measured.busy > 0.9:
            raise WrongAnswer(f"the load generator was {measured.busy:.0%} busy: it measured itself")
        return measured.rate

    return turn


def _page(port: int, programme: Programme, language: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/C/{programme.card}", headers={"Cookie": f"{COOKIE}={language}"})
    answer = connection.getresponse()
    page = answer.read()
    connection.close()
    if answer.status != 200:
        raise WrongAnswer(f"the card's page answered {answer.status}")
    return page


def _plan(programme: Programme, pages: dict[str, bytes]) -> bare.Plan:
    """The list's own SQL and values, as our handler sends them to the driver."""
    database = Database.at(programme.settings.database_url)
    heard: list[tuple[str, Any]] = []  # Any: the values of a statement

    def hear(_connection: object, _cursor: object, sql: str, values: Any, *_: object) -> None:
        heard.append((sql, values))

    now = datetime.now(UTC)
    with database.reading() as session:
        actor = actor_by_key(session, programme.settings.ring, programme.logistician, now=now)
    assert actor is not None, "the key was made with the programme"
    event.listen(database.engine, "before_cursor_execute", hear)
    with reading(database, actor) as session:
        listed(session, Asked(None, None, None, None, None, 50), now)
    database.close()
    sql, values = heard[-1]
    return bare.Plan(
        database=str(database.engine.url.database),
        pages={language: b64encode(page).decode() for language, page in pages.items()},
        list_sql=sql,
        list_values=list(values),
    )
