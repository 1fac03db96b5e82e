"""Around every answer, errors included: only our hosts, only plain paths, and the headers of trust."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from api.problems import MEDIA_TYPE, Problem, title_of
from shipments.settings import Settings

Scope = dict[str, Any]
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LONGEST_PATH = 500
LONGEST_QUERY = 2_000
LONGEST_HEADERS = 32_000  # together; uvicorn's own limit lets through what arrives in one piece
_NAMES = {400: "Invalid", 404: "NotFound", 421: "MisdirectedRequest", 431: "HeadersTooLong"}
_POLICY = b"default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {
    b"content-security-policy": _POLICY,
    b"cache-control": b"no-store",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-robots-tag": b"noindex, nofollow",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(self), geolocation=(), microphone=()",
}


class Hardened:
    """The outermost app."""

    def __init__(self, app: App, settings: Settings) -> None:
        self._app = app
        self._hosts = settings.hosts
        self._headers = dict(HEADERS)
        if settings.secure_cookies:
            self._headers[b"strict-transport-security"] = b"max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *((name, value) for name, value in message["headers"] if name.lower() != b"server"),
                    *((name, value) for name, value in self._headers.items() if name not in own),
                ]
            await send(message)

        if trouble := self._trouble(scope):
            return await _refuse(send_hardened, *trouble)
        await self._app(scope, receive, send_hardened)

    def _trouble(self, scope: Scope) -> tuple[int, bytes] | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or _host(hosts[0]) not in self._hosts:
            return 421, b"This server does not answer for that host."
        path: str = scope["path"]
        plain = path.isascii() and path.isprintable() and len(path) <= LONGEST_PATH
        if not plain or "//" in path or (path != "/" and path.endswith("/")):
            return 404, b"There is nothing here."
        if len(scope["query_string"]) > LONGEST_QUERY or b"%00" in scope["query_string"]:
            return 400, b"The query is too long or holds NUL."
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LONGEST_HEADERS:
            return 431, b"The headers are too long."
        return None


def _host(header: bytes) -> str:
    text = header.decode("latin-1").lower()
    return text.partition("]")[0] + "]" if text.startswith("[") else text.partition(":")[0]


async def _refuse(send: Send, status: int, detail: bytes) -> None:
    name = _NAMES[status]
    problem = Problem(f"urn:shipments:problem:{name}", title_of(name), status, detail.decode())
    body = msgspec.json.encode(problem)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
