"""Lists: complete, without doubles, in pages that link each other, narrowed by what is asked."""

import re
from datetime import timedelta
from typing import Any

import pytest

from shipments.boxes.box import Box, Stage
from shipments.clock import utc_now
from shipments.offices.office import Office, office_by_code
from tests.api import journey
from tests.api.asking import Client
from tests.api.world import HOST, ORIGIN, OTHER_HOST, OTHER_ORIGIN, World
from tests.builders import NOON, a_batch, a_box, a_case, a_request

LISTS = ["boxes", "batches", "requests", "cases"]


@pytest.mark.parametrize("noun", LISTS)
def test_pages_are_complete_and_without_doubles_while_rows_are_added(world: World, noun: str) -> None:
    wanted = _filled(world, 7)[noun]
    found: list[str] = []
    for number, page in enumerate(_pages(world.everything, f"/api/v1/{noun}?limit=3")):
        found += page
        if number == 0:
            _filled(world, 2)
    assert [code for code in found if code in wanted] == list(reversed(wanted))
    assert len(found) == len(set(found))


@pytest.mark.parametrize("noun", LISTS)
def test_the_last_page_has_no_link(small_world: World, noun: str) -> None:
    _filled(small_world, 3)
    answer = small_world.everything.get(f"/api/v1/{noun}?limit=3")
    assert len(answer.ok()["items"]) == 3
    assert answer.json()["next_cursor"] is None
    assert not answer.has("link")


@pytest.mark.parametrize("noun", LISTS)
def test_the_link_keeps_the_filters(small_world: World, noun: str) -> None:
    _filled(small_world, 3)
    link = small_world.everything.get(f"/api/v1/{noun}?limit=2&office={ORIGIN.lower()}").header("link")
    assert link.endswith('>; rel="next"')
    assert re.search(f"office={ORIGIN}", link, re.I)
    assert "limit=2" in link
    assert f"/api/v1/{noun}?" in link


ABSURD = [
    *("limit=0", "limit=201", "limit=-1", "limit=ten", "limit=1.5", "limit=", "limit=%D9%A3", "limit=1&limit=2"),
    *("cursor=%21", "cursor=AAAA", "cursor=" + "A" * 61, "cursor=%C3%A9%C3%A9"),
    *("office=XX-NONE", "office=X", "office=%E2%82%AC%E2%82%AC", "office=", "q=", "q=" + "x" * 200, "nonsense=1"),
]


@pytest.mark.parametrize("noun", LISTS)
def test_an_absurd_query_is_refused_by_name(small_world: World, noun: str) -> None:
    for query in ABSURD:
        problem = small_world.everything.get(f"/api/v1/{noun}?{query}").problem(400)
        assert query.partition("=")[0] in [error["field"] for error in problem["errors"]], (query, problem)


@pytest.mark.parametrize("noun", LISTS)
def test_a_list_is_narrowed_by_office(world: World, noun: str) -> None:
    here = _filled(world, 2)[noun]
    there = _filled(world, 2, OTHER_HOST, OTHER_ORIGIN)[noun]
    for office, wanted in ((HOST, here), (ORIGIN, here), (OTHER_HOST, there), (OTHER_ORIGIN, there)):
        found = world.coordinator.get(f"/api/v1/{noun}?office={office}").ok()["items"]
        assert sorted(one["code"] for one in found) == sorted(wanted)


@pytest.mark.parametrize("noun", LISTS)
def test_a_list_finds_a_code_as_people_type_it(world: World, noun: str) -> None:
    code = _filled(world, 2)[noun][0]
    for typed in (code, code.lower(), code.replace("-", "")):
        found = world.everything.get(f"/api/v1/{noun}?q={typed}").ok()["items"]
        assert [one["code"] for one in found] == [code]
    assert world.everything.get(f"/api/v1/{noun}?q=nothing-of-ours").ok()["items"] == []


