"""What carriers shall be asked to tell of by themselves: marked as due, for the job to make the calls."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlmodel import Session, col

from shipments.database import insert_or_ignore, new_id
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.hooking import FORMER_SERVES
from shipments.tracking.accounts.known import is_known
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.pushing import Subscribes, shares_subscriptions
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.polling.ways import ways_of
from shipments.tracking.pushes.letting_go import when_to_end
from shipments.tracking.pushes.push import Subscription
from shipments.tracking.pushes.subscribing import may_be_told

MOST_ENTERED = 1_000
NOT_TOLD = "The carrier does not tell of this number by itself: it is polled only."


class Lacking(msgspec.Struct, frozen=True):
    """What is not as it shall be. `missing`: account → legs that its carrier is not asked to tell of yet.

    `over`: subscriptions of legs that nobody asks about any more; `resumed`: those that were to be ended, of legs that
    travel again; `outdated`: those made with the former secret.
    """

    missing: Mapping[UUID, Sequence[UUID]]
    over: Sequence[UUID]
    resumed: Sequence[UUID]
    outdated: Sequence[UUID]

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is to be written."""
        return not (any(self.missing.values()) or self.over or self.resumed or self.outdated)


def lacking(session: Session, *, base_url: str, now: datetime) -> Lacking:
    """Only reads, and looks through all legs and subscriptions: so that nobody who writes has to wait for it."""
    told = _told(session, base_url)
    over, resumed, outdated = list[UUID](), list[UUID](), list[UUID]()
    for account in told:
        until, shared = account.hook_former_until, shares_subscriptions(CARRIERS[account.carrier])
        lives_on = col(Subscription.due_at).is_(None) if shared else _settled(now)
        over += _found(session, account, _IS_OVER, or_(col(Subscription.carrier_key).is_(None), lives_on))
        if shared:
            resumed += _found(session, account, _WAS_TO_END)
        elif until is not None and until > now:  # while the former one serves, each gets the new one
            outdated += _found(session, account, col(Subscription.made_at) < until - FORMER_SERVES, _settled(now))
    return Lacking({account.id: _missing(session, account) for account in told}, over, resumed, outdated)


def enter_subscriptions(session: Session, found: Lacking, *, now: datetime) -> None:
    """Marks what is to be asked for, renewed and ended; of what is over, that without a key ends by itself."""
    for account_id, legs in found.missing.items():
        _enter(session, session.get_one(CarrierAccount, account_id), legs, now)
    over = col(Subscription.id).in_(found.over)
    gone = delete(Subscription).where(over, col(Subscription.carrier_key).is_(None), _IS_OVER)
    session.execute(gone, execution_options=_UNSEEN)
    to_end = update(Subscription).where(over, _IS_OVER, _settled(now)).values(due_at=when_to_end(now))
    resumed = update(Subscription).where(col(Subscription.id).in_(found.resumed), _WAS_TO_END)
    outdated = update(Subscription).where(col(Subscription.id).in_(found.outdated), _settled(now)).values(due_at=now)
    # Whether it was ended meanwhile, by whoever was killed or got no answer, only its carrier knows.
    asked_anew = resumed.values(carrier_key=None, due_at=now, failures=0, trouble=None)
    for change in (to_end, asked_anew, outdated):
        session.execute(change, execution_options=_UNSEEN)


def accounts_with_errands(session: Session, *, base_url: str, now: datetime) -> Sequence[UUID]:
    """Those of which something is due; of those that are told nothing any more, what is to be ended."""
    told = [account.id for account in _told(session, base_url)]
    due = select(col(Subscription.account_id)).where(col(Subscription.due_at) <= now).distinct()
    theirs = or_(col(Subscription.account_id).in_(told), col(Subscription.leg_id).is_(None))
    accounts = select(CarrierAccount).where(col(CarrierAccount.id).in_(due.where(theirs)))
    found = session.execute(accounts.order_by(col(CarrierAccount.id))).scalars()
    return [account.id for account in found if is_known(account)]


def _told(session: Session, base_url: str) -> Sequence[CarrierAccount]:
    hooked = select(CarrierAccount).where(col(CarrierAccount.hook_secret_sealed).is_not(None))
    accounts = session.execute(hooked.order_by(col(CarrierAccount.id))).scalars().all()
    return [account for account in accounts if may_be_told(account, base_url)]


def _missing(session: Session, account: CarrierAccount) -> Sequence[UUID]:
    missing = (
        select(col(LegWatch.leg_id))
        .outerjoin(Subscription, col(Subscription.leg_id) == col(LegWatch.leg_id))
        .where(col(LegWatch.account_id) == account.id, col(LegWatch.due_at).is_not(None))
        .where(col(Subscription.id).is_(None))
        .limit(MOST_ENTERED)
    )
    return session.execute(missing).scalars().all()


def _found(session: Session, account: CarrierAccount, *which: ColumnElement[bool]) -> Sequence[UUID]:
    found = select(col(Subscription.id)).where(col(Subscription.account_id) == account.id, *which)
    return session.execute(found.limit(MOST_ENTERED)).scalars().all()


def _enter(session: Session, account: CarrierAccount, legs: Sequence[UUID], now: datetime) -> None:
    carrier = CARRIERS[account.carrier]
    assert isinstance(carrier, Subscribes), "looked at by may_be_told"
    rows = []
    for leg, way in ways_of(session, legs).items():
        told = carrier.may_subscribe(way.asked)
        row = {"id": new_id(), "leg_id": leg, "account_id": account.id, "failures": 0}
        rows.append({**row, "due_at": now if told else None, "trouble": None if told else NOT_TOLD})
    insert_or_ignore(session, Subscription.__table__, rows)  # type: ignore[attr-defined]


_UNSEEN = {"synchronize_session": False}
_ITS_WATCH = exists().where(
    col(LegWatch.leg_id) == col(Subscription.leg_id), col(LegWatch.account_id) == col(Subscription.account_id)
)
_IS_OVER = _ITS_WATCH.where(col(LegWatch.due_at).is_(None))
_WAS_TO_END: ColumnElement[bool] = and_(
    _ITS_WATCH.where(col(LegWatch.due_at).is_not(None)),
    col(Subscription.carrier_key).is_not(None),
    col(Subscription.due_at).is_not(None),
)
"""Of what is shared: it lives for ever, and is due only to be ended."""


def _settled(now: datetime) -> ColumnElement[bool]:
    """Of those without trouble, what is not due: the others are tried again in their own time."""
    later = or_(col(Subscription.due_at).is_(None), col(Subscription.due_at) > now)
    return col(Subscription.trouble).is_(None) & later
