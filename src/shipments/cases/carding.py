"""Cards are issued, rotated, revoked, opened by their token, and opened further by a PIN.

The token alone is 130 random bits. The PIN is six digits and is guarded by a count of five that is taken before the
guess is judged, so that twenty guesses at once are still five:

    with database.writing() as session:
        guess = reserve_guess(session, ring, token, address=address, now=now)   # None, Locked or Refused
    right = fits(ring, guess, read_pin(typed))
    with database.writing() as session:
        settle_guess(session, guess, right, now=now)
"""

import unicodedata
from datetime import datetime, timedelta
from secrets import randbelow
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from shipments import codes
from shipments.cases.card import Card
from shipments.cases.case import Case, CaseTurn, Turn
from shipments.cases.noting import note_case
from shipments.cases.personal import must_work_with
from shipments.errors import Invalid, WrongState
from shipments.journal import Noted, Outcome, note
from shipments.offices.guessing import Guess, Limit, a_guess, give_back, neighbourhood, take
from shipments.offices.passwords import hash_of, proves
from shipments.offices.scope import Actor, find
from shipments.offices.typed import western_digits
from shipments.sealing import KeyRing

TOKEN_SYMBOLS, PIN_DIGITS, MOST_FAILURES = 26, 6, 5
AFTER_CLOSURE = timedelta(days=90)  # a card still opens so long after the way of its last box is over
PER_ADDRESS = Limit("pin from", 30, timedelta(hours=1))  # a whole village may share one address
IN_ALL = Limit("pin", 1_000, timedelta(hours=1))
_FORGIVEN = str.maketrans("OIL", "011")


def _withdrawn(case_id: UUID | Mapped[UUID]) -> ColumnElement[bool]:
    return exists().where(col(CaseTurn.case_id) == case_id, col(CaseTurn.turn) == Turn.WITHDRAWN)


# In columns, not rows of Card: the public page asks this every time, and needs no more.
OPENED = select(col(Card.id), col(Card.case_id), col(Card.issued_at), col(Card.expires_at)).where(
    col(Card.token_hash) == bindparam("token_hash"),
    col(Card.revoked_at).is_(None),
    or_(col(Card.expires_at).is_(None), col(Card.expires_at) > bindparam("now")),
    ~_withdrawn(col(Card.case_id)),
)


class IssuedCard(msgspec.Struct, frozen=True):
    """To be shown once. `url` is as the QR holds it, in upper case so that the QR stays small."""

    url: str
    pin: str

    def __repr__(self) -> str:
        return "IssuedCard(…)"


class OpenedCard(msgspec.Struct, frozen=True):
    """A card in use, as its token opened it."""

    id: UUID
    case_id: UUID
    issued_at: datetime
    expires_at: datetime | None


class PinGuess(msgspec.Struct, frozen=True):
    """A guess that is counted and may be judged."""

    card_id: UUID
    pin_hash: str
    guesses: tuple[Guess, ...]


class PinLocked(msgspec.Struct, frozen=True):
    """Five guesses failed: only staff can unlock the card."""


class PinRefused(msgspec.Struct, frozen=True):
    """Too many guesses from one place, or everywhere."""

    retry_after_s: int


def issue_card(
    session: Session, ring: KeyRing, case_code: str, *, base_url: str, by: Actor, now: datetime
) -> IssuedCard:
    """A new card; the one before is dead. Raises NotFound, NotAllowed, WrongState where the case is withdrawn."""
    case = find(session, Case, case_code, "case", lock=True)
    must_work_with(by, case)
    if session.scalar(select(_withdrawn(case.id))):
        raise WrongState(f"Case {case.code} is withdrawn.", state="withdrawn", expected="not withdrawn")
    ends_at = _ends_at(session, case.id, now)
    end_card(session, case.id, now=now)
    token, pin = codes.token(TOKEN_SYMBOLS), f"{randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"
    card = Card(case_id=case.id, token_hash=_token_hash(ring, token), pin_hash="", issued_at=now, expires_at=ends_at)
    card.pin_hash = hash_of(_peppered(ring, card.id, pin))
    session.add(card)
    session.flush()
    note_case(session, case, "card.issue", by=by, now=now)
    return IssuedCard(_url(base_url, token), pin)


def revoke_card(session: Session, case_code: str, *, by: Actor, now: datetime) -> None:
    """The case's card is dead from now on, or was before. Raises NotFound, NotAllowed, WrongState without any card."""
    case = find(session, Case, case_code, "case", lock=True)
    must_work_with(by, case)
    if end_card(session, case.id, now=now):
        note_case(session, case, "card.revoke", by=by, now=now)
    elif not session.connection().scalar(select(exists().where(col(Card.case_id) == case.id))):
        raise WrongState(f"Case {case.code} has no card.", state="no card", expected="a card in use")


def unlock_card(session: Session, case_code: str, *, by: Actor, now: datetime) -> None:
    """The PIN may be guessed five times again. Raises NotFound, NotAllowed, WrongState where there is no card."""
    case = find(session, Case, case_code, "case", lock=True)
    must_work_with(by, case)
    unlocked = update(Card).where(col(Card.case_id) == case.id, col(Card.revoked_at).is_(None))
    if session.connection().execute(unlocked.values(pin_failures=0)).rowcount == 0:
        raise WrongState(f"Case {case.code} has no card.", state="no card", expected="a card in use")
    note_case(session, case, "card.unlock", by=by, now=now)


