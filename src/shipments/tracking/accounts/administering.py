"""Accounts with carriers are made, renewed, stopped, emptied and removed. Secrets are sealed, and never shown."""

from base64 import b64encode
from datetime import datetime, timedelta
from secrets import token_bytes

from msgspec import UNSET
from sqlalchemy import func
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
from shipments.tracking.accounts.logins import forget_token, hook_place, seal_secret
from shipments.tracking.accounts.terms import AccountAsked, AccountChanged, changed, check_secret, columns_of, filled
from shipments.tracking.calls.call import CarrierCall
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.push import Push

HOOK_BYTES = 32
SHORTEST_GIVEN = 16
FORMER_SERVES = timedelta(hours=24)
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
    _note(session, "account.add", account, by, now, carrier=account.carrier)
    return account


def renew_account(
    session: Session, ring: KeyRing, name: str, change: AccountChanged, *, by: Actor, now: datetime
) -> CarrierAccount:
    """The account, changed; a stop and a pause are lifted, what it has asked today stays counted.

    Raises NotFound, NotAllowed, Invalid, or WrongState where its carrier or office would change and legs use it.
    """
    account = the_account(session, name, by=by, lock=True)
    before = session.get_one(Office, account.office_id).code if account.office_id else None
    full = filled(changed(account, before, change))
    office_id = sending_office(session, full.office, "office").id if full.office is not None else None
    must_administer(by, [office_id])
    if (full.carrier, office_id) != (account.carrier, account.office_id):
        _refuse_while_used(session, account, "change the carrier or office of")
    needs_secret = (full.carrier, full.login) != (account.carrier, account.login)
    for column, value in columns_of(full).items():
        setattr(account, column, value)
    account.office_id = office_id
    forget_token(account)
    if needs_secret or change.secret is not UNSET or change.client_id is not UNSET:
        check_secret(full)
        seal_secret(ring, account, secret=full.secret, client_id=full.client_id)
    account.stopped_reason, account.paused_until, account.failures = None, None, 0
    session.add(account)
    session.flush()
    _note(session, "account.renew", account, by, now, carrier=account.carrier)
    return account


def stop_account(session: Session, name: str, reason: str, *, by: Actor, now: datetime) -> CarrierAccount:
    """No leg of it is asked about until it is renewed. Raises NotFound, NotAllowed, Invalid."""
    account = the_account(session, name, by=by, lock=True)
    account.stopped_reason = line("reason", reason, 200)
    session.flush()
    _note(session, "account.stop", account, by, now)
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
    _note(session, "account.remove", account, by, now)


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
    moved = hand_over(session, theirs, to.id)
    _note(session, "account.move_legs", account, by, now, to=to.name, legs=moved)
    return moved, legs_of(session, account)


def make_hook(
    session: Session,
    ring: KeyRing,
    name: str,
    *,
    given: str | None = None,
    rotate: bool = False,
    by: Actor,
    now: datetime,
) -> tuple[CarrierAccount, str]:
    """A secret that the carrier's pushes prove themselves with: base64 of 32 bytes, never shown again.

    `given`: the one that a carrier allots itself, as Ship24 does. With `rotate` the one before it stays valid for a
    day. Raises NotFound, NotAllowed, Invalid, or Conflict where there is a secret and `rotate` was not said.
    """
    if given is not None and not (given.isascii() and given.isprintable() and SHORTEST_GIVEN <= len(given) <= 200):
        raise Invalid([("secret", f"as the carrier wrote it, {SHORTEST_GIVEN} to 200 signs without line breaks")])
    account = the_account(session, name, by=by, lock=True)
    if account.hook_secret_sealed is not None:
        if not rotate:
            raise Conflict(f"The account {account.name} has a push secret already. Say --rotate for another one.")
        account.hook_former_sealed, account.hook_former_until = account.hook_secret_sealed, now + FORMER_SERVES
    secret = given or b64encode(token_bytes(HOOK_BYTES)).decode()
    account.hook_secret_sealed = ring.seal_answer(secret.encode(), hook_place(account))
    session.flush()
    _note(session, "account.rotate_hook" if rotate else "account.make_hook", account, by, now)
    return account, secret


def the_account(session: Session, name: str, *, by: Actor, lock: bool = False) -> CarrierAccount:
    """The account called `name`, for whoever administers it.

    Raises NotFound also for one of an office that `by` does not administer; NotAllowed for a shared one.
    """
    must_administer(by, [])
    statement = select(CarrierAccount).where(CarrierAccount.name == name)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    account, offices = session.exec(statement).one_or_none(), by.offices(_ADMINISTERS)
    if account is None or (offices is not None and account.office_id and account.office_id not in offices):
        raise NotFound("carrier account", name[:40])
    must_administer(by, [account.office_id])
    return account


def legs_of(session: Session, account: CarrierAccount) -> int:
    """How many legs are, or were, asked about with it."""
    return session.scalar(select(func.count()).where(col(LegWatch.account_id) == account.id)) or 0


def _refuse_while_used(session: Session, account: CarrierAccount, what: str) -> None:
    legs = legs_of(session, account)
    if legs:
        raise WrongState(
            f"{legs} legs use the account {account.name}: move them to another one before you {what} it "
            f"('shipments accounts move {account.name} OTHER'), or stop it.",
            state=f"used by {legs} legs",
            expected="used by none",
        )


def _note(
    session: Session, action: str, account: CarrierAccount, by: Actor, now: datetime, **details: str | int | bool | None
) -> None:
    entry = Noted(now, action, "account", account.name, by.person_id, account.office_id, details=details)
    journal.note(session, entry)
