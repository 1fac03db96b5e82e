"""Who sees which account in the ledger, of which days, and by which index it is read."""

from datetime import date
from typing import Any

import msgspec
import pytest
from sqlalchemy import event
from sqlmodel import Session

from shipments.errors import Invalid, NotFound
from shipments.offices.person import Role
from shipments.offices.scope import Actor
from shipments.tracking.accounts.seeing import days_asked
from shipments.tracking.calls.call import Outcome
from shipments.tracking.calls.tallying import CallsSummed
from shipments.tracking.pushes.push import PushState
from tests.builders import NOON, an_actor, an_office
from tests.tracking.calls.ledger_rows import DAY, HOUR, House, a_call, a_push, an_account, an_event

TODAY = NOON.date()
MIDNIGHT = NOON.replace(hour=0)
Columns = Any  # whatever the columns of the table take


@pytest.mark.parametrize(
    ("role", "where", "seen"),
    [
        (Role.LOGISTICIAN, "NL-AMS", ["ours", "shared"]),
        (Role.COORDINATOR, "NL-AMS", ["ours", "shared"]),
        (Role.LOGISTICIAN, "NG-LOS", ["shared", "theirs"]),
        (Role.LOGISTICIAN, "FR-PAR", []),
        (Role.RECEIVER, "NL-AMS", []),
        (Role.COUNSELLOR, "NL-AMS", []),
        (Role.ADMINISTRATOR, "FR-PAR", ["shared"]),
        (Role.AUDITOR, "NL-AMS", ["ours", "shared"]),
        (Role.COORDINATOR, None, ["ours", "shared", "theirs"]),
        (Role.ADMINISTRATOR, None, ["ours", "shared", "theirs"]),
        (Role.AUDITOR, None, ["ours", "shared", "theirs"]),
    ],
)
def test_an_account_is_seen_by_its_office_and_a_shared_one_by_all_who_send(
    house: House, role: Role, where: str | None, seen: list[str]
) -> None:
    def rows(session: Session) -> Actor:
        offices = {one.code: one for one in (house.host, an_office(session, "FR-PAR", may_send=False))}
        offices["NG-LOS"] = an_office(session, "NG-ABV")
        an_account(session, "shared")
        an_account(session, "ours", house.host)
        an_account(session, "theirs", offices["NG-LOS"])
        return an_actor(session, role, offices[where] if where else None)

    by = house.put(rows)
    told = house.asked(by)
    for answer in (told.where_calls_went, told.put_off, told.tomorrow):
        assert [one.account for one in answer] == seen
    for name in {"ours", "shared", "theirs"} - set(seen):
        with pytest.raises(NotFound):
            house.asked(by, account=name)
    for name in seen:
        assert [one.account for one in house.asked(by, account=name).tomorrow] == [name]


def test_secrets_and_references_stay_where_they_are(house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(
            session, header="X-Canary", hook_secret_sealed=b"canary", base_url="https://canary.example"
        )
        a_call(session, account, NOON, [house.leg(session, account)])

    house.put(rows)
    assert "canary" not in msgspec.json.encode(house.asked()).decode().lower()


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        (TODAY, TODAY - DAY, "since"),
        (TODAY - 92 * DAY, TODAY, "since"),
        (None, date(1, 1, 1), "until"),
        (date(1, 1, 1), None, "since"),
        (date(9999, 12, 31), date(9999, 12, 31), "until"),
    ],
)
def test_days_are_in_order_and_not_too_many(since: date | None, until: date | None, field: str) -> None:
    with pytest.raises(Invalid, match=f"^{field}: "):
        days_asked(since, until, now=NOON)


def test_the_last_seven_days_are_told_where_none_are_named() -> None:
    days = days_asked(None, None, now=NOON)
    assert (days.since, days.until) == (TODAY - 6 * DAY, TODAY)
    assert days_asked(TODAY - 91 * DAY, None, now=NOON).since == TODAY - 91 * DAY


def test_a_glance_says_in_short_what_the_ledger_says_at_length(each_house: House) -> None:
    def rows(session: Session) -> None:
        for name in ("dhl", "ups"):
            account = an_account(session, name, carrier=name, day_calls=3)
            leg = each_house.leg(session, account, wait_s=3_600)
            for outcome in (Outcome.NEWS, Outcome.NOTHING_NEW, Outcome.NOT_MADE, None):
                a_call(session, account, NOON - HOUR, [leg], outcome=outcome, news=outcome is Outcome.NEWS)
            a_call(session, account, NOON, [leg], outcome=None)

    each_house.put(rows)
    told, short = each_house.asked(), each_house.glanced()
    assert [one.gone for one in short] == [CallsSummed(made=4, news=1, nothing_new=1, never_ended=1)] * 2
    for one, gone, off, cost in zip(short, told.where_calls_went, told.put_off, told.tomorrow, strict=True):
        assert shared(one.gone, gone) == one.gone
        assert shared(one.off, off) == one.off
        assert one.next_day == cost


def shared(short: msgspec.Struct, long: msgspec.Struct) -> msgspec.Struct:
    """Of the long one the fields that the short one has."""
    return type(short)(**{name: getattr(long, name) for name in short.__struct_fields__})


def test_the_ledger_is_read_by_its_index(house: House) -> None:
    def rows(session: Session) -> None:
        account = an_account(session)
        one = house.leg(session, account)
        a_call(session, account, NOON, [one], due_at=NOON - HOUR)
        an_event(session, one, NOON)
        a_push(session, account, PushState.HEARD, NOON)

    house.put(rows)
    ran: list[tuple[str, Any]] = []
    event.listen(
        house.database.engine,
        "before_cursor_execute",
        hear := lambda _c, _k, said, with_, *_: ran.append((said, with_)),
    )
    house.asked()
    house.glanced()
    event.remove(house.database.engine, "before_cursor_execute", hear)
    plans = []
    with house.database.engine.connect() as connection:
        for said, with_ in ran:
            if "carrier_call" in said:
                plans.append(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", with_).all())
    assert len(plans) == 5, "three closely, two at a glance"
    for plan in plans:
        steps = [str(step[3]) for step in plan]
        assert any("ix_carrier_call_account_id_at (account_id=? AND at>? AND at<?)" in step for step in steps), steps
        assert not [step for step in steps if step.startswith("SCAN") and "anon" not in step], steps
