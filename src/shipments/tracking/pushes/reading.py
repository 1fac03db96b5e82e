"""Reading what carriers told us by themselves: which legs it speaks of, and what it adds to what is known of them."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import case, literal, select, update
from sqlmodel import Session, col

from shipments.database import UtcDateTime
from shipments.errors import CarrierUnreadable, SealBroken
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Answer, LegAsked
from shipments.tracking.carriers.pushing import Pushes
from shipments.tracking.hearing import hear
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.polling.ways import ways_of
from shipments.tracking.pushes.comparing import beside_what_is_known
from shipments.tracking.pushes.hurrying import ask_soon, legs_subscribed
from shipments.tracking.pushes.inbox import claim_waiting, legs_named, open_push, park
from shipments.tracking.pushes.push import Push, PushState

MOST_REFERENCES = 1_000  # of one message; databases limit the values of one statement
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

    A message that cannot be read says so in its row and is never tried again. Nothing else stops the others. What no
    leg heard makes the leg that it was subscribed for be asked soon.
    """
    pushes = claim_waiting(session, most=most, most_bytes=MOST_BYTES, only=only)
    messages = _opened(session, ring, pushes, now)
    subscribed = legs_subscribed(session, pushes)
    legs = _locked_legs(session, messages, chain(*subscribed.values()))
    for message in messages:
        if not legs[message.push.id]:
            park(session, message.push, message.references, now=now)
            _end(message.push, PushState.PARKED, _trouble(message), now)
    done = _hear(session, [one for one in messages if legs[one.push.id]], legs, now)
    unheard = [push.id for push in pushes if push.state is not PushState.HEARD]
    ask_soon(session, {leg for push in unheard for leg in subscribed.get(push, ())}, now=now)
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
    if len(references) <= MOST_REFERENCES:
        return _Message(push, carrier, body, references)
    beyond = f"it names {len(references)} numbers: {len(references) - MOST_REFERENCES} of them are not looked for"
    return _Message(push, carrier, body, frozenset(sorted(references)[:MOST_REFERENCES]), [beyond])


def _locked_legs(
    session: Session, messages: Sequence[_Message], others: Iterable[UUID]
) -> Mapping[UUID, Sequence[UUID]]:
    """Push → its legs, their watches and those of `others` locked, in one order for everybody, as `hear` wants it."""
    named = {one.push.id: one.references for one in messages}
    legs = legs_named(session, named, {one.push.id: one.push.account_id for one in messages})
    every = {*chain(*legs.values()), *others}
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
        # Two messages about one leg are not said at the same time.
        came_at = {leg: message.push.received_at + number * _A_MOMENT for leg, message in turn.items()}
        read = {leg: _read(message, asked[leg], came_at[leg], now) for leg, message in turn.items()}
        said = {leg: answer for leg, answer in read.items() if answer is not None}
        answers = beside_what_is_known(session, said, came_at)
        heard = hear(session, answers, now=now + number * _A_MOMENT, came_at=came_at)
        for leg, answer in answers.items():
            turn[leg].push.news += heard.new.get(leg, 0)
            turn[leg].problems += answer.problems
        _note_pushed(session, {leg: answer for leg, answer in answers.items() if answer.found}, came_at)
        done.new += sum(heard.new.values())
        unknown += heard.unknown
    for message in messages:
        if message.push.state is PushState.WAITING:
            _end(message.push, PushState.HEARD, _trouble(message), now)
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


def _read(message: _Message, leg: LegAsked, came_at: datetime, now: datetime) -> Answer | None:
    if message.push.state is PushState.UNREADABLE:
        return None
    try:
        return message.carrier.read_pushed(message.body, leg, heard_at=came_at)
    except Exception as error:  # whatever is wrong with one message costs no other
        _end(message.push, PushState.UNREADABLE, _words(error), now)
        return None


def _note_pushed(session: Session, answers: Mapping[UUID, Answer], came_at: Mapping[UUID, datetime]) -> None:
    """From now on these legs are asked about rarely; what a poll says next is read, be it what the last one said."""
    expected: dict[tuple[datetime, datetime | None], list[UUID]] = defaultdict(list)
    for leg, answer in answers.items():
        expected[came_at[leg], answer.expected_to].append(leg)
    before = col(LegWatch.pushed_at)
    for (came, arrival), legs in expected.items():
        pushed_at = case((before > came, before), else_=literal(came, UtcDateTime))
        values: dict[str, Any] = {"pushed_at": pushed_at, "answer_digest": None}  # Any: columns
        if arrival is not None:
            values["arrival_at"] = arrival
        session.execute(
            update(LegWatch).where(col(LegWatch.leg_id).in_(legs)).values(**values),
            execution_options={"synchronize_session": False},
        )


def _end(push: Push, state: PushState, trouble: str, now: datetime) -> None:
    push.state, push.read_at = state, now
    push.trouble = trouble[:300] or None


def _trouble(message: _Message) -> str:
    return "; ".join(dict.fromkeys(message.problems))


def _words(error: Exception) -> str:
    if isinstance(error, CarrierUnreadable | SealBroken):
        return str(error)
    log.error("a message could not be read, in a way that was not foreseen: %s", type(error).__name__)
    return f"The message could not be read: {type(error).__name__}."
