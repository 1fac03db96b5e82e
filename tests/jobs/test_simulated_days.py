"""Simulated days with every fault, and a worker killed each day: no limit passed, nothing lost, nothing twice."""

from pathlib import Path

from shipments.tracking.calls.call import Outcome
from tests.bench.month.running import live


def test_days_of_faults_and_killed_workers_pass_no_limit_lose_no_leg_and_write_nothing_twice(tmp_path: Path) -> None:
    lived = live(f"sqlite:///{tmp_path / 'days.sqlite3'}", tmp_path, legs=200, days=2.0, faults=0.1)
    assert (lived.over_limit, lived.lost, lived.duplicates) == (0, 0, 0)
    assert [one.name for one in lived.accounts if not one.agrees] == [], "the ledger's calls are the carrier's own"
    assert lived.workers_killed == 2
    assert {Outcome.NEWS, Outcome.NOTHING_NEW, Outcome.UNAVAILABLE, Outcome.UNREADABLE} <= set(lived.calls)
    assert all(one.counted for one in lived.accounts), "every account was asked"
    assert sum(one.legs for one in lived.accounts) > 50, "of many something was told"
