"""What went wrong with legs lately: when their carriers were asked, or were to tell by themselves."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.push import Subscription


def troubles_of(session: Session, legs: Sequence[UUID]) -> dict[UUID, str]:
    """Leg → in one line, in English, without numbers or names; without legs that are in no trouble."""
    tried_again = or_(col(Subscription.failures) > 0, col(Subscription.due_at).is_not(None))
    failing = and_(col(Subscription.leg_id) == col(LegWatch.leg_id), tried_again)
    rows = session.execute(
        select(col(LegWatch.leg_id), col(LegWatch.trouble), col(Subscription.trouble))
        .outerjoin(Subscription, failing)
        .where(col(LegWatch.leg_id).in_(legs))
    )
    lines = {leg: " ".join(filter(None, said)) for leg, *said in rows}
    return {leg: line for leg, line in lines.items() if line}
