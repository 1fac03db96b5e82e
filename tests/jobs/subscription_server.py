"""A carrier's subscriptions on loopback: it says what a test tells it to, and remembers what it was asked."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import msgspec

Json = dict[str, Any]  # Any: JSON


class Asked(msgspec.Struct):
    """One call."""

    method: str
    path: str
    body: Json
    headers: Mapping[str, str]


class SubscriptionServer:
    """By default it grants everything, in the words of DCSA (`sub-1`, `sub-2`, …) or of UPS."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.refused: set[str] = set()
        self.meanwhile: Callable[[], None] | None = None
        self.url = ""

    def answer(self, asked: Asked) -> tuple[int, Json]:
        """What a call gets."""
        if asked.path == "/security/v1/oauth/token":
            return 200, {"access_token": f"token-{len(self.asked)}", "expires_in": "14399"}
        if self.status is not None:
            return self.status, {"errors": []}
        if asked.method == "POST" and "trackingNumberList" in asked.body:
            numbers = asked.body["trackingNumberList"]
            good = [number for number in numbers if number not in self.refused]
            return 200, {"validTrackingNumbers": good, "invalidTrackingNumbers": sorted({*numbers} & self.refused)}
        if asked.method == "POST":
            return 201, {"subscriptionID": f"sub-{len(self.asked)}"}
        return 204, {}

    @property
    def calls(self) -> list[tuple[str, str]]:
        """(method, path), without tokens."""
        return [(one.method, one.path) for one in self.asked if "oauth" not in one.path]


@contextmanager
def subscription_server() -> Iterator[SubscriptionServer]:
    """Running for the block."""
    told = SubscriptionServer()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, json.loads(body) if body[:1] == b"{" else {}, headers)
            told.asked.append(asked)
            status, answer = told.answer(asked)
            happens, told.meanwhile = told.meanwhile, None
            if happens is not None:
                happens()
            said = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**told.headers, "Content-Length": str(len(said))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_PUT = do_DELETE = _answer

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