def test_cases_are_found_by_what_others_call_them(small_world: World) -> None:
    case = journey.a_case(small_world)["code"]
    _filled(small_world, 1)
    found = small_world.counsellor.get(f"/api/v1/cases?q={journey.REFERENCE.lower()}").ok()["items"]
    assert [one["code"] for one in found] == [case]


def test_boxes_and_batches_are_found_by_batch_and_reference(small_world: World) -> None:
    way = journey.departed(small_world)
    as_ = small_world.everything
    assert [one["code"] for one in as_.get(f"/api/v1/boxes?q={way['batch']}").ok()["items"]] == [way["box"]]
    found = as_.get(f"/api/v1/batches?q={journey.LEG['reference']}").ok()["items"]
    assert [one["code"] for one in found] == [way["batch"]]


def test_boxes_are_narrowed_by_stage_and_exception(world: World) -> None:
    past = utc_now() - timedelta(days=1)
    with world.database.writing() as session:
        host, origin = _offices(session)
        plain = a_box(session, host, origin)
        late = a_box(session, host, origin, stage=Stage.ON_THE_WAY, overdue_after=past)
        quiet = a_box(session, host, origin, stage=Stage.ON_THE_WAY, silent_after=past)
        held = a_box(session, host, origin, stage=Stage.IN_THE_COUNTRY, exceptions="damaged,held")
        codes = {box.code: box for box in (plain, late, quiet, held)}
    assert len(codes) == 4
    for query, wanted in (
        ("stage=registered", {plain.code}),
        ("stage=on_the_way", {late.code, quiet.code}),
        ("exception=overdue", {late.code}),
        ("exception=silent", {quiet.code}),
        ("exception=held", {held.code}),
        ("exception=damaged&stage=in_the_country", {held.code}),
        ("exception=short", set()),
    ):
        found = world.everything.get(f"/api/v1/boxes?{query}").ok()["items"]
        assert {one["code"] for one in found} == wanted, query
    shown = world.everything.get("/api/v1/boxes?exception=held").ok()["items"][0]
    assert shown["progress"]["exceptions"] == ["damaged", "held"]
    for query in ("stage=nowhere", "exception=none"):
        world.everything.get(f"/api/v1/boxes?{query}").problem(400)


def test_a_list_shows_only_what_is_in_sight(small_world: World) -> None:
    _filled(small_world, 2)
    for noun in LISTS:
        answer = small_world.other_logistician.get(f"/api/v1/{noun}")
        assert answer.ok()["items"] == []
    asked = small_world.other_logistician.get(f"/api/v1/boxes?office={HOST}&limit=1").ok()
    assert asked == {"items": [], "next_cursor": None}


def _pages(client: Client, path: str) -> Any:
    while True:
        answer = client.get(path)
        yield [one["code"] for one in answer.ok()["items"]]
        if not answer.has("link"):
            return
        path = answer.header("link").partition(">")[0].removeprefix("<")


def _filled(world: World, number: int, host: str = HOST, origin: str = ORIGIN) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {noun: [] for noun in LISTS}
    with world.database.writing() as session:
        between = (office_by_code(session, host), office_by_code(session, origin))
        for _ in range(number):
            case = a_case(session, *between)
            made["cases"].append(case.code)
            made["requests"].append(a_request(session, case).code)
            made["boxes"].append(a_box(session, *between).code)
            made["batches"].append(a_batch(session, *between, planned_at=NOON).code)
    return made


def _offices(session: Any) -> tuple[Office, Office]:
    return office_by_code(session, HOST), office_by_code(session, ORIGIN)


def test_a_box_in_a_list_shows_the_columns_it_promises(small_world: World) -> None:
    _filled(small_world, 1)
    (shown,) = small_world.everything.get("/api/v1/boxes").ok()["items"]
    assert shown.keys() == {"code", "host_office", "origin_office", "batch", "gross_weight_g", "progress"}
    assert Box.__tablename__ == "box"
