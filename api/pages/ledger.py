"""The page on carriers: where the calls went, what was put off and why, what tomorrow would cost."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from babel.dates import format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlmodel import Session

from api.access import open_to
from api.edge import Edge
from api.pages import ledger_words
from api.pages.speech import Tongue
from api.pages.visiting import staff_page, visitor
from shipments.errors import Invalid
from shipments.offices.scope import actor_of
from shipments.tracking.accounts.seeing import SEES_LEDGER, accounts_in_sight
from shipments.tracking.calls.accounting import Ledger, ledger
from shipments.tracking.calls.forecasting import Forecast
from shipments.tracking.calls.tallying import CallsGone
from shipments.tracking.calls.waiting import Held, PutOff, held_back


class Amounts(msgspec.Struct, frozen=True):
    """Times and sizes as a language says them. `now`: from which times are told."""

    tongue: Tongue
    now: datetime

    def away(self, at: datetime) -> str:
        """As in "in 5 hours", "3 days ago"."""
        locale = self.tongue.locale
        return self.tongue.digits(format_timedelta(at - self.now, add_direction=True, locale=locale))

    def since(self, at: datetime) -> str:
        """As in "5 hours"."""
        return self.lasting((self.now - at).total_seconds())

    def lasting(self, seconds: float) -> str:
        """As in "5 hours"."""
        return self.tongue.digits(format_timedelta(timedelta(seconds=seconds), locale=self.tongue.locale))

    def data(self, size: int) -> str:
        """Kilobytes, or megabytes of which there are many."""
        unit, count = ("digital-kilobyte", size / 1e3) if size < 1e6 else ("digital-megabyte", size / 1e6)
        return self.tongue.digits(format_unit(count, unit, "short", "#,##0.#", locale=self.tongue.locale))

    def ratio(self, share: float) -> str:
        """To a hundredth."""
        return self.tongue.digits(str(format_decimal(share, "0.##", locale=self.tongue.locale)))


class AccountShown(msgspec.Struct, frozen=True):
    """The three answers about one account."""

    gone: CallsGone
    off: PutOff
    next_day: Forecast


@get("/carriers", sync_to_thread=True, opt=open_to(SEES_LEDGER))
def show_ledger(request: Request[Any, Any, State], edge: NamedDependency[Edge]) -> Response[bytes]:
    """`account`: the name of one; `since`, `until`: days. Empty fields of the form ask for nothing."""
    asked = request.query_params
    name = asked.get("account", "").strip()[:40] or None
    since, until = _day(asked.get("since", ""), "since"), _day(asked.get("until", ""), "until")

    def show(session: Session) -> Response[bytes]:
        who = visitor(session, request, edge)
        told = ledger(session, account=name, since=since, until=until, now=edge.now)
        values = {
            "told": told,
            "accounts": accounts_of(told),
            "named": [one.named for one in accounts_in_sight(session)],
            "chosen": name,
            "filtered": bool(name or since or until),
            "amounts": Amounts(who.tongue, edge.now),
            "said_of": ledger_words,
        }
        return staff_page(request, "ledger.html", who, values)

    return edge.read(show)


def accounts_of(told: Ledger) -> list[AccountShown]:
    """Account by account."""
    three = zip(told.where_calls_went, told.put_off, told.tomorrow, strict=True)
    return [AccountShown(*one) for one in three]


def accounts_held(session: Session, now: datetime) -> list[Held]:
    """For the board: what is stopped, paused or far behind, of the accounts in sight; nothing for other roles."""
    if not actor_of(session).roles & SEES_LEDGER:
        return []
    return held_back(session, accounts_in_sight(session), now=now)


def _day(typed: str, field: str) -> date | None:
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise Invalid([(field, "a day such as 2026-03-01")]) from error


HANDLERS = [show_ledger]
