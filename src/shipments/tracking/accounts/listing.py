"""What an administrator sees of the accounts: whose, what they may ask, what they asked. Never a secret."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlmodel import Session, col

from shipments.tracking.accounts.account import LoginKind, PausedWhy
from shipments.tracking.accounts.known import is_known
from shipments.tracking.accounts.seeing import accounts_in_sight
from shipments.tracking.calls.budgets import day_start
from shipments.tracking.calls.failing import FailedLast, failed_last
from shipments.tracking.polling.watch import LegWatch


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """One account. `legs`: that use it; `due`: still asked about. `used`: calls of its day that `now` lies in.

    `is_known`: whether this version knows its carrier. `token_until`: where an OAuth 2 login has a token.
    `paused_until`, `stopped`: what holds it back, None: nothing; `paused_why` None: not known.
    `failures`: since an answer last came; `failed_last`: of one that fails or is paused.
    """

    name: str
    carrier: str
    is_known: bool
    office: str | None
    login: LoginKind
    per_second: float
    per_day: int | None
    per_leg_per_day: int | None
    resets_at_minute: int
    used: int
    legs: int
    due: int
    token_until: datetime | None
    paused_until: datetime | None
    paused_why: PausedWhy | None
    failures: int
    failed_last: FailedLast | None
    stopped: str | None
    has_hook: bool


def list_accounts(session: Session, *, now: datetime) -> Sequence[AccountLine]:
    """Those that the session's actor may see, by name."""
    counted = select(col(LegWatch.account_id), func.count(), func.count(col(LegWatch.due_at)))
    legs = {id: (all_of_it, due) for id, all_of_it, due in session.execute(counted.group_by(col(LegWatch.account_id)))}
    lines = []
    seen_ones = accounts_in_sight(session)
    failed = failed_last(session, [one.row for one in seen_ones], now=now)
    for seen in seen_ones:
        row = seen.row
        begun = day_start(row, now)
        all_of_it, due = legs.get(row.id, (0, 0))
        lines.append(
            AccountLine(
                name=row.name,
                carrier=row.carrier,
                is_known=is_known(row),
                office=seen.named.office,
                login=row.login,
                per_second=row.per_second,
                per_day=row.per_day,
                per_leg_per_day=row.per_leg_per_day,
                resets_at_minute=row.resets_at_minute,
                used=row.day_calls if row.day_started is not None and row.day_started >= begun else 0,
                legs=all_of_it,
                due=due,
                token_until=row.token_until if row.token_until and row.token_until > now else None,
                paused_until=row.pause_at(now),
                paused_why=row.paused_why if row.pause_at(now) else None,
                failures=row.failures,
                failed_last=failed.get(row.id),
                stopped=row.stopped_reason,
                has_hook=row.hook_secret_sealed is not None,
            )
        )
    return lines
