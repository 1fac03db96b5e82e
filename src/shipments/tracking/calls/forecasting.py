"""What tomorrow would cost: the calls that the watched legs want as things stand, beside what the budget gives."""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

import msgspec
from sqlalchemy import case, func
from sqlmodel import Session, col, select

from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.seeing import DAY, Named, Seen
from shipments.tracking.calls.budgets import apart
from shipments.tracking.calls.waiting import most_per_call
from shipments.tracking.polling.watch import LegWatch, Urgency

DAY_S = int(DAY.total_seconds())


class Watched(msgspec.Struct, frozen=True):
    """Legs of one urgency, added up. `askings`: how often a day all of them want to be asked about, `most` the one that
    wants it most often. `new`: those never asked about yet; what they will want is not known, so it counts as once.
    """

    urgency: Urgency
    legs: int
    askings: float
    most: float
    new: int


class Share(msgspec.Struct, frozen=True):
    """What legs of one urgency want of tomorrow's calls, and get. `urgency`: near_a_change, under_way or quiet."""

    urgency: str
    legs: int
    wanted: int
    given: int


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What one account's next day would cost. Pages of long answers, tokens and subscriptions come on top.

    `per_call`: legs that fit into one call. `most`: the calls that budget and speed allow. `left`: negative where calls
    are lacking; then `shares`, the most urgent first, say who gets fewer than it wants: the last gives way first.
    """

    account: str
    carrier: str
    office: str | None
    legs: int
    new: int
    per_call: int
    wanted: int
    per_day: int | None
    most: int
    left: int
    shares: tuple[Share, ...]


def tomorrow(session: Session, accounts: Sequence[Seen]) -> list[Forecast]:
    """One for each account, in their order."""
    watched = {one.row.id: _watched(session, one.row) for one in accounts}
    return [forecast(one.row, one.named, watched[one.row.id], most_per_call(one.row.carrier)) for one in accounts]


def forecast(account: CarrierAccount, named: Named, watched: Iterable[Watched], per_call: int) -> Forecast:
    """Pure. Calls are as full as can be, yet never fewer than the leg that wants most askings needs."""
    groups = sorted(watched, key=lambda one: one.urgency)
    most = int(DAY / apart(account))
    most = most if account.per_day is None else min(most, account.per_day)
    wanted = [ceil(max(one.askings / per_call, one.most)) for one in groups]
    rest, shares = most, []
    for group, calls in zip(groups, wanted, strict=True):
        given = min(rest, calls)
        rest -= given
        shares.append(Share(group.urgency.name.lower(), group.legs, calls, given))
    return Forecast(
        **msgspec.structs.asdict(named),
        legs=sum(one.legs for one in groups),
        new=sum(one.new for one in groups),
        per_call=per_call,
        wanted=sum(wanted),
        per_day=account.per_day,
        most=most,
        left=most - sum(wanted),
        shares=tuple(shares),
    )


def _watched(session: Session, account: CarrierAccount) -> list[Watched]:
    """Added up by the database, each leg's wish cut to what one leg may have a day."""
    askings = float(DAY_S) / func.coalesce(col(LegWatch.wait_s), DAY_S)
    if account.per_leg_per_day is not None:
        askings = case((askings > account.per_leg_per_day, float(account.per_leg_per_day)), else_=askings)
    new = func.sum(case((col(LegWatch.wait_s).is_(None), 1), else_=0))
    columns: Any = (
        col(LegWatch.urgency),
        func.count(),
        func.sum(askings),
        func.max(askings),
        new,
    )  # Any: five are too many
    statement = (
        select(*columns)
        .where(LegWatch.account_id == account.id, col(LegWatch.due_at).is_not(None))
        .group_by(col(LegWatch.urgency))
    )
    return [
        Watched(Urgency(urgency), legs, float(total), float(most), new)
        for urgency, legs, total, most, new in session.exec(statement)
    ]
