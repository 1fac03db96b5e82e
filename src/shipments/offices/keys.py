"""API keys: `sk_PREFIX_SECRET`, shown once. The prefix finds the row, a keyed hash of the whole proves it."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from shipments.codes import token
from shipments.errors import Invalid, NotFound, WrongState
from shipments.journal import Noted, note
from shipments.offices.people import GRANTS, actor_from, must_be_self_or_administer
from shipments.offices.person import ApiKey, Person, RoleAt
from shipments.offices.scope import Actor
from shipments.sealing import KeyRing

PREFIX_SYMBOLS, SECRET_SYMBOLS = 10, 40  # 5 random bits each: 50 and 200
LONGEST_LIFE = timedelta(days=731)
_BY_PREFIX = (
    select_columns(col(ApiKey.hash), col(ApiKey.expires_at), col(ApiKey.may_write), col(ApiKey.person_id), *GRANTS)
    .join_from(ApiKey, Person, col(Person.id) == col(ApiKey.person_id))
    .outerjoin(RoleAt, col(RoleAt.person_id) == col(Person.id))
    .where(col(ApiKey.prefix) == bindparam("prefix"), col(ApiKey.revoked_at).is_(None))
)


def make_key(
    session: Session,
    ring: KeyRing,
    *,
    person_id: UUID,
    may_write: bool,
    expires_at: datetime,
    by: Actor,
    now: datetime,
) -> str:
    """A key that acts as this person, in the open: it cannot be shown again.

    By the person or an administrator of their offices. Raises Invalid, NotAllowed, NotFound, WrongState.
    """
    if not now < expires_at <= now + LONGEST_LIFE:
        raise Invalid([("expires_at", f"a time from now on, at most {LONGEST_LIFE.days} days ahead")])
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("person", str(person_id))
    must_be_self_or_administer(session, by, person_id)
    if person.disabled_at is not None:
        raise WrongState("This person is disabled and gets no key.", state="disabled", expected="enabled")
    prefix = token(PREFIX_SYMBOLS)
    shown = f"sk_{prefix}_{token(SECRET_SYMBOLS)}"
    key = ApiKey(person_id=person_id, prefix=prefix, hash=b"", may_write=may_write, made_at=now, expires_at=expires_at)
    key.hash = ring.keyed_hash("api key", shown)
    session.add(key)
    session.flush()
    _note(session, "key.make", key, by, now)
    return shown


def actor_by_key(session: Session, ring: KeyRing, presented: str, *, now: datetime) -> Actor | None:
    """Who acts with this key; None for unknown, wrong, revoked, expired, or a disabled person. One query."""
    prefix = _prefix(presented)
    if prefix is None:
        return None
    rows = session.connection().execute(_BY_PREFIX, {"prefix": prefix}).all()
    stored = rows[0].hash if rows else bytes(32)
    proved = hmac.compare_digest(stored, ring.keyed_hash("api key", presented))
    if not rows or not proved or rows[0].expires_at <= now:
        return None
    return actor_from(rows, rows[0].person_id, via="key", may_write=rows[0].may_write)


def revoke_key(session: Session, prefix: str, *, by: Actor, now: datetime) -> None:
    """Ends the key whose first part, after `sk_`, is `prefix`. Raises NotFound, NotAllowed, WrongState."""
    key = None
    if prefix.isalnum():
        key = session.exec(select(ApiKey).where(ApiKey.prefix == prefix).with_for_update()).one_or_none()
    if key is None:
        raise NotFound("API key", prefix[:PREFIX_SYMBOLS])
    must_be_self_or_administer(session, by, key.person_id)
    if key.revoked_at is not None:
        raise WrongState("This API key is revoked already.", state="revoked", expected="in use")
    key.revoked_at = now
    session.flush()
    _note(session, "key.revoke", key, by, now)


def _prefix(presented: str) -> str | None:
    parts = presented.split("_") if len(presented) <= 100 and presented.isascii() else []
    if [len(part) for part in parts] != [2, PREFIX_SYMBOLS, SECRET_SYMBOLS] or parts[0] != "sk" or "\0" in presented:
        return None
    return parts[1]


def _note(session: Session, action: str, key: ApiKey, by: Actor, now: datetime) -> None:
    details: dict[str, str | int | bool | None] = {"of": str(key.person_id), "may_write": key.may_write}
    note(session, Noted(now, action, "api_key", key.prefix, by.person_id, details=details))
