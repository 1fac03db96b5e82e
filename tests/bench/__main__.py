"""`make bench`: our times beside the machine's limits, measured in the same run, into `.bench/report.json`.

Not a test: nothing here fails because a machine is slow. `python -m tests.bench month` lives a simulated month instead.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import claiming, engines, labels, parsing, polling, starting, web
from tests.bench.month import running
from tests.bench.programme import a_programme
from tests.bench.rows import PLACE, SECONDS, Row, keep

BOXES = 15_000  # enough to scan for as long as the benchmark scans


def main() -> None:
    """Measures, writes, shows."""
    if sys.argv[1:2] == ["month"]:
        return running.main(sys.argv[2:])
    console = Console()
    PLACE.mkdir(exist_ok=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:  # beside the report: on a real disk
        for row, why in _rows(Path(folder).resolve()):
            rows.append(row)
            console.print(f"{row.name}: {row.ratio:.2f}", f"\n  the time goes to {why}" if why else "")
    keep(rows)
    console.print(_table(rows))


def _rows(folder: Path) -> Iterator[tuple[Row, str]]:
    """Each row as soon as it is measured; with one that missed its target, where the time goes."""
    programme = a_programme(folder, boxes=BOXES)
    yield _explained(starting.row(programme), starting.where_time_goes)
    yield _explained(labels.row(), labels.where_time_goes)
    works = web.works(programme)
    with web.side_by_side(programme, folder) as pair:
        compared = [web.compare(work, pair) for work in works]
    for work, row in zip(works, compared, strict=True):
        yield _explained(row, partial(web.where_time_goes, work, programme, folder))
    for carrier in parsing.ANSWERS_OF:
        yield _explained(parsing.row(carrier), partial(parsing.where_time_goes, carrier))
    with engines.postgres() as postgres:
        yield from ((row, "") for row in polling.rows(folder, programme.settings, postgres))
        yield from ((row, "") for row in claiming.rows(folder, programme.settings.ring, postgres))


def _explained(row: Row, where_time_goes: Callable[[], str]) -> tuple[Row, str]:
    return row, "" if row.reached else where_time_goes()


def _table(rows: Sequence[Row]) -> Table:
    table = Table(title="ours beside the limit")
    for heading in ("", "ours", "limit", "ratio", "target", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for row in rows:
        aim = f"{'≤' if row.less_is_better else '≥'} {row.target}"
        verdict = "reached" if row.reached else f"missed by {row.missing:.0%}"
        table.add_row(row.name, _figure(row, row.ours), _figure(row, row.limit), f"{row.ratio:.2f}", aim, verdict)
    return table


def _figure(row: Row, value: float) -> str:
    return f"{value:,.2f} s" if row.unit == SECONDS else f"{value:,.{0 if value >= 100 else 1}f} {row.unit}"


if __name__ == "__main__":
    main()
