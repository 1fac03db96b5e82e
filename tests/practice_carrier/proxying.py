"""Prism between us and the practice carrier: it marks every request and answer that a specification does not allow.

A test that uses it is skipped, with a reason, where Node, prism or the carriers' specifications are not there.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPECIFICATIONS = ROOT.parent / "shared" / "carrier-specs"
PRISM = ROOT / "node_modules" / ".bin" / "prism"
READY_S = 40


def needs(specification: str) -> list[pytest.MarkDecorator]:
    """What a module's tests need, the specification below the folder of them all."""
    there = (SPECIFICATIONS / specification).is_file()
    return [
        pytest.mark.skipif(not there, reason=f"{specification} is not beside the repository"),
        pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed: prism cannot run"),
        pytest.mark.skipif(not PRISM.exists(), reason="prism is not installed: npm ci --ignore-scripts"),
    ]


@contextmanager
def prisms(*between: tuple[str, str]) -> Iterator[list[str]]:
    """One for each specification and upstream, started together, for each takes seconds; where they answer."""
    with ExitStack() as ends:
        started = [ends.enter_context(_started(specification, upstream)) for specification, upstream in between]
        for port, process in started:
            _wait_for(port, process)
        yield [f"http://127.0.0.1:{port}" for port, _ in started]


@contextmanager
def _started(specification: str, upstream: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Prism itself, without npx, which would leave it running."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [str(PRISM), "proxy", str(SPECIFICATIONS / specification), upstream, "-h", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield port, process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(READY_S * 10):
        assert process.poll() is None, "prism ended by itself"
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"prism did not listen within {READY_S} seconds")
