"""Each account is asked within its own budget: a slow one holds no other back, and is itself never forgotten."""

from datetime import timedelta

from sqlmodel import Session

from shipments.clock import utc_now
from shipments.database import Database
from shipments.offices.scope import EVERYWHERE, act_as
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.polling.claiming import claim_due
from shipments.tracking.polling.filling import Lease
from shipments.tracking.polling.watch import LegWatch
from tests.builders import a_batch, a_case, a_leg, an_office

LEASE = Lease(100, timedelta(seconds=120))


def _account(session: Session, ring: KeyRing, carrier: str, per_second: float) -> CarrierAccount:
    account = CarrierAccount(name=carrier, carrier=carrier, base_url="https://carrier.example", secret_sealed=b"")
    account.per_second = per_second
    account.secret_sealed = ring.seal_answer(b"key", f"carrier_account:{account.id}")
    session.add(account)
    session.flush()
    return account


def test_a_slow_account_holds_no_other_back_and_is_asked_itself(database: Database, ring: KeyRing) -> None:
    now = utc_now()
    with database.writing() as session:
        act_as(session, EVERYWHERE)
        host, origin = an_office(session, code="NL-UTR", may_send=True), an_office(session, code="GN-CKY")
        a_case(session, host, origin)
        batch = a_batch(session, host, origin, [])
        quick, slow = _account(session, ring, "dcsa", 50.0), _account(session, ring, "dhl", 250 / 86_400)
        for number in range(20):
            leg = a_leg(session, batch, position=number + 1)
            session.add(LegWatch(leg_id=leg.id, account_id=(quick if number % 2 else slow).id, due_at=now))
        session.flush()
        first, again = (
            [claim for one in (quick, slow) for claim in claim_due(session, ring, one.id, LEASE, now=now)]
            for _ in range(2)
        )
    assert sorted(claim.account.carrier for claim in first) == ["dcsa"] * 10 + ["dhl"]
    assert again == []
