"""Logins with carriers, their secrets sealed."""

from datetime import datetime

import msgspec
from sqlmodel import Session, select

from shipments import journal
from shipments.database import new_id
from shipments.errors import Invalid
from shipments.journal import Noted
from shipments.offices.people import must_administer
from shipments.offices.scope import Actor
from shipments.sealing import KeyRing
from shipments.tracking.account import CarrierAccount
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account
from shipments.tracking.carriers.connecting import check_base_url


class AccountAsked(msgspec.Struct, frozen=True):
    """How a carrier is called. `per_second`: the most calls of all workers together."""

    carrier: str
    base_url: str
    header: str
    secret: str
    allow_private: bool
    per_second: float

    def __repr__(self) -> str:
        return f"AccountAsked(carrier={self.carrier!r})"


def keep_account(session: Session, ring: KeyRing, asked: AccountAsked, *, by: Actor, now: datetime) -> CarrierAccount:
    """Adds the account or renews it, which also lifts a stop. Raises Invalid, NotAllowed."""
    must_administer(by, [None])
    carrier = CARRIERS.get(asked.carrier)
    if carrier is None or not carrier.polled:
        raise Invalid([("carrier", f"one of {', '.join(name for name, one in CARRIERS.items() if one.polled)}")])
    if not asked.secret:
        raise Invalid([("secret", "the key that the carrier gave you")])
    account = session.exec(select(CarrierAccount).where(CarrierAccount.carrier == asked.carrier)).one_or_none()
    id = account.id if account else new_id()
    check_base_url(Account(id, asked.carrier, asked.base_url, allow_private=asked.allow_private))
    account = account or CarrierAccount(
        id=id, name=asked.carrier, carrier=asked.carrier, base_url="", secret_sealed=b""
    )
    account.base_url, account.header = asked.base_url, asked.header
    account.secret_sealed = ring.seal_answer(asked.secret.encode(), f"carrier_account:{id}")
    account.allow_private, account.per_second = asked.allow_private, asked.per_second
    account.stopped_reason, account.paused_until, account.failures = None, None, 0
    session.add(account)
    journal.note(session, Noted(now, "account.keep", "carrier", asked.carrier, by.person_id))
    return account
