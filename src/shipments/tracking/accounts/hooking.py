"""The secret that a carrier's messages prove themselves with: made, changed, taken away. Sealed, and shown once."""

from base64 import b64encode
from datetime import datetime, timedelta
from secrets import token_bytes

from sqlmodel import Session, col, select

from shipments.errors import Conflict, Invalid
from shipments.offices.scope import Actor
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.administering import note_deed, the_account
from shipments.tracking.accounts.logins import former_serves, hook_place
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.pushing import Pushes, shares_subscriptions
from shipments.tracking.pushes.letting_go import keep_for_polling, let_go
from shipments.tracking.pushes.push import Subscription

HOOK_BYTES = 32
SHORTEST_GIVEN, LONGEST_GIVEN = 16, 200
FORMER_SERVES = timedelta(hours=24)


def make_hook(
    session: Session,
    ring: KeyRing,
    name: str,
    *,
    given: str | None = None,
    rotate: bool = False,
    at_once: bool = False,
    by: Actor,
    now: datetime,
) -> tuple[CarrierAccount, str]:
    """A secret that the carrier's pushes prove themselves with: Base64 of 32 bytes, never shown again.

    `given`: the one that a carrier allots itself, as Ship24 does. With `rotate` the one before it stays valid for a
    day, and the one before that must be over, unless `at_once` ends it. Raises NotFound, NotAllowed, Invalid (also
    where the carrier tells nothing by itself), or Conflict.
    """
    account = the_account(session, name, by=by, lock=True)
    _refuse_unfit(account, given)
    if account.hook_secret_sealed is not None:
        if not rotate:
            raise Conflict(f"The account {account.name} has a push secret already. Say --rotate for another one.")
        _refuse_to_drop(account, at_once, now)
        account.hook_former_sealed, account.hook_former_until = account.hook_secret_sealed, now + FORMER_SERVES
    secret = given or b64encode(token_bytes(HOOK_BYTES)).decode()
    account.hook_secret_sealed = ring.seal_answer(secret.encode(), hook_place(account))
    session.flush()
    note_deed(session, "account.rotate_hook" if rotate else "account.make_hook", account, by, now)
    return account, secret


def remove_hook(session: Session, name: str, *, by: Actor, now: datetime) -> CarrierAccount:
    """No message of its carrier is taken any more; what was subscribed to is ended there, unless polling lives of it.

    Raises NotFound, NotAllowed, or Conflict where there is no secret.
    """
    account = the_account(session, name, by=by, lock=True)
    if account.hook_secret_sealed is None:
        raise Conflict(f"The account {account.name} has no push secret.")
    account.hook_secret_sealed = account.hook_former_sealed = account.hook_former_until = None
    carrier = CARRIERS.get(account.carrier)
    if carrier is None or shares_subscriptions(carrier):
        keep_for_polling(session, account.id, now=now)
    else:
        let_go(session, select(Subscription.leg_id).where(col(Subscription.account_id) == account.id), now=now)
    session.flush()
    note_deed(session, "account.remove_hook", account, by, now)
    return account


def _refuse_unfit(account: CarrierAccount, given: str | None) -> None:
    carrier = CARRIERS.get(account.carrier)
    if not isinstance(carrier, Pushes):
        telling = ", ".join(name for name, one in CARRIERS.items() if isinstance(one, Pushes))
        raise Invalid([("account", f"one whose carrier tells by itself ({telling}); {account.carrier} does not")])
    if given is None:
        return
    if not (SHORTEST_GIVEN <= len(given) <= LONGEST_GIVEN and carrier.takes_secret(given)):
        wanted = f"{SHORTEST_GIVEN} to {LONGEST_GIVEN} signs without line breaks, and what {account.carrier} takes"
        raise Invalid([("secret", f"as the carrier wrote it: {wanted}")])


def _refuse_to_drop(account: CarrierAccount, at_once: bool, now: datetime) -> None:
    if former_serves(account, now=now) and not at_once:
        raise Conflict(
            f"The secret before the current one of {account.name} is valid until "
            f"{account.hook_former_until:%Y-%m-%d %H:%M} UTC, and the carrier may still use it. Rotate again after "
            "that, or say --at-once to end it now."
        )
