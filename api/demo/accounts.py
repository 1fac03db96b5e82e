"""The demo's accounts with the practice carrier, one for each interface that it speaks, and what it allows them."""

from datetime import datetime

from msgspec.structs import replace
from sqlmodel import Session

from api.practice_carrier import Practice, Running
from api.practice_carrier.limits import Limit
from api.practice_carrier.logins import CLIENT
from shipments.offices.scope import EVERYWHERE
from shipments.sealing import KeyRing
from shipments.tracking.accounts.administering import add_account
from shipments.tracking.accounts.hooking import make_hook
from shipments.tracking.accounts.terms import AccountAsked

PLANS = (
    # A line gives every customer a plan of their own: this is the practice carrier's, for ships that take seconds.
    AccountAsked(carrier="dcsa", per_second=20.0),
    # DHL's free plan as it is. In a demo that hurries it is too small: the ledger shows what is put off, and why.
    AccountAsked(carrier="dhl"),
    AccountAsked(carrier="ups"),
    AccountAsked(carrier="fedex"),
    AccountAsked(carrier="ship24"),
)
"""What is not said is as this carrier's accounts usually are."""
HOOKED = ("dcsa", "ups")
"""Those that also tell us by themselves: DCSA signs what it sends, UPS sends a credential along."""
LIMITS = (
    Limit(interface="dcsa", most=20),
    Limit(interface="dhl", most=1, within_s=5, per_day=250, per_number_per_day=10),
    Limit(interface="ups", most=2),
    Limit(interface="fedex", most=1_400, within_s=10, per_day=100_000),
    Limit(interface="ship24", most=10),
    Limit(interface="ship24_bulk", most=3, numbers_per_call=100),
)
"""What the practice carrier counts by, whatever our accounts think."""


def open_accounts(session: Session, ring: KeyRing, carrier: Running, *, now: datetime) -> None:
    """Every account, for all offices, and the secrets of the hooks."""
    login = {"base_url": carrier.url, "secret": carrier.practice.api_key, "allow_private": True, "client_id": CLIENT}
    for plan in PLANS:
        add_account(session, ring, replace(plan, **login), by=EVERYWHERE, now=now)
    for name in HOOKED:
        make_hook(session, ring, name, by=EVERYWHERE, now=now)


def set_limits(practice: Practice) -> None:
    """From now on the practice carrier refuses what is over them."""
    for limit in LIMITS:
        practice.limits.set(limit)
