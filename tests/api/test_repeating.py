"""A retry never acts twice: the Idempotency-Key decides."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import Session, func, select

from shipments.boxes.box import Box
from shipments.cases.card import Card
from shipments.clock import utc_now
from tests.api import journey
from tests.api.dumps import dump
from tests.api.journey import BOX, CASE
from tests.api.world import World

BOXES = "/api/v1/boxes"


def test_the_same_key_gets_the_same_answer_byte_for_byte(world: World) -> None:
    first = world.logistician.post(BOXES, BOX, idempotency_key="one")
    assert first.status == 201
    assert world.logistician.post(BOXES, BOX, idempotency_key="one") == first
    assert _boxes(world) == 1


def test_an_answer_is_repeated_even_after_the_thing_has_changed(small_world: World) -> None:
    batch = journey.a_batch(small_world)["code"]
    box, path = journey.a_box(small_world)["code"], f"/api/v1/batches/{batch}/boxes"
    first = small_world.logistician.post(path, {"boxes": [box]}, idempotency_key="two")
    small_world.logistician.delete(f"{path}/{box}").ok(204)
    assert small_world.logistician.post(path, {"boxes": [box]}, idempotency_key="two") == first
    assert small_world.logistician.get(f"/api/v1/batches/{batch}").ok()["boxes"] == []


def test_a_card_is_not_made_twice_and_its_pin_is_the_same(small_world: World) -> None:
    case = journey.a_case(small_world)["code"]
    path = f"/api/v1/cases/{case}/card"
    first = small_world.counsellor.post(path, idempotency_key="card")
    assert small_world.counsellor.post(path, idempotency_key="card") == first
    with small_world.database.reading() as session:
        assert session.exec(select(func.count()).select_from(Card)).one() == 1


@pytest.mark.parametrize("other", [{**BOX, "length_mm": 601}, {"width_mm": 400, **BOX}])
def test_the_same_key_with_another_body_is_refused(small_world: World, other: dict[str, object]) -> None:
    small_world.logistician.post(BOXES, BOX, idempotency_key="three").ok(201)
    body = dict(reversed(other.items())) if other == BOX else other
    small_world.logistician.post(BOXES, body, idempotency_key="three").problem(422)
    assert _boxes(small_world) == 1


def test_the_same_key_at_another_address_is_refused(small_world: World) -> None:
    one, other = (journey.a_case(small_world)["code"] for _ in range(2))
    small_world.counsellor.post(f"/api/v1/cases/{one}/card", idempotency_key="four").ok(201)
    small_world.counsellor.post(f"/api/v1/cases/{other}/card", idempotency_key="four").problem(422)


@pytest.mark.parametrize("key", [None, "", " ", "x" * 201, "tab\there", "two words", "é", "\x7f"])
def test_a_missing_or_absurd_key_is_refused_and_stores_nothing(small_world: World, key: str | None) -> None:
    problem = small_world.logistician.post(BOXES, BOX, idempotency_key=key).problem(400)
    assert "Idempotency-Key" in problem["detail"]
    assert _boxes(small_world) == 0


@pytest.mark.parametrize("noun", ["receipts", "handovers"])
def test_a_note_with_an_id_of_its_own_holds_to_a_key_that_is_sent_along(small_world: World, noun: str) -> None:
    box, path = journey.departed(small_world)["box"], f"/api/v1/{noun}"
    if noun == "handovers":
        small_world.receiver.post("/api/v1/receipts", journey.a_receipt(box)).ok(201)
    make = journey.a_receipt if noun == "receipts" else journey.a_handover
    note, other = make(box), make(box)
    first = small_world.receiver.post(path, note, idempotency_key="note")
    assert first.status == 201
    assert small_world.receiver.post(path, note, idempotency_key="note") == first
    small_world.receiver.post(path, other, idempotency_key="note").problem(422)
    small_world.receiver.post(path, other, idempotency_key="two words").problem(400)
    small_world.receiver.post(path, note, idempotency_key=None).ok(200)
    small_world.receiver.post(path, note, idempotency_key="another").ok(200)


def test_what_was_deleted_is_deleted_again_without_harm(world: World) -> None:
    case, box = journey.a_case(world)["code"], journey.a_box(world)["code"]
    batch = journey.a_batch(world)["code"]
    world.counsellor.post(f"/api/v1/cases/{case}/card").ok(201)
    world.logistician.post(f"/api/v1/batches/{batch}/boxes", {"boxes": [box]}).ok()
    for client, path in (
        (world.counsellor, f"/api/v1/cases/{case}/card"),
        (world.logistician, f"/api/v1/batches/{batch}/boxes/{box}"),
    ):
        client.delete(path).ok(204)
        before = dump(world.database, but=frozenset())
        client.delete(path).ok(204)
        assert dump(world.database, but=frozenset()) == before
    never = journey.a_box(world)["code"]
    world.logistician.delete(f"/api/v1/batches/{batch}/boxes/{never}").problem(404)


def test_two_people_may_use_the_same_key(small_world: World) -> None:
    small_world.counsellor.post("/api/v1/cases", CASE, idempotency_key="five").ok(201)
    small_world.everything.post("/api/v1/cases", CASE, idempotency_key="five").ok(201)


def test_a_refusal_is_not_kept(small_world: World) -> None:
    small_world.logistician.post(BOXES, {**BOX, "origin_office": "XX-NONE"}, idempotency_key="six").problem(400)
    small_world.logistician.post(BOXES, BOX, idempotency_key="six").ok(201)


def test_the_same_key_from_several_at_once_has_one_effect(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(world.logistician.post, BOXES, BOX, idempotency_key="race") for _ in range(8)]
        answers = [one.result() for one in asked]
    assert {answer.status for answer in answers} == {201}, [answer.body for answer in answers]
    assert len({answer.body for answer in answers}) == 1
    assert _boxes(world) == 1


def test_the_same_receipt_from_several_at_once_is_one_receipt(world: World) -> None:
    way = journey.departed(world)
    receipt = journey.a_receipt(way["box"])
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(world.receiver.post, "/api/v1/receipts", receipt) for _ in range(6)]
        statuses = sorted(one.result().status for one in asked)
    assert statuses == [200] * 5 + [201]


def test_a_key_is_free_again_once_its_answer_is_forgotten(small_world: World) -> None:
    from shipments.kept_answers import forget_old

    small_world.logistician.post(BOXES, BOX, idempotency_key="old").ok(201)
    with small_world.database.writing() as session:
        assert forget_old(session, now=utc_now() + timedelta(days=8)) >= 1
    small_world.logistician.post(BOXES, {**BOX, "length_mm": 500}, idempotency_key="old").ok(201)


def _boxes(world: World) -> int:
    with Session(world.database.engine) as session:
        return int(session.connection().exec_driver_sql(f"SELECT count(*) FROM {Box.__tablename__}").scalar_one())
