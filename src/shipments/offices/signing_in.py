"""Passwords in, session tokens out. A token is new at every sign-in, so that nobody can plant one beforehand.

Three steps, each with a transaction of its own or none, because hashing takes long and a refused guess must
stay counted:

    with database.writing() as session:
        attempt = count_attempt(session, ring, email=email, address=address, now=now)   # may be Refused
    right = is_right(attempt, password)
    with database.writing() as session:
        token = settle(session, ring, attempt, right, now=now)                           # None: wrong
"""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session, col

from shipments.journal import Noted, Outcome, note
from shipments.offices.guessing import Guess, Limit, a_guess, forgive, give_back, neighbourhood, take
from shipments.offices.passwords import proves
from shipments.offices.people import GRANTS, actor_from
from shipments.offices.person import Person, RoleAt, SignIn
from shipments.offices.scope import Actor
from shipments.sealing import KeyRing

PER_PERSON = Limit("sign in as", 10, timedelta(minutes=15))
PER_ADDRESS = Limit("sign in from", 40, timedelta(minutes=15))  # an office of many people is one address
IN_ALL = Limit("sign in", 1_000, timedelta(minutes=15))
TOUCHED_EVERY = timedelta(minutes=1)
_SEEN = (
    select(col(SignIn.id), col(SignIn.person_id), col(SignIn.begun_at), col(SignIn.used_at), *GRANTS)
    .join_from(SignIn, Person, col(Person.id) == col(SignIn.person_id))
    .outerjoin(RoleAt, col(RoleAt.person_id) == col(Person.id))
    .where(col(SignIn.hash) == bindparam("hash"), col(SignIn.ended_at).is_(None))
)


class Attempt(msgspec.Struct, frozen=True):
    """A counted attempt. Without a `person_id` nobody has that e-mail address; the work is the same."""

    person_id: UUID | None
    password_hash: str | None
    guesses: tuple[Guess, ...]


class Refused(msgspec.Struct, frozen=True):
    """A guess limit is reached; the password was not looked at."""

    retry_after_s: int


class Seen(msgspec.Struct, frozen=True):
    """A living sign-in. `touch_due`: its last use should be moved, see `touch`."""

    actor: Actor
    sign_in_id: UUID
    touch_due: bool


def count_attempt(session: Session, ring: KeyRing, *, email: str, address: str, now: datetime) -> Attempt | Refused:
    """First step: counts, finds whose password to compare. To be committed whatever it returns."""
    typed = email.strip().lower()[:200]
    guesses = (
        a_guess(ring, PER_PERSON, typed),
        a_guess(ring, PER_ADDRESS, neighbourhood(address)),
        a_guess(ring, IN_ALL),
    )
    wait = take(session, guesses, now=now)
    if wait is not None:
        _note(session, None, now, Outcome.REFUSED, "guess limit")
        return Refused(wait)
    person = select(col(Person.id), col(Person.password_hash)).where(
        col(Person.email) == _harmless(typed), col(Person.disabled_at).is_(None)
    )
    found = session.connection().execute(person).one_or_none()
    return Attempt(found.id if found else None, found.password_hash if found else None, guesses)


def is_right(attempt: Attempt, password: str) -> bool:
    """Second step, outside any transaction: one Argon2id, whether or not there is such a person."""
    return proves(password[:1_000], attempt.password_hash) and attempt.person_id is not None


def settle(session: Session, ring: KeyRing, attempt: Attempt, right: bool, *, now: datetime) -> str | None:
    """Third step: a new session's token, to be shown to the browser only; None where the password was wrong.

    To be committed whatever it returns.
    """
    person_id = attempt.person_id
    if not right or person_id is None or not _may_sign_in(session, person_id):
        _note(session, person_id, now, Outcome.REFUSED, "wrong password")
        return None
    own, *shared = attempt.guesses
    forgive(session, own)
    give_back(session, shared, now=now)
    token = token_urlsafe(32)
    session.add(SignIn(person_id=person_id, hash=ring.keyed_hash("session", token), begun_at=now, used_at=now))
    _note(session, person_id, now, Outcome.DONE)
    return token


def whoami(
    session: Session, ring: KeyRing, token: str, *, now: datetime, idle: timedelta, absolute: timedelta
) -> Seen | None:
    """Who is signed in with `token`; None where unknown, ended, unused for `idle` or older than `absolute`.

    One query, and it writes nothing.
    """
    rows = session.connection().execute(_SEEN, {"hash": _hash(ring, token)}).all()
    if not rows or now - rows[0].used_at >= idle or now - rows[0].begun_at >= absolute:
        return None
    actor = actor_from(rows, rows[0].person_id, via="session", may_write=True)
    if actor is None:
        return None
    return Seen(actor, rows[0].id, now - rows[0].used_at >= min(TOUCHED_EVERY, idle / 2))


def touch(session: Session, sign_in_id: UUID, *, now: datetime) -> None:
    """The sign-in was used. Never moves backwards, never wakes one that ended."""
    living = (col(SignIn.id) == sign_in_id, col(SignIn.ended_at).is_(None), col(SignIn.used_at) < now)
    session.connection().execute(update(SignIn).where(*living).values(used_at=now))


def sign_out(session: Session, ring: KeyRing, token: str, *, now: datetime) -> bool:
    """Ends the session of `token` for good. Returns whether there was one."""
    living = (col(SignIn.hash) == _hash(ring, token), col(SignIn.ended_at).is_(None))
    ended = update(SignIn).where(*living).values(ended_at=now).returning(col(SignIn.person_id))
    person_id = session.connection().scalar(ended)
    if person_id is None:
        return False
    note(session, Noted(now, "person.sign_out", "person", str(person_id), person_id))
    return True


def forget_ended(session: Session, *, now: datetime, absolute: timedelta) -> int:
    """Drops sign-ins that can never be used again. Returns how many."""
    over = (col(SignIn.begun_at) <= now - absolute) | col(SignIn.ended_at).is_not(None)
    return session.connection().execute(delete(SignIn).where(over)).rowcount


def _may_sign_in(session: Session, person_id: UUID) -> bool:
    """Once more, and locked: they may have been disabled while the password was being compared."""
    enabled = select(col(Person.id)).where(col(Person.id) == person_id, col(Person.disabled_at).is_(None))
    return session.connection().scalar(enabled.with_for_update()) is not None


def _hash(ring: KeyRing, token: str) -> bytes:
    return ring.keyed_hash("session", _harmless(token[:100]))


def _harmless(typed: str) -> str:
    """ASCII as it is; the rest, which no token or staff address holds, escaped: PostgreSQL refuses NUL."""
    return typed.encode("ascii", "backslashreplace").decode().replace("\0", "\\0")


def _note(session: Session, person_id: UUID | None, now: datetime, outcome: Outcome, reason: str | None = None) -> None:
    whom = str(person_id) if person_id else "unknown"
    who = person_id if outcome is Outcome.DONE else None  # a wrong password does not say who typed it
    details: dict[str, str | int | bool | None] = {"reason": reason} if reason else {}
    note(session, Noted(now, "person.sign_in", "person", whom, who, outcome=outcome, details=details))
