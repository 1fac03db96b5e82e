"""Time that stands still while anybody works and leaps while everybody waits, the same for several processes.

One loop, the world's, holds the carriers and the time; each worker is a process with a loop of its own. A loop with
nothing to do says until when. Time leaps only after every worker, asked once more, has nothing to do either and nothing
has come from any of them meanwhile: what a process has sent on loopback is there before it says so.
"""

import asyncio
import math
import mmap
import selectors
import socket
import struct
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar, TypeVarTuple, Unpack

import aiohttp.helpers

BEGINS = datetime(2026, 3, 1, tzinfo=UTC)
_TIME = struct.Struct("d")
_WAITS = struct.Struct("dq")  # until when, in answer to which question
_ASKS = struct.Struct("q")
_GO_ON = 0
_A_DAY = 86_400.0
_MOMENT = 1e-6  # beyond what a sum of seconds is off by
T = TypeVar("T")
Taken = TypeVarTuple("Taken")
Events = list[tuple[selectors.SelectorKey, int]]


class SharedTime:
    """Seconds since BEGINS, in a file of eight bytes that every process maps."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_TIME.pack(0.0))
        with path.open("r+b") as file:
            self._held = mmap.mmap(file.fileno(), _TIME.size)

    def seconds(self) -> float:
        """Now."""
        found: float = _TIME.unpack_from(self._held)[0]
        return found

    def now(self) -> datetime:
        """Aware, UTC."""
        return BEGINS + timedelta(seconds=self.seconds())

    def leap(self, to: float) -> None:
        """For the world only."""
        _TIME.pack_into(self._held, 0, to)


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop by that time. What its threads do is work, so that time stands still meanwhile."""

    def __init__(self, time: SharedTime, selector: "_Waiting") -> None:
        self._shared = time
        self.selector = selector
        super().__init__(selector)

    def time(self) -> float:
        """As asyncio's, by the shared time."""
        return self._shared.seconds()

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Taken]], object],
        *args: *Taken,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio's. aiohttp tidies its idle connections by the machine's own clock: here it looks once a day."""
        if getattr(callback, "__module__", None) == aiohttp.helpers.__name__:
            when += _A_DAY
        return super().call_at(when, callback, *args, context=context)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Taken]], T], *args: *Taken
    ) -> asyncio.Future[T]:
        """As asyncio's."""
        working = super().run_in_executor(executor, func, *args)
        self.selector.working += 1
        working.add_done_callback(self._done)
        return working

    def _done(self, _: object) -> None:
        self.selector.working -= 1


class _Waiting(selectors.DefaultSelector):
    """Waits until somebody writes to us, or until time has leapt far enough. `working`: threads that are not done."""

    def __init__(self, time: SharedTime) -> None:
        super().__init__()
        self.time = time
        self.working = 0

    def select(self, timeout: float | None = None) -> Events:
        """As every selector, but that its timeout is by the shared time."""
        if timeout is not None and timeout <= 0:
            return self._heard(0)
        if self.working:
            return self._heard(None)  # they end with a word to the loop
        return self._wait(math.inf if timeout is None else self.time.seconds() + timeout)

    def _wait(self, until: float) -> Events:
        raise NotImplementedError

    def _heard(self, timeout: float | None) -> Events:
        """What came from anybody else; what came from those who keep the time is taken note of."""
        others: Events = []
        for key, mask in super().select(timeout):
            if isinstance(key.data, _Line):
                key.data.take()
            else:
                others.append((key, mask))
        return others


class _Line:
    """One end of the line between the world and a worker."""

    def __init__(self, end: socket.socket, taken: Callable[[bytes], None]) -> None:
        self.end, self._taken = end, taken
        end.setblocking(False)

    def take(self) -> None:
        try:
            while True:
                told = self.end.recv(64)
                self._taken(told)
                if not told:
                    return
        except BlockingIOError:
            return
        except ConnectionResetError:
            self._taken(b"")


class WorkerWaiting(_Waiting):
    """Says until when it waits, again for each question, and goes on when told to."""

    def __init__(self, time: SharedTime, line: socket.socket) -> None:
        super().__init__(time)
        self._line = line
        self._question, self._goes_on, self._orphaned = 0, False, False
        self.register(line, selectors.EVENT_READ, _Line(line, self._take))

    def _take(self, told: bytes) -> None:
        if not told:
            raise SystemExit("the world has ended")
        (word,) = _ASKS.unpack(told)
        if word == _GO_ON:
            self._goes_on = True
        else:
            self._question = word

    def _wait(self, until: float) -> Events:
        self._goes_on = False
        answered = -1
        while True:
            others = self._heard(0 if answered != self._question else None)
            if others or self._goes_on:
                return others
            if answered != self._question:
                answered = self._question
                self._line.send(_WAITS.pack(until, answered))


class Worker:
    """What the world knows of one: until when it waits, said in answer to which question. `gone` once it has ended."""

    def __init__(self, end: socket.socket, gone: Callable[[], object]) -> None:
        self.end, self.until, self.answered, self._gone = end, math.inf, -1, gone
        self.has_ended = False

    def take(self, told: bytes) -> None:
        """What it says."""
        if told:
            self.until, self.answered = _WAITS.unpack(told)
        elif not self.has_ended:
            self.has_ended = True
            self._gone()

    def tell(self, word: int) -> None:
        """A question, or to go on."""
        try:
            self.end.send(_ASKS.pack(word))
        except OSError:
            return  # it was killed: that is read from its line next


class WorldWaiting(_Waiting):
    """Lets time leap to the moment for which somebody waits."""

    def __init__(self, time: SharedTime) -> None:
        super().__init__(time)
        self.workers: list[Worker] = []
        self._question, self._in_force = 0, False
        self._ended = False

    def add(self, worker: Worker) -> None:
        """One more, busy until it says that it waits."""
        self.workers.append(worker)
        self.register(worker.end, selectors.EVENT_READ, _Line(worker.end, worker.take))

    def _wait(self, until: float) -> Events:
        others: Events = self._heard(0)
        while not others and not self._forget_the_gone():
            if not self.workers or any(worker.answered < 0 for worker in self.workers):
                others = self._heard(None)
            elif not self._in_force:
                self._ask()
                others = self._heard(0)
            elif any(worker.answered != self._question for worker in self.workers):
                others = self._heard(None)
            elif others := self._heard(0):
                break
            elif math.isinf(soonest := min(until, *(worker.until for worker in self.workers))):
                others = self._heard(None)  # for a signal, say
            elif self._leap(soonest + _MOMENT, until):
                return []
        self._in_force = False
        return others

    def _ask(self) -> None:
        self._question += 1
        self._in_force = True
        for worker in self.workers:
            worker.tell(self._question)

    def _leap(self, to: float, until: float) -> bool:
        """To the first moment anybody waits for. Whether that is our own, `until`."""
        self.time.leap(max(self.time.seconds(), to))
        self._in_force = False
        for worker in self.workers:
            if worker.until <= to:
                worker.answered = -1
                worker.tell(_GO_ON)
        return until <= to

    def _forget_the_gone(self) -> bool:
        gone = [worker for worker in self.workers if worker.has_ended]
        for worker in gone:
            self.unregister(worker.end)
            worker.end.close()
            self.workers.remove(worker)
        return bool(gone)
