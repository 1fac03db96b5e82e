"""`python -m tests.bench month`: a simulated month, in a database of its own; prints it and adds it to the report."""

import argparse
import secrets
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from shipments.migrating import migrate
from shipments.settings import Settings
from tests.bench import engines
from tests.bench.month.counting import OPEN, Lived, count
from tests.bench.month.plan import fill
from tests.bench.month.world import World
from tests.bench.rows import Row, keep

LEGS, DAYS, FAULTS = 20_000, 30.0, 0.05
LOOKS_EVERY_S = 1_800.0


def main(words: list[str]) -> None:
    """As said on the command line."""
    arguments = argparse.ArgumentParser(prog="python -m tests.bench month", description=__doc__)
    arguments.add_argument("--legs", type=int, default=LEGS)
    arguments.add_argument("--days", type=float, default=DAYS)
    arguments.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own, not on SQLite")
    asked = arguments.parse_args(words)
    began = time.monotonic()
    with _database(asked.postgres) as (url, folder), Progress(console=Console(stderr=True)) as shown:
        task = shown.add_task("simulated days", total=asked.days)
        lived = live(url, folder, legs=asked.legs, days=asked.days, told=lambda day: shown.update(task, completed=day))
    show(lived, asked.legs, time.monotonic() - began)
    keep(rows(lived, asked.legs))


def live(
    url: str,
    folder: Path,
    *,
    legs: int,
    days: float,
    faults: float = FAULTS,
    told: Callable[[int], object] = lambda _: None,
) -> Lived:
    """So many legs for so many days in an empty database. `faults`: the part of calls that meets one.

    `told`: called with the number of each day that is over.
    """
    secret = {"secret_keys": f"k1:{_secret()}", "hash_key": _secret()}
    settings = Settings.model_validate({"database_url": url, "poll_every_s": LOOKS_EVERY_S, **secret})
    world = World(folder, settings, faults=faults)
    try:
        migrate(world.database)
        fill(world.database, settings, world.carriers, legs=legs, days=days)
        world.live(days, told)
        return count(world, days)
    finally:
        world.close()


def rows(lived: Lived, legs: int) -> list[Row]:
    """The three that must be nought, each beside how many there were."""
    month = f"in {lived.days:g} simulated days of {legs:,} legs"
    return [
        _nought(f"calls over a carrier's limit {month}", lived.over_limit, sum(one.counted for one in lived.accounts)),
        _nought(f"legs lost {month}", lived.lost, sum(one.legs for one in lived.accounts)),
        _nought(f"duplicate events {month}", lived.duplicates, lived.events),
    ]


def _nought(name: str, ours: int, all: int) -> Row:
    return Row(name, ours, all, "wrong", round(ours / max(1, all), 6), 0.0)


def show(lived: Lived, legs: int, seconds: float) -> None:
    """To whoever waits for it."""
    console = Console()
    table = Table(title=f"{lived.days:g} days, {legs:,} legs, {lived.workers_killed} workers killed, {seconds:,.0f} s")
    for heading in (
        "",
        "legs",
        "over",
        "behind",
        "lost",
        "over a limit",
        "calls",
        "never ended",
        "agrees",
        "put off now",
    ):
        table.add_column(heading, justify="left" if heading in ("", "put off now") else "right")
    for one in lived.accounts:
        waiting = ", ".join(f"{why} {count}" for why, count in one.put_off.items())
        figures = (one.legs, one.over, one.behind, one.lost, one.over_limit, one.counted, one.said.get(OPEN, 0))
        table.add_row(one.name, *(f"{figure:,}" for figure in figures), "yes" if one.agrees else "NO", waiting)
    console.print(table)
    console.print("calls by outcome:", ", ".join(f"{name} {calls:,}" for name, calls in lived.calls.most_common()))
    console.print(f"calls over a limit {lived.over_limit}, legs lost {lived.lost}, duplicate events {lived.duplicates}")
    console.print(f"events recorded: {lived.events:,}")


@contextmanager
def _database(postgres: bool) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        if postgres:
            with engines.postgres() as make:
                yield make(), Path(folder)
        else:
            yield f"sqlite:///{Path(folder) / 'month.sqlite3'}", Path(folder)


def _secret() -> str:
    return b64encode(secrets.token_bytes(32)).decode()
