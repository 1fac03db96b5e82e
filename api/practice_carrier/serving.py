"""Running the practice carrier: as a process of its own, or on a thread of a test. Loopback only."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import uvicorn
from litestar import Litestar
from litestar.datastructures import State

from api.practice_carrier.control import control
from api.practice_carrier.events import events_endpoint
from api.practice_carrier.practice import Practice
from api.practice_carrier.sea import Clock

BACKLOG = 1024


class Running:
    """A practice carrier that answers at `url`; `practice` is its state, for tests in this process."""

    def __init__(self, url: str, practice: Practice) -> None:
        self.url = url
        self.practice = practice


def create_app(practice: Practice) -> Litestar:
    """The application around one state."""
    return Litestar(
        route_handlers=[events_endpoint(practice), control],
        state=State({"practice": practice}),
        openapi_config=None,
        logging_config=None,
    )


def run(host: str, port: int, api_key: str) -> None:
    """Serves until it is stopped. Raises ValueError for an address that is not loopback."""
    with _listening(host, port) as listening:
        _server(Practice(api_key)).run(sockets=[listening])


@contextmanager
def practice_carrier(api_key: str = "practice", clock: Clock | None = None) -> Iterator[Running]:
    """One on a thread of this process, at a free port of loopback, until the block ends."""
    practice = Practice(api_key, clock)
    with _listening("127.0.0.1", 0) as listening:
        server = _server(practice)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", practice)
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections already, so that nobody need wait for the server to be ready."""
    if not ip_address(host).is_loopback:
        raise ValueError("The practice carrier answers on loopback only, such as 127.0.0.1.")
    return socket.create_server((host, port), backlog=BACKLOG)


def _server(practice: Practice) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(practice),
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    return uvicorn.Server(config)
