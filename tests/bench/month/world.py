"""The simulated month itself: six accounts at two practice carriers, two workers of which one is killed every day."""

import asyncio
import itertools
import logging
import multiprocessing
import os
import random
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlmodel import Session, col, select

from api.practice_carrier import Practice
from api.practice_carrier.serving import serve
from shipments.database import Database
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.accounts.administering import renew_account
from shipments.tracking.accounts.terms import AccountChanged
from shipments.transaction import transaction
from tests.bench.month import worker
from tests.bench.month.erring import NowAndThen, SharedClock
from tests.bench.month.leaping import LeapingLoop, SharedTime, Worker, WorldWaiting
from tests.bench.month.plan import CLIENT, NORTH, TERMS

DAY_S, HOUR_S = 86_400.0, 3_600.0
WORKERS = 2
A_STRIKE_S = 0.05  # of real time: somewhere in what a worker does at that moment
KEY = "practice"
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([worker.__name__])
log = logging.getLogger(__name__)


class World:
    """Carriers and time, and the workers that live in them.

    `carriers`: account → its carrier's address and state; one line has a house of its own, for it has its own limits.
    `killed`: how many workers were.
    """

    def __init__(self, folder: Path, settings: Settings, *, faults: float) -> None:
        self.settings = settings
        self.database = Database.at(settings.database_url)
        self.time_file = folder / "time"
        self.time = SharedTime(self.time_file)
        self.clock = SharedClock(self.time)
        self.killed = 0
        self._waiting = WorldWaiting(self.time)
        self._dice = random.Random(len(TERMS))
        self._processes: list[BaseProcess] = []
        self._ending = False
        self._practices = [Practice(KEY, self.clock) for _ in range(2)]
        for seed, practice in enumerate(self._practices):
            practice.faults = NowAndThen(faults, seed)
        self._sockets = [socket.create_server(("127.0.0.1", 0), backlog=100) for _ in self._practices]
        urls = [f"http://127.0.0.1:{one.getsockname()[1]}" for one in self._sockets]
        places = {name: 0 if name == NORTH else 1 for name in TERMS}
        self.carriers: Mapping[str, tuple[str, Practice]] = {
            name: (urls[place], self._practices[place]) for name, place in places.items()
        }

    def live(self, days: float, told: Callable[[int], object]) -> None:
        """So many days, and `told` of each that is over; then the workers are told to stop, and end what they began."""
        with asyncio.Runner(loop_factory=lambda: LeapingLoop(self.time, self._waiting)) as runner:
            runner.run(self._live(days, told))

    def close(self) -> None:
        """Gives everything back."""
        for one in self._sockets:
            one.close()
        self.database.close()

    async def _live(self, days: float, told: Callable[[int], object]) -> None:
        self._gone, stopped = asyncio.Event(), asyncio.Event()
        houses = [
            asyncio.create_task(serve(practice, listening, stopped))
            for practice, listening in zip(self._practices, self._sockets, strict=True)
        ]
        for _ in range(WORKERS):
            self._start()
        others = [asyncio.create_task(one) for one in (self._kill_daily(days), self._renew_hourly(), _count_days(told))]
        await asyncio.sleep(days * DAY_S)
        self._ending = True
        for one in others:
            one.cancel()
        for process in self._processes:
            process.terminate()
        await self._gone.wait()
        stopped.set()
        await asyncio.gather(*houses)

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        chosen = self.settings.model_dump() | {
            "secret_keys": self.settings.secret_keys.get_secret_value(),
            "hash_key": self.settings.hash_key.get_secret_value(),
        }
        process = _PROCESSES.Process(target=worker.work, args=(theirs, str(self.time_file), chosen))
        process.start()
        theirs.close()
        self._processes.append(process)
        loop = asyncio.get_running_loop()
        self._waiting.add(Worker(ours, partial(loop.call_soon, self._bury, process)))

    def _bury(self, process: BaseProcess) -> None:
        """And another in its place."""
        process.join()
        if process.exitcode not in (0, -signal.SIGKILL):
            log.error("a worker ended by itself with %s", process.exitcode)
        self._processes.remove(process)
        if not self._ending:
            self._start()
        elif not self._processes:
            self._gone.set()

    async def _kill_daily(self, days: float) -> None:
        """At some moment of each day, in the middle of whatever it does then."""
        for day in range(int(days)):
            moment = (day + self._dice.random()) * DAY_S
            await asyncio.sleep(max(0.0, moment - self.time.seconds()))
            victim = self._dice.choice(self._processes).pid
            if victim is not None:
                threading.Timer(self._dice.uniform(0, A_STRIKE_S), _kill, [victim]).start()
                self.killed += 1

    async def _renew_hourly(self) -> None:
        """Somebody types the right secret in again where a login was refused."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(HOUR_S)
            await loop.run_in_executor(None, self._renew)

    def _renew(self) -> None:
        with self.database.reading() as session:
            stopped = session.exec(
                select(CarrierAccount.name).where(col(CarrierAccount.stopped_reason).is_not(None))
            ).all()
        for name in stopped:
            with transaction(self.database, EVERYWHERE, now=self.time.now()) as session:
                self._renew_one(session, name)

    def _renew_one(self, session: Session, name: str) -> None:
        account = session.exec(select(CarrierAccount).where(CarrierAccount.name == name)).one()
        change = AccountChanged(secret=KEY)
        if account.login is LoginKind.OAUTH2:
            change = AccountChanged(secret=KEY, client_id=CLIENT)
        renew_account(session, self.settings.ring, name, change, by=EVERYWHERE, now=self.time.now())


async def _count_days(told: Callable[[int], object]) -> None:
    for day in itertools.count(1):
        await asyncio.sleep(DAY_S)
        told(day)


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
