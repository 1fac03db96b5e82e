"""A case is opened for one returnee; who it is can be read by those who work with them, and by nobody else."""

import hashlib
from datetime import date

import msgspec
import pytest
from sqlmodel import select

from shipments.cases.case import Case, OutsideReference, PersonalKeyRow
from shipments.cases.opening import CaseAsked, CaseChange, Contact, cases_called, change_case
from shipments.cases.personal import Personal, may_read_personal, must_work_with, read_personal
from shipments.codes import Kind, read
from shipments.database import Database
from shipments.errors import Invalid, NotAllowed, NotFound, SealBroken, VersionStale, WrongState
from shipments.journal import JournalEntry
from shipments.offices.scope import EVERYWHERE, NOBODY, find
from shipments.sealing import KeyRing
from tests.builders import NOON
from tests.cases.acting import ASKED, EMAIL, NAME, PHONE, REFERENCES, a_whole_case, acting
from tests.cases.conftest import Staff
from tests.offices.looking import raw_bytes

WHOLE = Personal(NAME, PHONE, EMAIL, REFERENCES)


def test_what_was_told_can_be_read_again(database: Database, ring: KeyRing, staff: Staff) -> None:
    case = a_whole_case(database, ring, staff.counsellor)
    assert read(Kind.CASE, case.code) == case.code
    with acting(database, staff.receiver) as session:
        found = find(session, Case, case.code, "case")
        assert (found.language, found.planned_departure, found.version) == ("fr", date(2026, 4, 1), 1)
        assert read_personal(session, ring, found) == WHOLE


def test_a_case_needs_neither_name_nor_contact(sqlite_database: Database, ring: KeyRing, staff: Staff) -> None:
    bare = CaseAsked(host_office="NL-AMS", origin_office="GN-CKY", language="en")
    case = a_whole_case(sqlite_database, ring, staff.coordinator, bare)
    with acting(sqlite_database, staff.coordinator) as session:
        assert read_personal(session, ring, case) == Personal()


def test_who_it_is_stands_nowhere_in_the_open(sqlite_database: Database, ring: KeyRing, staff: Staff) -> None:
    case = a_whole_case(sqlite_database, ring, staff.counsellor)
    stored = raw_bytes(sqlite_database)
    assert case.code.encode() in stored
    for secret in (NAME, PHONE, EMAIL, *REFERENCES, "anary", "Diallo"):
        assert secret.encode() not in stored
    with acting(sqlite_database, EVERYWHERE) as session:
        entries = session.exec(select(JournalEntry)).all()
    assert [(entry.action, entry.object_code) for entry in entries] == [("case.open", case.code)]


def test_nothing_personal_shows_where_an_object_is_printed() -> None:
    printed = [ASKED, ASKED.contact, WHOLE, CaseChange(name=NAME), msgspec.structs.replace(ASKED, language="en")]
    assert "anary" not in repr(printed)
    assert PHONE not in repr(printed)


@pytest.mark.parametrize(
    ("field", "what"),
    [
        ("host_office", {"host_office": "XX-XXX"}),
        ("host_office", {"host_office": "NG-LOS"}),
        ("origin_office", {"origin_office": ""}),
        ("language", {"language": "klingon"}),
        ("planned_departure", {"planned_departure": date(1970, 1, 1)}),
        ("planned_departure", {"planned_departure": date(9999, 12, 31)}),
        ("name", {"name": ""}),
        ("name", {"name": "a\0b"}),
        ("contact.phone", {"contact": Contact(phone="none")}),
        ("contact.email", {"contact": Contact(email="none")}),
        ("outside_references", {"outside_references": ("a", "b", "c")}),
        ("outside_references", {"outside_references": ("Ab", "aB")}),
        ("outside_references", {"outside_references": ("a\nb",)}),
    ],
)
def test_what_cannot_be_right_is_refused_by_field_and_nothing_is_kept(
    sqlite_database: Database, ring: KeyRing, staff: Staff, field: str, what: dict[str, object]
) -> None:
    by = staff.counsellor if what.get("host_office") != "NG-LOS" else staff.coordinator
    with pytest.raises(Invalid) as refusal:
        a_whole_case(sqlite_database, ring, by, msgspec.structs.replace(ASKED, **what))
    assert refusal.value.details["fields"][0]["field"] == field  # type: ignore[index]
    with acting(sqlite_database, EVERYWHERE) as session:
        assert session.exec(select(Case)).all() == []


def test_only_counsellors_and_coordinators_of_the_host_office_open_cases(
    sqlite_database: Database, ring: KeyRing, staff: Staff
) -> None:
    for by in (staff.logistician, staff.receiver, staff.origin_counsellor, staff.stranger, staff.reader, NOBODY):
        with pytest.raises(NotAllowed):
            a_whole_case(sqlite_database, ring, by)
    a_whole_case(sqlite_database, ring, staff.coordinator)


