"""What tomorrow would cost: the calls that the watched legs want as things stand, beside what the budget gives."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil

import msgspec
from sqlmodel import Session

from shipments.shapes import Instant
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.seeing import DAY, Named, Seen
from shipments.tracking.calls.budgets import apart
from shipments.tracking.calls.waiting import most_per_call
from shipments.tracking.calls.wanting import Watched, watched_legs


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

    `stopped`, `paused_until`: none of these calls is made while the account is held back. `new`: legs never answered
    for yet, which count as their mode usually wants. `failing`: legs that fail, which count with every new try, at the
    usual pace and each in a call of its own.
    """

    account: str
    carrier: str
    office: str | None
    stopped: str | None
    paused_until: Instant | None
    legs: int
    new: int
    failing: int
    per_call: int
    wanted: int
    per_day: int | None
    most: int
    left: int
    shares: tuple[Share, ...]


def tomorrow(session: Session, accounts: Sequence[Seen], *, now: datetime) -> list[Forecast]:
    """One for each account, in their order."""
    return [
        forecast(one.row, one.named, watched_legs(session, one.row, now=now), most_per_call(one.row.carrier), now=now)
        for one in accounts
    ]


def forecast(
    account: CarrierAccount, named: Named, watched: Iterable[Watched], per_call: int, *, now: datetime
) -> Forecast:
    """Pure. Calls are as full as can be, yet never fewer than the leg that wants most askings needs."""
    groups = sorted(watched, key=lambda one: one.urgency)
    most = int(DAY / apart(account))
    most = most if account.per_day is None else min(most, account.per_day)
    wanted = [ceil(max(one.askings / per_call + one.alone, one.most)) for one in groups]
    rest, shares = most, []
    for group, calls in zip(groups, wanted, strict=True):
        given = min(rest, calls)
        rest -= given
        shares.append(Share(group.urgency.name.lower(), group.legs, calls, given))
    return Forecast(
        **msgspec.structs.asdict(named),
        stopped=account.stopped_reason,
        paused_until=account.pause_at(now),
        legs=sum(one.legs for one in groups),
        new=sum(one.new for one in groups),
        failing=sum(one.failing for one in groups),
        per_call=per_call,
        wanted=sum(wanted),
        per_day=account.per_day,
        most=most,
        left=most - sum(wanted),
        shares=tuple(shares),
    )
