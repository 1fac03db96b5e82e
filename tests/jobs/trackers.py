"""Ship24's trackers at the practice carrier, and the legs that they are made for."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select
from sqlmodel import Session, col

from api.practice_carrier import Practice, Running
from api.practice_carrier.practice import Called
from jobs.polling import Poller
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts import logins
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.call import CalledLeg, CallKind, CarrierCall, Outcome
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account, LegAsked
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.polling.ways import ways_of
from shipments.tracking.pushes.errand import Errand
from shipments.tracking.pushes.push import Subscription
from shipments.tracking.pushes.subscribing import set_out
from tests.builders import NOON
from tests.jobs.subscribed import Subscribing
from tests.practice_carrier.asking import send
from tests.story.journey import Journey

BULK = "ship24_bulk"


class Tracked(Subscribing):
    """An installation with an account at Ship24, which holds it to its limits."""

    def __init__(self, journey: Journey, settings: Settings, running: Running) -> None:
        super().__init__(journey, settings, running.url)
        self.practice: Practice = running.practice
        self.practice.trackers.clear()
        self.practice.limits.clear()
        self.practice.limit("ship24", most=10, grace_s=0.0)
        self.practice.limit(BULK, most=3, grace_s=0.0, numbers_per_call=100)
        self.account_id = self.line("ship24", header="Authorization", per_second=10.0)
        self.change(self.account_id, self._give_key)

    def _give_key(self, row: CarrierAccount) -> None:
        logins.seal_secret(self.settings.ring, row, secret=self.practice.logins.key, client_id="")

    def legs(self, count: int, **columns: Any) -> list[UUID]:
        """So many, each with a number of its own that some courier has had since noon."""
        return [self.numbered(f"SH24{number:07}NL", **columns) for number in range(count)]

    def numbered(self, number: str, **columns: Any) -> UUID:
        """One leg."""
        self.practice.ship("ship24", number, started_at=NOON)
        return self.leg(self.account_id, reference=number, **columns)

    def bulk_calls(self) -> list[Called]:
        """Those that made trackers, and changed none, as the carrier has counted them."""
        changed = {tracker.number for tracker in self.practice.trackers.all() if tracker.ended_at is not None}
        asked = [call for call in self.practice.calls if call.kind == "subscribe"]
        return [call for call in asked if call.status != 200 or call.reference not in changed]

    def sizes(self) -> list[int]:
        """How many numbers each of them was about."""
        return [len(call.reference.split(",")) for call in self.bulk_calls()]

    def of(self, leg: UUID) -> Subscription:
        """The subscription of a leg."""
        found = select(Subscription).where(col(Subscription.leg_id) == leg)
        one: Subscription = self.journey.see(lambda session: session.execute(found).scalar_one())
        return one

    def carrier_keys(self) -> list[str | None]:
        """Of every subscription."""
        return [one.carrier_key for one in self.subscriptions()]

    def followed(self) -> list[str]:
        """The numbers of all trackers that have not ended, each as often as it has one."""
        return [tracker.number for tracker in self.practice.trackers.all() if tracker.ended_at is None]

    def called_legs(self) -> list[set[UUID]]:
        """What each call for subscriptions was about, as the ledger has it."""
        calls = select(col(CarrierCall.id)).where(col(CarrierCall.kind) == CallKind.SUBSCRIBE)

        def look(session: Session) -> list[set[UUID]]:
            ids = session.execute(calls.order_by(col(CarrierCall.id))).scalars().all()
            about = select(col(CalledLeg.leg_id))
            return [set(session.execute(about.where(col(CalledLeg.call_id) == id)).scalars()) for id in ids]

        return self.journey.see(look)

    def claimed(self, lease: timedelta) -> Errand:
        """What a worker has set out for and nobody has heard of since."""
        ring, now = self.settings.ring, self.journey.now
        errand = self.journey.do(
            lambda session: set_out(session, ring, self.account_id, base_url=self.url, lease=lease, now=now), EVERYWHERE
        )
        assert errand is not None
        return errand

    def ask_by_itself(self, legs: Sequence[LegAsked]) -> httpx.Response:
        """The bulk call of a worker that then is killed: Ship24 has heard it, nobody has written down what it said."""
        ship24 = CARRIERS["ship24"]
        account = Account(self.account_id, "ship24", "", "Authorization", f"Bearer {self.practice.logins.key}")
        with httpx.Client(base_url=self.url, trust_env=False) as client:
            call = ship24.request_to_subscribe(legs, account, None, key=None)  # type: ignore[attr-defined]
            return send(client, call)

    def as_asked(self, leg: UUID) -> LegAsked:
        """As its carrier is asked about it."""
        return self.journey.see(lambda session: ways_of(session, [leg])[leg].asked)

    def poll(self) -> None:
        """Every leg that is watched, now."""
        self.journey.now += timedelta(minutes=1)

        def make_due(session: Session) -> None:
            for watch in session.execute(select(LegWatch)).scalars():
                watch.due_at = watch.due_at and self.journey.now

        self.journey.do(make_due, EVERYWHERE)

        async def once() -> None:
            poller = Poller(self.journey.database, self.settings, lambda: self.journey.now)
            await poller.round()
            await poller.close()

        asyncio.run(once())

    def reads(self) -> list[tuple[CallKind, Outcome | None, int]]:
        """What calls that read came to, with how much was new."""
        calls = select(CarrierCall).where(col(CarrierCall.kind) != CallKind.SUBSCRIBE).order_by(col(CarrierCall.id))
        rows = self.journey.see(lambda session: session.execute(calls).scalars().all())
        return [(one.kind, one.outcome, one.news) for one in rows]

    def polled(self) -> list[int]:
        """The statuses of the calls that read."""
        return [call.status for call in self.practice.calls if call.kind == "track"]
