"""The call ledger as people ask it: where did my calls go, what was put off and why, what would tomorrow cost."""

from datetime import date, datetime

import msgspec
from sqlmodel import Session

from shipments.shapes import Instant
from shipments.tracking.accounts.seeing import accounts_in_sight, days_asked
from shipments.tracking.calls.forecasting import Forecast, tomorrow
from shipments.tracking.calls.tallying import CallsGone, where_calls_went
from shipments.tracking.calls.waiting import PutOff, put_off


class Ledger(msgspec.Struct, frozen=True):
    """The three answers, each for every account in sight, by name; `at`: when they held."""

    since: date
    until: date
    at: Instant
    where_calls_went: list[CallsGone]
    put_off: list[PutOff]
    tomorrow: list[Forecast]


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
    return Ledger(
        since=days.since,
        until=days.until,
        at=now,
        where_calls_went=where_calls_went(session, seen, days, now=now),
        put_off=put_off(session, seen, days, now=now),
        tomorrow=tomorrow(session, seen, now=now),
    )
