"""What a simulated month came to: the three that must be nought, and where the calls went."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import case, func
from sqlmodel import Session, col, select

from api.practice_carrier.practice import Called, Practice
from shipments.batches.batch import Leg
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.seeing import accounts_in_sight
from shipments.tracking.calls.call import CarrierCall, Outcome
from shipments.tracking.calls.waiting import Waiting, Waits, Why, waits
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.polling.watch import LegWatch
from shipments.transaction import reading
from tests.bench.month.looking_back import Told, told_by
from tests.bench.month.plan import TERMS
from tests.bench.month.world import World

IN_TIME = timedelta(days=2)  # the longest wait between two calls, and a budget's day
OPEN = "never ended"
NAMING = ("dcsa", "ship24")  # their events have names of their own; the others' are told apart by what they say


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account's month. `said` by the ledger: outcome → calls; `counted` by the carrier itself.

    `legs`: that had left `IN_TIME` ago; `over`: whose journey had ended by then; `behind`: with news of before then
    that is not known; `lost`: of these, those that nobody is to ask about within `IN_TIME`, and all where the account
    is short of no calls. `put_off`: reason → legs that wait now.
    """

    name: str
    legs: int
    said: Mapping[str, int]
    counted: int
    over_limit: int
    over: int
    behind: int
    lost: int
    put_off: Mapping[str, int]

    @property
    def agrees(self) -> bool:
        """Whether the ledger's calls are the carrier's: all that ended were made, and some of those that did not."""
        made = sum(self.said.values()) - self.said.get(Outcome.NOT_MADE, 0)
        return made - self.said.get(OPEN, 0) <= self.counted <= made


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """The month. `events`: how many were recorded."""

    days: float
    workers_killed: int
    events: int
    duplicates: int
    accounts: Sequence[Account]

    @property
    def over_limit(self) -> int:
        """Calls that a carrier counted as over one of its limits."""
        return sum(one.over_limit for one in self.accounts)

    @property
    def lost(self) -> int:
        """Legs with news that is neither known nor put off for a reason."""
        return sum(one.lost for one in self.accounts)

    @property
    def calls(self) -> Counter[str]:
        """All accounts' by outcome."""
        return sum((Counter(one.said) for one in self.accounts), Counter[str]())


def count(world: World, days: float) -> Lived:
    """As it is now, when nobody works any more."""
    now = world.time.now()
    heard = {name: _calls(practice, TERMS[name].carrier) for name, (_, practice) in world.carriers.items()}
    with reading(world.database, EVERYWHERE) as session:
        told = list(told_by(session, world.carriers, world.clock, now - IN_TIME))
        waiting = _waiting(session, now)
        accounts = [
            _account(session, account, heard[account.name], told, waiting[account.name], now)
            for account in session.exec(select(CarrierAccount).order_by(col(CarrierAccount.name))).all()
        ]
        events = session.exec(select(func.count()).select_from(CarrierEvent)).one()
        return Lived(
            days=days,
            workers_killed=world.killed,
            events=events,
            duplicates=_duplicates(session),
            accounts=accounts,
        )


def _calls(practice: Practice, interface: str) -> Sequence[Called]:
    return [one for one in practice.calls if one.interface == interface]


def _account(
    session: Session,
    account: CarrierAccount,
    heard: Sequence[Called],
    told: Sequence[Told],
    reasons: Mapping[str, int],
    now: datetime,
) -> Account:
    ours = [one for one in told if one.account_id == account.id]
    behind = [one.leg_id for one in ours if one.unknown]
    return Account(
        name=account.name,
        legs=len(ours),
        said=_said(session, account),
        counted=len(heard),
        over_limit=sum(one.over_limit is not None for one in heard),
        over=sum(one.is_over for one in ours),
        behind=len(behind),
        lost=len(behind) - (_due(session, behind, now + IN_TIME) if reasons else 0),
        put_off=reasons,
    )


def _said(session: Session, account: CarrierAccount) -> Mapping[str, int]:
    statement = (
        select(CarrierCall.outcome, func.count())
        .where(CarrierCall.account_id == account.id)
        .group_by(col(CarrierCall.outcome))
    )
    return {str(outcome or OPEN): calls for outcome, calls in session.exec(statement)}


def _waiting(session: Session, now: datetime) -> Mapping[str, Mapping[str, int]]:
    """Account → why its due legs are not asked about → how many, as `shipments carriers ledger` shows it."""
    listed = waits(session, accounts_in_sight(session), now=now)
    return {one.account: {why.why.value: why.legs for why in one.waiting if _holds_back(one, why)} for one in listed}


def _holds_back(account: Waits, waiting: Waiting) -> bool:
    """Where no day's budget is short, its turn comes at once: that is no reason."""
    return waiting.why is not Why.ASKED_NOW and (waiting.why is not Why.ITS_TURN or account.per_day is not None)


def _due(session: Session, legs: Sequence[UUID], by: datetime) -> int:
    """How many of them are to be asked about by then."""
    due = set(session.exec(select(LegWatch.leg_id).where(col(LegWatch.due_at) <= by)).all())
    return len(due & set(legs))


def _duplicates(session: Session) -> int:
    """Things that happened once, and were recorded more often, by what they say.

    But not where a carrier itself names what it says by two names, as one that contradicts itself does.
    """
    own_name = case((col(Leg.carrier).in_(NAMING), col(CarrierEvent.source_id)), else_="")
    what = ("leg_id", "raw_code", "occurred_at", "place", "milestone")
    same = (
        select(func.count().label("times"))
        .select_from(CarrierEvent)
        .join(Leg, col(Leg.id) == col(CarrierEvent.leg_id))
        .where(CarrierEvent.classifier == Classifier.ACT, col(CarrierEvent.occurred_at).is_not(None))
        .group_by(*(getattr(CarrierEvent, name) for name in what), own_name)
        .having(func.count() > 1)
        .subquery()
    )
    return int(session.exec(select(func.coalesce(func.sum(same.c.times - 1), 0))).one())
