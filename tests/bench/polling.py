"""A poll cycle of 5,000 due legs, from the claim to the commit, beside asking for the same and keeping nothing."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec
from sqlalchemy import func, update
from sqlmodel import Session, col, select

from shipments.batches.batch import Mode
from shipments.clock import utc_now
from shipments.database import Database
from shipments.migrating import migrate
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.event import CarrierEvent
from shipments.tracking.polling.watch import LegWatch
from shipments.transaction import transaction
from tests.bench import carrier, servers
from tests.bench.engines import Make
from tests.bench.fetcher import Errand
from tests.bench.loading import WrongAnswer
from tests.bench.programme import environment_of
from tests.bench.rows import Row, compared
from tests.bench.sending import SEA_DAYS, Sent, send
from tests.builders import an_office

LEGS, TURNS = 5_000, 3
AS_MANY_AS_IT_LIKES = 1_000_000.0
HEADERS = {"API-Key": carrier.KEY, "Accept": "application/json", "API-Version": "2"}


def rows(folder: Path, settings: Settings, postgres: Make) -> Iterator[Row]:
    """Legs a second, with one worker and with two; the fetchers beside them are as many processes."""
    command = (sys.executable, "-m", "tests.bench.carrier")
    with servers.serving(command, {}, ready="/practice/clock") as port:
        left = _at_sea(port)
        for engine, make in (("SQLite", _files(folder)), ("PostgreSQL", postgres)):
            url = make()
            _fill(url, settings, port, left)
            for workers in (1, 2):
                yield from _beside(
                    folder, settings, make, url, port, list(left), f"{engine}, {_many(workers)}", workers
                )


def _many(workers: int) -> str:
    return "one worker" if workers == 1 else f"{workers} workers"


def _beside(
    folder: Path, settings: Settings, make: Make, filled: str, port: int, bookings: list[str], where: str, workers: int
) -> Iterator[Row]:
    with ExitStack() as ends:
        fetchers = [ends.enter_context(_process("tests.bench.fetcher", {})) for _ in range(workers)]
        cycle = _Cycle(settings, make, filled, workers)
        ends.callback(cycle.end)
        everything, news = (_errands(folder, port, bookings, workers, since) for since in (None, utc_now()))
        yield compared(
            f"poll cycle, first news, {where}",
            cycle.first,
            lambda: _rate(fetchers, everything),
            unit="legs/s",
            target=0.6,
            rounds=TURNS,
        )
        cycle.again()  # from now on it asks for what is new only
        yield compared(
            f"poll cycle, nothing new, {where}",
            cycle.again,
            lambda: _rate(fetchers, news),
            unit="legs/s",
            target=0.8,
            rounds=TURNS,
        )


class _Cycle:
    """Workers and the database that they work in: a fresh copy for each turn of first news."""

    def __init__(self, settings: Settings, make: Make, filled: str, workers: int) -> None:
        self._settings, self._make, self._filled, self._count = settings, make, filled, workers
        self._url = filled
        self._ends = ExitStack()
        self._workers: list[_Process] = []

    def first(self) -> float:
        """Of legs that nobody has asked about."""
        self.end()
        self._url = self._make(self._filled)
        environment = environment_of(self._settings.model_copy(update={"database_url": self._url}))
        entered = (self._ends.enter_context(_process("tests.bench.poller", environment)) for _ in range(self._count))
        self._workers = list(entered)
        rate = self._look()
        if _events(self._url) < LEGS:
            raise WrongAnswer("the workers recorded next to nothing")
        return rate

    def again(self) -> float:
        """Of the same legs, due once more."""
        with closing(Database.at(self._url)) as database, database.writing() as session:
            session.execute(update(LegWatch).values(due_at=utc_now()))
        return self._look()

    def _look(self) -> float:
        began = time.perf_counter()
        asked = sum(int(told) for told in _done(self._workers, [""] * self._count))
        took = time.perf_counter() - began
        if asked != LEGS:
            raise WrongAnswer(f"the workers asked about {asked} of {LEGS} legs")
        return LEGS / took

    def end(self) -> None:
        """The workers."""
        self._ends.close()


class _Process(msgspec.Struct):
    told: IO[str]
    says: IO[str]


@contextmanager
def _process(module: str, environment: Mapping[str, str]) -> Iterator[_Process]:
    """Started and ready, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != "ready":
            raise servers.NotReady(f"{module} did not start")
        yield _Process(process.stdin, process.stdout)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def _done(processes: list[_Process], words: list[str]) -> list[str]:
    """Told at once; what each says when it has done it."""
    for process, word in zip(processes, words, strict=True):
        process.told.write(f"{word}\n")
        process.told.flush()
    return [process.says.readline().strip() for process in processes]


