"""Leaving, withdrawing and agreeing are facts: told once, on a day that has been."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from shipments.cases.card import Card
from shipments.cases.carding import issue_card
from shipments.cases.case import Case, Consent, ConsentKind, Turn
from shipments.cases.turning import case_departed, case_withdrawn, consent, turns_of
from shipments.database import Database
from shipments.errors import Invalid, NotAllowed, NotFound, WrongState
from shipments.journal import JournalEntry
from shipments.offices.scope import EVERYWHERE, Actor, find
from shipments.sealing import KeyRing
from tests.builders import NOON
from tests.cases.acting import a_whole_case, acting
from tests.cases.conftest import Staff

TODAY = NOON.date()


def leave(database: Database, code: str, by: Actor, on: date = TODAY) -> None:
    with acting(database, by) as session:
        case_departed(session, code, on=on, by=by, now=NOON)


def withdraw(database: Database, code: str, by: Actor, reason: str = "stays after all") -> None:
    with acting(database, by) as session:
        case_withdrawn(session, code, on=TODAY, reason=reason, by=by, now=NOON)


def test_a_departure_is_told_once(database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(database, ring, staff.counsellor).code
    leave(database, code, staff.counsellor, date(2026, 3, 1))
    with pytest.raises(WrongState, match="departed since 2026-03-01") as refusal:
        leave(database, code, staff.counsellor)
    assert refusal.value.details["state"] == "departed"
    with acting(database, staff.receiver) as session:
        case = find(session, Case, code, "case")
        assert turns_of(session, case) == {Turn.DEPARTED: date(2026, 3, 1)}
        assert case.version == 2


def test_nobody_leaves_after_withdrawing_nor_withdraws_twice(database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(database, ring, staff.counsellor).code
    withdraw(database, code, staff.coordinator)
    for again in (leave, withdraw):
        with pytest.raises(WrongState) as refusal:
            again(database, code, staff.counsellor)
        assert refusal.value.details["state"] == "withdrawn"


def test_somebody_who_is_home_may_still_withdraw(sqlite_database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(sqlite_database, ring, staff.counsellor).code
    leave(sqlite_database, code, staff.counsellor)
    withdraw(sqlite_database, code, staff.counsellor)
    with pytest.raises(WrongState, match="withdrawn"):
        leave(sqlite_database, code, staff.counsellor)


def test_withdrawing_ends_the_card_and_allows_no_other(database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(database, ring, staff.counsellor).code
    with acting(database, staff.counsellor) as session:
        issue_card(session, ring, code, base_url="https://b.example", by=staff.counsellor, now=NOON)
    withdraw(database, code, staff.counsellor)
    with acting(database, EVERYWHERE) as session:
        assert session.exec(select(Card.revoked_at)).all() == [NOON]
    with acting(database, staff.counsellor) as session, pytest.raises(WrongState, match="withdrawn"):
        issue_card(session, ring, code, base_url="https://b.example", by=staff.counsellor, now=NOON)


@pytest.mark.parametrize("on", [TODAY + timedelta(days=2), date(1970, 1, 1), date.max, date.min])
def test_a_day_that_has_not_been_is_refused(sqlite_database: Database, ring: KeyRing, staff: Staff, on: date) -> None:
    code = a_whole_case(sqlite_database, ring, staff.counsellor).code
    with pytest.raises(Invalid, match="at: "):
        leave(sqlite_database, code, staff.counsellor, on)
    leave(sqlite_database, code, staff.counsellor, TODAY + timedelta(days=1))


def test_withdrawing_needs_a_reason(sqlite_database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(sqlite_database, ring, staff.counsellor).code
    for reason in ("", " ", "x" * 501, "a\0"):
        with pytest.raises(Invalid, match="reason: "):
            withdraw(sqlite_database, code, staff.counsellor, reason)


def test_only_the_host_office_says_who_left_or_withdrew(sqlite_database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(sqlite_database, ring, staff.counsellor).code
    for turn in (leave, withdraw):
        for by in (staff.receiver, staff.logistician, staff.reader):
            with pytest.raises(NotAllowed):
                turn(sqlite_database, code, by)
        with pytest.raises(NotFound):
            turn(sqlite_database, code, staff.stranger)


def test_consents_add_up(database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(database, ring, staff.counsellor).code
    for by, kind in ((staff.counsellor, ConsentKind.WRITTEN), (staff.receiver, ConsentKind.AUDIO)):
        with acting(database, by) as session:
            consent(session, code, kind=kind, purpose="notices by SMS", on=TODAY, by=by, now=NOON)
    with acting(database, staff.logistician) as session, pytest.raises(NotAllowed):
        consent(session, code, kind=kind, purpose="notices", on=TODAY, by=staff.logistician, now=NOON)
    with acting(database, EVERYWHERE) as session:
        kept = session.exec(select(Consent)).all()
    assert {(row.kind, row.person_id) for row in kept} == {
        (ConsentKind.WRITTEN, staff.counsellor.person_id),
        (ConsentKind.AUDIO, staff.receiver.person_id),
    }


def test_the_journal_says_what_was_decided_and_not_why(sqlite_database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(sqlite_database, ring, staff.counsellor).code
    leave(sqlite_database, code, staff.counsellor)
    withdraw(sqlite_database, code, staff.counsellor, "canary is ill")
    with acting(sqlite_database, EVERYWHERE) as session:
        entries = sorted(session.exec(select(JournalEntry)), key=lambda entry: entry.seq)
    assert [entry.action for entry in entries] == ["case.open", "case.departed", "case.withdrawn"]
    assert {entry.object_code for entry in entries} == {code}
    assert "canary" not in repr([entry.details for entry in entries])
