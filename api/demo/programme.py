"""Sets a whole programme up in an empty folder: secrets, database, offices, staff, catalogue, carrier, past."""

import base64
import secrets
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlmodel import Session

from api.demo.accounts import open_accounts, set_limits
from api.demo.catalogue import stock_catalogue
from api.demo.history import CRATES, Past, Staff, tell_the_past
from api.demo.staff import HOST, POSTS, Colleague, Login, engage, open_offices
from api.practice_carrier import Running
from shipments.database import Database
from shipments.migrating import migrate
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.transaction import perform

PACE = 2_000  # a ship is asked about every twenty seconds instead of every twelve hours, a parcel every four
KEY_DAYS = 365


class Programme(msgspec.Struct, frozen=True):
    """A programme that is there: its logins and its past."""

    logins: list[Login]
    past: Past

    def login(self, role: Role, office: str | None) -> Login:
        """Who holds the role there."""
        return next(one for one in self.logins if role.value in one.roles and one.office == office)


def settings_for(folder: Path, port: int) -> dict[str, str]:
    """The environment of a demo in `folder`: what `Settings` reads, as texts, with fresh secrets."""
    key, hash_key = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    return {
        "SHIPMENTS_DATABASE_URL": f"sqlite:///{folder / 'shipments.sqlite3'}",
        "SHIPMENTS_SECRET_KEYS": f"k1:{key}",
        "SHIPMENTS_HASH_KEY": hash_key,
        "SHIPMENTS_BASE_URL": f"http://127.0.0.1:{port}",
        "SHIPMENTS_ALLOWED_HOSTS": "localhost",
        "SHIPMENTS_DEMO": "true",
        "SHIPMENTS_SCHEDULER": "true",
        "SHIPMENTS_POLL_EVERY_S": "1",
        "SHIPMENTS_CARRIER_PACE": str(PACE),
        "SHIPMENTS_LOG_LEVEL": "INFO",
    }


def read_settings(environment: dict[str, str]) -> Settings:
    """Settings as a process with this environment has them."""
    return Settings.model_validate(
        {name.removeprefix("SHIPMENTS_").lower(): text for name, text in environment.items()}
    )


def set_up(database: Database, settings: Settings, carrier: Running, *, now: datetime) -> Programme:
    """Migrates the empty database and fills it. From then on the practice carrier holds us to its limits."""
    migrate(database)
    begun = now - timedelta(days=max(crate.asked for crate in CRATES) + 20)
    colleagues = perform(database, EVERYWHERE, lambda session: _open(session, settings, carrier, begun, now), now=begun)
    past = tell_the_past(database, settings, carrier.practice, _staff(colleagues), now=now)
    set_limits(carrier.practice)
    return Programme([one.login for one in colleagues], past)


def _open(session: Session, settings: Settings, carrier: Running, begun: datetime, now: datetime) -> list[Colleague]:
    open_offices(session, now=begun)
    stock_catalogue(session)
    open_accounts(session, settings.ring, carrier, now=begun)
    return engage(session, settings.ring, POSTS, now=begun, until=now + timedelta(days=KEY_DAYS))


def _staff(colleagues: list[Colleague]) -> Staff:
    by_post = {(one.login.roles[0], one.login.office): one.actor for one in colleagues}
    return Staff(
        counsellor=by_post[Role.COUNSELLOR, HOST],
        logistician=by_post[Role.LOGISTICIAN, HOST],
        receivers={
            one.login.office: one.actor
            for one in colleagues
            if one.login.office and Role.RECEIVER.value in one.login.roles
        },
    )
