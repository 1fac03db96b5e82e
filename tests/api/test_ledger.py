"""The ledger over the API: the three answers, in RFC 3339, and nobody else's account."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from shipments.clock import utc_now
from shipments.offices.office import Office
from shipments.offices.scope import EVERYWHERE, act_as
from tests.api.world import HOST, ORIGIN, OTHER_HOST, World
from tests.tracking.calls.ledger_rows import a_call, a_watched_leg, an_account

LEDGER = "/api/v1/carriers/ledger"


@pytest.fixture
def asked(small_world: World) -> World:
    """An account of each sending office and a shared one, a call made with each, and a leg that waits for ours."""
    now = utc_now()

    def office(session: Session, code: str) -> Office:
        return session.exec(select(Office).where(Office.code == code)).one()

    with small_world.database.writing() as session:
        act_as(session, EVERYWHERE)
        host, origin, other = (office(session, code) for code in (HOST, ORIGIN, OTHER_HOST))
        for name, owner in (("ours", host), ("theirs", other), ("shared", None)):
            account = an_account(session, name, owner, stopped_reason="the carrier refused the key")
            watch = a_watched_leg(session, account, owner or other, origin, due_at=now - timedelta(hours=1))
            a_call(session, account, now - timedelta(seconds=30), [watch.leg_id], due_at=now - timedelta(minutes=2))
    return small_world


def test_it_answers_where_calls_went_what_was_put_off_and_what_tomorrow_costs(asked: World) -> None:
    told = asked.logistician.get(LEDGER).ok()
    assert list(told) == ["since", "until", "at", "where_calls_went", "put_off", "tomorrow"]
    for answer in ("where_calls_went", "put_off", "tomorrow"):
        assert [one["account"] for one in told[answer]] == ["ours", "shared"]
    ours, shared = told["where_calls_went"]
    assert (ours["made"], ours["office"], len(ours["busiest"])) == (1, HOST, 1)
    assert (shared["made"], shared["busiest"], shared["others"]) == (1, [], {"legs": 1, "asked": 1})
    waiting = told["put_off"][0]["waiting"][0]
    assert (waiting["why"], waiting["legs"], waiting["until"]) == ("stopped", 1, None)
    for time in (told["at"], waiting["due_since"], told["put_off"][0]["resets_at"]):
        assert datetime.fromisoformat(time).tzinfo is not None
        assert time.endswith("Z")
    next_day = told["tomorrow"][0]
    assert (next_day["wanted"], next_day["new"], next_day["stopped"]) == (2, 1, told["put_off"][0]["stopped"])


def test_anothers_account_is_not_there_and_the_attempt_is_journalled(asked: World) -> None:
    asked.logistician.get(f"{LEDGER}?account=ours").ok()
    unseen = asked.logistician.get(f"{LEDGER}?account=theirs").problem(404)
    missing = asked.logistician.get(f"{LEDGER}?account=nobody").problem(404)
    assert unseen["detail"].replace("theirs", "nobody") == missing["detail"]
    assert "theirs" in [code for action, _, _, code, _ in asked.journal() if action == "carrier account.refused"]


def test_an_auditor_sees_every_account_and_no_batch(asked: World) -> None:
    told = asked.auditor.get(LEDGER).ok()
    assert [one["account"] for one in told["tomorrow"]] == ["ours", "shared", "theirs"]
    assert [(one["busiest"], one["others"]["asked"]) for one in told["where_calls_went"]] == [([], 1)] * 3


@pytest.mark.parametrize("name", ["counsellor", "receiver"])
def test_it_is_not_for_everybody(asked: World, name: str) -> None:
    asked.people[name].client.get(LEDGER).problem(403)


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-03-02&until=2026-03-01", "until=0001-01-01", "days=7"]
)
def test_wrong_days_are_refused_by_name(asked: World, query: str) -> None:
    field = query.partition("=")[0]
    problem = asked.logistician.get(f"{LEDGER}?{query}").problem(400)
    assert [one["field"] for one in problem["errors"]] == [field]
