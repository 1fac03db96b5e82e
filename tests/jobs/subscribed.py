"""Accounts that are told by themselves, and the job that asks their carriers to."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from jobs.subscribing import Asked, Subscriber
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts import logins
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.calls.call import CallKind, CarrierCall, Outcome
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.push import Subscription
from tests.story.journey import Journey
from tests.tracking.pushes.telling import Told


class Subscribing(Told):
    """Accounts at a carrier that runs on loopback."""

    def __init__(self, journey: Journey, settings: Settings, url: str) -> None:
        super().__init__(journey, settings)
        self.url = url

    def line(self, carrier: str = "dcsa", **columns: Any) -> UUID:
        """An account whose carrier is on loopback."""
        defaults = {"base_url": self.url, "allow_private": True, "per_second": 1_000.0}
        return self.account(carrier, **{**defaults, **columns})

    def ups(self, **columns: Any) -> UUID:
        """One with OAuth 2."""
        token_url = f"{self.url}/security/v1/oauth/token"
        id = self.line("ups", login=LoginKind.OAUTH2, token_url=token_url, header="Authorization", **columns)
        self.change(id, lambda row: logins.seal_secret(self.settings.ring, row, secret="s", client_id="c"))
        return id

    def row(self, account: UUID) -> CarrierAccount:
        """As it is now."""
        return self.journey.see(lambda session: session.get_one(CarrierAccount, account))

    def change(self, account: UUID, how: Any) -> None:
        """Another state."""
        self.journey.do(lambda session: how(session.get_one(CarrierAccount, account)), EVERYWHERE)

    def ask(self, *, later: timedelta = timedelta(minutes=1), base_url: str = "http://127.0.0.1:8000") -> Asked:
        """One round of the job."""
        self.journey.now += later
        settings = self.settings.model_copy(update={"base_url": base_url})

        async def run() -> Asked:
            subscriber = Subscriber(self.journey.database, settings, lambda: self.journey.now)
            try:
                return await subscriber.round()
            finally:
                await subscriber.close()

        return asyncio.run(run())

    def subscriptions(self) -> Sequence[Subscription]:
        """All there are."""
        return self.journey.see(lambda session: session.execute(select(Subscription)).scalars().all())

    def ledger(self) -> list[tuple[CallKind, Outcome | None, int | None, int]]:
        """What calls came to, in order, without tokens."""
        calls = select(CarrierCall).where(col(CarrierCall.kind) == CallKind.SUBSCRIBE).order_by(col(CarrierCall.id))
        rows = self.journey.see(lambda session: session.execute(calls).scalars().all())
        return [(one.kind, one.outcome, one.status, one.legs) for one in rows]

    def stop_watching(self, leg: UUID) -> None:
        """Its box has arrived."""

        def work(session: Session) -> None:
            session.get_one(LegWatch, leg).due_at = None

        self.journey.do(work, EVERYWHERE)
