"""`shipments serve` under cProfile, every thread of it; at the end it writes package → seconds in its own code.

Asked over one connection, so that no thread waits for another. What Python's own functions take counts for whoever
called them, what SQLite takes for the driver, and what a thread waits for nobody.
"""

import argparse
import cProfile
import os
import signal
import sys
import sysconfig
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

NOTES = "BENCH_NOTES"
_PACKAGES = sysconfig.get_path("purelib") + os.sep
_HERE = str(Path(__file__).resolve().parents[2]) + os.sep
_IDLE = os.path.join("asyncio", "runners.py")  # the loop itself, which has no other name in a profile
_WAITING = ("acquire", "run_until_complete", "SimpleQueue", "select", "poll", "sleep")


def main() -> None:
    """Serves until it is stopped, then writes the notes."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    port = arguments.parse_args().port
    from api.serving import serve
    from shipments.settings import Settings

    profiles = [cProfile.Profile()]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it once more when it has stopped
    threading.setprofile(lambda *_: _profile_this_thread(profiles))
    profiles[0].enable()
    try:
        serve(Settings(), "127.0.0.1", port)
    finally:
        profiles[0].disable()
        spent = _spent(entry for profile in profiles for entry in profile.getstats())
        Path(os.environ[NOTES]).write_bytes(msgspec.json.encode(spent))


def _profile_this_thread(profiles: list[cProfile.Profile]) -> None:
    profiles.append(cProfile.Profile())
    profiles[-1].enable()  # takes the place of the function that called this


def _spent(entries: Iterable[Any]) -> dict[str, float]:  # Any: cProfile's own rows, of functions and of who called them
    spent: dict[str, float] = defaultdict(float)
    for entry in entries:
        if not isinstance(entry.code, str) and not entry.code.co_filename.endswith(_IDLE):
            spent[_package(entry.code.co_filename)] += entry.inlinetime
            for whose, seconds in _built_in(entry):
                spent[whose] += seconds
    return dict(sorted(spent.items(), key=lambda one: -one[1]))


def _built_in(caller: Any) -> Iterator[tuple[str, float]]:
    for called in caller.calls or ():
        if isinstance(called.code, str) and not any(word in called.code for word in _WAITING):
            driver = "sqlite3" in called.code
            yield ("the database driver" if driver else _package(caller.code.co_filename)), called.inlinetime


def _package(path: str) -> str:
    if path.startswith(_PACKAGES):
        return path.removeprefix(_PACKAGES).partition(os.sep)[0]
    if path.startswith(_HERE):
        return "/".join(path.removeprefix(_HERE).removeprefix("src" + os.sep).split(os.sep)[:2])
    return "Python"


if __name__ == "__main__":
    main()
