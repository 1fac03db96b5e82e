"""A small world to ask about: two offices that send, two that receive, somebody of every role, each with a key."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_urlsafe
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlmodel import Session

from api.app import create_app
from api.hardening import Hardened
from api.wiring import Wiring
from shipments.clock import utc_now
from shipments.database import Database
from shipments.offices.keys import make_key
from shipments.offices.office import Office
from shipments.offices.person import Role, SignIn
from shipments.offices.scope import Actor
from shipments.settings import Settings
from shipments.transaction import perform
from tests.api.asking import Client, Loop
from tests.builders import a_person, an_item, an_office

HOST, ORIGIN, OTHER_HOST, OTHER_ORIGIN = "NL-AMS", "GN-CKY", "DE-BER", "NG-LOS"
KEY_LIFE = timedelta(days=30)


class Somebody(msgspec.Struct, frozen=True):
    """A member of staff, and what they ask with."""

    person_id: UUID
    email: str
    key: str
    client: Client


class World(msgspec.Struct, frozen=True):
    """One installation with its people. `people`: name → somebody."""

    app: Hardened
    loop: Loop
    people: dict[str, Somebody]
    anonymous: Client

    @property
    def wiring(self) -> Wiring:
        """What the application was made with."""
        return wiring_of(self.app)

    @property
    def database(self) -> Database:
        """The application's own."""
        return self.wiring.database

    def __getattr__(self, name: str) -> Client:
        """`world.receiver` asks as the receiver."""
        return self.people[name].client

    def client(self, *, key: str | None = None, headers: Mapping[str, str] | None = None) -> Client:
        """Somebody else."""
        return Client(self.loop, self.app, key=key, headers=headers)

    def key_for(self, name: str, *, may_write: bool = True, lives: timedelta = KEY_LIFE) -> str:
        """One more key of theirs; one that `lives` less than nothing has expired already."""
        made = utc_now() - timedelta(days=2)
        person = self.people[name].person_id

        def work(session: Session) -> str:
            by = Actor(person, frozenset())
            return make_key(
                session,
                self.wiring.ring,
                person_id=person,
                may_write=may_write,
                expires_at=utc_now() + lives,
                by=by,
                now=made,
            )

        return perform(self.database, Actor(person, frozenset()), work, now=made)

    def browser(self, name: str, **headers: str) -> Client:
        """A signed-in browser of theirs, on our own pages unless `headers` say otherwise."""
        token, now = token_urlsafe(32), utc_now()
        row = SignIn(
            person_id=self.people[name].person_id,
            hash=self.wiring.ring.keyed_hash("session", token),
            begun_at=now,
            used_at=now,
        )
        with self.database.writing() as session:
            session.add(row)
        own = {"cookie": f"{self.wiring.cookie}={token}", "sec-fetch-site": "same-origin", **headers}
        return Client(self.loop, self.app, headers={name: value for name, value in own.items() if value})

    def journal(self) -> list[tuple[str, str, str, str, str]]:
        """(action, outcome, object kind, object code, person id), in order."""
        with self.database.reading() as session:
            rows = session.connection().execute(
                text("SELECT action, outcome, object_kind, object_code, person_id FROM journal ORDER BY seq")
            )
            return [(a, o, k, c, str(UUID(str(p))) if p else "") for a, o, k, c, p in rows]


@contextmanager
def a_world(settings: Settings, url: str, loop: Loop) -> Iterator[World]:
    """Everything in a fresh database at `url`."""
    app = create_app(another(settings, database_url=url))
    database = wiring_of(app).database
    try:
        people = _settle(database, app, loop)
        yield World(app, loop, people, Client(loop, app))
    finally:
        database.close()


def another(settings: Settings, **what: object) -> Settings:
    """With some of them changed. Not a copy: that would keep what was worked out from the old ones."""
    return Settings.model_validate({**settings.model_dump(), **what})


def wiring_of(app: Hardened) -> Wiring:
    """What the application below the hardening was made with."""
    wiring: Wiring = app._app.state.wiring  # type: ignore[attr-defined]
    return wiring


def _settle(database: Database, app: Hardened, loop: Loop) -> dict[str, Somebody]:
    with database.writing() as session:
        host = an_office(session, HOST, may_receive=False)
        origin = an_office(session, ORIGIN, may_send=False)
        other_host = an_office(session, OTHER_HOST, may_receive=False)
        other_origin = an_office(session, OTHER_ORIGIN, may_send=False)
        an_item(session, code="drill", electrical=True)
        staff: dict[str, list[tuple[Role, Office | None]]] = {
            "counsellor": [(Role.COUNSELLOR, host)],
            "logistician": [(Role.LOGISTICIAN, host)],
            "receiver": [(Role.RECEIVER, origin)],
            "coordinator": [(Role.COORDINATOR, None)],
            "administrator": [(Role.ADMINISTRATOR, None)],
            "auditor": [(Role.AUDITOR, None)],
            "everything": [(Role.COUNSELLOR, host), (Role.LOGISTICIAN, host), (Role.RECEIVER, origin)],
            "other_counsellor": [(Role.COUNSELLOR, other_host)],
            "other_logistician": [(Role.LOGISTICIAN, other_host)],
            "other_receiver": [(Role.RECEIVER, other_origin)],
        }
        ids = {name: a_person(session, roles, email=f"{name}@example.org") for name, roles in staff.items()}
        found = {}
        for name, person in ids.items():
            now = utc_now()
            key = make_key(
                session,
                wiring_of(app).ring,
                person_id=person.id,
                may_write=True,
                expires_at=now + KEY_LIFE,
                by=Actor(person.id, frozenset()),
                now=now,
            )
            found[name] = Somebody(person.id, person.email, key, Client(loop, app, key=key))
    return found
