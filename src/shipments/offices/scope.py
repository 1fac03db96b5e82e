"""Who acts, and what they may see: the one place where queries are narrowed by office.

Every ORM SELECT, UPDATE and DELETE of a session passes `_narrow`: each table that carries offices is narrowed to those
of the session's actor, wherever it stands in the statement. A session without an actor sees no row of them. Jobs act
as EVERYWHERE. Statements on bare tables (`session.connection()`) are not narrowed: they name rows found before.
"""

from functools import lru_cache
from typing import ClassVar, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, event, or_
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.sql.base import ExecutableOption
from sqlmodel import Session, SQLModel, col, select

from shipments.errors import NotAllowed, NotFound
from shipments.offices.person import Role

_ACTOR = "actor"
_NARROWING = "narrowing"
SEES_BOXES = frozenset({Role.COUNSELLOR, Role.LOGISTICIAN, Role.RECEIVER, Role.COORDINATOR})


class Scoped(SQLModel):
    """A table whose rows belong to offices: visible at `host_office_id` and at `origin_office_id`."""

    host_office_id: UUID
    origin_office_id: UUID


class HasCode(Protocol):
    """A table that people name by code."""

    code: ClassVar[str]


class Actor(msgspec.Struct, frozen=True):
    """Who acts in a transaction. `grants`: (role, office), office None for every office."""

    person_id: UUID | None
    grants: frozenset[tuple[Role, UUID | None]]
    may_write: bool = True
    language: str = "en"
    via: Literal["key", "session", "command", "public"] = "key"

    @property
    def roles(self) -> frozenset[Role]:
        """Roles held anywhere."""
        return frozenset(role for role, _ in self.grants)

    def offices(self, roles: frozenset[Role] = SEES_BOXES) -> frozenset[UUID] | None:
        """Offices at which one of `roles` is held; None: all of them."""
        held = [office for role, office in self.grants if role in roles]
        if None in held:
            return None
        return frozenset(office for office in held if office is not None)

    @property
    def office(self) -> UUID | None:
        """The one office at which any role is held; None where there are several, or all."""
        held = {office for _, office in self.grants}
        return next(iter(held)) if len(held) == 1 else None

    @property
    def held(self) -> frozenset[str]:
        """Each grant in words, `role:office` or `role:`, to be kept and compared."""
        return frozenset(f"{role}:{office or ''}" for role, office in self.grants)

    def is_a(self, role: Role, office_id: UUID) -> bool:
        """Whether this role is held at this office."""
        return (role, office_id) in self.grants or (role, None) in self.grants

    def must_be(self, roles: frozenset[Role], office_id: UUID) -> None:
        """Raises NotAllowed unless one of `roles` is held at the office and the key may write."""
        must_write(self)
        if not any(self.is_a(role, office_id) for role in roles):
            names = " or ".join(sorted(roles))
            raise NotAllowed(f"This needs the role {names} at the office concerned. Ask an administrator.")


def must_write(actor: Actor) -> None:
    """Raises NotAllowed for a key that may only read."""
    if not actor.may_write:
        raise NotAllowed("This API key may only read. Use one that may write.")


EVERYWHERE = Actor(None, frozenset({(Role.COORDINATOR, None), (Role.ADMINISTRATOR, None)}), via="command")
NOBODY = Actor(None, frozenset(), may_write=False, via="public")
T = TypeVar("T", bound=Scoped)


def act_as(session: Session, actor: Actor) -> None:
    """From here on `session` sees what `actor` may see."""
    session.info[_ACTOR] = actor
    session.info[_NARROWING] = _narrowing(actor)


def actor_of(session: Session) -> Actor:
    """Who acts in this session. Raises NotAllowed where nobody was named."""
    actor = session.info.get(_ACTOR)
    if not isinstance(actor, Actor):
        raise NotAllowed("Nobody was named as acting in this session.")
    return actor


def in_sight(table: type[Scoped], offices: frozenset[UUID] | None) -> ColumnElement[bool] | None:
    """What narrows `table` to these offices; None: nothing does."""
    if offices is None:
        return None
    ids = sorted(offices)
    return or_(col(table.host_office_id).in_(ids), col(table.origin_office_id).in_(ids))


def find(session: Session, table: type[T], code: str, kind: str, *, lock: bool = False) -> T:
    """The row called `code` if the actor may see it, locked for a decision if asked.

    Raises NotFound alike for what is not there and for what is out of sight.
    """
    statement = select(table).where(table.code == code)  # type: ignore[attr-defined]
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.exec(statement).one_or_none()
    if found is None:
        raise NotFound(kind, code)
    return found


@event.listens_for(Session, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    if state.is_select or state.is_update or state.is_delete:
        options = state.session.info.get(_NARROWING)
        if options is None:
            options = _narrowing(NOBODY)
        if options:
            state.statement = state.statement.options(*options)


def _narrowing(actor: Actor) -> tuple[ExecutableOption, ...]:
    return _narrowed_to(actor.offices())


@lru_cache(maxsize=512)
def _narrowed_to(offices: frozenset[UUID] | None) -> tuple[ExecutableOption, ...]:
    """Made once for each set of offices: they are costly to make, and the same for every request of one office."""
    pairs = ((table, in_sight(table, offices)) for table in Scoped.__subclasses__())
    return tuple(
        with_loader_criteria(table, criteria, include_aliases=True) for table, criteria in pairs if criteria is not None
    )
