"""Accounts with carriers are made, renewed, stopped, emptied and removed. Secrets are sealed, and never shown."""

from datetime import datetime
from urllib.parse import urlsplit

from msgspec import UNSET
from sqlalchemy import delete, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from shipments import journal
from shipments.batches.batch import Batch, Leg
from shipments.database import new_id
from shipments.errors import Conflict, Invalid, NotFound, WrongState
from shipments.journal import Noted
from shipments.offices.office import Office, sending_office
from shipments.offices.people import must_administer
from shipments.offices.person import Role
from shipments.offices.scope import Actor
from shipments.offices.typed import line
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.choosing import hand_over
from shipments.tracking.accounts.logins import forget_token, seal_secret
from shipments.tracking.accounts.terms import AccountAsked, AccountChanged, changed, check_secret, columns_of, filled
from shipments.tracking.calls.call import CarrierCall
from shipments.tracking.calls.recounting import recount_day, recount_legs
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.push import Push, Subscription

_ADMINISTERS = frozenset({Role.ADMINISTRATOR})


def add_account(session: Session, ring: KeyRing, asked: AccountAsked, *, by: Actor, now: datetime) -> CarrierAccount:
    """A new account. Raises Invalid, NotAllowed, or Conflict where its name is taken."""
    full = filled(asked)
    check_secret(full)
    office_id = sending_office(session, full.office, "office").id if full.office is not None else None
    must_administer(by, [office_id])
    account = CarrierAccount(id=new_id(), office_id=office_id, secret_sealed=b"", **columns_of(full))
    seal_secret(ring, account, secret=full.secret, client_id=full.client_id)
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError as error:
        raise Conflict(
            f"There is an account called {full.name} already. Renew it with 'shipments accounts renew {full.name}', or "
            "give this one another name."
        ) from error
    note_deed(session, "account.add", account, by, now, carrier=account.carrier)
    return account


def renew_account(
    session: Session, ring: KeyRing, name: str, change: AccountChanged, *, by: Actor, now: datetime
) -> CarrierAccount:
    """The account, changed; a stop and a pause are lifted, what it has asked today stays counted.

    Raises NotFound, NotAllowed, Invalid (also where a kept secret would go to another host), or WrongState where its
    carrier or office would change and legs use it.
    """
    account = the_account(session, name, by=by, lock=True)
    before = session.get_one(Office, account.office_id).code if account.office_id else None
    full = filled(changed(account, before, change))
    office_id = sending_office(session, full.office, "office").id if full.office is not None else None
    must_administer(by, [office_id])
    if (full.carrier, office_id) != (account.carrier, account.office_id):
        _refuse_while_used(session, account, "change the carrier or office of")
    if full.carrier != account.carrier:
        # Another carrier is not asked to end what this one tells.
        session.execute(delete(Subscription).where(col(Subscription.account_id) == account.id))
    needs_secret = (full.carrier, full.login) != (account.carrier, account.login)
    if change.secret is UNSET and not needs_secret:
        _refuse_another_host(account, full)
    budget = _budget(account)
    for column, value in columns_of(full).items():
        setattr(account, column, value)
    if _budget(account) != budget:
        recount_day(session, account, now=now)
        recount_legs(session, select(LegWatch.leg_id).where(LegWatch.account_id == account.id), account, now=now)
    account.office_id = office_id
    forget_token(account)
    if needs_secret or change.secret is not UNSET or change.client_id is not UNSET:
        check_secret(full)
        seal_secret(ring, account, secret=full.secret, client_id=full.client_id)
    account.stopped_reason, account.paused_why, account.paused_until, account.failures = None, None, None, 0
    session.add(account)
    session.flush()
    note_deed(session, "account.renew", account, by, now, carrier=account.carrier)
    return account


def stop_account(session: Session, name: str, reason: str, *, by: Actor, now: datetime) -> CarrierAccount:
    """No leg of it is asked about until it is renewed. Raises NotFound, NotAllowed, Invalid."""
    account = the_account(session, name, by=by, lock=True)
    account.stopped_reason = line("reason", reason, 200)
    session.flush()
    note_deed(session, "account.stop", account, by, now)
    return account


