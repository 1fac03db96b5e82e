"""Members of staff come, go, and change roles. A change acts at once: roles are read on each request."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, update
from sqlalchemy import select as select_columns
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from shipments.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from shipments.journal import Noted, note
from shipments.offices.office import office_by_code
from shipments.offices.passwords import good_password, hash_of
from shipments.offices.person import ApiKey, Person, Role, RoleAt, SignIn
from shipments.offices.scope import Actor
from shipments.offices.typed import language as known_language
from shipments.offices.typed import line, staff_email

Via = Literal["key", "session", "command", "public"]
EVERYWHERE_ROLES = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR, Role.AUDITOR})
GRANTS = (col(Person.disabled_at), col(Person.language), col(RoleAt.role), col(RoleAt.office_id))
_GRANTS_OF_PERSON = (
    select_columns(*GRANTS)
    .outerjoin_from(Person, RoleAt, col(RoleAt.person_id) == col(Person.id))
    .where(col(Person.id) == bindparam("person_id"))
)


def add_person(
    session: Session,
    *,
    email: str,
    name: str,
    roles: Sequence[tuple[Role, str | None]],
    password: str | None,
    language: str,
    by: Actor,
    now: datetime,
) -> Person:
    """A new member of staff; `roles`: (role, office code, or None for every office).

    Raises Invalid, Conflict where the e-mail is taken, NotAllowed unless `by` administers every office named.
    """
    address = staff_email("email", email)
    person = Person(
        email=address,
        name=line("name", name, 120),
        language=known_language("language", language),
        added_at=now,
    )
    wanted = {(role, _office_id(session, role, code)) for role, code in roles}
    must_administer(by, [office for _, office in wanted])
    if password is not None:
        person.password_hash = hash_of(good_password("password", password, address))
    _insert(session, person)
    session.add_all(RoleAt(person_id=person.id, role=role, office_id=office) for role, office in wanted)
    session.flush()
    _note(session, "person.add", person.id, by, now)
    return person


def grant_role(session: Session, email: str, role: Role, office: str | None, *, by: Actor, now: datetime) -> Person:
    """One more role. Raises WrongState where it is held already."""
    person, office_id = _about(session, email, role, office, by)
    if _held(session, person, role, office_id) is not None:
        raise WrongState("This role is held already.", state="granted", expected="not granted")
    session.add(RoleAt(person_id=person.id, role=role, office_id=office_id))
    session.flush()
    _note(session, "person.grant", person.id, by, now, role, office_id)
    return person


def revoke_role(session: Session, email: str, role: Role, office: str | None, *, by: Actor, now: datetime) -> Person:
    """One role less, from the next request on. Raises WrongState where it is not held."""
    person, office_id = _about(session, email, role, office, by)
    held = _held(session, person, role, office_id)
    if held is None:
        raise WrongState("This role is not held.", state="not granted", expected="granted")
    session.delete(held)
    session.flush()
    _note(session, "person.revoke", person.id, by, now, role, office_id)
    return person


def disable_person(session: Session, email: str, *, by: Actor, now: datetime) -> Person:
    """Ends every sign-in and API key, and allows no new one. What the person did stays theirs."""
    person = person_by_email(session, email, lock=True)
    must_administer(by, _offices_of(session, person.id))
    if person.disabled_at is not None:
        raise WrongState("This person is disabled already.", state="disabled", expected="enabled")
    person.disabled_at = now
    end_sign_ins(session, person.id, now=now)
    alive = update(ApiKey).where(col(ApiKey.person_id) == person.id, col(ApiKey.revoked_at).is_(None))
    session.connection().execute(alive.values(revoked_at=now))
    session.flush()
    _note(session, "person.disable", person.id, by, now)
    return person


def enable_person(session: Session, email: str, *, by: Actor, now: datetime) -> Person:
    """Lets a disabled person sign in again; API keys stay revoked."""
    person = person_by_email(session, email, lock=True)
    must_administer(by, _offices_of(session, person.id))
    if person.disabled_at is None:
        raise WrongState("This person is not disabled.", state="enabled", expected="disabled")
    person.disabled_at = None
    session.flush()
    _note(session, "person.enable", person.id, by, now)
    return person


def set_password(session: Session, email: str, password: str, *, by: Actor, now: datetime) -> Person:
    """By the person or an administrator. Every sign-in of theirs ends, stolen ones too."""
    person = person_by_email(session, email, lock=True)
    must_be_self_or_administer(session, by, person.id)
    person.password_hash = hash_of(good_password("password", password, person.email))
    end_sign_ins(session, person.id, now=now)
    session.flush()
    _note(session, "person.set_password", person.id, by, now)
    return person


def actor_for(session: Session, person_id: UUID, *, via: Via, may_write: bool = True) -> Actor | None:
    """Who acts, with the roles of this moment; None where unknown or disabled. One query."""
    rows = session.connection().execute(_GRANTS_OF_PERSON, {"person_id": person_id}).all()
    return actor_from(rows, person_id, via=via, may_write=may_write)


def actor_from(rows: Sequence[Row[*tuple[object, ...]]], person_id: UUID, *, via: Via, may_write: bool) -> Actor | None:
    """From rows that end with the columns GRANTS, one row for each role held; None where disabled."""
    if not rows or rows[0].disabled_at is not None:
        return None
    grants = frozenset((row.role, row.office_id) for row in rows if row.role is not None)
    return Actor(person_id, grants, may_write=may_write, language=rows[0].language, via=via)


def person_by_email(session: Session, email: str, *, lock: bool = False) -> Person:
    """The person of this address. Raises NotFound."""
    statement = select(Person).where(Person.email == staff_email("email", email))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    person = session.exec(statement).one_or_none()
    if person is None:
        raise NotFound("person", email[:200])
    return person


def end_sign_ins(session: Session, person_id: UUID, *, now: datetime) -> None:
    """Every browser of this person is signed out."""
    alive = update(SignIn).where(col(SignIn.person_id) == person_id, col(SignIn.ended_at).is_(None))
    session.connection().execute(alive.values(ended_at=now))


def must_administer(by: Actor, offices: Iterable[UUID | None]) -> None:
    """Raises NotAllowed unless `by` administers each office; None stands for every office."""
    if not by.may_write:
        raise NotAllowed("This API key may only read. Use one that may write.")
    held = {office for role, office in by.grants if role is Role.ADMINISTRATOR}
    if not held or (None not in held and not held.issuperset(offices)):
        raise NotAllowed("This needs the role administrator at every office concerned.")


def must_be_self_or_administer(session: Session, by: Actor, person_id: UUID) -> None:
    """Raises NotAllowed unless it is about `by`, or `by` administers every office of the person."""
    if by.person_id != person_id or not by.may_write:
        must_administer(by, _offices_of(session, person_id))


def _about(session: Session, email: str, role: Role, office: str | None, by: Actor) -> tuple[Person, UUID | None]:
    office_id = _office_id(session, role, office)
    must_administer(by, [office_id])
    return person_by_email(session, email, lock=True), office_id


def _office_id(session: Session, role: Role, code: str | None) -> UUID | None:
    if code is not None:
        return office_by_code(session, code).id
    if role not in EVERYWHERE_ROLES:
        raise Invalid([("office", f"the code of an office: a {role} works at one")])
    return None


def _held(session: Session, person: Person, role: Role, office_id: UUID | None) -> RoleAt | None:
    same = and_(col(RoleAt.person_id) == person.id, col(RoleAt.role) == role)
    return session.exec(select(RoleAt).where(same, col(RoleAt.office_id).is_not_distinct_from(office_id))).first()


def _offices_of(session: Session, person_id: UUID) -> Sequence[UUID | None]:
    return session.exec(select(RoleAt.office_id).where(RoleAt.person_id == person_id)).all()


def _insert(session: Session, person: Person) -> None:
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError as error:
        raise Conflict("There is a person with this e-mail address already. Grant roles to them instead.") from error


def _note(
    session: Session,
    action: str,
    person_id: UUID,
    by: Actor,
    now: datetime,
    role: Role | None = None,
    office_id: UUID | None = None,
) -> None:
    details: dict[str, str | int | bool | None] = {} if role is None else {"role": role.value}
    entry = Noted(now, action, "person", str(person_id), by.person_id, office_id, details=details)
    note(session, entry)
