"""No number of workers, and no load, makes one call over a limit: a simulated day and more, all at the same time."""

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.budgets import Reserved, day_start, reserve
from shipments.tracking.calls.call import CalledLeg, CallKind, CarrierCall, Outcome
from shipments.tracking.carriers.answers import Answer
from shipments.tracking.carriers.asking import Said
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.polling.claiming import Claim, claim_due
from shipments.tracking.polling.filling import Lease
from shipments.tracking.polling.recording import record
from shipments.tracking.polling.result import Result
from shipments.tracking.polling.watch import LegWatch, Urgency
from shipments.transaction import perform
from tests.jobs.parcels import Parcels
from tests.story.journey import at

LEGS, PER_DAY, PER_LEG, APART_S = 40, 250, 7, 5.0
STEP = timedelta(minutes=12)
LEASE = Lease(100, timedelta(minutes=10))


class Worker:
    """Claims, calls as its dice say (an answer, two pages, better not), and records; now and then it is killed."""

    def __init__(self, parcels: Parcels, number: int) -> None:
        self._parcels = parcels
        self._dice = random.Random(number)

    def work(self, now: datetime) -> None:
        """One round, seen from outside at one moment."""
        ring, database = self._parcels.settings.ring, self._parcels.journey.database
        claims = perform(
            database, EVERYWHERE, lambda s: claim_due(s, ring, self._parcels.account, LEASE, now=now), now=now
        )
        if self._dice.random() < 0.1:
            return  # killed: its lease ends, its calls stay in the ledger
        results = [self._called(claim, now) for claim in claims]
        perform(database, EVERYWHERE, lambda s: self._record(s, results, now), now=now)

    def _called(self, claim: Claim, now: datetime) -> Result:
        if self._dice.random() < 0.1:
            return Result(claim=claim, outcome=None, heard_at=now)
        said = {leg.leg_id: Said(Answer(found=True)) for leg in claim.legs}
        pages = [page for page in (self._page(claim, now),) if page]
        wires = [Wire(200, 2, 1)] * (1 + len(pages))
        return Result(claim=claim, outcome=said, heard_at=now, wires=wires, pages=pages)

    def _page(self, claim: Claim, now: datetime) -> Reserved | None:
        if self._dice.random() > 0.2:
            return None

        def work(session: Session) -> Reserved | None:
            account = session.get_one(CarrierAccount, claim.account.id, with_for_update=True, populate_existing=True)
            return reserve(session, account, CallKind.PAGE, [(leg.leg_id, None) for leg in claim.legs], now=now)

        return perform(self._parcels.journey.database, EVERYWHERE, work, now=now)

    def _record(self, session: Session, results: Sequence[Result], now: datetime) -> None:
        record(session, results, pace=100.0, now=now)  # so that every leg is always due again


@pytest.mark.parametrize("count", [2, 4])
def test_workers_at_the_same_time_never_pass_a_limit_over_a_day(each_parcels: Parcels, count: int) -> None:
    parcels = each_parcels
    parcels.change_account(
        carrier="dhl", per_second=1 / APART_S, per_day=PER_DAY, per_leg_per_day=PER_LEG, resets_at_minute=437
    )
    parcels.send(LEGS // 2)
    parcels.send(LEGS // 2, urgency=Urgency.NEAR_A_CHANGE)
    begins = at(4).replace(hour=4)
    workers = [Worker(parcels, number) for number in range(count)]
    with ThreadPoolExecutor(count) as pool:
        for step in range(int(timedelta(hours=30) / STEP)):
            list(pool.map(lambda worker: worker.work(begins + step * STEP), workers))  # noqa: B023
    made = [call for call in parcels.calls() if call.outcome is not Outcome.NOT_MADE]
    account = parcels.the_account()
    days = Counter(day_start(account, call.at) for call in made)
    assert max(days.values()) <= PER_DAY
    assert days[begins.replace(hour=7, minute=17)] > PER_DAY * 0.9, "and nearly all of a whole day's calls are used"
    assert min((later.at - sooner.at).total_seconds() for sooner, later in pairwise(made)) >= APART_S
    assert max(_a_leg_a_day(parcels, account, {call.id: call for call in made}).values()) <= PER_LEG
    assert any(call.outcome is None for call in made), "some were killed"
    assert _never_asked(parcels) == 0


def _a_leg_a_day(
    parcels: Parcels, account: CarrierAccount, made: dict[UUID, CarrierCall]
) -> Counter[tuple[UUID, datetime]]:
    about = parcels.journey.see(lambda session: session.exec(select(CalledLeg)).all())
    return Counter((one.leg_id, day_start(account, made[one.call_id].at)) for one in about if one.call_id in made)


def _never_asked(parcels: Parcels) -> int:
    return len(
        parcels.journey.see(
            lambda session: session.exec(select(LegWatch.leg_id).where(col(LegWatch.asked_at).is_(None))).all()
        )
    )
