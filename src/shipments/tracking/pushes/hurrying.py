"""A message that no leg heard still says that there is news of the leg it was subscribed for: that one is asked soon.

So a document whose number is none of ours costs one poll, and never tells a wrong leg anything.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from shipments.database import write_many
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.inbox import under_way
from shipments.tracking.pushes.push import Push, Subscription

AT_MOST_EVERY = timedelta(hours=1)
"""As often as legs near a change are asked about: messages without end cost no more than those."""


def legs_subscribed(session: Session, pushes: Sequence[Push]) -> Mapping[UUID, Sequence[UUID]]:
    """Push → the legs under way, watched with its account, whose subscription it says that it came of.

    That is not proved, since the proof covers the body alone: it is good for a question, not for an answer.
    """
    said = {push.id: (push.account_id, push.subscription_key) for push in pushes if push.subscription_key}
    if not said:
        return {}
    rows = session.execute(
        under_way(col(Subscription.account_id), col(Subscription.carrier_key), col(LegWatch.leg_id))
        .join(Subscription, col(Subscription.leg_id) == col(LegWatch.leg_id))
        .where(col(Subscription.account_id) == col(LegWatch.account_id))
        .where(col(Subscription.account_id).in_({account for account, _ in said.values()}))
        .where(col(Subscription.carrier_key).in_({key for _, key in said.values()}))
    ).all()
    return {push: [leg for account, key, leg in rows if (account, key) == of] for push, of in said.items()}


def ask_soon(session: Session, legs: Collection[UUID], *, now: datetime) -> None:
    """Due now, or an hour after they were asked last; their watches are locked. Those that fail keep their own time.

    Whoever asks about one just now sees that its time has changed, and plans it within the hour.
    """
    if not legs:
        return
    rows = session.execute(
        select(col(LegWatch.leg_id), col(LegWatch.asked_at), col(LegWatch.due_at), col(LegWatch.leased_until))
        .where(col(LegWatch.leg_id).in_(legs), col(LegWatch.due_at).is_not(None), col(LegWatch.failures) == 0)
        .order_by(col(LegWatch.leg_id))
    )
    sooner = []
    for leg, asked_at, due_at, leased_until in rows:
        soon = now if asked_at is None or leased_until is not None else max(now, asked_at + AT_MOST_EVERY)
        if leased_until is not None or soon < due_at:
            sooner.append({"of_leg": leg, "next_at": soon})
    if sooner:
        write_many(session, _DUE, sooner)


_DUE = update(LegWatch).where(col(LegWatch.leg_id) == bindparam("of_leg")).values(due_at=bindparam("next_at"))
