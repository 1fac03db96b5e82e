"""One look for messages of carriers that wait. Nobody is called, so that reading and recording are one transaction."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session, col

from shipments import journal
from shipments.clock import utc_now
from shipments.database import Database
from shipments.errors import Unavailable
from shipments.journal import Noted
from shipments.notices.alerting import queue_unknown
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.pushes.inbox import can_be_read
from shipments.tracking.pushes.push import Push
from shipments.tracking.pushes.reading import PushesHeard, give_up, hear_waiting
from shipments.transaction import perform, reading

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST = 100


class Hearer:
    """Any number of processes may have one: a message is read by whoever locks it first."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._stopping = False

    async def round(self) -> PushesHeard:
        """Reads until no message waits, or until it is told to stop."""
        total = PushesHeard()
        while not self._stopping:
            heard = await asyncio.to_thread(self._portion)
            if not heard.read:
                break
            total.add(heard)
        if total.read:
            log.info(
                "messages read: %d, parked: %d, unreadable: %d, new events: %d",
                *(total.read, total.parked, total.unreadable, total.new),
            )
        return total

    def stop(self) -> None:
        """No further portion is begun."""
        self._stopping = True

    def _portion(self) -> PushesHeard:
        if not self._waiting(1):  # looking costs no turn among those who write
            return PushesHeard()
        try:
            return self._hear(most=MOST)
        except Unavailable:
            raise
        except Exception as error:
            log.error("a portion of messages could not be heard: %s; now one by one", type(error).__name__)
            return self._one_by_one()

    def _one_by_one(self) -> PushesHeard:
        """What the database refuses of one message, or what its own trouble is, must not keep the others waiting."""
        total = PushesHeard()
        for push_id in self._waiting(MOST):
            try:
                heard = self._hear(most=1, only=push_id)
            except (IntegrityError, DataError, ValueError) as error:
                now, why = self._clock(), f"The message could not be kept: {type(error).__name__}."
                self._perform(partial(give_up, push_id=push_id, why=why, now=now), now)
                heard = PushesHeard(read=1, unreadable=1)
            except Unavailable:
                raise
            except Exception as error:  # it was acknowledged, and its carrier never tells it again: it waits
                log.error("a message could not be heard, and waits: %s", type(error).__name__)
                continue
            total.add(heard)
        return total

    def _waiting(self, most: int) -> Sequence[UUID]:
        waiting = select(col(Push.id)).where(can_be_read())
        with reading(self._database, EVERYWHERE) as session:
            return session.execute(waiting.order_by(col(Push.received_at), col(Push.id)).limit(most)).scalars().all()

    def _hear(self, *, most: int, only: UUID | None = None) -> PushesHeard:
        now = self._clock()

        def work(session: Session) -> PushesHeard:
            heard = hear_waiting(session, self._settings.ring, most=most, now=now, only=only)
            queue_unknown(session, heard.unknown, now=now)
            if heard.new:
                journal.note(session, Noted(now, "carrier.hear", "carrier", "push", details={"events": heard.new}))
            return heard

        return self._perform(work, now)

    def _perform(self, work: Callable[[Session], T], now: datetime) -> T:
        return perform(self._database, EVERYWHERE, work, now=now)
