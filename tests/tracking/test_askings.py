"""When a leg is asked about next, or why it is not."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.askings import Asking, Turn, asking, askings_of
from shipments.tracking.polling.watch import LegWatch
from tests.builders import NOON
from tests.tracking.calls.ledger_rows import Columns, House, an_account

HOUR = timedelta(hours=1)


def the_asking(watch: Columns, **account: Columns) -> Asking:
    row = CarrierAccount(name="dhl", carrier="dhl", base_url="", secret_sealed=b"", **account)
    return asking(LegWatch(leg_id=uuid4(), account_id=row.id, **{"due_at": NOON + HOUR, **watch}), row, NOON)


@pytest.mark.parametrize(
    ("watch", "account", "turn", "at"),
    [
        ({}, {}, Turn.LATER, NOON + HOUR),
        ({"due_at": NOON}, {}, Turn.ITS_TURN, None),
        ({"due_at": NOON, "leased_until": NOON + HOUR}, {"stopped_reason": "401"}, Turn.ASKED_NOW, None),
        ({"leased_until": NOON}, {}, Turn.LATER, NOON + HOUR),
        ({}, {"paused_until": NOON + 2 * HOUR}, Turn.PAUSED, NOON + 2 * HOUR),
        ({"due_at": NOON + 3 * HOUR}, {"paused_until": NOON + 2 * HOUR}, Turn.PAUSED, NOON + 3 * HOUR),
        ({}, {"paused_until": NOON}, Turn.LATER, NOON + HOUR),
        ({}, {"stopped_reason": "401", "paused_until": NOON + HOUR}, Turn.STOPPED, None),
        ({"due_at": None}, {"stopped_reason": "401"}, Turn.NOT_LEFT, None),
        ({"due_at": None, "asked_at": NOON}, {}, Turn.OVER, None),
        ({"due_at": None, "pushed_at": NOON}, {}, Turn.OVER, None),
    ],
)
def test_what_comes_next_or_why_nothing_does(watch: Columns, account: Columns, turn: Turn, at: datetime | None) -> None:
    found = the_asking(watch, **account)
    assert (found.turn, found.at) == (turn, at)


def test_a_leg_that_nobody_watches_is_told_of_by_hand(each_house: House) -> None:
    house, by_hand = each_house, uuid4()
    watched = house.put(lambda session: house.leg(session, an_account(session), due_at=NOON, asked_at=NOON - HOUR))
    found = house.put(lambda session: askings_of(session, [watched, by_hand], now=NOON))
    assert found == {watched: Asking(Turn.ITS_TURN, asked_at=NOON - HOUR), by_hand: Asking(Turn.BY_HAND)}
