"""On PostgreSQL: who waits for whom. Nobody waits crosswise, and a message waits for nobody."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from shipments import database
from shipments.batches.batch import Batch, Leg
from shipments.batches.planning import boxes_of
from shipments.errors import CarrierUnavailable
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking import legs
from shipments.tracking.accounts.choosing import account_for
from shipments.tracking.carriers.answers import Answer, ReadEvent
from shipments.tracking.carriers.asking import Said
from shipments.tracking.carriers.fetching import Wire
from shipments.tracking.milestones import Milestone
from shipments.tracking.polling import recording
from shipments.tracking.polling.claiming import Claim, claim_due
from shipments.tracking.polling.filling import Lease
from shipments.tracking.polling.recording import record
from shipments.tracking.polling.result import Result
from shipments.tracking.polling.watch import LegWatch
from shipments.transaction import perform, transaction
from tests.story.fixtures import _journey
from tests.tracking.pushes.telling import Told

LEASE = Lease(10, timedelta(minutes=2))


@pytest.fixture
def told(fresh_postgres_url: str, settings: Settings) -> Iterator[Told]:
    """On PostgreSQL."""
    for journey in _journey(fresh_postgres_url):
        yield Told(journey, settings)


def claimed(told: Told) -> list[Claim]:
    """All legs, due now."""
    journey, ring = told.journey, told.settings.ring
    account = told.account()
    told.leg(account)

    def work(session: Session) -> list[Claim]:
        session.execute(update(LegWatch).values(due_at=journey.now))
        return claim_due(session, ring, account, LEASE, now=journey.now)

    return journey.do(work, EVERYWHERE)


def arrived(at: datetime) -> ReadEvent:
    """It moves the box."""
    return ReadEvent(
        id="e-1",
        occurred_at=at,
        occurred_as_written=at.isoformat(),
        tz_known=True,
        classifier="ACT",
        milestone=Milestone.ARRIVED_DESTINATION,
        event="arrived",
        reason=None,
        raw_code="ARRI",
        raw_text="",
        place=None,
        unlocode="GNCKY",
        created_at=at,
    )


def at_once(*works: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()


@pytest.fixture
def deadlocks(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Codes of the errors after which a transaction was run again."""
    met: list[str | None] = []
    is_passing = database.is_passing

    def noting(error: DBAPIError) -> bool:
        met.append(getattr(error.orig, "sqlstate", None))
        return is_passing(error)

    monkeypatch.setattr("shipments.transaction.is_passing", noting)
    return met


def test_a_message_is_kept_while_a_claim_of_its_account_lasts(told: Told) -> None:
    account, now = told.account(), told.journey.now
    told.leg(account)
    ring = told.settings.ring
    with transaction(told.journey.database, EVERYWHERE, now=now) as claiming:
        claim_due(claiming, ring, account, LEASE, now=now)
        claiming.flush()
        keeping = threading.Thread(target=told.tell, args=(account, b"[1]"))
        keeping.start()
        keeping.join(timeout=5)
        assert not keeping.is_alive(), "it waits for the claim"


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("change", ["account", "told", "added"])
def test_whoever_changes_a_leg_and_whoever_records_of_it_wait_for_each_other_in_one_order(
    told: Told, deadlocks: list[str | None], monkeypatch: pytest.MonkeyPatch, answered: bool, change: str
) -> None:
    journey = told.journey
    (claim,) = claimed(told)
    leg, now, by = claim.legs[0].leg_id, journey.now, journey.staff.logistician
    told.account(name="dcsa-b", hook_secret_sealed=None)
    batch = journey.see(lambda s: s.get_one(Batch, s.get_one(Leg, leg).batch_id).code)
    outcome = {leg: Said(Answer(found=True, events=(arrived(now),)))} if answered else CarrierUnavailable("down")
    result = Result(claim=claim, outcome=outcome, heard_at=now, wires=[Wire()])
    both = threading.Barrier(2)

    def meet() -> None:
        """Each goes on when the other has its first locks, or waits for them."""
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)

    held = recording._still_held

    def held_meeting(*args: Any) -> Any:  # Any: as `_still_held`
        legs_held = held(*args)
        meet()
        return legs_held

    def boxes_meeting(*args: Any) -> Any:  # Any: as `boxes_of`
        meet()
        return boxes_of(*args)

    def account_meeting(*args: Any) -> Any:  # Any: as `account_for`
        meet()
        return account_for(*args)

    monkeypatch.setattr(recording, "_still_held", held_meeting)
    monkeypatch.setattr(legs, "boxes_of", boxes_meeting)
    monkeypatch.setattr(legs, "account_for", account_meeting)

    def changes(session: Session) -> object:
        if change == "account":
            return legs.set_account(session, leg, "dcsa-b", by=by, now=now)
        if change == "told":
            said = legs.Told(occurred_at=now, milestone=Milestone.IN_TRANSIT)
            return legs.tell(session, leg, said, by=by, now=now)
        planned = legs.LegPlanned(
            carrier="by_hand", reference_type="booking", reference="R2", from_place="GNCKY", to_place="GNCKY"
        )
        return legs.add_leg(session, batch, planned, by=by, now=now)

    base = journey.database
    at_once(
        lambda: perform(base, EVERYWHERE, lambda s: record(s, [result], pace=1.0, now=now), now=now),
        lambda: perform(base, by, changes, now=now),
    )
    assert deadlocks == []
