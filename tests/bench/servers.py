"""Servers to measure, each in a process of its own on loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

LONGEST_S = 30.0
SHIPMENTS = (str(Path(sys.executable).with_name("shipments")), "serve")
PROFILED = (sys.executable, "-m", "tests.bench.profiled")
BARE = (sys.executable, "-m", "tests.bench.bare")


class NotReady(Exception):
    """A server did not come up."""


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(command: tuple[str, ...], environment: Mapping[str, str], *, ready: str) -> Iterator[int]:
    """Its port, as soon as `ready` answers 200. Raises NotReady. Stopped when the block ends."""
    port = free_port()
    process = subprocess.Popen([*command, "--port", str(port)], env={**os.environ, **environment})
    try:
        _wait(process, port, ready)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, ready: str) -> None:
    until = time.monotonic() + LONGEST_S
    while not _answers(port, ready):
        if process.poll() is not None or time.monotonic() > until:
            raise NotReady(f"{process.args!r} did not answer {ready}")
        time.sleep(0.005)


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