def _rate(fetchers: list[_Process], errands: list[str]) -> float:
    began = time.perf_counter()
    fetched = sum(int(told) for told in _done(fetchers, errands))
    return fetched / (time.perf_counter() - began)


def _errands(folder: Path, port: int, bookings: list[str], count: int, since: datetime | None) -> list[str]:
    """Files with the addresses that our workers ask for, dealt out to so many."""
    new = "" if since is None else f"&eventCreatedDateTime%3Agte={quote(since.strftime('%Y-%m-%dT%H:%M:%SZ'))}"
    urls = [f"http://127.0.0.1:{port}/v2/events?carrierBookingReference={one}&limit=100{new}" for one in bookings]
    paths = []
    for number in range(count):
        path = folder / f"errand-{count}-{number}-{'new' if new else 'all'}.json"
        path.write_bytes(msgspec.json.encode(Errand(urls[number::count], HEADERS)))
        paths.append(str(path))
    return paths


def _at_sea(port: int) -> Mapping[str, datetime]:
    """Bookings at the carrier, at every stage of their voyage → when they left."""
    dice, now = random.Random(LEGS), utc_now()
    left = {f"PRB{number:07}": now - timedelta(days=dice.uniform(1, SEA_DAYS)) for number in range(LEGS)}
    booked = [
        {"booking": booking, "from_place": "NLRTM", "to_place": "GNCKY", "started_at": at.isoformat()}
        for booking, at in left.items()
    ]
    answer = httpx.post(f"http://127.0.0.1:{port}/practice/shipments", json=booked, timeout=60.0, trust_env=False)
    answer.raise_for_status()
    return left


def _fill(url: str, settings: Settings, port: int, left: Mapping[str, datetime]) -> None:
    with closing(Database.at(url)) as database:
        migrate(database)
        with transaction(database, EVERYWHERE, now=utc_now()) as session:
            account = _account(session, settings, port)
            now = utc_now()
            sent = [Sent(account, "dcsa", booking, Mode.SEA, at, now) for booking, at in left.items()]
            send(session, an_office(session, "NL-UTR"), an_office(session, "GN-CKY"), sent)


def _account(session: Session, settings: Settings, port: int) -> UUID:
    account = CarrierAccount(
        name="dcsa",
        carrier="dcsa",
        base_url=f"http://127.0.0.1:{port}",
        allow_private=True,
        per_second=AS_MANY_AS_IT_LIKES,
        secret_sealed=b"",
    )
    account.secret_sealed = settings.ring.seal_answer(carrier.KEY.encode(), f"carrier_account:{account.id}")
    session.add(account)
    session.flush()
    return account.id


def _events(url: str) -> int:
    with closing(Database.at(url)) as database, database.reading() as session:
        return session.exec(select(func.count(col(CarrierEvent.id)))).one()


def _files(folder: Path) -> Make:
    numbers = iter(range(1_000))

    def make(of: str | None = None) -> str:
        path = folder / f"polled-{next(numbers)}.sqlite3"
        if of:
            shutil.copyfile(of.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"

    return make
