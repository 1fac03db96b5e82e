"""One piece of work, from its first read to its commit, for requests, jobs and commands alike.

The whole way of a fact ends here: what was recorded changes progress, progress makes news, both and the journal are
written before the same commit. Nothing else commits.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from shipments import journal
from shipments.boxes.facts import take_changed
from shipments.database import Database, is_passing
from shipments.errors import Unavailable
from shipments.notices.queueing import queue_news
from shipments.offices.scope import EVERYWHERE, Actor, act_as, actor_of
from shipments.progress.closing import close_cards
from shipments.progress.keeping import settle
from shipments.tracking.legs import resume_watches, wake_watches

T = TypeVar("T")
TRIES = 4


@contextmanager
def transaction(database: Database, by: Actor, *, now: datetime) -> Iterator[Session]:
    """A writing session that acts as `by`; commits with progress, notices and journal, or not at all."""
    with database.writing() as session:
        act_as(session, by)
        yield session
        finish(session, now=now)


@contextmanager
def reading(database: Database, by: Actor) -> Iterator[Session]:
    """A session that only reads, and sees what `by` may see."""
    with database.reading() as session:
        act_as(session, by)
        yield session


def perform(database: Database, by: Actor, work: Callable[[Session], T], *, now: datetime) -> T:
    """Runs `work` in a transaction; the whole of it again after a deadlock. Raises Unavailable."""
    for attempt in range(1, TRIES + 1):
        try:
            with transaction(database, by, now=now) as session:
                return work(session)
        except DBAPIError as error:
            if not is_passing(error):
                raise
            if attempt == TRIES:
                raise Unavailable("The database is busy. Nothing was stored; send the same request again.") from error
            time.sleep(random.uniform(0.01, 0.05) * attempt)
    raise AssertionError("unreachable")


def settle_now(session: Session, *, now: datetime) -> None:
    """Progress and news of the facts so far; `finish` does it anyway, an answer that shows progress needs it before.

    Sees every office, since facts know no borders.
    """
    boxes, batches = take_changed(session)
    if boxes or batches:
        by = actor_of(session)
        act_as(session, EVERYWHERE)
        wake_watches(session, batches, now=now)
        changes = settle(session, boxes, batches)
        resume_watches(session, [one.id for one in changes.batches if one.travels_again], now=now)
        queue_news(session, changes, now=now)
        close_cards(session, sorted(boxes), now=now)
        act_as(session, by)


def finish(session: Session, *, now: datetime) -> None:
    """The last statements before the commit: progress, news, and the journal of what this transaction did."""
    settle_now(session, now=now)
    session.flush()
    journal.append_noted(session)
