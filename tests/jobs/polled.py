"""Legs of one account, and the pollers and claims that ask about them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from jobs.polling import Poller, Round
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.call import CarrierCall
from shipments.tracking.event import CarrierEvent
from shipments.tracking.polling.claiming import Claim, claim_due
from shipments.tracking.polling.filling import Lease
from shipments.tracking.polling.watch import LegWatch
from tests.story.journey import Journey

LEASE = timedelta(minutes=5)


class Polled:
    """What every fleet can do."""

    def __init__(self, journey: Journey, settings: Settings, account: UUID) -> None:
        self.journey, self.settings, self.account = journey, settings, account

    def change_account(self, **columns: object) -> None:
        """Another budget, another state."""

        def work(session: Session) -> None:
            account = session.get_one(CarrierAccount, self.account)
            for name, value in columns.items():
                setattr(account, name, value)

        self.journey.do(work, EVERYWHERE)

    def the_account(self) -> CarrierAccount:
        """As it is now."""
        return self.journey.see(lambda session: session.get_one(CarrierAccount, self.account))

    def make_due(self) -> None:
        """Every leg, now."""

        def work(session: Session) -> None:
            session.execute(update(LegWatch).values(due_at=self.journey.now))

        self.journey.do(work, EVERYWHERE)

    def poll(self, *, pollers: int = 1, clock: Callable[[], datetime] | None = None, **settings: object) -> list[Round]:
        """One round of so many pollers at once, a minute later than the last step."""
        self.journey.now += timedelta(minutes=1)
        chosen = self.settings.model_copy(update=settings)
        return asyncio.run(self._rounds(pollers, clock or (lambda: self.journey.now), chosen))

    async def _rounds(self, count: int, clock: Callable[[], datetime], settings: Settings) -> list[Round]:
        pollers = [Poller(self.journey.database, settings, clock) for _ in range(count)]
        try:
            return list(await asyncio.gather(*(poller.round() for poller in pollers)))
        finally:
            for poller in pollers:
                await poller.close()

    def claim(self, *, most: int = 10, lease: timedelta = LEASE) -> list[Claim]:
        """By a worker that does not answer yet, a minute later than the last step."""
        ring = self.settings.ring
        return self.journey.do(
            lambda session: claim_due(session, ring, self.account, Lease(most, lease), now=self.journey.now),
            EVERYWHERE,
        )

    def calls(self) -> Sequence[CarrierCall]:
        """The ledger, in order of the calls' places."""
        return self.journey.see(
            lambda session: session.exec(select(CarrierCall).order_by(col(CarrierCall.at), col(CarrierCall.id))).all()
        )

    def event_count(self) -> int:
        """How many things the carrier said, of all legs."""
        return len(self.journey.see(lambda session: session.exec(select(col(CarrierEvent.id))).all()))
