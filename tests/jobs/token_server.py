"""A token endpoint on loopback that says what a test tells it to, and remembers what it was asked."""

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl

import msgspec


class Asked(msgspec.Struct):
    """One call. `basic`: the decoded pair, empty without it."""

    path: str
    form: dict[str, str]
    basic: str


class TokenServer:
    """By default it gives `token-1`, `token-2` and so on, for four hours each, in the words of UPS."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        self.takes_s = 0.0
        self.url = ""

    def answer(self) -> bytes:
        """What the newest call gets."""
        if self.body is not None:
            return self.body
        granted = {"token_type": "Bearer", "access_token": f"token-{len(self.asked)}", "expires_in": "14399"}
        return json.dumps(granted).encode()


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """Running for the block."""
    told = TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            basic = b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
            told.asked.append(Asked(self.path, dict(parse_qsl(form)), basic))
            body = told.answer()
            time.sleep(told.takes_s)
            self.send_response(told.status)
            for name, value in {"Content-Length": str(len(body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

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
