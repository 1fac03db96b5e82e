"""Offices see what passes through them, whatever the shape of the question."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import exists, func, literal, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from shipments.database import Database
from shipments.errors import NotAllowed, NotFound
from shipments.notices.notice import News, Notice
from shipments.offices.office import Office
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE, SEES_BOXES, Actor, Scoped, act_as, actor_of, find
from tests.builders import NOON, a_batch, a_box, a_case, a_request, an_actor, an_office

Scene = tuple[Database, dict[str, Actor], dict[type[Scoped], dict[str, UUID]]]
TABLES = sorted(Scoped.__subclasses__(), key=lambda table: table.__name__)


@pytest.fixture(scope="module")
def scene(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Rows of every scoped table: `ours` at one office, `theirs` at the other, `between` from one to the other.

    Only looked at, so made once.
    """
    path = tmp_path_factory.mktemp("scope") / "shipments.sqlite3"
    copyfile(sqlite_template, path)
    with closing(Database.at(f"sqlite:///{path}")) as database:
        yield made_in(database)


def made_in(database: Database) -> Scene:
    rows: dict[type[Scoped], dict[str, UUID]] = {table: {} for table in TABLES}
    with database.writing() as session:
        ours, theirs = an_office(session, "NL-AMS"), an_office(session, "GN-CKY")
        actors = {
            "ours": an_actor(session, Role.COUNSELLOR, ours),
            "theirs": an_actor(session, Role.RECEIVER, theirs),
            "everywhere": an_actor(session, Role.COORDINATOR, None),
            "auditor": an_actor(session, Role.AUDITOR, None),
            "administrator": an_actor(session, Role.ADMINISTRATOR, ours),
            "command": EVERYWHERE,
        }
        for name, host, origin in [("ours", ours, ours), ("theirs", theirs, theirs), ("between", ours, theirs)]:
            for table, row in one_of_each(session, host, origin):
                rows[table][name] = row
    return database, actors, rows


def one_of_each(session: Session, host: Office, origin: Office) -> list[tuple[type[Scoped], UUID]]:
    case = a_case(session, host, origin)
    notice = Notice(
        news=News.ARRIVED,
        host_office_id=host.id,
        origin_office_id=origin.id,
        object_kind="case",
        object_code=case.code,
        told_once=case.code,
        noticed_at=NOON,
    )
    session.add(notice)
    made: list[Any] = [
        case,
        a_request(session, case),
        a_box(session, host, origin),
        a_batch(session, host, origin),
        notice,
    ]
    return [(type(row), row.id) for row in made]


VISIBLE = {
    "ours": {"ours", "between"},
    "theirs": {"theirs", "between"},
    "everywhere": {"ours", "theirs", "between"},
    "auditor": set(),
    "administrator": set(),
    "command": {"ours", "theirs", "between"},
}


def by_entity(session: Session, table: Any) -> set[UUID]:
    return {row.id for row in session.exec(select(table))}


def by_column(session: Session, table: Any) -> set[UUID]:
    return set(session.exec(select(col(table.id))))


def by_alias(session: Session, table: Any) -> set[UUID]:
    other = aliased(table)
    return set(session.exec(select(other.id)))


def by_join(session: Session, table: Any) -> set[UUID]:
    return set(session.exec(select(table.id).join(Office, col(Office.id) == table.host_office_id)))


def as_joined(session: Session, table: Any) -> set[UUID]:
    return set(session.exec(select(table.id).select_from(Office).join(table, Office.id == table.host_office_id)))


def by_subquery(session: Session, table: Any) -> set[UUID]:
    inner = select(table.id).subquery()
    return set(session.exec(select(inner.c.id)))


def by_cte(session: Session, table: Any) -> set[UUID]:
    inner = select(table.id).cte()
    return set(session.exec(select(inner.c.id)))


def by_exists(session: Session, table: Any) -> set[UUID]:
    outer = aliased(table)
    inside = exists(select(literal(1)).where(table.id == outer.id))
    return set(session.exec(select(outer.id).where(inside)))


def by_union(session: Session, table: Any) -> set[UUID]:
    return set(session.execute(union_all(select(table.id), select(table.id))).scalars())


def by_get(session: Session, table: Any, ids: tuple[UUID, ...] = ()) -> set[UUID]:
    return {row for row in ids if session.get(table, row) is not None}


SHAPES = [by_entity, by_column, by_alias, by_join, as_joined, by_subquery, by_cte, by_exists, by_union]


def test_every_scoped_table_is_looked_at() -> None:
    assert [table.__name__ for table in TABLES] == ["Batch", "Box", "Case", "Notice", "SupplyRequest"]


