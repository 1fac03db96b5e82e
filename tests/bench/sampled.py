"""`shipments serve` with a watch that notes, every two milliseconds, whose code each busy thread is in.

Written at the end to the file that the environment names: package → how often, the most frequent first.
"""

import argparse
import os
import signal
import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path
from threading import Thread, get_ident
from types import FrameType

import msgspec

NOTES = "BENCH_NOTES"
_EVERY_S = 0.002
_LIBRARY = sysconfig.get_path("stdlib") + os.sep
_PACKAGES = sysconfig.get_path("purelib") + os.sep
_HERE = str(Path(__file__).resolve().parents[2]) + os.sep
_WAITING = {"runners.py", "thread.py", "threading.py", "queue.py", "selectors.py", "_asyncio.py"}
_DRIVER = {"do_execute", "do_executemany", "do_commit", "do_rollback", "exec_driver_sql"}


def main() -> None:
    """Serves until it is stopped, then writes the notes."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    port = arguments.parse_args().port
    from api.serving import serve
    from shipments.settings import Settings

    seen: Counter[str] = Counter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it once more when it has stopped
    Thread(target=_watch, args=(seen,), daemon=True).start()
    try:
        serve(Settings(), "127.0.0.1", port)
    finally:
        Path(os.environ[NOTES]).write_bytes(msgspec.json.encode(dict(seen.most_common())))


def _watch(seen: Counter[str]) -> None:
    while True:
        time.sleep(_EVERY_S)
        for thread, frame in sys._current_frames().items():
            if thread != get_ident() and (whose := _whose(frame)):
                seen[whose] += 1


def _whose(innermost: FrameType) -> str | None:
    """The nearest package that is not Python's own; None for a thread that waits."""
    if os.path.basename(innermost.f_code.co_filename) in _WAITING:
        return None
    if innermost.f_code.co_name in _DRIVER:
        return "the database driver"
    if innermost.f_code.co_name == "_in_turn":
        return None
    frame: FrameType | None = innermost
    while frame is not None:
        if whose := _package(frame.f_code.co_filename):
            return whose
        frame = frame.f_back
    return None


def _package(path: str) -> str | None:
    if path.startswith(_PACKAGES):
        return path.removeprefix(_PACKAGES).partition(os.sep)[0]
    if path.startswith(_LIBRARY):
        return None
    parts = path.removeprefix(_HERE).removeprefix("src" + os.sep).split(os.sep)
    return "/".join(parts[:2]) if path.startswith(_HERE) else None


if __name__ == "__main__":
    main()
