"""The practice carrier's own small server: whole requests in whatever pieces, and no answer to what is no HTTP."""

import asyncio
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from api.practice_carrier import Practice, Running
from api.practice_carrier.pushing import push_for_ever
from tests.practice_carrier.asking import NUMBER, booked

ASKED = f"GET /track/shipments?trackingNumber={NUMBER} HTTP/1.1\r\nHost: x\r\ndhl-API-key: a key\r\n\r\n".encode()
FORM = b"grant_type=client_credentials&client_id=practice&client_secret=a+key"


def exchange(running: Running, *pieces: bytes, answers: int = 1) -> bytes:
    """What comes back until so many answers have begun, or the line ends."""
    where = urlsplit(running.url)
    heard = b""
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=5) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            line.sendall(piece)
        while heard.count(b"HTTP/1.1 ") < answers:
            part = line.recv(65_536)
            if not part:
                break
            heard += part
    return heard


def test_a_request_may_come_byte_by_byte_and_its_names_in_any_case(running: Running, practice: Practice) -> None:
    booked(practice, ["dhl"])
    assert exchange(running, *(bytes([one]) for one in ASKED)).startswith(b"HTTP/1.1 200 OK\r\n")


def test_several_requests_on_one_line_are_answered_in_order(running: Running, practice: Practice) -> None:
    booked(practice, ["dhl"])
    shown = b"GET /practice/clock HTTP/1.1\r\nHost: x\r\n\r\n"
    heard = exchange(running, ASKED + shown + ASKED, answers=3)
    assert [part[:3] for part in heard.split(b"HTTP/1.1 ")[1:]] == [b"200"] * 3
    assert heard.index(b"shipments") < heard.index(b"seconds_per_day")


def test_a_body_may_come_in_chunks(running: Running, practice: Practice) -> None:
    head = b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (FORM[:7], FORM[7:])) + b"0\r\n\r\n"
    assert b"access_token" in exchange(running, head, chunks[:20], chunks[20:])


@pytest.mark.parametrize(
    "nonsense",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n",
        b"G" * 70_000,
    ],
)
def test_what_is_no_http_is_refused_and_the_line_ends(running: Running, nonsense: bytes) -> None:
    assert exchange(running, nonsense).startswith(b"HTTP/1.1 400 ")


def test_a_path_of_no_carrier_is_not_there(running: Running) -> None:
    assert exchange(running, b"GET /api/track/v1/details/ HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 404 ")


def test_it_pushes_by_itself_and_leaves_alone_for_a_while_who_refuses(running: Running, practice: Practice) -> None:
    booked(practice, ["dhl"])
    refuses = practice.subscriptions.make("dhl", f"{running.url}/practice/push", "secret", references=[NUMBER])
    begun = refuses.tried_at

    async def for_a_moment() -> float:
        pushing = asyncio.create_task(push_for_ever(practice))
        while refuses.tried_at == begun:
            await asyncio.sleep(0.01)
        first = refuses.tried_at
        await asyncio.sleep(0.6)
        pushing.cancel()
        with suppress(asyncio.CancelledError):
            await pushing
        return first

    assert asyncio.run(for_a_moment()) == refuses.tried_at
    assert refuses.pushed == {}