def remove_account(session: Session, name: str, *, by: Actor, now: datetime) -> None:
    """Deletes it. Raises NotFound, NotAllowed, or WrongState while a leg uses it or the ledger holds calls of it."""
    account = the_account(session, name, by=by, lock=True)
    _refuse_while_used(session, account, "remove")
    calls = session.scalar(select(func.count()).where(col(CarrierCall.account_id) == account.id)) or 0
    pushes = session.scalar(select(func.count()).where(col(Push.account_id) == account.id)) or 0
    if calls or pushes:
        raise WrongState(
            f"The ledger holds {calls} calls and {pushes} pushes of {account.name}, which stay accounted for. Stop it "
            f"instead ('shipments accounts stop {account.name}').",
            state="in the ledger",
            expected="never used",
        )
    session.delete(account)
    session.flush()
    note_deed(session, "account.remove", account, by, now)


def move_legs(session: Session, name: str, other: str, *, by: Actor, now: datetime) -> tuple[int, int]:
    """Every leg of the account that the other one may serve is asked about with that one. How many, and how many not.

    Raises NotFound, NotAllowed, or Invalid where the other one is with another carrier.
    """
    account = the_account(session, name, by=by, lock=True)
    to = the_account(session, other, by=by, lock=True)
    if to.carrier != account.carrier or to.id == account.id:
        raise Invalid([("other", f"another account with {account.carrier}; {to.name} is not")])
    theirs = select(LegWatch.leg_id).where(LegWatch.account_id == account.id)
    if to.office_id is not None:
        batches = select(Batch.id).where(Batch.host_office_id == to.office_id)
        theirs = theirs.where(col(LegWatch.leg_id).in_(select(Leg.id).where(col(Leg.batch_id).in_(batches))))
    moved = hand_over(session, theirs, to.id, now=now)
    note_deed(session, "account.move_legs", account, by, now, to=to.name, legs=moved)
    return moved, legs_of(session, account)


def the_account(session: Session, name: str, *, by: Actor, lock: bool = False) -> CarrierAccount:
    """The account called `name`, for whoever administers it.

    Raises NotFound also for one of an office that `by` does not administer; NotAllowed for a shared one.
    """
    must_administer(by, [])
    statement = select(CarrierAccount).where(CarrierAccount.name == name)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    account, offices = session.exec(statement).one_or_none(), by.offices(_ADMINISTERS)
    if account is None or (offices is not None and account.office_id and account.office_id not in offices):
        raise NotFound("carrier account", name[:40])
    must_administer(by, [account.office_id])
    return account


def legs_of(session: Session, account: CarrierAccount) -> int:
    """How many legs are, or were, asked about with it."""
    return session.scalar(select(func.count()).where(col(LegWatch.account_id) == account.id)) or 0


def _refuse_another_host(account: CarrierAccount, full: AccountAsked) -> None:
    """A secret is told to nobody but the hosts that it was typed for."""
    if others := _hosts(full) - _hosts(account):
        raise Invalid([("secret", f"given anew, since it would go to another host: {', '.join(sorted(others))}")])


def _hosts(account: CarrierAccount | AccountAsked) -> set[str]:
    return {urlsplit(url).hostname or "" for url in (account.base_url, account.token_url) if url}


def _budget(account: CarrierAccount) -> tuple[int | None, ...]:
    return account.per_day, account.per_leg_per_day, account.resets_at_minute


def _refuse_while_used(session: Session, account: CarrierAccount, what: str) -> None:
    session.refresh(account, with_for_update=True)  # the stronger lock: no leg comes to use it meanwhile
    legs = legs_of(session, account)
    if legs:
        raise WrongState(
            f"{legs} legs use the account {account.name}: move them to another one before you {what} it "
            f"('shipments accounts move {account.name} OTHER'), or stop it.",
            state=f"used by {legs} legs",
            expected="used by none",
        )


def note_deed(
    session: Session, action: str, account: CarrierAccount, by: Actor, now: datetime, **details: str | int | bool | None
) -> None:
    """In the journal: who did what to the account."""
    entry = Noted(now, action, "account", account.name, by.person_id, account.office_id, details=details)
    journal.note(session, entry)
