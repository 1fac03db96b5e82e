"""A programme as the demo makes it, once for all tests here: none of them writes to it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import msgspec
import pytest

from api.demo.programme import Programme, read_settings, set_up, settings_for
from api.practice_carrier import Practice, practice_carrier
from shipments.database import Database
from shipments.settings import Settings


class Made(msgspec.Struct, frozen=True):
    """The programme, and when it was made."""

    programme: Programme
    database: Database
    settings: Settings
    now: datetime
    practice: Practice


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    settings = read_settings(settings_for(tmp_path_factory.mktemp("demo"), 8000))
    now = datetime.now(UTC)
    with closing(Database.at(settings.database_url)) as database, practice_carrier() as carrier:
        yield Made(set_up(database, settings, carrier, now=now), database, settings, now, carrier.practice)
