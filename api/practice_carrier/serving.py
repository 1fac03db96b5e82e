"""Running the practice carrier: as a process of its own, or on a thread of a test. Loopback only."""

import asyncio
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_address
from typing import Any

import uvloop
from litestar import Litestar
from litestar.datastructures import State

from api.practice_carrier.certifying import context_of
from api.practice_carrier.clock import Clock
from api.practice_carrier.control import control
from api.practice_carrier.practice import Practice
from api.practice_carrier.pushing import push_for_ever
from api.practice_carrier.wire import Wire

BACKLOG = 1024
Serve = Callable[[Practice, socket.socket, asyncio.Event, ssl.SSLContext | None], Coroutine[Any, Any, None]]


class Running:
    """A practice carrier that answers at `url`; `practice` is its state, for tests in this process."""

    def __init__(self, url: str, practice: Practice) -> None:
        self.url = url
        self.practice = practice


def run(host: str, port: int, api_key: str) -> None:
    """Serves until it is stopped, and pushes by itself. Raises ValueError for an address that is not loopback."""

    async def until_stopped() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await _serve_and_push(Practice(api_key), listening, stopped)

    with _listening(host, port) as listening:
        uvloop.run(until_stopped())


@contextmanager
def practice_carrier(
    api_key: str = "practice", clock: Clock | None = None, *, certificate: bool = False, pushes: bool = False
) -> Iterator[Running]:
    """One on a thread of this process, at a free port of loopback, until the block ends.

    `certificate`: over TLS, with a certificate that it made itself and that nobody has reason to believe.
    `pushes`: also by itself, not only when told to.
    """
    practice = Practice(api_key, clock)
    with ExitStack() as ends:
        tls = context_of(ends) if certificate else None
        listening = ends.enter_context(_listening("127.0.0.1", 0))
        ends.callback(_on_a_thread(practice, listening, tls, _serve_and_push if pushes else serve))
        scheme = "https" if certificate else "http"
        yield Running(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}", practice)


@contextmanager
def nobody_answers() -> Iterator[str]:
    """An address of loopback at which a connection is neither taken nor refused, until the block ends."""
    with ExitStack() as ends:
        full = ends.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # as many as wait in the queue of a server that takes none
            waiting = ends.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}"


def _on_a_thread(
    practice: Practice, listening: socket.socket, tls: ssl.SSLContext | None, serve: Serve
) -> Callable[[], None]:
    """Starts it; what is returned ends it."""
    begun = threading.Event()
    loop = uvloop.new_event_loop()
    stopped = asyncio.Event()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            loop.call_soon(begun.set)
            runner.run(serve(practice, listening, stopped, tls))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    begun.wait(timeout=10)

    def end() -> None:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(timeout=10)

    return end


async def serve(
    practice: Practice, listening: socket.socket, stopped: asyncio.Event, tls: ssl.SSLContext | None = None
) -> None:
    """On this loop, at a socket that listens, until it is `stopped`."""
    app = Litestar(
        route_handlers=[control], state=State({"practice": practice}), openapi_config=None, logging_config=None
    )
    wire = Wire(practice, app)
    server = await asyncio.get_running_loop().create_server(wire.connect, sock=listening, ssl=tls, backlog=BACKLOG)
    await stopped.wait()
    server.close()
    await wire.end()


async def _serve_and_push(
    practice: Practice, listening: socket.socket, stopped: asyncio.Event, tls: ssl.SSLContext | None = None
) -> None:
    pushing = asyncio.create_task(push_for_ever(practice))
    await serve(practice, listening, stopped, tls)
    pushing.cancel()
    with suppress(asyncio.CancelledError):
        await pushing


def _listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections already, so that nobody need wait for the server to be ready."""
    if not ip_address(host).is_loopback:
        raise ValueError("The practice carrier answers on loopback only, such as 127.0.0.1.")
    return socket.create_server((host, port), backlog=BACKLOG)
