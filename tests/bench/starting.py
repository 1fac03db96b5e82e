"""How long a process takes from its start to its first answer, beside Python importing Litestar."""

import subprocess
import sys
import time
from collections import Counter

from tests.bench import servers
from tests.bench.programme import Programme
from tests.bench.rows import SECONDS, Row, compared


def row(programme: Programme) -> Row:
    """Seconds from the start of `shipments serve` to 200 from /health/ready."""
    return compared("ready after start", lambda: _until_ready(programme), _litestar_imported, unit=SECONDS, target=3.0)


def where_time_goes() -> str:
    """Imports by their own time, packages with the largest shares first."""
    command = [sys.executable, "-X", "importtime", "-c", "import api.serving, jobs.timetable"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    spent: Counter[str] = Counter()
    for line in told.splitlines():
        took, _, name = line.removeprefix("import time:").split("|")
        if took.strip().isdigit():
            spent[name.strip().partition(".")[0]] += int(took)
    return ", ".join(f"{name} {took / spent.total():.0%}" for name, took in spent.most_common(8))


def _until_ready(programme: Programme) -> float:
    began = time.perf_counter()
    with servers.serving(servers.SHIPMENTS, programme.environment, ready="/health/ready"):
        return time.perf_counter() - began


def _litestar_imported() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import litestar"], check=True)
    return time.perf_counter() - began
