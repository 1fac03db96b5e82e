"""Many batches at sea at once, and the pollers that ask about them."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from api.practice_carrier import Running
from jobs.polling import Poller, Round
from shipments.batches.batch import Batch, Leg
from shipments.boxes.box import Box
from shipments.boxes.facts import facts_changed
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.account import CarrierAccount
from shipments.tracking.event import CarrierEvent
from shipments.tracking.watch import LegWatch
from tests.builders import NOON, a_batch, a_box, a_leg
from tests.story.journey import Journey, at


class Fleet:
    """Legs at the practice carrier, thirty days after noon: every plain voyage has ended by then."""

    def __init__(self, journey: Journey, settings: Settings, running: Running) -> None:
        self.journey, self.settings, self.running = journey, settings, running
        self.practice = running.practice
        self.account = journey.account(settings.ring, running.url)
        journey.now = at(30)

    def sail(self, count: int = 1, *, voyage: str = "plain") -> list[UUID]:
        """So many batches of one box each, left at noon, due now. The ids of their legs."""

        def work(session: Session) -> list[UUID]:
            legs = []
            for _ in range(count):
                box = a_box(session, self.journey.host, self.journey.origin, sealed_at=NOON)
                batch = a_batch(session, self.journey.host, self.journey.origin, [box], dispatched_at=NOON)
                leg = a_leg(session, batch, reference_type="booking")
                session.add(LegWatch(leg_id=leg.id, account_id=self.account, due_at=self.journey.now))
                self.practice.book(leg.reference, "NLRTM", "GNCKY", started_at=NOON, voyage=voyage)
                facts_changed(session, [box.id])
                legs.append(leg.id)
            return legs

        return self.journey.do(work, EVERYWHERE)

    def reference(self, leg: UUID) -> str:
        """What a leg is called at the carrier."""
        return self.journey.the_leg(leg).reference

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

    def event_count(self) -> int:
        """How many things the carrier said, of all legs."""
        return len(self.journey.see(lambda session: session.exec(select(col(CarrierEvent.id))).all()))

    def box_of(self, leg: UUID) -> str:
        """The code of the box that travels on a leg."""

        return self.journey.see(
            lambda session: session.exec(
                select(Box.code).join(Leg, col(Leg.batch_id) == col(Box.batch_id)).where(Leg.id == leg)
            ).one()
        )

    def batch_of(self, leg: UUID) -> str:
        """The code of a leg's batch."""

        return self.journey.see(
            lambda session: session.exec(
                select(Batch.code).join(Leg, col(Leg.batch_id) == col(Batch.id)).where(Leg.id == leg)
            ).one()
        )
