"""The page on carriers: where the calls went, what was put off and why, what tomorrow would cost."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

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
from shipments.tracking.accounts.seeing import SEES_LEDGER, Days, Seen, accounts_in_sight, days_asked
from shipments.tracking.calls.accounting import Ledger, glances, ledger
from shipments.tracking.calls.forecasting import Forecast
from shipments.tracking.calls.tallying import CallsSummed
from shipments.tracking.calls.waiting import Held, Waits, held_back


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


class Trouble(StrEnum):
    """What somebody should look at, the worst first."""

    NOT_KNOWN = "not_known"
    STOPPED = "stopped"
    PAUSED = "paused"
    FAILS = "fails"
    WAITS = "waits"
    LACKS = "lacks"


class AccountShown(msgspec.Struct, frozen=True):
    """An account at a glance. `query`: leads to all that is known of it in the same days."""

    gone: CallsSummed
    off: Waits
    next_day: Forecast
    trouble: tuple[Trouble, ...]
    query: str


@get("/carriers", sync_to_thread=True, opt=open_to(SEES_LEDGER))
def show_ledger(request: Request[Any, Any, State], edge: NamedDependency[Edge]) -> Response[bytes]:
    """`account`: the name of one; `since`, `until`: days. Empty fields of the form ask for nothing.

    All accounts at a glance, the troubled first; or everything about one, also where there is but one.
    """
    asked = request.query_params
    name = asked.get("account", "").strip()[:40] or None
    since, until = _day(asked.get("since", ""), "since"), _day(asked.get("until", ""), "until")

    def show(session: Session) -> Response[bytes]:
        who, seen = visitor(session, request, edge), accounts_in_sight(session)
        days = days_asked(since, until, now=edge.now)
        values = {
            "days": days,
            "named": [one.named for one in seen],
            "chosen": name,
            "filtered": bool(name or since or until),
            "amounts": Amounts(who.tongue, edge.now),
            "said_of": ledger_words,
        }
        if name is None and len(seen) != 1:
            shown = at_a_glance(session, seen, days, since, until, now=edge.now)
            return staff_page(request, "carriers.html", who, {**values, "glances": shown})
        told = ledger(session, account=name, since=days.since, until=days.until, now=edge.now)
        return staff_page(request, "ledger.html", who, values | closely(told))

    return edge.read(show)


def at_a_glance(
    session: Session, seen: Sequence[Seen], days: Days, since: date | None, until: date | None, *, now: datetime
) -> list[AccountShown]:
    """The troubled first."""
    asked = {name: day.isoformat() for name, day in (("since", since), ("until", until)) if day is not None}
    shown = [
        AccountShown(
            gone=one.gone,
            off=one.off,
            next_day=one.next_day,
            trouble=troubles_of(one.off, one.next_day),
            query=urlencode({"account": one.off.account, **asked}),
        )
        for one in glances(session, seen, days, now=now)
    ]
    order = list(Trouble)
    return sorted(shown, key=lambda one: order.index(one.trouble[0]) if one.trouble else len(order))


def closely(told: Ledger) -> dict[str, object]:
    """All that the page of one account shows."""
    (gone,), (off,), (next_day,) = told.where_calls_went, told.put_off, told.tomorrow
    return {"gone": gone, "off": off, "next": next_day, "trouble": troubles_of(off, next_day)}


def troubles_of(off: Waits, next_day: Forecast) -> tuple[Trouble, ...]:
    """The worst first. Pure."""
    found = {
        Trouble.NOT_KNOWN: not off.is_known,
        Trouble.STOPPED: off.stopped is not None,
        Trouble.PAUSED: off.paused_until is not None,
        Trouble.FAILS: off.failures > 0,
        Trouble.WAITS: off.legs > 0,
        Trouble.LACKS: next_day.left < 0,
    }
    return tuple(trouble for trouble, is_so in found.items() if is_so)


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
