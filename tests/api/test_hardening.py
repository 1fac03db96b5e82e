"""Every answer, errors included, carries the headers of trust, and says nothing of what answers."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from litestar import Litestar, get
from litestar.datastructures import State

from api.access import guard, public
from api.hardening import HEADERS, Hardened
from api.problems import HANDLERS, STATUS
from shipments import errors
from shipments.settings import Settings
from tests.api import journey
from tests.api.asking import HOST, Answer, Client, Loop
from tests.api.journey import BOX, CASE
from tests.api.world import World, another

V1 = "/api/v1"


def _of_every_status(world: World) -> Iterator[Answer]:
    box = journey.a_box(world)["code"]
    as_ = world.logistician
    yield world.anonymous.get("/health/live")
    yield world.anonymous.get("/health/ready")
    yield as_.get(f"{V1}/boxes")
    yield as_.get("/schema/openapi.json")
    yield as_.get(f"{V1}/boxes/{box}/labels.pdf")
    yield as_.post(f"{V1}/boxes", BOX)
    yield world.counsellor.delete(f"{V1}/cases/{journey.a_case(world)['code']}/card")
    yield as_.post(f"{V1}/boxes", {})
    yield as_.post(f"{V1}/boxes", BOX, idempotency_key=None)
    yield world.anonymous.get(f"{V1}/boxes")
    yield world.auditor.get(f"{V1}/boxes")
    yield world.anonymous.get("/nothing/here")
    yield world.anonymous.get(f"{V1}/boxes/")
    yield as_.get(f"{V1}/boxes/{'x' * 10_000}")
    yield as_.send("TRACE", f"{V1}/boxes")
    yield as_.send("OPTIONS", f"{V1}/boxes")
    yield as_.send("HEAD", f"{V1}/boxes")
    yield as_.post(f"{V1}/boxes/{box}/seal", {"gross_weight_g": 1, "seal_number": "S"})
    yield as_.patch(f"{V1}/batches/{journey.a_batch(world)['code']}", {})
    yield as_.send("POST", f"{V1}/boxes", b"x" * 1_000_000, headers={"idempotency-key": "k"})
    yield as_.send("POST", f"{V1}/boxes", b"{}", headers={"idempotency-key": "k", "content-type": "text/plain"})
    yield world.anonymous.send("GET", "/", headers={"host": "evil.example"})
    yield world.anonymous.get("/health/live?q=%00")


def test_every_answer_carries_the_headers_of_trust(small_world: World) -> None:
    statuses = set()
    for answer in _of_every_status(small_world):
        _must_be_hardened(answer)
        statuses.add(answer.status)
    assert statuses >= {200, 201, 400, 401, 403, 404, 405, 409, 413, 415, 421, 428}


def _must_be_hardened(answer: Answer) -> None:
    assert answer.header("content-security-policy").startswith("default-src 'none'"), answer
    for promised in HEADERS:
        assert answer.header(promised.decode()), (promised, answer)
    assert (answer.header("cache-control"), answer.header("referrer-policy")) == ("no-store", "no-referrer")
    for name in ("server", "x-powered-by", "access-control-allow-origin", "via"):
        assert not answer.has(name)


def test_https_is_demanded_where_pages_are_reached_over_it(small_world: World, settings: Settings, loop: Loop) -> None:
    secure = another(settings, base_url="https://boxes.example.org")
    app = Hardened(small_world.app._app, secure)
    answer = Client(loop, app).send("GET", "/nothing", headers={"host": "boxes.example.org"})
    assert answer.header("strict-transport-security").startswith("max-age=31536000")
    assert not small_world.anonymous.get("/nothing").has("strict-transport-security")


def test_a_mistake_of_ours_tells_nothing_and_is_logged(
    small_world: World, settings: Settings, loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    @get("/broken", sync_to_thread=False, opt=public())
    def broken() -> str:
        raise RuntimeError("password of the database is hunter2")

    app = Litestar(
        [broken],
        guards=[guard],
        exception_handlers=dict(HANDLERS),
        openapi_config=None,
        logging_config=None,
        state=State({"wiring": small_world.wiring}),
    )
    answer = Client(loop, Hardened(app, settings)).get("/broken")  # type: ignore[arg-type]
    problem = answer.problem(500)
    assert "hunter2" not in str(problem)
    assert "RuntimeError" not in str(problem)
    _must_be_hardened(answer)
    assert any(record.exc_info for record in caplog.records)


def test_every_error_has_one_status_and_no_status_is_left_over() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert set(STATUS) == kinds
    waiting, found = [errors.ShipmentsError], set()
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting += kind.__subclasses__()
    assert found == set(STATUS), "an error outside shipments.errors has no status"
    assert all(400 <= status <= 503 for status in STATUS.values())
    assert len({kind.__name__ for kind in STATUS}) == len(STATUS)


def test_logs_hold_no_token_no_pin_and_no_name(small_world: World, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("api", "jobs", "shipments", "litestar", ""):
        caplog.set_level(logging.DEBUG, logger=name or None)
    case = journey.a_case(small_world)["code"]
    card = small_world.counsellor.post(f"{V1}/cases/{case}/card").ok(201)
    token = card["url"].rpartition("/")[2]
    small_world.counsellor.get(f"{V1}/cases/{case}").ok()
    small_world.counsellor.get(f"{V1}/cases?q={journey.REFERENCE}").ok()
    for body in (
        {**CASE, "is_admin": True},
        {**CASE, "language": "xx"},
        {**CASE, "contact": {"phone": journey.PHONE + "x"}},
    ):
        small_world.counsellor.post(f"{V1}/cases", body).problem(400)
    small_world.counsellor.send("POST", f"{V1}/cases", str(CASE).encode(), headers={"idempotency-key": "k"}).problem(
        400
    )
    small_world.other_counsellor.get(f"{V1}/cases/{case}").problem(404)
    small_world.anonymous.get(f"/C/{token}")
    small_world.anonymous.get(f"{V1}/boxes", authorization=f"Bearer {small_world.people['receiver'].key}x").problem(401)
    small_world.anonymous.get(f"/C/{token}/nothing\u0000")
    browser = small_world.browser("counsellor")
    browser.get(f"{V1}/cases/{case}").ok()
    written = "\n".join(f"{record.name} {record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    cookie = str(browser._own["cookie"]).partition("=")[2]
    secrets = [token, token.lower(), card["pin"], cookie, journey.NAME, journey.PHONE, journey.EMAIL, journey.REFERENCE]
    secrets += [somebody.key for somebody in small_world.people.values()]
    assert [secret for secret in secrets if secret in written] == []


@pytest.fixture
def server(small_world: World) -> Iterator[int]:
    """The port of a real one, as `api.serving` makes it."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        config = uvicorn.Config(
            small_world.app,
            access_log=False,
            log_config=None,
            server_header=False,
            h11_max_incomplete_event_size=32_768,
            lifespan="off",
            proxy_headers=False,
        )
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not running.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert running.started
        yield listening.getsockname()[1]
        running.should_exit = True
        thread.join(10)


