"""How long a process takes from its start to its first answer, beside Python importing Litestar."""

import subprocess
import sys
import time

from tests.bench import servers
from tests.bench.programme import Programme
from tests.bench.rows import SECONDS, Row, compared


def row(programme: Programme) -> Row:
    """Seconds from the start of `shipments serve` to 200 from /health/ready."""
    return compared(
        "ready after start", lambda: _until_ready(programme), _litestar_imported, unit=SECONDS, target=3.0
    )


def _until_ready(programme: Programme) -> float:
    began = time.perf_counter()
    with servers.serving(servers.SHIPMENTS, programme.environment, ready="/health/ready"):
        return time.perf_counter() - began


def _litestar_imported() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import litestar"], check=True)
    return time.perf_counter() - began
