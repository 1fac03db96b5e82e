"""Both engines behind one door: times, words, transactions, and what the database itself refuses."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122

import psycopg
import pytest
from sqlalchemy import bindparam, insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlmodel import Session, col, select

from shipments.batches.batch import Batch, Dispatch, Leg, Mode
from shipments.boxes.box import Box, BoxCheck, BoxLine, ElectricalTest, Happened, Wood
from shipments.cases.card import Card
from shipments.cases.case import Case, CaseTurn, Consent, ConsentKind, Turn
from shipments.database import BUSY_MS, Database, insert_or_ignore, is_passing, new_id, write_many
from shipments.errors import Unavailable
from shipments.journal import JournalHead, Noted, append_noted, note
from shipments.offices.office import Office, Organisation
from shipments.offices.person import Person, Role
from shipments.offices.scope import EVERYWHERE, act_as
from shipments.receipts.receipt import (
    Condition,
    Explanation,
    HandedTo,
    Handover,
    HandoverLine,
    Receipt,
    ReceiptLine,
)
from shipments.requests.request import RequestLine
from shipments.tables import METADATA
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.lanes.lane import Lane
from tests.builders import (
    NOON,
    Columns,
    a_batch,
    a_box,
    a_box_fact,
    a_box_line,
    a_case,
    a_leg,
    a_person,
    a_request,
    an_office,
    lines_of,
)


def test_a_time_comes_back_as_the_same_instant_aware_and_in_utc(database: Database) -> None:
    conakry_time = datetime(2026, 3, 2, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with database.writing() as session:
        code = an_office(session, opened_at=conakry_time).code
    with database.reading() as session:
        opened = session.exec(select(Office.opened_at).where(Office.code == code)).one()
    assert opened == conakry_time
    assert opened.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"), database.writing() as session:
        an_office(session, opened_at=datetime(2026, 3, 2))  # noqa: DTZ001


def test_a_word_outside_its_list_is_refused_before_and_by_the_database(database: Database) -> None:
    with pytest.raises(StatementError, match="'lorry' is not a valid Mode"), database.writing() as session:
        a_batch(session, an_office(session), an_office(session), mode="lorry")
    with database.writing() as session:
        a_batch(session, an_office(session), an_office(session))
    with pytest.raises(IntegrityError, match="ck_batch_mode_word"), database.writing() as session:
        session.execute(text("UPDATE batch SET mode = 'lorry'"))


def test_what_raises_is_rolled_back_and_what_ends_well_is_committed(database: Database) -> None:
    with suppress(IntegrityError), database.writing() as session:
        an_office(session, "NL-AMS")
        an_office(session, "NL-AMS")
    with database.writing() as session:
        an_office(session, "GN-CKY")
    with database.reading() as session:
        assert session.exec(select(Office.code)).all() == ["GN-CKY"]


def test_a_reader_on_sqlite_sees_one_state_throughout_while_others_write(sqlite_database: Database) -> None:
    with sqlite_database.reading() as reader:
        assert reader.exec(select(Office.code)).all() == []
        with sqlite_database.writing() as writer:
            an_office(writer)
        assert reader.exec(select(Office.code)).all() == []


def test_sqlite_keeps_what_was_acknowledged_on_disk(sqlite_database: Database) -> None:
    with sqlite_database.reading() as session:
        pragmas = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}


def test_rows_that_are_there_already_are_left_out_and_the_rest_is_told(database: Database) -> None:
    table = METADATA.tables["organisation"]
    rows = [{"id": new_id(), "name": f"Foundation {number}"} for number in range(2_500)]
    with database.writing() as session:
        assert insert_or_ignore(session, table, []) == []
        assert {row.id for row in insert_or_ignore(session, table, rows[:10])} == {row["id"] for row in rows[:10]}
        again = insert_or_ignore(session, table, [*rows, {"id": new_id(), "name": "Foundation 7"}])
        assert {row.id for row in again} == {row["id"] for row in rows[10:]}
    with database.reading() as session:
        assert len(session.exec(select(Organisation.id)).all()) == 2_500


def test_new_ids_are_of_version_7_and_sort_as_they_were_made() -> None:
    made = [new_id() for _ in range(1_000)]
    assert {one.version for one in made} == {7}
    assert made == sorted(made)
    assert len(set(made)) == 1_000


@pytest.mark.parametrize(
    ("cause", "passing"),
    [
        (sqlite3.OperationalError("database is locked"), True),
        (psycopg.errors.SerializationFailure(), True),
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.LockNotAvailable(), True),
        (sqlite3.OperationalError("disk I/O error"), False),
        (psycopg.errors.UniqueViolation(), False),
    ],
)
def test_only_a_lock_or_a_deadlock_is_worth_another_try(cause: Exception, passing: bool) -> None:
    error: DBAPIError = OperationalError("UPDATE box", {}, cause)
    assert is_passing(error) is passing


def test_what_a_statement_carried_is_not_in_its_error(database: Database) -> None:
    with pytest.raises(DBAPIError) as failed, database.reading() as session:
        session.connection().execute(text("SELECT :name FROM nowhere"), {"name": "CANARY"})
    assert "nowhere" in str(failed.value)
    assert "CANARY" not in str(failed.value)


def test_who_has_little_patience_does_not_wait_for_a_writer_here_or_elsewhere(sqlite_database: Database) -> None:
    def try_to_write() -> float:
        begun = time.monotonic()
        with pytest.raises((Unavailable, OperationalError)), sqlite_database.writing(patience_ms=20) as session:
            session.connection()
        return time.monotonic() - begun

    with sqlite_database.writing():
        assert try_to_write() < 1
    file = str(sqlite_database.engine.url.database)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert try_to_write() < 1
    with sqlite_database.writing() as session:
        assert session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar_one() == BUSY_MS


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite+aiosqlite:///x"])
def test_only_the_two_engines_are_opened(url: str) -> None:
    if url.startswith("sqlite"):
        assert Database.at(url).engine.dialect.driver == "pysqlite"
    else:
        with pytest.raises(ValueError, match="must start with sqlite:/// or postgresql://"):
            Database.at(url)


class Scene:
    """Two offices, a case and a request with one line of five approved."""

    def __init__(self, session: Session) -> None:
        self.host, self.origin = an_office(session), an_office(session, "GN-CKY")
        self.case: Case = a_case(session, self.host, self.origin)
        self.line: RequestLine = lines_of(session, a_request(session, self.case, [5]))[0]

    def box(self, session: Session, **what: Columns) -> Box:
        return a_box(session, self.host, self.origin, **what)

    def batch(self, session: Session, **what: Columns) -> Batch:
        return a_batch(session, self.host, self.origin, **what)

    def box_line(self, session: Session, **counts: int) -> BoxLine:
        line = a_box_line(session, self.box(session), self.line, 3)
        for name, count in counts.items():
            setattr(line, name, count)
        return line

    def handover(self, session: Session, **what: Columns) -> Handover:
        whole: dict[str, Columns] = {
            "id": new_id(), "box_id": self.box(session).id, "at": NOON, "heard_at": NOON,
            "taker": HandedTo.RETURNEE, "identity_checked": True, "body_hash": b"0" * 32,
        }  # fmt: skip
        return Handover(**(whole | what))

    def event(self, leg: Leg) -> CarrierEvent:
        return CarrierEvent(leg_id=leg.id, source_id="E1", classifier=Classifier.ACT, heard_at=NOON, raw_code="ARRI")

    def turn(self) -> CaseTurn:
        return CaseTurn(case_id=self.case.id, turn=Turn.DEPARTED, on=NOON.date(), heard_at=NOON)

    def card(self, token: bytes) -> Card:
        return Card(case_id=self.case.id, token_hash=token, pin_hash="x", issued_at=NOON)


def two_positions_alike(session: Session, scene: Scene) -> None:
    batch = scene.batch(session)
    for _ in range(2):
        scene.box(session, batch_id=batch.id, batch_position=1)


def packed_beyond_approval(session: Session, scene: Scene) -> None:
    scene.line.packed = 6
    session.add(scene.line)


def dispatched_twice(session: Session, scene: Scene) -> None:
    batch = scene.batch(session, dispatched_at=NOON)
    session.execute(METADATA.tables["dispatch"].insert(), {"batch_id": batch.id, "at": NOON, "heard_at": NOON})


def told_twice(session: Session, scene: Scene) -> None:
    leg = a_leg(session, scene.batch(session))
    session.add_all([scene.event(leg), scene.event(leg)])


def handed_twice(session: Session, scene: Scene) -> None:
    line, handover = scene.box_line(session), scene.handover(session)
    session.add(handover)
    session.flush()
    session.add_all(HandoverLine(handover_id=handover.id, box_line_id=line.id, quantity=1) for _ in range(2))


def counted_twice(session: Session, scene: Scene) -> None:
    line = scene.box_line(session)
    receipt = Receipt(
        id=new_id(), box_id=line.box_id, office_id=scene.origin.id, arrived_at=NOON, heard_at=NOON,
        condition=Condition.GOOD, counted=True, body_hash=b"0" * 32,
    )  # fmt: skip
    session.add(receipt)
    session.flush()
    session.add_all(ReceiptLine(receipt_id=receipt.id, box_line_id=line.id, good=3) for _ in range(2))


REFUSED: dict[str, Callable[[Session, Scene], object]] = {
    "ck_request_line_packed_within_approved": packed_beyond_approval,
    "ck_request_line_quantity_sane": lambda session, scene: setattr(scene.line, "quantity", 10_001),
    "ck_request_line_approved_within_quantity": lambda session, scene: setattr(scene.line, "approved", 6),
    "ck_box_line_given_back_within_quantity": lambda session, scene: scene.box_line(session, given_back=4),
    "uq_handover_line_box_line": handed_twice,
    "uq_receipt_line_box_line": counted_twice,
    "uq_role_at_everywhere": lambda session, scene: a_person(session, [(Role.AUDITOR, None), (Role.AUDITOR, None)]),
    "ck_request_line_answered_with_quantity": lambda session, scene: setattr(scene.line, "answer", None),
    "ck_request_line_says_what": lambda session, scene: setattr(scene.line, "description", ""),
    "ck_box_line_received_adds_up": lambda session, scene: scene.box_line(session, good=1, damaged=1, missing=0),
    "ck_box_line_handed_over_within_good": lambda session, scene: scene.box_line(session, handed_over=4),
    "ck_box_seal_has_number": lambda session, scene: scene.box(session, sealed_at=NOON, seal_number=None),
    "ck_box_seal_has_weight": lambda session, scene: scene.box(session, sealed_at=NOON, gross_weight_g=None),
    "ck_box_length_sane": lambda session, scene: scene.box(session, length_mm=3_001),
    "uq_box_batch_id_batch_position": two_positions_alike,
    "fk_box_origin_office_id": lambda session, scene: scene.box(session, origin_office_id=new_id()),
    "pk_dispatch": dispatched_twice,
    "uq_carrier_event_leg_id_source_id": told_twice,
    "uq_case_turn_case_id_turn": lambda session, scene: session.add_all([scene.turn(), scene.turn()]),
    "uq_card_alive": lambda session, scene: session.add_all([scene.card(b"1"), scene.card(b"2")]),
    "ck_handover_identity_checked": lambda session, scene: session.add(scene.handover(session, identity_checked=False)),
    "ck_handover_proxy_has_authority": lambda session, scene: session.add(
        scene.handover(session, taker=HandedTo.PROXY)
    ),
    "ck_role_at_everywhere": lambda session, scene: a_person(session, [(Role.RECEIVER, None)]),
    "ck_person_email_lower": lambda session, scene: a_person(session, email="Awa@example.org"),
    "ck_office_country_iso3166": lambda session, scene: an_office(session, "nl-AMS"),
    "ck_office_has_a_purpose": lambda session, scene: an_office(session, may_send=False, may_receive=False),
    "ck_journal_head_one_row": lambda session, scene: session.add(JournalHead(id=2)),
}
SAID_BY_SQLITE = {
    "uq_handover_line_box_line": "handover_line.handover_id, handover_line.box_line_id",
    "uq_receipt_line_box_line": "receipt_line.receipt_id, receipt_line.box_line_id",
    "uq_role_at_everywhere": "role_at.person_id, role_at.role",
    "uq_box_batch_id_batch_position": "box.batch_id, box.batch_position",
    "fk_box_origin_office_id": "FOREIGN KEY constraint failed",
    "pk_dispatch": "dispatch.batch_id",
    "uq_carrier_event_leg_id_source_id": "carrier_event.leg_id, carrier_event.source_id",
    "uq_case_turn_case_id_turn": "case_turn.case_id, case_turn.turn",
    "uq_card_alive": "card.case_id",
}


@pytest.mark.parametrize("rule", REFUSED)
def test_the_database_refuses_what_breaks_a_rule(database: Database, rule: str) -> None:
    said = SAID_BY_SQLITE.get(rule, rule) if database.local else rule
    with pytest.raises(IntegrityError, match=said), database.writing() as session:
        break_rule(session, REFUSED[rule])


def break_rule(session: Session, breaking: Callable[[Session, Scene], object]) -> None:
    act_as(session, EVERYWHERE)
    scene = Scene(session)
    session.flush()
    breaking(session, scene)
    session.flush()


def test_what_keeps_the_same_rules_is_stored(database: Database) -> None:
    with database.writing() as session:
        act_as(session, EVERYWHERE)
        scene = Scene(session)
        scene.box_line(session, good=2, damaged=1, missing=0, handed_over=2)
        scene.box(session, sealed_at=NOON)
        scene.batch(session, dispatched_at=NOON)
        session.add_all([scene.turn(), scene.card(b"1"), scene.handover(session)])
        a_box_fact(session, scene.box(session), Happened.WITHDRAWN)
    with database.reading() as session:
        assert len(session.exec(select(Dispatch.batch_id)).all()) == 1
        assert session.exec(select(BoxLine.handed_over)).all() == [2]
        assert session.exec(select(Person)).all() == []


GUARDED = [
    "journal",
    "carrier_event",
    "box_fact",
    "box_check",
    "electrical_test",
    "case_turn",
    "consent",
    "dispatch",
    "receipt",
    "receipt_line",
    "explanation",
    "handover",
    "handover_line",
]


def one_fact_of_each(session: Session, scene: Scene) -> None:
    batch = scene.batch(session, dispatched_at=NOON)
    box_line, handover, item = scene.box_line(session), scene.handover(session), new_id()
    receipt_line = ReceiptLine(id=item, receipt_id=new_id(), surplus=1, description="a saw")
    receipt = Receipt(
        id=receipt_line.receipt_id, box_id=box_line.box_id, office_id=scene.origin.id, arrived_at=NOON,
        heard_at=NOON, condition=Condition.GOOD, counted=True, body_hash=b"0" * 32,
    )  # fmt: skip
    consent = Consent(case_id=scene.case.id, kind=ConsentKind.AUDIO, purpose="shipping", on=NOON.date(), heard_at=NOON)
    check = BoxCheck(
        box_id=box_line.box_id, wood=Wood.PLYWOOD, fuel=False, gas=False, aerosol=False, glue=False, battery_wh=0,
        checked_at=NOON,
    )  # fmt: skip
    session.add_all([scene.event(a_leg(session, batch)), scene.turn(), consent, receipt, handover, check])
    a_box_fact(session, scene.box(session), Happened.WITHDRAWN)
    note(session, Noted(NOON, "box.seal", "box", "A"))
    append_noted(session)
    session.flush()
    handed = HandoverLine(handover_id=handover.id, box_line_id=box_line.id, quantity=1)
    test = ElectricalTest(
        check_id=check.id, request_line_id=scene.line.id, serial="1", tester="T. Ester", kind="earth",
        tested_on=NOON.date(), passed=True,
    )  # fmt: skip
    session.add_all([receipt_line, handed, test])
    session.flush()
    session.add(Explanation(receipt_line_id=item, heard_at=NOON, text="It was lent out."))


@pytest.mark.parametrize("deed", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_facts_are_appended_and_never_changed(database: Database, deed: str) -> None:
    with database.writing() as session:
        act_as(session, EVERYWHERE)
        one_fact_of_each(session, Scene(session))
    for name in GUARDED:
        column = next(iter(METADATA.tables[name].primary_key.columns)).name
        with database.reading() as session:
            assert session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() > 0
        with pytest.raises(IntegrityError, match=f"{name} is append-only"), database.writing() as session:
            session.execute(text(deed.format(name, column, column)))


def test_postgresql_refuses_to_empty_a_table_of_facts_at_once(postgres_database: Database) -> None:
    for name in GUARDED:
        with (
            pytest.raises(IntegrityError, match="is append-only"),
            postgres_database.writing() as session,
        ):
            session.execute(text(f"TRUNCATE {name} CASCADE"))


def test_many_rows_are_written_as_one_by_one(database: Database) -> None:
    begun = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=2)))
    lane = {"carrier": "dcsa", "from_place": "NLRTM", "to_place": "GNCKY", "least_s": 1, "most_s": 2, "quiet_s": 3}
    rows = [{**lane, "mode": mode, "journeys": 4, "learned_at": begun} for mode in Mode]
    with database.writing() as session:
        write_many(session, insert(Lane), rows[:-1])
        session.connection().execute(insert(Lane), rows[-1:])
        later = update(Lane).where(col(Lane.mode) == bindparam("of_mode")).values(most_s=9, learned_at=bindparam("at"))
        write_many(session, later, [{"of_mode": mode, "at": begun + timedelta(days=1)} for mode in list(Mode)[:2]])
    with database.reading() as session:
        lanes = session.exec(select(Lane).where(Lane.learned_at == begun)).all()
        assert {one.mode for one in lanes} == set(list(Mode)[2:])
        moved = session.exec(select(Lane).where(Lane.most_s == 9)).all()
        assert {(one.mode, one.learned_at) for one in moved} == {
            (mode, begun + timedelta(days=1)) for mode in list(Mode)[:2]
        }


def test_ids_are_new_each_time_and_of_version_seven() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert {(id.version, id.variant) for id in ids} == {(7, RFC_4122)}
