"""Rows of the call ledger, put straight into the tables: accounts, watches, calls, pushes."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlmodel import Session, SQLModel

from shipments.batches.batch import Mode
from shipments.database import Database
from shipments.offices.office import Office
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE, Actor, act_as
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.seeing import accounts_in_sight, days_asked
from shipments.tracking.calls.accounting import Glance, Ledger, glances, ledger
from shipments.tracking.calls.call import CalledLeg, CallKind, CarrierCall, Outcome
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.push import Push, PushState
from shipments.transaction import reading
from tests.builders import NOON, a_batch, a_leg, an_actor, an_office

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECRET = b"canary-secret"
_numbers = count(1)
T = TypeVar("T")
Row = TypeVar("Row", bound=SQLModel)
Columns = Any  # whatever the columns of the table take


class House:
    """An installation with an office that sends, one that receives, and somebody who sees the ledger."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.host, self.origin, self.logistician = self.put(_settled)

    def put(self, rows: Callable[[Session], T]) -> T:
        """Rows that no verb made, so that nothing follows from them."""
        with self.database.writing() as session:
            act_as(session, EVERYWHERE)
            return rows(session)

    def asked(self, by: Actor | None = None, now: datetime = NOON, **what: Columns) -> Ledger:
        """What somebody at the sending office is told."""
        with reading(self.database, by or self.logistician) as session:
            return ledger(session, now=now, **what)

    def glanced(self, now: datetime = NOON) -> list[Glance]:
        """The same, of every account at a glance."""
        with reading(self.database, self.logistician) as session:
            return glances(session, accounts_in_sight(session), days_asked(None, None, now=now), now=now)

    def leg(self, session: Session, account: CarrierAccount, **watch: Columns) -> UUID:
        """A watched leg between the two offices."""
        return a_watched_leg(session, account, self.host, self.origin, **watch).leg_id


def _settled(session: Session) -> tuple[Office, Office, Actor]:
    host = an_office(session, "NL-AMS")
    return host, an_office(session, "GN-CKY"), an_actor(session, Role.LOGISTICIAN, host)


def an_account(session: Session, name: str = "dhl", office: Office | None = None, **what: Columns) -> CarrierAccount:
    """A DHL account of the free plan, 250 calls a day, unless told otherwise; of no office, or of `office`."""
    defaults: dict[str, Columns] = {
        "carrier": "dhl",
        "base_url": "https://carrier.example",
        "secret_sealed": SECRET,
        "per_second": 0.2,
        "per_day": 250,
        "per_leg_per_day": 10,
        "office_id": office.id if office else None,
    }
    return _put(session, CarrierAccount(name=name, **{**defaults, **what}))


def a_watched_leg(
    session: Session, account: CarrierAccount, host: Office, origin: Office, *, mode: Mode = Mode.SEA, **watch: Columns
) -> LegWatch:
    """A leg of a batch of its own, by sea and due an hour before noon unless told otherwise."""
    batch = a_batch(session, host, origin, dispatched_at=NOON - DAY)
    leg = a_leg(session, batch, carrier=account.carrier, mode=mode, reference=f"CANARY{next(_numbers)}")
    return _put(session, LegWatch(leg_id=leg.id, account_id=account.id, **{"due_at": NOON - HOUR, **watch}))


def a_call(
    session: Session,
    account: CarrierAccount,
    at: datetime,
    legs: Sequence[UUID] = (),
    *,
    outcome: Outcome | None = Outcome.NOTHING_NEW,
    due_at: datetime | None = None,
    **what: Columns,
) -> CarrierCall:
    """A call about `legs`, which were due at `due_at`, of 1,000 bytes; with `outcome` None it never ended."""
    ended: dict[str, Columns] = {} if outcome is None else {"ended_at": at + timedelta(seconds=1), "size": 1_000}
    defaults = {"kind": CallKind.TRACK, "outcome": outcome, "legs": len(legs), **ended}
    call = _put(session, CarrierCall(account_id=account.id, at=at, **{**defaults, **what}))
    for leg in legs:
        _put(session, CalledLeg(call_id=call.id, leg_id=leg, due_at=due_at))
    return call


def a_push(
    session: Session,
    account: CarrierAccount,
    state: PushState,
    at: datetime,
    *,
    news: int = 0,
    trouble: str | None = None,
) -> Push:
    """A message of the carrier."""
    digest = f"push {next(_numbers)}".encode()
    row = Push(account_id=account.id, digest=digest, body_sealed=SECRET, size=10, received_at=at, state=state)
    row.news, row.trouble = news, trouble
    return _put(session, row)


def an_event(session: Session, leg_id: UUID, at: datetime, **what: Columns) -> CarrierEvent:
    """Something that was said of a leg, heard at `at`."""
    said = {"source_id": str(next(_numbers)), "classifier": Classifier.ACT, "raw_code": "PU", **what}
    return _put(session, CarrierEvent(leg_id=leg_id, occurred_at=at, heard_at=at, **said))


def a_ledger(session: Session, host: Office, legs: Sequence[UUID], *, now: datetime) -> None:
    """One account whose day is used up, one stopped and far behind, one paused, one at ease; a week of calls."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    spent = an_account(session, "dhl-ams", host, per_leg_per_day=None, per_day=12, day_calls=12, day_started=midnight)
    refused = "The carrier refused the key."
    stopped = an_account(session, "ups", carrier="ups", per_day=None, per_leg_per_day=None, stopped_reason=refused)
    an_account(session, "ship24", carrier="ship24", per_day=500, paused_until=now + 5 * HOUR)
    calm = an_account(session, "ocean", carrier="dcsa", per_second=2.0, per_day=None, per_leg_per_day=None)
    first, second = legs
    _put(session, LegWatch(leg_id=first, account_id=spent.id, due_at=now - 3 * HOUR, wait_s=3_600))
    _put(session, LegWatch(leg_id=second, account_id=stopped.id, due_at=now - 30 * HOUR, wait_s=7_200))
    for number in range(30):
        outcome = (Outcome.NOTHING_NEW, Outcome.NEWS, Outcome.NOT_FOUND, Outcome.OVER_QUOTA, None)[number % 5]
        at = now - number * 5 * HOUR - HOUR
        a_call(session, spent, at, [first], outcome=outcome, due_at=at - number * MINUTE, news=outcome is Outcome.NEWS)
        a_call(session, calm, at, [second, uuid4()], kind=(CallKind.TRACK, CallKind.PAGE)[number % 2])
    for minute in range(9):
        a_call(session, spent, now - minute * MINUTE - 11 * MINUTE, [first])
    a_push(session, calm, PushState.HEARD, now - HOUR, news=2)
    a_push(session, calm, PushState.PARKED, now - HOUR)


def _put(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
