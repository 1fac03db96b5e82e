"""How often somebody may guess wrong: counted in the database, for every process and after every restart.

A guess is counted before it is judged and given back when it was right, so that many at once gain nothing.
What was tried and from where is kept as a keyed hash only.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

import msgspec
from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from shipments.offices.person import Guesses
from shipments.sealing import KeyRing

KEPT_FOR = timedelta(days=1)


class Limit(msgspec.Struct, frozen=True):
    """At most `most` wrong guesses by one subject within `window`."""

    name: str
    most: int
    window: timedelta


class Guess(msgspec.Struct, frozen=True):
    """One guess as it counts against one limit. `subject`: the keyed hash of who or what."""

    limit: Limit
    subject: bytes


def a_guess(ring: KeyRing, limit: Limit, about: str = "") -> Guess:
    """A guess about, or from, `about`; without it, one of everybody's."""
    return Guess(limit, ring.keyed_hash("guess", f"{limit.name}\0{about!a}"))


def neighbourhood(address: str) -> str:
    """Whom an address stands for: an IPv4 address, or the /64 of an IPv6 one, which is one household's."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or int(parsed) >> 64)
    return str(parsed)


def take(session: Session, guesses: Sequence[Guess], *, now: datetime) -> int | None:
    """Counts one guess against every limit, or against none where one is reached.

    Returns None, or the seconds to wait. The order matters: name the narrowest limit first, the widest last.
    """
    for place, guess in enumerate(guesses):
        if not _count(session, guess, now):
            give_back(session, guesses[:place], now=now)
            return _wait_s(session, guess, now)
    return None


def must_wait(session: Session, guesses: Sequence[Guess], *, now: datetime) -> int | None:
    """As `take`, but only reads: the seconds to wait where a limit is reached already."""
    found = session.connection().execute(
        select(col(Guesses.subject), col(Guesses.since), col(Guesses.count)).where(
            col(Guesses.subject).in_([guess.subject for guess in guesses])
        )
    )
    counted = {subject: (since, count) for subject, since, count in found}
    for guess in guesses:
        since, count = counted.get(guess.subject, (now, 0))
        left = since + guess.limit.window - now
        if count >= guess.limit.most and left > timedelta(0):
            return max(1, int(left.total_seconds()))
    return None


def give_back(session: Session, guesses: Sequence[Guess], *, now: datetime) -> None:
    """The guess was right, or was never judged: it does not count, and nothing is kept of the only one."""
    for guess in guesses:
        within = (col(Guesses.subject) == guess.subject, col(Guesses.since) > now - guess.limit.window)
        session.connection().execute(delete(Guesses).where(*within, col(Guesses.count) <= 1))
        session.connection().execute(update(Guesses).where(*within).values(count=col(Guesses.count) - 1))


def forgive(session: Session, guess: Guess) -> None:
    """Starts afresh for this subject."""
    session.connection().execute(delete(Guesses).where(col(Guesses.subject) == guess.subject))


def forget_old(session: Session, *, now: datetime) -> int:
    """Drops counts of windows long past. Returns how many."""
    return session.connection().execute(delete(Guesses).where(col(Guesses.since) < now - KEPT_FOR)).rowcount


def _count(session: Session, guess: Guess, now: datetime) -> bool:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    over = col(Guesses.since) <= now - guess.limit.window
    first = insert(Guesses).values(subject=guess.subject, since=now, count=1)
    counted = first.on_conflict_do_update(
        index_elements=["subject"],
        set_={
            "since": case((over, now), else_=col(Guesses.since)),
            "count": case((over, 1), else_=col(Guesses.count) + 1),
        },
        where=over | (col(Guesses.count) < guess.limit.most),
    ).returning(col(Guesses.count))
    return session.connection().execute(counted).first() is not None


def _wait_s(session: Session, guess: Guess, now: datetime) -> int:
    since = session.connection().scalar(select(col(Guesses.since)).where(col(Guesses.subject) == guess.subject))
    left = timedelta() if since is None else since + guess.limit.window - now
    return max(1, int(left.total_seconds()))
