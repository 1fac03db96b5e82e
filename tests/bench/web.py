"""The API beside bare handlers: logging a request, scan to receipt, the list of boxes, the card's page."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import event

from api.v1.box_list import Asked, listed
from shipments.database import Database
from shipments.offices.keys import actor_by_key
from shipments.transaction import reading
from tests.bench import bare, servers
from tests.bench.loading import WrongAnswer, get, measure, post
from tests.bench.programme import Programme
from tests.bench.rows import Row, compared

TURN_S = 1.0
# Rows that ours writes, so many the bare handler writes: the request, five lines; the receipt, its line, the counts
# of the box line, box, batch, notice. And for both: journal and its head; for the request its kept answer.
REQUEST_ROWS, RECEIPT_ROWS = 9, 8
LANGUAGES = {"en": "English", "ar": "Arabic"}
A_SECOND = "/s"


@contextmanager
def side_by_side(programme: Programme, folder: Path) -> Iterator["Pair"]:
    """The API and the bare handlers, both serving until the block ends."""
    with servers.serving(servers.SHIPMENTS, programme.environment, ready="/health/ready") as ours:
        pages = {language: _page(ours, programme, language) for language in LANGUAGES}
        plan = folder / "plan.json"
        plan.write_bytes(msgspec.json.encode(_plan(programme, pages)))
        with servers.serving(servers.BARE, {bare.PLAN: str(plan)}, ready="/page/en") as limit:
            yield Pair(programme, ours, limit)


class Pair(msgspec.Struct, frozen=True):
    """A programme, and the ports of who serves it."""

    programme: Programme
    ours: int
    limit: int


def request_row(pair: Pair) -> Row:
    """Journal, idempotency, and the commit on disk."""
    programme = pair.programme
    lines = [{"item": item, "quantity": 2, "declared_value_eur": 24} for item in programme.items]
    body = msgspec.json.encode({"case": programme.case, "lines": lines})
    mine = (post("/api/v1/requests", body, key=programme.counsellor, once=str(uuid4())) for _ in cycle([0]))
    return compared(
        "log a request with 5 lines",
        _turn(pair.ours, mine, 201),
        _turn(pair.limit, cycle([post(f"/rows/{REQUEST_ROWS}", body)]), 201),
        unit=A_SECOND,
        target=0.35,
    )


def receipt_row(pair: Pair) -> Row:
    """One box with one line, counted, under an id that a phone gave it."""
    programme = pair.programme
    bodies = map(_arrived, programme.boxes)
    mine = (post("/api/v1/receipts", body, key=programme.receiver) for body in bodies)
    theirs = cycle([post(f"/rows/{RECEIPT_ROWS}", _arrived(programme.boxes[0]))])
    return compared("scan to receipt", _turn(pair.ours, mine, 201), _turn(pair.limit, theirs, 201), unit=A_SECOND, target=0.35)


def _arrived(box: tuple[str, Any]) -> bytes:
    code, line = box
    counted = {"box_line": line, "good": 1, "damaged": 0, "missing": 0}
    arrived = {"id": uuid4(), "box": code, "arrived_at": datetime.now(UTC), "condition": "good", "lines": [counted]}
    return msgspec.json.encode(arrived)


def list_row(pair: Pair) -> Row:
    """JSON, with progress, for a logistician of one office."""
    programme = pair.programme
    return compared(
        "list of 50 boxes",
        _turn(pair.ours, cycle([get("/api/v1/boxes?limit=50", key=programme.logistician)]), 200),
        _turn(pair.limit, cycle([get("/boxes")]), 200),
        unit=A_SECOND,
        target=0.5,
    )


def page_row(pair: Pair, language: str) -> Row:
    """The token is checked in the database each time."""
    programme = pair.programme
    return compared(
        f"the card's page, {LANGUAGES[language]}",
        _turn(pair.ours, cycle([get(_card(programme, language))]), 200),
        _turn(pair.limit, cycle([get(f"/page/{language}")]), 200),
        unit=A_SECOND,
        target=0.4,
    )


def _turn(port: int, requests: Iterator[bytes], expect: int) -> Callable[[], float]:
    def turn() -> float:
        measured = measure(port, requests, expect=expect, seconds=TURN_S)
        if measured.busy > 0.9:
            raise WrongAnswer(f"the load generator was {measured.busy:.0%} busy: it measured itself")
        return measured.rate

    return turn


def _card(programme: Programme, language: str) -> str:
    return f"/C/{programme.card}?l={language}"


def _page(port: int, programme: Programme, language: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", _card(programme, language))
    answer = connection.getresponse()
    page = answer.read()
    connection.close()
    if answer.status != 200:
        raise WrongAnswer(f"the card's page answered {answer.status}")
    return page


def _plan(programme: Programme, pages: dict[str, bytes]) -> bare.Plan:
    """The list's own SQL and values, as our handler sends them to the driver."""
    database = Database.at(programme.settings.database_url)
    heard: list[tuple[str, Any]] = []

    def hear(_connection: object, _cursor: object, sql: str, values: Any, *_: object) -> None:
        heard.append((sql, values))

    now = datetime.now(UTC)
    with database.reading() as session:
        actor = actor_by_key(session, programme.settings.ring, programme.logistician, now=now)
    assert actor is not None
    event.listen(database.engine, "before_cursor_execute", hear)
    with reading(database, actor) as session:
        shown = listed(session, Asked(None, None, None, None, None, 50), now)
    database.close()
    sql, values = heard[-1]
    return bare.Plan(
        database=str(database.engine.url.database),
        pages={language: b64encode(page).decode() for language, page in pages.items()},
        list_sql=sql,
        list_values=list(values),
        list_names=_names(shown.content.items[0]),
    )


def _names(row: msgspec.Struct) -> list[str]:
    return ["id", *row.__struct_fields__[:-1], *("stage exceptions from to overdue_after silent_after as_of".split())]
