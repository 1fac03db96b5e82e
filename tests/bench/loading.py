"""A load generator: kept-open connections over loopback that ask again as soon as an answer is whole."""

import asyncio
import re
import time
from collections.abc import Iterator
from functools import partial
from typing import cast

import msgspec
import uvloop

PATIENCE_S = 10.0  # for an answer that does not come
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class WrongAnswer(Exception):
    """The server did not do the work that was to be measured."""


class Measured(msgspec.Struct, frozen=True):
    """Answers a second, and how busy this process was: near 1 it measured itself, not the server."""

    rate: float
    busy: float


def measure(port: int, requests: Iterator[bytes], *, expect: int, seconds: float, connections: int = 8) -> Measured:
    """Whole HTTP/1.1 requests of `requests`, as many as are answered in that time. Raises WrongAnswer."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(port, requests, expect, seconds, connections))


def get(path: str, *, key: str | None = None, cookie: str | None = None) -> bytes:
    """A GET as bytes."""
    kept = f"Cookie: {cookie}\r\n".encode() if cookie else b""
    return _head("GET", path, key) + kept + b"\r\n"


def post(path: str, body: bytes, *, key: str | None = None, once: str | None = None) -> bytes:
    """A POST of JSON as bytes; `once`: its Idempotency-Key."""
    marked = f"Idempotency-Key: {once}\r\n".encode() if once else b""
    kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    return _head("POST", path, key) + kind + marked + b"\r\n" + body


def _head(method: str, path: str, key: str | None) -> bytes:
    known = f"Authorization: Bearer {key}\r\n" if key else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{known}".encode()


async def _measure(port: int, requests: Iterator[bytes], expect: int, seconds: float, connections: int) -> Measured:
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    callers = [_Caller(requests, b" %d " % expect, until, loop.create_future()) for _ in range(connections)]
    began, worked = time.perf_counter(), time.process_time()
    for caller in callers:
        await loop.create_connection(partial(_itself, caller), "127.0.0.1", port)
    async with asyncio.timeout(seconds + PATIENCE_S):
        answered = sum(await asyncio.gather(*(caller.done for caller in callers)))
    took = time.perf_counter() - began
    return Measured(answered / took, (time.process_time() - worked) / took)


def _itself(caller: "_Caller") -> "_Caller":
    return caller


class _Caller(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], status: bytes, until: float, done: asyncio.Future[int]) -> None:
        self.done = done
        self._requests, self._status, self._until = requests, status, until
        self._answered = 0
        self._heard = b""
        self._whole = 0  # length of the answer under way; 0 until its head has been read

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._whole and (end := self._heard.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._heard, 0, end + 2)
            self._whole = end + 4 + (int(length[1]) if length else 0)
        if self._whole and len(self._heard) >= self._whole:
            self._answer()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or WrongAnswer("the server hung up"))

    def _answer(self) -> None:
        if self._heard[8:13] != self._status:
            self.done.set_exception(WrongAnswer(self._heard[:600].decode("utf-8", "replace")))
            return self._transport.close()
        self._heard, self._whole = b"", 0
        self._answered += 1
        self._ask()

    def _ask(self) -> None:
        request = next(self._requests, None) if time.perf_counter() < self._until else None
        if request is None:
            self.done.set_result(self._answered)
            self._transport.close()
        else:
            self._transport.write(request)
