"""Two offices and one that has nothing to do with them; cheap hashing, since its cost is not what is tested here."""

import msgspec
import pytest
from argon2 import PasswordHasher

from shipments.database import Database
from shipments.offices import passwords
from shipments.offices.person import Role
from shipments.offices.scope import Actor
from tests.builders import an_actor, an_office


class Staff(msgspec.Struct, frozen=True):
    """Who acts: at the host office NL-AMS, at the origin office GN-CKY, elsewhere at NG-LOS."""

    counsellor: Actor
    logistician: Actor
    coordinator: Actor
    receiver: Actor
    origin_counsellor: Actor
    stranger: Actor
    reader: Actor


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least that Argon2id can do."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def staff(request: pytest.FixtureRequest) -> Staff:
    """In whichever database the test uses."""
    name = "database" if "database" in request.fixturenames else "sqlite_database"
    database: Database = request.getfixturevalue(name)
    with database.writing() as session:
        host, origin = an_office(session, "NL-AMS"), an_office(session, "GN-CKY")
        elsewhere = an_office(session, "NG-LOS", may_send=False)
        return Staff(
            counsellor=an_actor(session, Role.COUNSELLOR, host),
            logistician=an_actor(session, Role.LOGISTICIAN, host),
            coordinator=an_actor(session, Role.COORDINATOR, None),
            receiver=an_actor(session, Role.RECEIVER, origin),
            origin_counsellor=an_actor(session, Role.COUNSELLOR, origin),
            stranger=an_actor(session, Role.RECEIVER, elsewhere),
            reader=an_actor(session, Role.COUNSELLOR, host, may_write=False),
        )
