"""Many batches at sea at once, and the pollers that ask about them."""

from uuid import UUID

from sqlmodel import Session, col, select

from api.practice_carrier import Running
from shipments.batches.batch import Batch, Leg
from shipments.boxes.box import Box
from shipments.boxes.facts import facts_changed
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.administering import renew_account
from shipments.tracking.accounts.terms import AccountChanged
from shipments.tracking.polling.watch import LegWatch
from tests.builders import NOON, a_batch, a_box, a_leg
from tests.jobs.polled import Polled
from tests.story.journey import Journey, at


class Fleet(Polled):
    """Legs at the practice carrier, thirty days after noon: every plain voyage has ended by then."""

    def __init__(self, journey: Journey, settings: Settings, running: Running) -> None:
        super().__init__(journey, settings, journey.account(settings.ring, running.url))
        self.running, self.practice = running, running.practice
        journey.now = at(30)

    def sail(self, count: int = 1, *, voyage: str = "plain", booked: bool = True) -> list[UUID]:
        """So many batches of one box each, left at noon, due now. The ids of their legs."""

        def work(session: Session) -> list[UUID]:
            legs = []
            for _ in range(count):
                box = a_box(session, self.journey.host, self.journey.origin, sealed_at=NOON)
                batch = a_batch(session, self.journey.host, self.journey.origin, [box], dispatched_at=NOON)
                leg = a_leg(session, batch, reference_type="booking")
                session.add(LegWatch(leg_id=leg.id, account_id=self.account, due_at=self.journey.now))
                if booked:
                    self.practice.book(leg.reference, "NLRTM", "GNCKY", started_at=NOON, voyage=voyage)
                facts_changed(session, [box.id])
                legs.append(leg.id)
            return legs

        return self.journey.do(work, EVERYWHERE)

    def reference(self, leg: UUID) -> str:
        """What a leg is called at the carrier."""
        return self.journey.the_leg(leg).reference

    def renew_account(self) -> None:
        """Somebody gives it the key once more."""
        ring, change = self.settings.ring, AccountChanged(secret="practice")
        self.journey.do(
            lambda s: renew_account(s, ring, "dcsa", change, by=EVERYWHERE, now=self.journey.now), EVERYWHERE
        )

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
