"""Processes of an installation: the API, workers, commands. Each can be killed as hard as a power cut would."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx

T = TypeVar("T")
SHIPMENTS = Path(sys.executable).with_name("shipments")
PATIENCE_S = 60.0  # a busy machine is no failure


class Installation:
    """Settings shared by all processes of one database; their output goes to files beside it."""

    def __init__(self, environment: Mapping[str, str], folder: Path, bytecode: Path) -> None:
        left_out = ("SHIPMENTS_", "PYTHONDONTWRITEBYTECODE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        # Compiled once for all processes of a run: else each spends seconds on it where bytecode is not kept.
        self.environment = {**kept, **environment, "PYTHONPYCACHEPREFIX": str(bytecode)}
        self.folder = folder
        self._count = 0

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command, to its end."""
        return subprocess.run(
            [SHIPMENTS, *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command that stays up, until the block ends."""
        self._count += 1
        with (self.folder / f"{words[0]}-{self._count}.log").open("wb") as log:
            process = subprocess.Popen(
                [SHIPMENTS, *words], env=self.environment, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                process.wait(timeout=PATIENCE_S)

    @contextmanager
    def serving(self, port: int) -> Iterator[subprocess.Popen[bytes]]:
        """The API, ready."""
        with self.running("serve", "--port", str(port)) as process:
            eventually(lambda: _is_ready(port) or _must_live(process), "the API is ready")
            yield process


def kill(process: subprocess.Popen[bytes]) -> None:
    """At once: nothing of it runs any more."""
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=PATIENCE_S)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def eventually(look: Callable[[], T], what: str) -> T:
    """What `look` gives as soon as it is true; fails, naming `what`, when patience ends."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_S:g} seconds: {what}")


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _must_live(process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "the process ended by itself"
    return False
