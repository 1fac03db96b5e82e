"""The call ledger as people ask it: where did my calls go, what was put off and why, what would tomorrow cost."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from sqlmodel import Session

from shipments.shapes import Instant
from shipments.tracking.accounts.seeing import Days, Seen, accounts_in_sight, days_asked
from shipments.tracking.calls.forecasting import Forecast, tomorrow
from shipments.tracking.calls.leg_calls import calls_by_leg
from shipments.tracking.calls.tallying import CallsGone, CallsSummed, calls_summed, where_calls_went
from shipments.tracking.calls.waiting import PutOff, Waits, put_off, waits


class Ledger(msgspec.Struct, frozen=True):
    """The three answers, each for every account in sight, by name; `at`: when they held."""

    since: date
    until: date
    at: Instant
    where_calls_went: list[CallsGone]
    put_off: list[PutOff]
    tomorrow: list[Forecast]


class Glance(msgspec.Struct, frozen=True):
    """The three answers about one account, without what takes reading its legs one by one."""

    gone: CallsSummed
    off: Waits
    next_day: Forecast


def ledger(
    session: Session,
    *,
    account: str | None = None,
    since: date | None = None,
    until: date | None = None,
    now: datetime,
) -> Ledger:
    """For the session's actor; of the last week where no days are named. Raises NotFound (account), Invalid (days)."""
    days = days_asked(since, until, now=now)
    seen = accounts_in_sight(session, account)
    by_leg = {one.row.id: calls_by_leg(session, one.row.id, *days.span(one.row)) for one in seen}
    return Ledger(
        since=days.since,
        until=days.until,
        at=now,
        where_calls_went=where_calls_went(session, seen, days, by_leg, now=now),
        put_off=put_off(session, seen, by_leg, now=now),
        tomorrow=tomorrow(session, seen, now=now),
    )


def glances(session: Session, seen: Sequence[Seen], days: Days, *, now: datetime) -> list[Glance]:
    """Of these accounts, in their order."""
    three = (
        calls_summed(session, seen, days, now=now),
        waits(session, seen, now=now),
        tomorrow(session, seen, now=now),
    )
    return [Glance(*one) for one in zip(*three, strict=True)]