def test_only_those_who_work_with_the_person_may_know_who_it_is(
    sqlite_database: Database, ring: KeyRing, staff: Staff
) -> None:
    case = a_whole_case(sqlite_database, ring, staff.counsellor)
    may = {name: may_read_personal(by, case) for name, by in msgspec.structs.asdict(staff).items()}
    assert {name for name, allowed in may.items() if allowed} == {"counsellor", "coordinator", "receiver", "reader"}
    for by in (staff.logistician, staff.origin_counsellor, staff.stranger, staff.reader, NOBODY):
        with pytest.raises(NotAllowed):
            must_work_with(by, case)


def test_a_sealed_field_moved_to_another_case_does_not_open(database: Database, ring: KeyRing, staff: Staff) -> None:
    one, other = (a_whole_case(database, ring, staff.counsellor) for _ in range(2))
    with acting(database, EVERYWHERE) as session:
        case = find(session, Case, one.code, "case")
        case.name_sealed = other.name_sealed
        session.flush()
        with pytest.raises(SealBroken):
            read_personal(session, ring, case)


def test_without_the_persons_key_nothing_is_left_to_read_or_to_change(
    database: Database, ring: KeyRing, staff: Staff
) -> None:
    case = a_whole_case(database, ring, staff.counsellor)
    with acting(database, staff.counsellor) as session:
        session.delete(session.get_one(PersonalKeyRow, case.id))
        session.flush()
        assert read_personal(session, ring, case) == Personal()
        change = CaseChange(name="Somebody")
        with pytest.raises(WrongState, match="erased"):
            change_case(session, ring, case.code, change, expected_version=1, by=staff.counsellor, now=NOON)


def test_a_change_writes_what_it_names_and_leaves_the_rest(database: Database, ring: KeyRing, staff: Staff) -> None:
    case = a_whole_case(database, ring, staff.counsellor)
    with acting(database, staff.receiver) as session:
        change = CaseChange(contact=Contact(phone="0612345"), language="ar")
        changed = change_case(session, ring, case.code, change, expected_version=1, by=staff.receiver, now=NOON)
        assert (changed.version, changed.language, changed.planned_departure) == (2, "ar", date(2026, 4, 1))
        assert read_personal(session, ring, changed) == Personal(NAME, "0612345", None, REFERENCES)
        change = CaseChange(name=None, contact=None, planned_departure=None)
        changed = change_case(session, ring, case.code, change, expected_version=2, by=staff.receiver, now=NOON)
        assert changed.planned_departure is None
        assert read_personal(session, ring, changed) == Personal(outside_references=REFERENCES)
    with acting(database, EVERYWHERE) as session:
        told = [entry.details for entry in session.exec(select(JournalEntry)) if entry.action == "case.change"]
    assert sorted(str(details["fields"]) for details in told) == ["language contact", "planned_departure name contact"]


def test_a_change_of_an_older_version_is_refused(database: Database, ring: KeyRing, staff: Staff) -> None:
    case = a_whole_case(database, ring, staff.counsellor)
    change = CaseChange(language="ar")
    with acting(database, staff.counsellor) as session:
        change_case(session, ring, case.code, change, expected_version=1, by=staff.counsellor, now=NOON)
    with acting(database, staff.receiver) as session, pytest.raises(VersionStale):
        change_case(session, ring, case.code, change, expected_version=1, by=staff.receiver, now=NOON)


def test_a_case_of_another_office_is_not_found(database: Database, ring: KeyRing, staff: Staff) -> None:
    case = a_whole_case(database, ring, staff.counsellor)
    change = CaseChange(language="ar")
    with acting(database, staff.stranger) as session, pytest.raises(NotFound):
        change_case(session, ring, case.code, change, expected_version=1, by=staff.stranger, now=NOON)
    with acting(database, staff.logistician) as session, pytest.raises(NotAllowed):
        change_case(session, ring, case.code, change, expected_version=1, by=staff.logistician, now=NOON)


def test_a_case_is_found_by_what_another_system_calls_it_however_typed(
    database: Database, ring: KeyRing, staff: Staff
) -> None:
    case = a_whole_case(database, ring, staff.counsellor)
    a_whole_case(database, ring, staff.counsellor, msgspec.structs.replace(ASKED, outside_references=("other",)))
    with acting(database, staff.counsellor) as session:
        for written in ("CANARY-001", " canary-001 ", "CANARY/E\u0301/2"):
            assert [found.code for found in cases_called(session, ring, written)] == [case.code]
        assert cases_called(session, ring, "CANARY-002") == []
    with acting(database, staff.stranger) as session:
        assert cases_called(session, ring, "CANARY-001") == []


def test_the_index_is_keyed(sqlite_database: Database, ring: KeyRing, staff: Staff) -> None:
    a_whole_case(sqlite_database, ring, staff.counsellor)
    with acting(sqlite_database, EVERYWHERE) as session:
        stored = set(session.exec(select(OutsideReference.index)))
    unkeyed = {hashlib.sha256(text.casefold().encode()).digest() for text in REFERENCES}
    assert len(stored) == 2
    assert not stored & unkeyed
