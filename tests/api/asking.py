"""Asking the application without a network, byte for byte as given: no client tidies the path or the headers up."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4

import msgspec

from api.hardening import Hardened, Message

HOST = "127.0.0.1"
Headers = Mapping[str, str | bytes | None]


class Answer(msgspec.Struct, frozen=True):
    """What came back. Header names in lower case, in the order in which they came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """Its one value; KeyError where it is missing, AssertionError where it comes twice."""
        found = [value for one, value in self.headers if one == name]
        if not found:
            raise KeyError(name)
        assert len(found) == 1, f"{name} came {len(found)} times"
        return found[0]

    def has(self, name: str) -> bool:
        """Whether there is such a header."""
        return any(one == name for one, _ in self.headers)

    def json(self) -> Any:  # Any: JSON
        """The body, whatever its media type says."""
        return json.loads(self.body)

    def problem(self, status: int) -> Any:  # Any: JSON
        """The body of a refusal, which must be a whole RFC 9457 problem with this status."""
        assert self.status == status, f"{self.status}: {self.body[:500]!r}"
        assert self.header("content-type") == "application/problem+json"
        found = self.json()
        assert found["status"] == status
        assert found["type"].startswith("urn:shipments:problem:")
        assert found["title"]
        assert found["detail"]
        return found

    def ok(self, status: int = 200) -> Any:  # Any: JSON
        """The body of an answer that must have this status."""
        assert self.status == status, f"{self.status}: {self.body[:800]!r}"
        return self.json() if self.body else None


class Loop:
    """An event loop on a thread, so that plain tests can ask an asynchronous application, several at once."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def ask(self, app: Hardened, scope: Mapping[str, object], body: list[bytes]) -> Answer:
        """One request, its body in these pieces."""
        return asyncio.run_coroutine_threadsafe(_ask(app, dict(scope), body), self._loop).result(60)

    def close(self) -> None:
        """Ends the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Client:
    """Somebody who asks: with an API key, or a browser's cookie, or neither."""

    def __init__(self, loop: Loop, app: Hardened, *, key: str | None = None, headers: Headers | None = None) -> None:
        self._loop, self.app = loop, app
        self._own: dict[str, str | bytes | None] = {"host": HOST, **(headers or {})}
        if key is not None:
            self._own["authorization"] = f"Bearer {key}"

    def get(self, path: str, **headers: str | None) -> Answer:
        """Keyword headers have `_` for `-`; None leaves one out."""
        return self.send("GET", path, headers=_named(headers))

    def post(self, path: str, body: object = None, **headers: str | None) -> Answer:
        """With a new Idempotency-Key, unless one is given."""
        return self.send("POST", path, body, headers={"idempotency-key": str(uuid4()), **_named(headers)})

    def patch(self, path: str, body: object, **headers: str | None) -> Answer:
        """As `post`, without a key."""
        return self.send("PATCH", path, body, headers=_named(headers))

    def delete(self, path: str) -> Answer:
        """As `get`."""
        return self.send("DELETE", path)

    def send(self, method: str, path: str, body: object = None, *, headers: Headers | None = None) -> Answer:
        """`body`: bytes as they are, a list of bytes in pieces, else as JSON. `path` is percent-decoded."""
        sent = {**self._own, "content-type": "application/json" if body is not None else None, **(headers or {})}
        plain, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(plain).decode("utf-8", "replace"),
            "raw_path": plain.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (name.encode(), value if isinstance(value, bytes) else value.encode("latin-1"))
                for name, value in sent.items()
                if value is not None
            ],
            "client": ("127.0.0.1", 50_000),
            "server": (HOST, 8000),
            "state": {},
        }
        return self._loop.ask(self.app, scope, _pieces(body))


@contextmanager
def a_loop() -> Iterator[Loop]:
    """Closed at the end."""
    loop = Loop()
    try:
        yield loop
    finally:
        loop.close()


async def _ask(app: Hardened, scope: dict[str, Any], body: list[bytes]) -> Answer:
    pieces, sent = list(body), []
    done = asyncio.Event()

    async def receive() -> Message:
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    done.set()
    start, *rest = sent
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in rest))


def _pieces(body: object) -> list[bytes]:
    if isinstance(body, list) and body and all(isinstance(piece, bytes) for piece in body):
        return body
    return [body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()]


def _named(headers: Mapping[str, str | None]) -> Headers:
    return {name.replace("_", "-"): value for name, value in headers.items()}
