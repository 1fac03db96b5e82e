"""Counts a day's calls anew, from the ledger: after a budget was changed, or a leg has another account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, select, update
from sqlmodel import Session, col

from shipments.database import write_many
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.budgets import day_start, next_moment
from shipments.tracking.calls.call import CalledLeg, CarrierCall, Outcome
from shipments.tracking.polling.watch import LegWatch


def recount_day(session: Session, account: CarrierAccount, *, now: datetime) -> None:
    """The calls of the account, which the caller has locked, in the day of its next free moment."""
    account.day_started = day_start(account, next_moment(account, now=now))
    made = select(func.count()).where(col(CarrierCall.account_id) == account.id, _made_since(account.day_started))
    account.day_calls = session.scalar(made) or 0


def recount_legs(
    session: Session,
    legs: Sequence[UUID] | Select[Any],  # Any: of one id
    account: CarrierAccount,
    *,
    now: datetime,
) -> None:
    """The calls about each leg in the account's day, by whichever account of its carrier they were made."""
    begun = day_start(account, next_moment(account, now=now))
    counted = (
        select(col(CalledLeg.leg_id), func.count())
        .join(CarrierCall, col(CarrierCall.id) == col(CalledLeg.call_id))
        .join(CarrierAccount, col(CarrierAccount.id) == col(CarrierCall.account_id))
        .where(col(CalledLeg.leg_id).in_(legs), col(CarrierAccount.carrier) == account.carrier, _made_since(begun))
        .group_by(col(CalledLeg.leg_id))
    )
    rows = [{"of_leg": leg, "calls": calls} for leg, calls in session.connection().execute(counted)]
    if rows:
        write_many(session, _COUNTED.values(leg_day_started=begun), rows)


_COUNTED = update(LegWatch).where(col(LegWatch.leg_id) == bindparam("of_leg")).values(leg_calls=bindparam("calls"))


def _made_since(begun: datetime) -> ColumnElement[bool]:
    """Reserved or made; a worker that was killed may have made the one it reserved."""
    return (col(CarrierCall.at) >= begun) & col(CarrierCall.outcome).is_distinct_from(Outcome.NOT_MADE)
