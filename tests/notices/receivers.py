"""Somebody on loopback who takes mails or webhook calls: real servers, that can be told to be difficult."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Answer = tuple[int, dict[str, str]]


class MailServer:
    """Takes mails. `answer`: what it says to each; `hold`: it says so only once this is set."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.logins: list[LoginPassword] = []
        self.answer: Callable[[EmailMessage], str] = lambda mail: "250 taken"
        self.heard = threading.Event()
        self.hold = threading.Event()
        self.hold.set()
        self.port = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # aiosmtpd's name
        """A whole mail arrived."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        assert [mail["To"]] == envelope.rcpt_tos
        self.mails.append(mail)
        self.heard.set()
        while not self.hold.is_set():
            await asyncio.sleep(0.01)
        return self.answer(mail)

    def login(self, _server: object, _session: object, _envelope: object, _how: str, data: object) -> AuthResult:
        """Lets everybody in, and remembers them."""
        assert isinstance(data, LoginPassword)
        self.logins.append(data)
        return AuthResult(success=True)


@contextmanager
def mail_server(*, tls: ssl.SSLContext | None = None, from_the_start: bool = False) -> Iterator[MailServer]:
    """Listens for the block. With `tls`: after STARTTLS, which it insists on, or from the start."""
    server = MailServer()
    starttls = tls is not None and not from_the_start

    def protocol() -> SMTP:
        return SMTP(
            server,
            hostname="mail.example",
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            authenticator=server.login if tls else None,
            auth_require_tls=starttls,
            loop=asyncio.get_running_loop(),
        )

    async def serve(ready: Callable[[int], None], stop: asyncio.Event) -> None:
        listening = await asyncio.get_running_loop().create_server(
            protocol, "127.0.0.1", 0, ssl=tls if from_the_start else None
        )
        ready(listening.sockets[0].getsockname()[1])
        await stop.wait()
        listening.close()

    with _in_a_thread(serve) as port:
        server.port = port
        yield server
        server.hold.set()


@contextmanager
def _in_a_thread(serve: Callable[[Callable[[int], None], asyncio.Event], Any]) -> Iterator[int]:
    ports: list[int] = []
    listening = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def ready(port: int) -> None:
        ports.append(port)
        listening.set()

    async def run() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        await serve(ready, stop)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert listening.wait(10)
        yield ports[0]
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


class Called:
    """One call as it came."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path, self.headers, self.body = path, headers, body


class Hook:
    """Takes webhook calls. `answers`: what it says next, the last for ever; `hold` as with mails."""

    def __init__(self) -> None:
        self.calls: list[Called] = []
        self.answers: list[Answer] = [(204, {})]
        self.heard = threading.Event()
        self.hold = threading.Event()
        self.hold.set()
        self.url = ""

    def take(self, called: Called) -> Answer:
        """Keeps the call, and answers it."""
        self.calls.append(called)
        self.heard.set()
        self.hold.wait(20)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def web_hook() -> Iterator[Hook]:
    """Listens for the block."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the library's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = hook.take(Called(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            try:
                self.send_response(status)
                for name, value in ({"Content-Length": "0"} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
            except OSError:
                self.close_connection = True

        def do_GET(self) -> None:  # only somebody who follows redirects comes here
            hook.calls.append(Called("GET " + self.path, {}, b""))
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}/hooks/boxes?token=TELLTALE"
    try:
        yield hook
    finally:
        hook.hold.set()
        server.shutdown()
        thread.join(10)
        server.server_close()