def end_card(session: Session, case_id: UUID, *, now: datetime) -> bool:
    """Kills the living card of a case. Returns whether there was one."""
    living = update(Card).where(col(Card.case_id) == case_id, col(Card.revoked_at).is_(None))
    return session.connection().execute(living.values(revoked_at=now)).rowcount > 0


def expire_cards(session: Session, case_id: UUID, at: datetime | None) -> None:
    """Every card of the case, and those issued later, end at that time; None: not until further notice."""
    session.connection().execute(update(Card).where(col(Card.case_id) == case_id).values(expires_at=at))


def card_by_token(session: Session, ring: KeyRing, token: str, *, now: datetime) -> OpenedCard | None:
    """What `token` opens; None, after the same single query, for unknown, revoked, expired and withdrawn."""
    row = session.connection().execute(OPENED, what_opens(ring, token, now=now)).one_or_none()
    return None if row is None else OpenedCard(*row)


def what_opens(ring: KeyRing, token: str, *, now: datetime) -> dict[str, object]:
    """The values of OPENED."""
    return {"token_hash": _token_hash(ring, token), "now": now}


def read_pin(typed: str) -> str:
    """Six digits of any script as 0-9; spaces and dashes are forgiven. Raises Invalid, which costs no guess."""
    pin = western_digits(unicodedata.normalize("NFKC", typed[:40])).replace(" ", "").replace("-", "")
    if len(pin) != PIN_DIGITS or not (pin.isascii() and pin.isdigit()):
        raise Invalid([("pin", f"the {PIN_DIGITS} digits that came with the card")])
    return pin


def reserve_guess(
    session: Session, ring: KeyRing, token: str, *, address: str, now: datetime
) -> PinGuess | PinLocked | PinRefused | None:
    """First step: counts the guess as wrong. None: no such card. To be committed whatever it returns."""
    card = card_by_token(session, ring, token, now=now)
    if card is None:
        return None
    guesses = (a_guess(ring, PER_ADDRESS, neighbourhood(address)), a_guess(ring, IN_ALL))
    wait = take(session, guesses, now=now)
    if wait is not None:
        _note_pin(session, card.id, now, Outcome.REFUSED, "guess limit")
        return PinRefused(wait)
    more = update(Card).where(col(Card.id) == card.id, col(Card.pin_failures) < MOST_FAILURES)
    counted = more.values(pin_failures=col(Card.pin_failures) + 1).returning(col(Card.pin_hash))
    pin_hash = session.connection().scalar(counted)
    if pin_hash is None:
        give_back(session, guesses, now=now)
        _note_pin(session, card.id, now, Outcome.REFUSED, "locked")
        return PinLocked()
    return PinGuess(card.id, pin_hash, guesses)


def fits(ring: KeyRing, guess: PinGuess, pin: str) -> bool:
    """Second step, outside any transaction: whether it is this card's PIN."""
    return proves(_peppered(ring, guess.card_id, pin), guess.pin_hash)


def settle_guess(session: Session, guess: PinGuess, right: bool, *, now: datetime) -> None:
    """Third step: a right guess was no failure, and wipes out those before it."""
    if right:  # rows are locked in the order of `reserve_guess`, so that the two never wait for each other
        give_back(session, guess.guesses, now=now)
        session.connection().execute(update(Card).where(col(Card.id) == guess.card_id).values(pin_failures=0))
    _note_pin(session, guess.card_id, now, Outcome.SAW if right else Outcome.REFUSED, None)


def _ends_at(session: Session, case_id: UUID, now: datetime) -> datetime | None:
    """When a new card ends: with the others of its case; soon, if those have expired and staff still help."""
    latest = select(func.max(col(Card.expires_at))).where(col(Card.case_id) == case_id)
    ends_at: datetime | None = session.connection().scalar(latest)
    return now + AFTER_CLOSURE if ends_at is not None and ends_at <= now else ends_at


def _token_hash(ring: KeyRing, token: str) -> bytes:
    """Typed tokens forgive case and look-alikes; what cannot be a token is hashed all the same."""
    plain = token[:100].upper().translate(_FORGIVEN)
    return ring.keyed_hash("card", plain.encode("ascii", "backslashreplace").decode())


def _peppered(ring: KeyRing, card_id: UUID, pin: str) -> str:
    return ring.keyed_hash("pin", f"{card_id}:{pin}").hex()


def _url(base_url: str, token: str) -> str:
    """Scheme and host in upper case are the same address; a path of an installation below a host is kept."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}".upper() + f"{parts.path.rstrip('/')}/C/{token}"


def _note_pin(session: Session, card_id: UUID, now: datetime, outcome: Outcome, reason: str | None) -> None:
    details: dict[str, str | int | bool | None] = {"reason": reason} if reason else {}
    note(session, Noted(now, "card.pin", "card", str(card_id), outcome=outcome, details=details))
