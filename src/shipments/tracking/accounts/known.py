"""Accounts whose carrier this version does not know, as another one on the same database may: they are left alone."""

import logging
from functools import cache

from sqlalchemy import ColumnElement
from sqlmodel import col

from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.carriers import CARRIERS

log = logging.getLogger(__name__)


def with_known_carrier() -> ColumnElement[bool]:
    """The condition for accounts that can be asked with, and told to."""
    return col(CarrierAccount.carrier).in_(list(CARRIERS))


def is_known(account: CarrierAccount) -> bool:
    """Whether there is a file for its carrier. Of each that has none the log says so, once a process."""
    known = account.carrier in CARRIERS
    if not known:
        _say(account.name, account.carrier)
    return known


@cache
def _say(name: str, carrier: str) -> None:
    log.error("the account %s is left alone: this version does not know the carrier %s", name, carrier)
