"""Reading what carriers told us by themselves: which legs it speaks of, and what it adds to what is known of them."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from shipments.errors import CarrierUnreadable, SealBroken
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.carriers import CARRIERS, parcels
from shipments.tracking.carriers.answers import Answer, LegAsked
from shipments.tracking.carriers.pushing import Pushes
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.hearing import hear
from shipments.tracking.milestones import Milestone
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.polling.ways import ways_of
from shipments.tracking.pushes.inbox import claim_waiting, legs_named, open_push, park
from shipments.tracking.pushes.push import Push, PushState

MOST_BYTES = 1024 * 1024  # in one transaction: while it lasts, SQLite lets nobody else write
_A_MOMENT = timedelta(microseconds=1)
log = logging.getLogger(__name__)


class PushesHeard(msgspec.Struct):
    """What reading came to. `unknown`: (leg, code) of codes that nobody mapped."""

    read: int = 0
    parked: int = 0
    unreadable: int = 0
    new: int = 0
    unknown: Sequence[tuple[UUID, str]] = ()

    def add(self, other: "PushesHeard") -> None:
        """The counts of both."""
        self.read += other.read
        self.parked += other.parked
        self.unreadable += other.unreadable
        self.new += other.new


class _Message(msgspec.Struct):
    """A push, open, with the numbers in it; `problems` fills as it is read."""

    push: Push
    carrier: Pushes
    body: bytes
    references: frozenset[str]
    problems: list[str] = []


def hear_waiting(session: Session, ring: KeyRing, *, most: int, now: datetime, only: UUID | None = None) -> PushesHeard:
    """Reads up to `most` messages that wait, oldest first, or `only` the one; each is heard, parked or unreadable then.

    A message that cannot be read says so in its row and is never tried again. Nothing else stops the others.
    """
    pushes = claim_waiting(session, most=most, most_bytes=MOST_BYTES, only=only)
    messages = _opened(session, ring, pushes, now)
    legs = _locked_legs(session, messages)
    for message in messages:
        if not legs[message.push.id]:
            park(session, message.push, message.references, now=now)
    done = _hear(session, [one for one in messages if legs[one.push.id]], legs, now)
    states = Counter(push.state for push in pushes)
    done.read = len(pushes)
    done.parked, done.unreadable = states[PushState.PARKED], states[PushState.UNREADABLE]
    return done


def give_up(session: Session, push_id: UUID, why: str, *, now: datetime) -> None:
    """A message that still waits is unreadable from now on."""
    for push in claim_waiting(session, most=1, most_bytes=MOST_BYTES, only=push_id):
        _end(push, PushState.UNREADABLE, why, now)


def _opened(session: Session, ring: KeyRing, pushes: Sequence[Push], now: datetime) -> list[_Message]:
    ids = {push.account_id for push in pushes}
    accounts = session.execute(select(CarrierAccount).where(col(CarrierAccount.id).in_(ids))).scalars()
    carriers = {account.id: CARRIERS.get(account.carrier) for account in accounts}
    messages = []
    for push in pushes:
        try:
            messages.append(_open(ring, push, carriers.get(push.account_id)))
        except Exception as error:  # whatever is wrong with one message costs no other
            _end(push, PushState.UNREADABLE, _words(error), now)
    return messages


def _open(ring: KeyRing, push: Push, carrier: object) -> _Message:
    if not isinstance(carrier, Pushes):
        raise CarrierUnreadable("The carrier of this account does not tell us by itself any more.")
    body = open_push(ring, push)
    references = carrier.pushed_references(body)
    if not references:
        raise CarrierUnreadable("The message names no number: nothing tells which leg it is about.")
    return _Message(push, carrier, body, references)


def _locked_legs(session: Session, messages: Sequence[_Message]) -> Mapping[UUID, Sequence[UUID]]:
    """Push → its legs, their watches locked, in one order for everybody, as `hear` wants it."""
    named = {one.push.id: one.references for one in messages}
    legs = legs_named(session, named, {one.push.id: one.push.account_id for one in messages})
    every = {leg for some in legs.values() for leg in some}
    if not every:
        return legs
    locked = set(
        session.execute(
            select(col(LegWatch.leg_id))
            .where(col(LegWatch.leg_id).in_(every))
            .order_by(col(LegWatch.leg_id))
            .with_for_update()
        ).scalars()
    )
    return {push: [leg for leg in some if leg in locked] for push, some in legs.items()}


def _hear(
    session: Session, messages: Sequence[_Message], legs: Mapping[UUID, Sequence[UUID]], now: datetime
) -> PushesHeard:
    every = sorted({leg for message in messages for leg in legs[message.push.id]})
    asked = {leg: way.asked for leg, way in ways_of(session, every).items()}
    done, unknown = PushesHeard(), list[tuple[UUID, str]]()
    for number, turn in enumerate(_turns(messages, legs)):
        moment = now + number * _A_MOMENT  # two messages about one leg are not said at the same time
        returned = _returned_since(session, every)
        answers = {
            leg: (message, _after_return(answer, returned.get(leg)))
            for leg, message in turn.items()
            if (answer := _read(message, asked[leg], moment)) is not None
        }
        heard = hear(session, {leg: answer for leg, (_, answer) in answers.items()}, now=moment)
        for leg, (message, answer) in answers.items():
            message.push.news += heard.new.get(leg, 0)
            message.problems += answer.problems
        _note_pushed(session, {leg: answer for leg, (_, answer) in answers.items() if answer.found}, now)
        done.new += sum(heard.new.values())
        unknown += heard.unknown
    for message in messages:
        if message.push.state is PushState.WAITING:
            _end(message.push, PushState.HEARD, "; ".join(dict.fromkeys(message.problems)), now)
    done.unknown = unknown
    return done


def _turns(messages: Iterable[_Message], legs: Mapping[UUID, Sequence[UUID]]) -> Sequence[Mapping[UUID, _Message]]:
    """Leg → message, each leg once a turn: messages about one leg are heard one after the other."""
    turns: list[dict[UUID, _Message]] = []
    before: Counter[UUID] = Counter()
    for message in messages:
        for leg in legs[message.push.id]:
            if before[leg] == len(turns):
                turns.append({})
            turns[before[leg]][leg] = message
            before[leg] += 1
    return turns


def _read(message: _Message, leg: LegAsked, now: datetime) -> Answer | None:
    if message.push.state is PushState.UNREADABLE:
        return None
    try:
        return message.carrier.read_pushed(message.body, leg, heard_at=now)
    except Exception as error:  # whatever is wrong with one message costs no other
        _end(message.push, PushState.UNREADABLE, _words(error), now)
        return None


def _returned_since(session: Session, legs: Sequence[UUID]) -> Mapping[UUID, datetime]:
    """Leg → when it was first said to be sent back."""
    rows = session.execute(
        select(col(CarrierEvent.leg_id), func.min(col(CarrierEvent.occurred_at)))
        .where(
            col(CarrierEvent.leg_id).in_(legs),
            col(CarrierEvent.milestone) == Milestone.RETURNING,
            col(CarrierEvent.classifier) == Classifier.ACT,
        )
        .group_by(col(CarrierEvent.leg_id))
    )
    return {leg: at for leg, at in rows if at is not None}


def _after_return(answer: Answer, returned_at: datetime | None) -> Answer:
    """A message holds only what is new: what came before it must be looked up, or a return would be a delivery."""
    if returned_at is None or not answer.events:
        return answer
    known = msgspec.structs.replace(answer.events[0], milestone=Milestone.RETURNING, occurred_at=returned_at)
    _, *events = parcels.delivered_back([known, *answer.events])
    return msgspec.structs.replace(answer, events=tuple(events))


def _note_pushed(session: Session, answers: Mapping[UUID, Answer], now: datetime) -> None:
    """From now on these legs are asked about rarely."""
    expected: dict[datetime | None, list[UUID]] = defaultdict(list)
    for leg, answer in answers.items():
        expected[answer.expected_to].append(leg)
    for arrival, legs in expected.items():
        values = {"pushed_at": now} if arrival is None else {"pushed_at": now, "arrival_at": arrival}
        session.execute(
            update(LegWatch).where(col(LegWatch.leg_id).in_(legs)).values(**values),
            execution_options={"synchronize_session": False},
        )


def _end(push: Push, state: PushState, trouble: str, now: datetime) -> None:
    push.state, push.read_at = state, now
    push.trouble = trouble[:300] or None


def _words(error: Exception) -> str:
    if isinstance(error, CarrierUnreadable | SealBroken):
        return str(error)
    log.error("a message could not be read, in a way that was not foreseen: %s", type(error).__name__)
    return f"The message could not be read: {type(error).__name__}."
