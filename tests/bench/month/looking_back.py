"""What a carrier has told by some moment, read once more from its own clean answers, beside what we know."""

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from api.practice_carrier import Practice
from api.practice_carrier.faults import Faults
from api.practice_carrier.replies import Asked
from api.practice_carrier.routing import endpoint_at
from shipments.progress.gathering import in_portions
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account, LegAsked, ReadEvent
from shipments.tracking.event import CarrierEvent
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.polling.ways import ways_of
from tests.bench.month.erring import SharedClock

LONGEST_ID = 80
AT_A_TIME = 500


class Told(msgspec.Struct, frozen=True):
    """A leg of which its carrier has told something by then. `unknown`: what of it we have not heard."""

    leg_id: UUID
    account_id: UUID
    unknown: int
    is_over: bool


def told_by(
    session: Session, carriers: Mapping[str, tuple[str, Practice]], clock: SharedClock, at: datetime
) -> Iterator[Told]:
    """Every leg's that had left by then: each thing that happened must be known by the identity that it has."""
    for account in session.exec(select(CarrierAccount)).all():
        _, practice = carriers[account.name]
        practice.faults = Faults()
        practice.limits.clear()
        clock.at = at
        login = _login(account, practice)
        watches = session.exec(select(LegWatch.leg_id).where(LegWatch.account_id == account.id)).all()
        for portion in in_portions(watches, AT_A_TIME):
            known = _known(session, portion)
            for leg, way in ways_of(session, portion).items():
                if way.asked.dispatched_at is not None and way.asked.dispatched_at < at:
                    yield _beside(leg, account.id, _said(practice, login, way.asked, at), known.get(leg, set()))
    clock.at = None


def _beside(leg: UUID, account: UUID, said: Sequence[ReadEvent], known: Set[str]) -> Told:
    happened = [one for one in said if one.classifier == "ACT"]
    unknown = sum(one.id[:LONGEST_ID] not in known for one in happened)
    return Told(leg, account, unknown, any(one.milestone in ("delivered", "returned", "cancelled") for one in happened))


def _known(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, Set[str]]:
    found: dict[UUID, set[str]] = {}
    statement = select(CarrierEvent.leg_id, CarrierEvent.source_id).where(col(CarrierEvent.leg_id).in_(legs))
    for leg, id in session.exec(statement):
        found.setdefault(leg, set()).add(id)
    return found


def _login(account: CarrierAccount, practice: Practice) -> Account:
    """A login of our own making: what the carrier is asked here counts for nothing."""
    usual = CARRIERS[account.carrier].usual.login
    if usual.kind == "oauth2":
        token = practice.logins.issue(account.carrier, practice.clock.now())
        return Account(account.id, account.carrier, "", "Authorization", f"Bearer {token}")
    return Account(account.id, account.carrier, "", usual.header, f"{usual.prefix}{practice.logins.key}")


def _said(practice: Practice, login: Account, leg: LegAsked, at: datetime) -> Sequence[ReadEvent]:
    carrier = CARRIERS[login.carrier]
    call = carrier.request_for(leg, login, since=None, page=None)
    endpoint = endpoint_at(call.path)
    assert endpoint is not None
    headers = {name.lower(): value for name, value in call.headers.items()}
    reply = endpoint(practice, Asked(call.method, call.path, urlencode(call.params), headers, call.json or b""))
    assert reply.status in carrier.usual.succeeds | {404}, reply.status
    if reply.status == 404:
        return ()
    return carrier.read_answer(reply.body, leg, heard_at=at, headers=reply.headers).events
