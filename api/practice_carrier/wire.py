"""The practice carrier on the wire: HTTP/1.1 as its customers speak it, and no more of it than they do.

A server of its own, because a benchmark polls thousands of legs a second on the cores that this one shares: what it
costs would be counted against those who poll.
"""

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast

from litestar.types import ASGIApp

from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Reply
from api.practice_carrier.routing import endpoint_at

DRIP_S = 0.2
MOST_HEAD, MOST_BODY = 64 * 1024, 16 * 1024 * 1024


class Unreadable(Exception):
    """Not HTTP/1.1 as we know it."""


class Wire:
    """What every connection shares; ends them all at once."""

    def __init__(self, practice: Practice, control: ASGIApp) -> None:
        self.practice = practice
        self.control = control
        self.lines: set[Line] = set()

    def connect(self) -> "Line":
        """A new connection."""
        return Line(self)

    async def end(self) -> None:
        """Nobody is answered any longer."""
        tasks = [line.task for line in self.lines if line.task is not None]
        for line in list(self.lines):
            line.end()
        await asyncio.gather(*tasks, return_exceptions=True)


class Line(asyncio.Protocol):
    """One connection: one request after the other, each answered before the next is read."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._received = b""
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one, but for its ancestry
        self._wire.lines.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Ends."""
        self._wire.lines.discard(self)
        if self.task is not None:
            self.task.cancel()

    def end(self) -> None:
        """Hangs up."""
        self._transport.close()
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data: bytes) -> None:
        """A part of a request, a whole one, or several."""
        self._received += data
        self._answer_all()

    def _answer_all(self) -> None:
        try:
            while self.task is None and (taken := _take(self._received)) is not None:
                asked, self._received = taken
                self._answer(asked)
        except Unreadable:
            self._transport.write(_head(Reply(status=400), 0))
            self._transport.close()

    def _answer(self, asked: Asked) -> None:
        endpoint = endpoint_at(asked.path)
        if endpoint is None:
            return self._later(self._through(asked))
        reply = endpoint(self._wire.practice, asked)
        if reply.wait_s or reply.drip_s or reply.cut:
            return self._later(self._put_slowly(reply))
        self._put(reply)

    def _put(self, reply: Reply) -> None:
        self._transport.write(_head(reply, len(reply.body)) + reply.body)

    def _later(self, work: Any) -> None:  # Any: a coroutine of whatever kind
        self.task = asyncio.get_running_loop().create_task(work)
        self.task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.task = None
        if not task.cancelled() and task.exception() is not None:
            self._transport.abort()
        elif not self._transport.is_closing():
            self._answer_all()

    async def _put_slowly(self, reply: Reply) -> None:
        await asyncio.sleep(reply.wait_s)
        if reply.cut:
            self._transport.write(_head(reply, 2 * len(reply.body) + 1) + reply.body)
            return self._transport.close()
        if not reply.drip_s:
            return self._put(reply)
        self._transport.write(_head(reply, None))
        for byte in range(round(reply.drip_s / DRIP_S)):
            self._transport.write(b"1\r\n%s\r\n" % (reply.body[byte : byte + 1] or b" "))
            await asyncio.sleep(DRIP_S)
        self._transport.write(b"0\r\n\r\n")

    async def _through(self, asked: Asked) -> None:
        self._put(await _through(self._wire.control, asked))


def _take(received: bytes) -> tuple[Asked, bytes] | None:
    """The first whole request, and what follows it; None where it is not all there. Raises Unreadable."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        if len(received) > MOST_HEAD:
            raise Unreadable
        return None
    lines = received[:end].decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    taken = _take_body(received, end + 4, headers)
    if taken is None:
        return None
    body, rest = taken
    try:
        method, target, _ = lines[0].split(" ")
    except ValueError:
        raise Unreadable from None
    path, _, query = target.partition("?")
    return Asked(method, path, query, headers, body), rest


def _take_body(received: bytes, start: int, headers: Mapping[str, str]) -> tuple[bytes, bytes] | None:
    if "chunked" in headers.get("transfer-encoding", ""):
        return _take_chunks(received[start:])
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST_BODY:
        raise Unreadable
    end = start + int(length)
    return (received[start:end], received[end:]) if len(received) >= end else None


def _take_chunks(received: bytes) -> tuple[bytes, bytes] | None:
    body = b""
    while True:
        size, separator, received = received.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16) if separator else -1
        except ValueError:
            raise Unreadable from None
        if length < 0 or len(received) < length + 2:
            return None
        if length == 0:
            return body, received[2:]
        body, received = body + received[:length], received[length + 2 :]


@lru_cache(maxsize=64)
def _first_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"


def _head(reply: Reply, length: int | None) -> bytes:
    """Everything before the body. `length` None: in chunks."""
    lines = [_first_line(reply.status)]
    if reply.status != HTTPStatus.NO_CONTENT:
        lines.append(f"content-type: {reply.content_type}\r\n")
        lines.append("transfer-encoding: chunked\r\n" if length is None else f"content-length: {length}\r\n")
    lines += [f"{name}: {value}\r\n" for name, value in reply.headers.items()]
    lines.append("\r\n")
    return "".join(lines).encode("latin-1")


async def _through(app: ASGIApp, asked: Asked) -> Reply:
    """What an ASGI application answers."""
    scope: Any = {  # Any: litestar's scope holds more than a server is asked for
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": asked.path,
        "raw_path": asked.path.encode(),
        "query_string": asked.query.encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in asked.headers.items()],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
    }
    said: list[Any] = []

    async def receive() -> Any:  # Any: as above
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    await app(scope, receive, send)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in said[0]["headers"]}
    content_type = headers.pop("content-type", "text/plain")
    headers.pop("content-length", None)
    body = b"".join(message.get("body", b"") for message in said[1:])
    return Reply(status=said[0]["status"], body=body, headers=headers, content_type=content_type)
