"""`make bench`: our times beside the machine's limits, measured in the same run, into `.bench/report.json`.

Not a test: nothing here fails because a machine is slow.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench import labels, starting, web
from tests.bench.programme import a_programme
from tests.bench.rows import SECONDS, Row

PLACE = Path(".bench")
BOXES = 15_000  # enough to scan for as long as the benchmark scans


def main() -> None:
    """Measures, writes, shows."""
    console = Console()
    PLACE.mkdir(exist_ok=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:  # beside the report: on a real disk
        for row in _rows(Path(folder)):
            console.print(f"{row.name}: {row.ratio:.2f}")
            rows.append(row)
    (PLACE / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(rows)))
    console.print(_table(rows))


def _rows(folder: Path) -> Iterator[Row]:
    programme = a_programme(folder.resolve(), boxes=BOXES)
    yield starting.row(programme)
    yield labels.row()
    with web.side_by_side(programme, folder.resolve()) as pair:
        measures = [web.request_row, web.receipt_row, web.list_row]
        measures += [partial(web.page_row, language=language) for language in web.LANGUAGES]
        for measure in measures:
            yield measure(pair)


def _table(rows: Sequence[Row]) -> Table:
    table = Table(title="ours beside the limit")
    for heading in ("", "ours", "limit", "ratio", "target", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for row in rows:
        aim = f"{'≤' if row.unit == SECONDS else '≥'} {row.target}"
        verdict = "reached" if row.reached else f"missed by {row.missing:.0%}"
        table.add_row(row.name, _figure(row, row.ours), _figure(row, row.limit), f"{row.ratio:.2f}", aim, verdict)
    return table


def _figure(row: Row, value: float) -> str:
    return f"{value:,.2f} s" if row.unit == SECONDS else f"{value:,.0f} {row.unit}"


if __name__ == "__main__":
    sys.exit(main())