@pytest.mark.parametrize("who", VISIBLE)
@pytest.mark.parametrize("ask", SHAPES)
def test_every_shape_of_question_shows_only_what_passes_through_the_office(
    scene: Scene, ask: Callable[[Session, Any], set[UUID]], who: str
) -> None:
    database, actors, rows = scene
    with database.reading() as session:
        act_as(session, actors[who])
        for table in TABLES:
            assert ask(session, table) == {rows[table][name] for name in VISIBLE[who]}, table


@pytest.mark.parametrize("who", VISIBLE)
def test_counts_and_lookups_are_narrowed_too(scene: Scene, who: str) -> None:
    database, actors, rows = scene
    with database.reading() as session:
        act_as(session, actors[who])
        for table in TABLES:
            seen = {rows[table][name] for name in VISIBLE[who]}
            assert by_get(session, table, tuple(rows[table].values())) == seen
            assert session.exec(select(func.count()).select_from(table)).one() == len(seen)
            assert session.exec(select(func.count(col(table.id)))).one() == len(seen)  # type: ignore[attr-defined]


@pytest.mark.parametrize("ask", SHAPES)
def test_a_session_in_which_nobody_acts_sees_nothing(scene: Scene, ask: Callable[[Session, Any], set[UUID]]) -> None:
    database, _, _ = scene
    with database.reading() as session:
        assert [ask(session, table) for table in TABLES] == [set()] * len(TABLES)
        with pytest.raises(NotAllowed):
            actor_of(session)


def test_a_scoped_table_that_stands_only_in_a_condition_is_narrowed(scene: Scene) -> None:
    database, actors, rows = scene
    for table in TABLES:
        for who, expected in [("ours", 1), ("theirs", 1), ("everywhere", 2), ("auditor", 0)]:
            with database.reading() as session:
                act_as(session, actors[who])
                mine = exists(select(literal(1)).where(col(table.origin_office_id) == col(Office.id)))
                hosts = session.exec(select(Office.code).where(mine)).all()
            assert len(hosts) == (2 if who == "ours" else expected), (table, who, rows[table])


def test_the_same_question_by_another_actor_has_another_answer_in_one_process(scene: Scene) -> None:
    database, actors, rows = scene
    table = TABLES[0]
    for who in ["ours", "theirs", "ours", "everywhere", "auditor", "theirs"]:
        with database.reading() as session:
            act_as(session, actors[who])
            assert by_column(session, table) == {rows[table][name] for name in VISIBLE[who]}


def test_on_postgresql_it_is_the_same(postgres_database: Database) -> None:
    with postgres_database.writing() as session:
        ours, theirs = an_office(session, "NL-AMS"), an_office(session, "GN-CKY")
        mine, other = a_box(session, ours, ours), a_box(session, theirs, theirs)
        codes = mine.code, other.code
        actor = an_actor(session, Role.LOGISTICIAN, ours)
    with postgres_database.writing() as session:
        act_as(session, actor)
        assert find(session, type(mine), codes[0], "box", lock=True).code == codes[0]
        with pytest.raises(NotFound):
            find(session, type(mine), codes[1], "box", lock=True)


def test_out_of_sight_and_not_there_are_refused_alike(scene: Scene) -> None:
    database, actors, rows = scene
    table: Any = next(table for table in TABLES if table.__name__ == "Box")
    with database.reading() as session:
        act_as(session, EVERYWHERE)
        hidden = session.get_one(table, rows[table]["theirs"]).code
    with database.reading() as session:
        act_as(session, actors["ours"])
        with pytest.raises(NotFound) as out_of_sight:
            find(session, table, hidden, "box")
        with pytest.raises(NotFound) as not_there:
            find(session, table, "BX-0000-0000-00000-0", "box")
    assert str(out_of_sight.value).replace(hidden, "") == str(not_there.value).replace("BX-0000-0000-00000-0", "")


def test_a_key_that_may_only_read_writes_nothing(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        office, other = an_office(session), an_office(session)
        reader = an_actor(session, Role.LOGISTICIAN, office, may_write=False)
        writer = an_actor(session, Role.LOGISTICIAN, office)
        with pytest.raises(NotAllowed, match="may only read"):
            reader.must_be(SEES_BOXES, office.id)
        with pytest.raises(NotAllowed, match="needs the role"):
            writer.must_be(SEES_BOXES, other.id)
        with pytest.raises(NotAllowed, match="counsellor"):
            writer.must_be(frozenset({Role.COUNSELLOR}), office.id)
        writer.must_be(frozenset({Role.LOGISTICIAN}), office.id)
