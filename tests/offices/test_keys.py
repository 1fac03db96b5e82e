"""An API key acts as its person for as long as both live, and cannot be read out of the database."""

from datetime import timedelta
from uuid import UUID

import pytest

from shipments.database import Database, new_id
from shipments.errors import Invalid, NotAllowed, NotFound, WrongState
from shipments.journal import append_noted
from shipments.offices.keys import actor_by_key, make_key, revoke_key
from shipments.offices.people import disable_person, enable_person, revoke_role
from shipments.offices.person import Person, Role
from shipments.offices.scope import EVERYWHERE, Actor
from shipments.sealing import KeyRing
from tests.builders import NOON, a_person, an_actor, an_office
from tests.offices.looking import raw_bytes, statements

LATER = NOON + timedelta(days=30)


def a_key(database: Database, ring: KeyRing, person_id: UUID, *, may_write: bool = True) -> str:
    with database.writing() as session:
        key = make_key(
            session, ring, person_id=person_id, may_write=may_write, expires_at=LATER, by=EVERYWHERE, now=NOON
        )
        append_noted(session)
        return key


def ada(database: Database) -> Person:
    with database.writing() as session:
        office = an_office(session, "GN-CKY")
        roles = [(Role.RECEIVER, office), (Role.COORDINATOR, None)]
        return a_person(session, roles, email="ada@example.org", language="fr")


def actor(database: Database, ring: KeyRing, key: str, after: timedelta = timedelta()) -> Actor | None:
    with database.reading() as session:
        return actor_by_key(session, ring, key, now=NOON + after)


def test_a_key_acts_as_its_person_with_its_scope(database: Database, ring: KeyRing) -> None:
    person = ada(database)
    found = actor(database, ring, a_key(database, ring, person.id, may_write=False))
    assert found is not None
    assert (found.person_id, found.may_write, found.language, found.via) == (person.id, False, "fr", "key")
    assert found.roles == {Role.RECEIVER, Role.COORDINATOR}


def test_a_key_holds_more_than_160_random_bits_and_is_never_the_same(sqlite_database: Database, ring: KeyRing) -> None:
    person = ada(sqlite_database)
    keys = {a_key(sqlite_database, ring, person.id) for _ in range(5)}
    assert len(keys) == 5
    for key in keys:
        sk, prefix, secret = key.split("_")
        assert sk == "sk"
        assert len(prefix) == 10
        assert 5 * len(secret) >= 160


def test_a_key_that_is_off_by_anything_is_nobody(database: Database, ring: KeyRing) -> None:
    key = a_key(database, ring, ada(database).id)
    last = "0" if key[-1] != "0" else "1"
    junk = [key[:-1], key[:-1] + last, key.lower(), key + "0", " " + key, "sk__", "", "é" * 54, "\0" * 54, "x" * 10**6]
    junk += ["sk_" + "0" * 10 + key[13:], key[:5] + "\0" + key[6:], "sk_0123456789_" + "Z" * 40, "\ud800"]
    assert [actor(database, ring, wrong) for wrong in junk] == [None] * len(junk)
    assert actor(database, ring, key) is not None


def test_an_expired_key_is_nobody(database: Database, ring: KeyRing) -> None:
    key = a_key(database, ring, ada(database).id)
    assert actor(database, ring, key, timedelta(days=30, seconds=-1)) is not None
    assert actor(database, ring, key, timedelta(days=30)) is None


def test_a_revoked_key_is_nobody_and_its_sibling_lives(database: Database, ring: KeyRing) -> None:
    person = ada(database)
    key, sibling = a_key(database, ring, person.id), a_key(database, ring, person.id)
    with database.writing() as session:
        revoke_key(session, key[3:13], by=EVERYWHERE, now=NOON)
        with pytest.raises(WrongState):
            revoke_key(session, key[3:13], by=EVERYWHERE, now=NOON)
    assert actor(database, ring, key) is None
    assert actor(database, ring, sibling) is not None


def test_disabling_somebody_kills_their_keys_for_good(database: Database, ring: KeyRing) -> None:
    person = ada(database)
    key = a_key(database, ring, person.id)
    with database.writing() as session:
        disable_person(session, person.email, by=EVERYWHERE, now=NOON)
    assert actor(database, ring, key) is None
    with pytest.raises(WrongState):
        a_key(database, ring, person.id)
    with database.writing() as session:
        enable_person(session, person.email, by=EVERYWHERE, now=NOON)
    assert actor(database, ring, key) is None


def test_a_role_taken_away_is_gone_at_the_next_call(database: Database, ring: KeyRing) -> None:
    person = ada(database)
    key = a_key(database, ring, person.id)
    with database.writing() as session:
        revoke_role(session, person.email, Role.COORDINATOR, None, by=EVERYWHERE, now=NOON)
    found = actor(database, ring, key)
    assert found is not None
    assert found.roles == {Role.RECEIVER}


def test_only_the_person_or_an_administrator_makes_and_revokes_keys(sqlite_database: Database, ring: KeyRing) -> None:
    person = ada(sqlite_database)
    own = Actor(person.id, frozenset())
    with sqlite_database.writing() as session:
        key = make_key(session, ring, person_id=person.id, may_write=True, expires_at=LATER, by=own, now=NOON)
        strangers = [
            an_actor(session, Role.COORDINATOR, None),
            an_actor(session, Role.ADMINISTRATOR, an_office(session)),
            Actor(person.id, frozenset(), may_write=False),
        ]
        for by in strangers:
            with pytest.raises(NotAllowed):
                make_key(session, ring, person_id=person.id, may_write=True, expires_at=LATER, by=by, now=NOON)
            with pytest.raises(NotAllowed):
                revoke_key(session, key[3:13], by=by, now=NOON)
        revoke_key(session, key[3:13], by=own, now=NOON)


@pytest.mark.parametrize("days", [-1, 0, 732, 100_000])
def test_a_key_expires_and_within_two_years(sqlite_database: Database, ring: KeyRing, days: int) -> None:
    person = ada(sqlite_database)
    ends = NOON + timedelta(days=days)
    with sqlite_database.writing() as session, pytest.raises(Invalid):
        make_key(session, ring, person_id=person.id, may_write=True, expires_at=ends, by=EVERYWHERE, now=NOON)


def test_what_is_not_there_is_not_found(database: Database, ring: KeyRing) -> None:
    with database.writing() as session:
        with pytest.raises(NotFound):
            revoke_key(session, "NOSUCHKEY0", by=EVERYWHERE, now=NOON)
        with pytest.raises(NotFound):
            revoke_key(session, "\0", by=EVERYWHERE, now=NOON)
        with pytest.raises(NotFound):
            make_key(session, ring, person_id=new_id(), may_write=True, expires_at=LATER, by=EVERYWHERE, now=NOON)


def test_the_secret_is_not_in_the_database(sqlite_database: Database, ring: KeyRing) -> None:
    key = a_key(sqlite_database, ring, ada(sqlite_database).id)
    stored = raw_bytes(sqlite_database)
    assert key[3:13].encode() in stored
    assert key[14:].encode() not in stored


def test_asking_who_holds_a_key_takes_one_query(sqlite_database: Database, ring: KeyRing) -> None:
    key = a_key(sqlite_database, ring, ada(sqlite_database).id)
    with sqlite_database.reading() as session, statements(session) as said:
        actor_by_key(session, ring, key, now=NOON)
    assert len(said) == 1
