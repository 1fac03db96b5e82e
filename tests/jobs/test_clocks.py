"""A machine whose clock is wrong calls nobody: its calls would come between those of the others."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from jobs import clocks
from jobs.subscribing import Subscriber
from shipments.clock import utc_now
from shipments.database import Database
from tests.jobs.fleet import Fleet


@pytest.fixture(params=[10.0, -10.0])
def wrong_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> object:
    """This machine's, ten seconds ahead or behind."""

    def wrong() -> datetime:
        return utc_now() + timedelta(seconds=request.param)

    monkeypatch.setattr(clocks, "utc_now", wrong)
    return wrong


def test_a_clock_that_is_right_fits(database: Database) -> None:
    assert clocks.clock_fits(database, utc_now)


def test_a_clock_that_is_seconds_off_the_databases_is_refused_and_said_so(
    postgres_database: Database, wrong_clock: Callable[[], datetime], caplog: pytest.LogCaptureFixture
) -> None:
    assert not clocks.clock_fits(postgres_database, wrong_clock)
    (said,) = caplog.messages
    assert "10.0 s" in said or "9.9 s" in said
    assert "NTP" in said


def test_on_sqlite_all_share_one_machines_clock_and_a_clock_that_is_passed_is_believed(
    sqlite_database: Database, postgres_database: Database, wrong_clock: Callable[[], datetime]
) -> None:
    assert clocks.clock_fits(sqlite_database, wrong_clock)
    assert clocks.clock_fits(postgres_database, lambda: utc_now() + timedelta(days=30))


def test_a_worker_with_a_wrong_clock_polls_and_subscribes_nothing_where_others_have_another_clock(
    each_fleet: Fleet, wrong_clock: Callable[[], datetime], caplog: pytest.LogCaptureFixture
) -> None:
    each_fleet.sail()
    caplog.set_level(logging.ERROR)
    (done,) = each_fleet.poll(clock=wrong_clock)

    async def subscribe() -> None:
        subscriber = Subscriber(each_fleet.journey.database, each_fleet.settings, wrong_clock)
        await subscriber.round()
        await subscriber.close()

    asyncio.run(subscribe())
    shared = each_fleet.journey.database.local
    assert (done.asked, len(caplog.messages)) == ((1, 0) if shared else (0, 2))
