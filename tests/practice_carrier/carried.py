"""Boxes under way with every carrier at once, the jobs that hear of them, and what must hold whatever went wrong."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from api.practice_carrier import Practice, Running
from jobs.hearing import Hearer
from jobs.polling import Poller, Round
from shipments import journal
from shipments.batches.batch import Batch, Leg, Mode
from shipments.boxes.box import Box, Stage
from shipments.boxes.facts import facts_changed
from shipments.notices.notice import Notice
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.administering import add_account, renew_account
from shipments.tracking.accounts.terms import AccountAsked, AccountChanged
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.event import CarrierEvent
from shipments.tracking.polling.watch import LegWatch
from tests.builders import NOON, a_batch, a_box, a_leg
from tests.practice_carrier.asking import forget_all
from tests.story.journey import Journey, at

PER_SECOND = 500.0
SHOWN_WHILE_CARRIED = {Stage.ON_THE_WAY, Stage.IN_THE_COUNTRY, Stage.RETURNED}
Said = tuple[str, datetime | None, str | None]


class Carried:
    """One installation, thirty days after noon: every plain story has ended by then."""

    def __init__(self, journey: Journey, settings: Settings, running: Running) -> None:
        self.journey, self.settings, self.url = journey, settings, running.url
        self.practice: Practice = running.practice
        forget_all(self.practice, at=NOON, days=30)
        journey.now = at(30)
        self.misled: set[UUID] = set()
        self._numbers = 0

    def account(self, carrier: str, url: str = "") -> UUID:
        """A login with the practice carrier; its name is the carrier's."""
        is_client = CARRIERS[carrier].usual.login.kind == "oauth2"
        asked = AccountAsked(
            carrier=carrier,
            base_url=url or self.url,
            client_id="practice" if is_client else "",
            secret=self.practice.logins.key,
            allow_private=True,
            per_second=PER_SECOND,
            per_day=10_000,
            per_leg_per_day=1_000,
        )
        self.practice.limit(carrier, most=int(PER_SECOND), per_day=10_000, per_number_per_day=1_000)
        ring = self.settings.ring
        return self.journey.do(
            lambda s: add_account(s, ring, asked, by=EVERYWHERE, now=self.journey.now).id, EVERYWHERE
        )

    def mend(self, carrier: str) -> None:
        """The carrier is itself again, and somebody looks after the account; its address is the practice carrier's."""
        self.practice.faults.clear()
        is_client = CARRIERS[carrier].usual.login.kind == "oauth2"
        change = AccountChanged(base_url=self.url, secret=self.practice.logins.key)
        if is_client:
            token_url = f"{self.url}{CARRIERS[carrier].usual.login.token_path}"
            change = AccountChanged(
                base_url=self.url, token_url=token_url, client_id="practice", secret=self.practice.logins.key
            )
        self.journey.do(
            lambda s: renew_account(s, self.settings.ring, carrier, change, by=EVERYWHERE, now=self.journey.now),
            EVERYWHERE,
        )

    def change_address(self, account: UUID, url: str) -> None:
        """It is called elsewhere from now on, and nothing holds it back."""

        def work(session: Session) -> None:
            row = session.get_one(CarrierAccount, account)
            row.base_url, row.paused_until, row.failures = url, None, 0
            row.token_url = row.token_url and f"{url}{CARRIERS[row.carrier].usual.login.token_path}"

        self.journey.do(work, EVERYWHERE)

    def send(self, carrier: str, account: UUID, count: int = 1, *, story: str = "plain") -> list[UUID]:
        """So many batches of one box each, left at noon, due now. The ids of their legs."""
        at_sea = carrier == "dcsa"

        def work(session: Session) -> list[UUID]:
            legs = []
            for _ in range(count):
                self._numbers += 1
                number = f"1Z999AA1{self._numbers:010}"
                box = a_box(session, self.journey.host, self.journey.origin, sealed_at=NOON)
                batch = a_batch(session, self.journey.host, self.journey.origin, [box], dispatched_at=NOON)
                leg = a_leg(
                    session,
                    batch,
                    carrier=carrier,
                    reference=number,
                    reference_type="booking" if at_sea else "tracking_number",
                    mode=Mode.SEA if at_sea else Mode.COURIER,
                )
                session.add(LegWatch(leg_id=leg.id, account_id=account, due_at=self.journey.now))
                self.at_the_carrier(carrier, number, story)
                facts_changed(session, [box.id])
                legs.append(leg.id)
            return legs

        return self.journey.do(work, EVERYWHERE)

    def at_the_carrier(self, carrier: str, number: str, story: str) -> None:
        """The carrier has had it since noon."""
        if carrier == "dcsa":
            self.practice.book(number, "NLRTM", "GNCKY", started_at=NOON, voyage=story)
        else:
            self.practice.ship(carrier, number, started_at=NOON, story=story)
            self.practice.trackers.make({"trackingNumber": number}, NOON)

    def reference(self, leg: UUID) -> str:
        """What a leg is called at the carrier."""
        return self.journey.the_leg(leg).reference

    def poll(self, **later: float) -> Round:
        """One round of the job, a minute later or as told."""
        self.journey.now += timedelta(**(later or {"minutes": 1}))

        async def once() -> Round:
            poller = Poller(self.journey.database, self.settings, lambda: self.journey.now)
            try:
                return await poller.round()
            finally:
                await poller.close()

        return asyncio.run(once())

    def hear(self) -> None:
        """One round of the job that reads what was pushed."""
        self.journey.now += timedelta(minutes=1)
        asyncio.run(Hearer(self.journey.database, self.settings, lambda: self.journey.now).round())

    def make_due(self) -> None:
        """Every leg, now."""
        due_at = self.journey.now
        self.journey.do(lambda session: session.execute(update(LegWatch).values(due_at=due_at)), EVERYWHERE)

    def said(self, leg: UUID) -> set[Said]:
        """What is recorded of a leg, in the carrier's words; to the second, since the rest is told now and then."""
        return {
            (one.raw_code, one.occurred_at and one.occurred_at.replace(microsecond=0), one.milestone)
            for one in self.journey.events(leg)
        }

    def stage(self, leg: UUID) -> Stage:
        """Of the box that travels on a leg."""
        query = select(col(Box.stage)).join(Leg, col(Leg.batch_id) == col(Box.batch_id)).where(col(Leg.id) == leg)
        return Stage(self.journey.see(lambda session: session.execute(query).scalar_one()))

    def account_row(self, account: UUID) -> CarrierAccount:
        """As it is now."""
        return self.journey.see(lambda session: session.get_one(CarrierAccount, account))

    def counts(self) -> tuple[int, ...]:
        """How many events, notices and batches there are: what another telling of the same must not change."""
        tables = (CarrierEvent, Notice, Batch)
        return self.journey.see(
            lambda session: tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
        )

    def must_hold(self, legs: Sequence[UUID]) -> None:
        """One effect, legal states, a whole journal, caches that are what the facts say, and no call over a limit."""
        for leg in legs:
            told = [one.source_id for one in self.journey.events(leg)]
            assert len(told) == len(set(told)), "an event is recorded twice"
            watch = self.journey.watch(leg)
            assert watch.leased_until is None, "a lease was left behind"
            assert self.stage(leg) in SHOWN_WHILE_CARRIED
        assert [why for _, why in self.journey.see(lambda session: list(journal.verify(session))) if why] == []
        assert self.journey.differences() == []
        assert self.practice.over_limit() == []
