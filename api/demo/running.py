"""The demo's server on a thread of this process, at a socket that was taken before anything else was touched."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from api.serving import LOG_FORMAT, server_of
from shipments.settings import Settings

BACKLOG = 1024
READY_WITHIN_S = 30.0
STOPPED_WITHIN_S = 15.0


class ServerFailed(Exception):
    """The server did not come up, or ended by itself."""


def listen(port: int) -> socket.socket:
    """Takes `port` on loopback, 0 for any free one. Raises OSError where somebody else has it."""
    return socket.create_server(("127.0.0.1", port), backlog=BACKLOG)


def log_to(path: Path, level: str) -> None:
    """The terminal belongs to the story: everything else is written to a file."""
    logging.basicConfig(filename=path, level=level, format=LOG_FORMAT, force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # at INFO it writes four lines a second here


@contextmanager
def serving(settings: Settings, listening: socket.socket) -> Iterator[threading.Thread]:
    """The API with its timetable, until the block ends. Raises ServerFailed where it does not get ready."""
    host, port = listening.getsockname()
    server = server_of(settings, host, port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="api", daemon=True)
    thread.start()
    try:
        _wait_until_ready(settings.base_url, thread)
        yield thread
    finally:
        _stop(server, thread)


def _wait_until_ready(base_url: str, thread: threading.Thread) -> None:
    """The socket takes connections from the start, so a call may wait for a server that never comes."""
    until = time.monotonic() + READY_WITHIN_S
    with httpx.Client(base_url=base_url, trust_env=False, timeout=2.0) as client:
        while thread.is_alive() and time.monotonic() < until:
            try:
                if client.get("/health/ready").status_code == httpx.codes.OK:
                    return
            except httpx.TimeoutException:
                continue
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
    raise ServerFailed("The server does not get ready.")


def _stop(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join(STOPPED_WITHIN_S)
