"""Who is asked first where not everybody can be: due legs in the order of their account's next calls."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlmodel import Session, col

from shipments.tracking.polling.watch import LegWatch, Urgency

STARVING = timedelta(days=1)
THEIR_TURN = 4  # one call in so many goes to whoever has waited for more than a day, however urgent the others are


class Candidate(msgspec.Struct, frozen=True):
    """A leg that may be asked now, locked, as its watch says."""

    leg_id: UUID
    urgency: int
    due_at: datetime
    fence: int
    failures: int
    since: datetime | None
    leg_day_started: datetime | None
    leg_calls: int
    answer_digest: bytes | None

    def is_spent(self, day: datetime, most: int | None) -> bool:
        """Whether it was asked about as often as it may, in the account's day that began then."""
        asked_today = self.leg_day_started is not None and self.leg_day_started >= day
        return most is not None and asked_today and self.leg_calls >= most

    def is_starving(self, now: datetime) -> bool:
        """Whether it has waited for more than a day."""
        return self.due_at < now - STARVING


_COLUMNS = tuple(getattr(LegWatch, name) for name in Candidate.__struct_fields__)


def due_legs(session: Session, account_id: UUID, *, most: int, now: datetime) -> dict[Urgency, list[Candidate]]:
    """By urgency up to `most` due legs, the longest due first; locked, without those that others hold."""
    return {urgency: _legs(session, account_id, urgency, None, now, most, now) for urgency in Urgency}


def legs_due_soon(
    session: Session, account_id: UUID, *, until: datetime, most: int, now: datetime
) -> Iterator[Candidate]:
    """Up to `most` legs that are due by then and not yet, the soonest first."""
    found = [_legs(session, account_id, urgency, now, until, most, now) for urgency in Urgency]
    return iter(sorted(chain(*found), key=lambda leg: leg.due_at)[:most])


def _legs(
    session: Session, account_id: UUID, urgency: Urgency, after: datetime | None, by: datetime, most: int, now: datetime
) -> list[Candidate]:
    """One limited look into the index by account, urgency and due time: its cost is that of `most`, not of all legs."""
    statement: Any = (  # Any: a select of many columns
        select(*_COLUMNS)
        .where(
            col(LegWatch.account_id) == account_id,
            col(LegWatch.urgency) == urgency,
            col(LegWatch.due_at) <= by,
            or_(col(LegWatch.leased_until).is_(None), col(LegWatch.leased_until) <= now),
        )
        .order_by(col(LegWatch.due_at))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    if after is not None:
        statement = statement.where(col(LegWatch.due_at) > after)
    return [Candidate(*row) for row in session.connection().execute(statement)]


def is_their_turn(calls_before: int) -> bool:
    """Whether the next call of a day belongs to those who have waited, after so many."""
    return calls_before % THEIR_TURN == THEIR_TURN - 1


def in_order(
    due: dict[Urgency, list[Candidate]], *, now: datetime, calls_before: int, per_call: int
) -> list[Candidate]:
    """Near a change first, then whoever has waited for over a day, then under way, then quiet: so nobody starves.

    Every fourth call of a day belongs to those who have waited: `calls_before` of its calls were made already.
    """
    urgent, patient = due[Urgency.NEAR_A_CHANGE], [*due[Urgency.UNDER_WAY], *due[Urgency.QUIET]]
    starving = sorted((leg for leg in patient if leg.is_starving(now)), key=lambda leg: leg.due_at)
    others = [leg for leg in patient if not leg.is_starving(now)]
    return [*_by_turns(urgent, starving, calls_before, per_call), *others]


def _by_turns(
    urgent: Sequence[Candidate], starving: Sequence[Candidate], calls_before: int, per_call: int
) -> Iterator[Candidate]:
    first, second = list(reversed(urgent)), list(reversed(starving))
    place = calls_before * per_call
    while first or second:
        theirs = is_their_turn(place // per_call)
        yield (second if second and (theirs or not first) else first).pop()
        place += 1
