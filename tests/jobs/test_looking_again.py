"""A look for due legs lasts as long as its slowest account; the looks after it ask the others meanwhile."""

import asyncio

import pytest
from sqlmodel import Session, col, select

from jobs.polling import Poller, Round
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.administering import add_account
from shipments.tracking.accounts.terms import AccountAsked
from shipments.tracking.calls.call import Outcome
from shipments.tracking.polling.watch import LegWatch
from tests.jobs.fleet import Fleet


class Slow:
    """A fleet whose account is asked every five seconds, and a poller that waits for such a turn until it is over."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.waiting, self.never = asyncio.Event(), asyncio.Event()
        clock = lambda: fleet.journey.now  # noqa: E731  a clock
        self.poller = Poller(fleet.journey.database, fleet.settings, clock, pause=self._pause)

    async def _pause(self, seconds: float) -> None:
        if seconds < 1:
            return await asyncio.sleep(seconds)
        self.waiting.set()
        await self.never.wait()


def another_account(fleet: Fleet) -> None:
    """Legs that sail from now on are asked about with it."""
    asked = AccountAsked(
        carrier="dcsa", name="quick", base_url=fleet.running.url, secret="practice", allow_private=True, per_second=500
    )

    def work(session: Session) -> None:
        ring, now = fleet.settings.ring, fleet.journey.now
        fleet.account = add_account(session, ring, asked, by=EVERYWHERE, now=now).id

    fleet.journey.do(work, EVERYWHERE)


async def _looks(fleet: Fleet) -> tuple[Round, Round]:
    """The look that lasts until it is stopped, and one that begins and ends within it."""
    slow = Slow(fleet)
    try:
        first = asyncio.create_task(slow.poller.round())
        await asyncio.wait_for(slow.waiting.wait(), 10)
        another_account(fleet)
        fleet.sail(2)
        second = await asyncio.wait_for(slow.poller.round(), 10)
        assert not first.done()
        slow.poller.stop()
        return await asyncio.wait_for(first, 10), second
    finally:
        await slow.poller.close()


@pytest.fixture
def looks(fleet: Fleet) -> tuple[Round, Round]:
    """The first account has three legs and one call in five seconds."""
    fleet.change_account(per_second=0.2)
    fleet.sail(3)
    return asyncio.run(_looks(fleet))


def test_a_look_asks_other_accounts_while_a_slow_one_is_still_served(looks: tuple[Round, Round]) -> None:
    assert [one.asked for one in looks] == [1, 2]


def test_who_stops_waits_for_no_turn_and_gives_back_what_was_not_asked(
    fleet: Fleet, looks: tuple[Round, Round]
) -> None:
    outcomes = [call.outcome for call in fleet.calls() if call.account_id != fleet.account]
    held = fleet.journey.see(
        lambda session: session.exec(select(LegWatch).where(col(LegWatch.leased_until).is_not(None))).all()
    )

    assert sorted(map(str, outcomes)) == sorted([str(Outcome.NEWS), str(Outcome.NOT_MADE), str(Outcome.NOT_MADE)])
    assert list(held) == []
    assert len(fleet.practice.calls) == 3
