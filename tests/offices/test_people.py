"""Staff come, change roles and go, by the hand of an administrator of the offices concerned."""

from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from shipments.database import Database
from shipments.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from shipments.journal import JournalEntry, append_noted
from shipments.offices.people import (
    actor_for,
    add_person,
    disable_person,
    enable_person,
    grant_role,
    revoke_role,
    set_password,
)
from shipments.offices.person import Person, Role
from shipments.offices.scope import EVERYWHERE, Actor
from tests.builders import NOON, a_person, an_actor, an_office

PASSWORD = "kettle orbit lavender"


def add(session: Session, email: str = "ada@example.org", by: Actor = EVERYWHERE, **what: object) -> Person:
    """A counsellor at NL-AMS, unless told otherwise."""
    roles: list[tuple[Role, str | None]] = [(Role.COUNSELLOR, "NL-AMS")]
    asked = {"name": "Ada", "roles": roles, "password": PASSWORD, "language": "en", **what}
    return add_person(session, email=email, by=by, now=NOON, **asked)  # type: ignore[arg-type]  # what: any of them


def test_a_person_acts_with_the_roles_given(database: Database) -> None:
    with database.writing() as session:
        office = an_office(session, "NL-AMS")
        roles = [(Role.COUNSELLOR, "nl-ams"), (Role.AUDITOR, None), (Role.AUDITOR, None)]
        person = add(session, " Ada@Example.org", roles=roles, language="FR")
    assert person.email == "ada@example.org"
    with database.reading() as session:
        actor = actor_for(session, person.id, via="key", may_write=False)
    assert actor is not None
    assert actor.grants == {(Role.COUNSELLOR, office.id), (Role.AUDITOR, None)}
    assert (actor.language, actor.may_write, actor.via) == ("fr", False, "key")


def test_a_person_without_a_role_may_sign_in_and_see_nothing(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        actor = actor_for(session, a_person(session).id, via="session")
    assert actor is not None
    assert actor.grants == frozenset()


def test_an_address_belongs_to_one_person_and_the_transaction_goes_on(database: Database) -> None:
    with database.writing() as session:
        an_office(session, "NL-AMS")
        add(session)
        with pytest.raises(Conflict):
            add(session, "ADA@example.org")
        add(session, "bob@example.org")
    with database.reading() as session:
        assert len(session.exec(select(Person.id)).all()) == 2


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"name": "a\0b"}, "name"),
        ({"language": "xx"}, "language"),
        ({"password": "password1234"}, "password"),
        ({"roles": [(Role.RECEIVER, None)]}, "office"),
        ({"roles": [(Role.RECEIVER, "XX-XXX")]}, "office"),
    ],
)
def test_what_cannot_be_right_is_refused_by_field(
    sqlite_database: Database, what: dict[str, object], field: str
) -> None:
    with sqlite_database.writing() as session:
        an_office(session, "NL-AMS")
        with pytest.raises(Invalid) as refusal:
            add(session, **what)  # type: ignore[arg-type]  # what: any of them
        assert refusal.value.details["fields"][0]["field"] == field  # type: ignore[index]
        assert session.exec(select(Person)).all() == []


def test_a_change_of_role_acts_at_once(database: Database) -> None:
    with database.writing() as session:
        office = an_office(session, "GN-CKY")
        person = a_person(session, [(Role.RECEIVER, office)], email="ada@example.org")
    with database.writing() as session:
        grant_role(session, person.email, Role.COORDINATOR, None, by=EVERYWHERE, now=NOON)
        with pytest.raises(WrongState):
            grant_role(session, person.email, Role.COORDINATOR, None, by=EVERYWHERE, now=NOON)
        actor = actor_for(session, person.id, via="key")
        assert actor is not None
        assert (Role.COORDINATOR, None) in actor.grants
        revoke_role(session, person.email, Role.COORDINATOR, None, by=EVERYWHERE, now=NOON)
        revoke_role(session, person.email, Role.RECEIVER, "GN-CKY", by=EVERYWHERE, now=NOON)
        with pytest.raises(WrongState):
            revoke_role(session, person.email, Role.RECEIVER, "GN-CKY", by=EVERYWHERE, now=NOON)
        actor = actor_for(session, person.id, via="key")
        assert actor is not None
        assert actor.grants == frozenset()


def test_nobody_disabled_acts_until_enabled_again(database: Database) -> None:
    with database.writing() as session:
        person = a_person(session, email="ada@example.org")
        disable_person(session, person.email, by=EVERYWHERE, now=NOON)
        assert actor_for(session, person.id, via="session") is None
        with pytest.raises(WrongState):
            disable_person(session, person.email, by=EVERYWHERE, now=NOON)
        enable_person(session, person.email, by=EVERYWHERE, now=NOON)
        assert actor_for(session, person.id, via="session") is not None
        with pytest.raises(NotFound):
            disable_person(session, "nobody@example.org", by=EVERYWHERE, now=NOON)


def test_an_administrator_rules_over_their_offices_only(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        here, there = an_office(session, "NL-AMS"), an_office(session, "GN-CKY")
        local = an_actor(session, Role.ADMINISTRATOR, here)
        add(session, by=local)
        refused: list[Callable[[], object]] = [
            lambda: add(session, "b@example.org", by=local, roles=[(Role.RECEIVER, "GN-CKY")]),
            lambda: add(session, "c@example.org", by=local, roles=[(Role.ADMINISTRATOR, None)]),
            lambda: grant_role(session, "ada@example.org", Role.ADMINISTRATOR, None, by=local, now=NOON),
            lambda: add(session, "d@example.org", by=an_actor(session, Role.COORDINATOR, None)),
            lambda: add(session, "e@example.org", by=an_actor(session, Role.ADMINISTRATOR, None, may_write=False)),
        ]
        both = a_person(session, [(Role.RECEIVER, there), (Role.COUNSELLOR, here)])
        refused.append(lambda: disable_person(session, both.email, by=local, now=NOON))
        refused.append(lambda: set_password(session, both.email, PASSWORD, by=local, now=NOON))
        for act in refused:
            with pytest.raises(NotAllowed):
                act()
        disable_person(session, "ada@example.org", by=local, now=NOON)


def test_people_may_set_their_own_password_but_not_with_a_reading_key(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        person = a_person(session)
        set_password(session, person.email, PASSWORD, by=Actor(person.id, frozenset()), now=NOON)
        assert str(person.password_hash).startswith("$argon2id$")
        with pytest.raises(NotAllowed):
            set_password(session, person.email, PASSWORD, by=Actor(person.id, frozenset(), may_write=False), now=NOON)


def test_the_journal_names_people_by_id_only(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        an_office(session, "NL-AMS")
        person = add(session, "canary@example.org", name="Canary Person")
        grant_role(session, person.email, Role.COORDINATOR, None, by=EVERYWHERE, now=NOON)
        disable_person(session, person.email, by=EVERYWHERE, now=NOON)
        append_noted(session)
        entries = session.exec(select(JournalEntry)).all()
    assert [entry.action for entry in entries] == ["person.add", "person.grant", "person.disable"]
    assert {entry.object_code for entry in entries} == {str(person.id)}
    assert "anary" not in repr([entry.model_dump() for entry in entries])