def _raw(port: int, request: bytes) -> bytes:
    with socket.create_connection((HOST, port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
        return answer


def test_on_the_wire_no_server_is_named_and_nonsense_is_refused(server: int) -> None:
    host = f"Host: {HOST}\r\nConnection: close\r\n".encode()
    good = _raw(server, b"GET /health/live HTTP/1.1\r\n" + host + b"\r\n")
    assert good.startswith(b"HTTP/1.1 200")
    assert b"\r\nserver:" not in good.lower()
    refused = (
        b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\n" + host + b"Host: evil.example\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\n" + host + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n",
        b"GET /health/\xff\xfe HTTP/1.1\r\n" + host + b"\r\n",
        b"GET /health/live%00 HTTP/1.1\r\n" + host + b"\r\n",
        b"GET //health/live HTTP/1.1\r\n" + host + b"\r\n",
        b"GET /health/live/ HTTP/1.1\r\n" + host + b"\r\n",
        b"TRACE /health/live HTTP/1.1\r\n" + host + b"\r\n",
        b"NONSENSE\r\n\r\n",
    )
    for request in refused:
        answer = _raw(server, request)
        assert answer.startswith(b"HTTP/1.1 4"), (request[:80], answer[:200])
        assert b"\r\nserver:" not in answer.lower(), request[:80]


def test_a_host_that_is_allowed_beside_our_own_is_answered(small_world: World, settings: Settings, loop: Loop) -> None:
    more = another(settings, allowed_hosts="boxes.internal, [::1]")
    app: Any = Hardened(small_world.app._app, more)
    for host in ("boxes.internal", "BOXES.internal:8080", "[::1]:8000"):
        answer = Client(loop, app).send("GET", "/health/live", headers={"host": host, "x-request-id": str(uuid4())})
        assert answer.ok() == {"status": "live"}
