"""Which accounts somebody may see in the ledger, and how their days are counted."""

from datetime import UTC, date, datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, false, or_, true
from sqlmodel import Session, col, select

from shipments.errors import Invalid, NotFound
from shipments.offices.office import Office
from shipments.offices.person import Role
from shipments.offices.scope import Actor, actor_of
from shipments.shapes import FIRST_YEAR, LAST_YEAR
from shipments.tracking.accounts.account import CarrierAccount

SENDS = frozenset({Role.LOGISTICIAN, Role.COORDINATOR})
LOOKS_ON = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
SEES_LEDGER = SENDS | LOOKS_ON
DAY = timedelta(days=1)
USUAL_DAYS, MOST_DAYS = 7, 92


class Days(msgspec.Struct, frozen=True):
    """From the first day to the last, both included. An account's day is named by the date, UTC, on which it begins."""

    since: date
    until: date

    def begin(self, account: CarrierAccount) -> list[datetime]:
        """When each of these days of the account begins, and at last when the day after them does."""
        count = (self.until - self.since).days + 2
        first = datetime.combine(self.since, datetime.min.time(), UTC) + timedelta(minutes=account.resets_at_minute)
        return [first + number * DAY for number in range(count)]

    def span(self, account: CarrierAccount) -> tuple[datetime, datetime]:
        """When the first of them begins, and when the last one ends."""
        begin = self.begin(account)
        return begin[0], begin[-1]


class Named(msgspec.Struct, frozen=True):
    """An account as it is shown. `office`: the code of the one it serves; None: every office."""

    account: str
    carrier: str
    office: str | None


class Seen(msgspec.Struct, frozen=True):
    """An account in sight."""

    row: CarrierAccount
    named: Named


def days_asked(since: date | None, until: date | None, *, now: datetime) -> Days:
    """The last week where nothing is said. Raises Invalid for days in disorder, too many, or unbelievable ones."""
    last = until or now.astimezone(UTC).date()
    if not FIRST_YEAR <= last.year <= LAST_YEAR:
        raise Invalid([("until", f"a day or a time in the years {FIRST_YEAR} to {LAST_YEAR}")])
    first = since or last - (USUAL_DAYS - 1) * DAY
    if not last - (MOST_DAYS - 1) * DAY <= first <= last:
        raise Invalid([("since", f"a date at most {MOST_DAYS} days before 'until', and not after it")])
    return Days(first, last)


def accounts_in_sight(session: Session, name: str | None = None) -> list[Seen]:
    """Those that the session's actor may see, by name; only the one called `name`, if given.

    An office's account is seen by those who send there, a shared one by those who send anywhere; administrators and
    auditors see those of the offices for which they are one, and shared ones. Raises NotFound for a name out of sight.
    """
    statement = (
        select(CarrierAccount, Office.code)
        .join(Office, col(Office.id) == CarrierAccount.office_id, isouter=True)
        .where(_in_sight(session, actor_of(session)))
        .order_by(col(CarrierAccount.name))
    )
    if name is not None:
        statement = statement.where(CarrierAccount.name == name)
    found = [Seen(row, Named(row.name, row.carrier, office)) for row, office in session.exec(statement)]
    if name is not None and not found:
        raise NotFound("carrier account", name[:40])
    return found


def _in_sight(session: Session, by: Actor) -> ColumnElement[bool]:
    offices = by.offices(SEES_LEDGER)
    if offices is None:
        return true()
    sending = select(Office.id).where(col(Office.id).in_(sorted(by.offices(SENDS) or ())), col(Office.may_send))
    shared = bool(by.offices(LOOKS_ON)) or session.exec(sending.limit(1)).first() is not None
    of_none = col(CarrierAccount.office_id).is_(None) if shared else false()
    return or_(of_none, col(CarrierAccount.office_id).in_(sorted(offices)))
