"""Each call of the API with its shapes and codes, from an empty case to an empty box."""

from uuid import UUID, uuid4

import pytest

from shipments import codes
from shipments.tracking.carriers import CARRIERS
from tests.api import journey
from tests.api.journey import BATCH, BOX, CASE, LEG, NO_HAZARDS, a_handover, a_receipt, departed, moments_ago, today
from tests.api.world import HOST, ORIGIN, World

V1 = "/api/v1"


def test_a_box_travels_from_request_to_hand_over(world: World) -> None:
    way = departed(world)
    told = {"milestone": "arrived_destination", "occurred_at": moments_ago(), "place": "GNCKY"}
    assert UUID(world.receiver.post(f"{V1}/legs/{way['leg']}/events", told).ok(201)["id"])
    box = world.receiver.get(f"{V1}/boxes/{way['box']}").ok()
    assert box["progress"]["stage"] == "in_the_country"
    assert box["progress"].keys() == {"stage", "exceptions", "expected", "as_of"}
    assert box["progress"]["expected"].keys() == {"from", "to"}
    received = world.receiver.post(f"{V1}/receipts", a_receipt(way["box"], seal_number="S1")).ok(201)
    assert received["progress"]["stage"] in ("at_the_office", "ready")
    handed = world.receiver.post(f"{V1}/handovers", a_handover(way["box"])).ok(201)
    assert handed["progress"]["stage"] == "handed_over"
    facts = world.logistician.get(f"{V1}/boxes/{way['box']}/timeline").ok()
    assert facts[0]["what"] == "registered"
    assert {"sealed", "dispatched", "received", "handed_over"} <= {fact["what"] for fact in facts}
    assert all(fact.keys() >= {"occurred_at", "heard_at", "source"} for fact in facts)


def test_a_case_is_opened_and_turns(small_world: World) -> None:
    case = journey.a_case(small_world)
    code, as_ = case["code"], small_world.counsellor
    assert codes.read(codes.Kind.CASE, code) == code
    assert as_.post(f"{V1}/cases/{code}/departed", {"at": today()}).ok()["departed_on"] == today()
    consent = {"kind": "verbal_certified", "purpose": "photo", "at": today()}
    as_.post(f"{V1}/cases/{code}/consents", consent).ok()
    withdrawn = as_.post(f"{V1}/cases/{code}/withdrawn", {"at": today(), "reason": "stays"}).ok()
    assert withdrawn["withdrawn_on"] == today()


def test_a_card_is_shown_once_and_can_be_revoked(small_world: World) -> None:
    code, as_ = journey.a_case(small_world)["code"], small_world.counsellor
    card = as_.post(f"{V1}/cases/{code}/card").ok(201)
    assert card.keys() == {"url", "pin"}
    assert as_.get(f"{V1}/cases/{code}").ok()["has_card"]
    assert as_.delete(f"{V1}/cases/{code}/card").ok(204) is None
    assert not as_.get(f"{V1}/cases/{code}").ok()["has_card"]


def test_a_request_is_answered_line_by_line(small_world: World) -> None:
    case = journey.a_case(small_world)["code"]
    lines = [{"item": "drill", "quantity": 1, "declared_value_eur": 80.5}, {"description": "rope", "quantity": 3}]
    asked = small_world.counsellor.post(f"{V1}/requests", {"case": case, "lines": lines}).ok(201)
    drill, rope = asked["lines"]
    assert (drill["item"], rope["description"], asked["state"]) == ("drill", "rope", "asked")
    answers = [
        {"line": drill["id"], "approved_quantity": 1},
        {"line": rope["id"], "approved_quantity": 2, "reason": "that is all there is"},
    ]
    path = f"{V1}/requests/{asked['code']}/approve"
    answered = small_world.logistician.post(path, {"lines": answers}).ok()
    assert [line["approved_quantity"] for line in answered["lines"]] == [1, 2]
    assert small_world.counsellor.get(f"{V1}/requests/{asked['code']}").ok() == answered


@pytest.mark.parametrize(("verb", "name"), [("decline", "logistician"), ("withdraw", "counsellor")])
def test_a_request_is_declined_or_withdrawn_for_a_reason(small_world: World, verb: str, name: str) -> None:
    case = journey.a_case(small_world)["code"]
    lines = [{"description": "rope", "quantity": 3}]
    code = small_world.counsellor.post(f"{V1}/requests", {"case": case, "lines": lines}).ok(201)["code"]
    as_ = small_world.people[name].client
    as_.post(f"{V1}/requests/{code}/{verb}", {}).problem(400)
    as_.post(f"{V1}/requests/{code}/{verb}", {"reason": "not in the plan"}).ok()


def test_steps_out_of_order_name_the_state_that_is_and_the_one_expected(world: World) -> None:
    way, as_ = departed(world), world.logistician
    fresh = journey.a_box(world)["code"]
    empty = journey.a_batch(world)["code"]
    seal = {"gross_weight_g": 100, "seal_number": "S2"}
    twice = journey.a_sealed_box(world, way["case"])["code"]
    early = [
        (as_.post(f"{V1}/boxes/{twice}/seal", seal), "sealed"),
        (as_.post(f"{V1}/boxes/{fresh}/seal", seal), "empty"),
        (as_.post(f"{V1}/boxes/{way['box']}/reopen", {"reason": "x"}), "on_the_way"),
        (as_.post(f"{V1}/batches/{empty}/boxes", {"boxes": [way["box"]]}), "another batch"),
        (world.receiver.post(f"{V1}/receipts", a_receipt(twice)), "packed"),
        (world.receiver.post(f"{V1}/handovers", a_handover(way["box"])), "on_the_way"),
        (world.counsellor.post(f"{V1}/cases/{way['case']}/departed", {"at": today()}), "departed"),
        (world.counsellor.post(f"{V1}/requests/{way['request']}/withdraw", {"reason": "x"}), "packed"),
    ]
    for answer, state in early:
        problem = answer.problem(409)
        assert state in problem["state"], problem
        assert problem["expected"]


def test_no_more_is_packed_than_was_approved(world: World) -> None:
    case = journey.a_case(world)["code"]
    line = journey.an_approved_request(world, case)["lines"][0]["id"]
    box = journey.a_box(world)["code"]
    lines = {"lines": [{"request_line": line, "quantity": 3}]}
    problem = world.logistician.post(f"{V1}/boxes/{box}/pack", lines).problem(409)
    assert "2" in problem["detail"]
    assert problem["expected"]
    assert world.logistician.get(f"{V1}/boxes/{box}").ok()["lines"] == []


def test_dispatch_lists_every_open_gate_and_one_may_be_overridden(world: World) -> None:
    case = journey.a_case(world)["code"]
    box = journey.a_sealed_box(world, case)["code"]
    other, batch, as_ = journey.a_box(world)["code"], journey.a_batch(world)["code"], world.logistician
    as_.post(f"{V1}/batches/{batch}/boxes", {"boxes": [box, other]}).ok()
    problem = as_.post(f"{V1}/batches/{batch}/dispatch").problem(409)
    assert {gate["gate"] for gate in problem["gates"]} >= {"seals", "checks", "departed"}
    assert all(gate.keys() == {"gate", "reason"} for gate in problem["gates"])
    assert as_.delete(f"{V1}/batches/{batch}/boxes/{other}").ok(204) is None
    over = {"override": {"gate": "departed", "reason": "flies tonight"}}
    assert as_.post(f"{V1}/batches/{batch}/dispatch", over).ok()["dispatched_at"]


def test_a_receipt_says_what_is_missing_and_either_end_explains_it(world: World) -> None:
    way = departed(world)
    counts = [{"box_line": way["line"], "good": 1, "damaged": 0, "missing": 1}]
    receipt = a_receipt(way["box"], lines=counts, surplus=[{"description": "blanket", "quantity": 1}])
    world.receiver.post(f"{V1}/receipts", receipt).ok(201)
    found = world.logistician.get(f"{V1}/boxes/{way['box']}/discrepancies").ok()
    assert sorted((one["missing"], one["surplus"]) for one in found) == [(0, 1), (1, 0)]
    short = next(one["line"] for one in found if one["missing"])
    said = {"text": "it stayed here", "settled": True}
    world.logistician.post(f"{V1}/discrepancies/{short}/explanations", said).ok(201)
    world.receiver.post(f"{V1}/boxes/{way['box']}/contacts", {"reached": False}).ok(201)
    problem = world.receiver.post(
        f"{V1}/handovers", a_handover(way["box"], lines=[{"box_line": way["line"], "quantity": 2}])
    ).problem(409)
    assert "1" in problem["state"]


def test_receipts_and_hand_overs_are_recognised_by_their_own_id(world: World) -> None:
    way = departed(world)
    for path, body, changed in (
        ("receipts", a_receipt(way["box"]), {"condition": "wet"}),
        ("handovers", a_handover(way["box"]), {"to": "proxy", "authority": "a letter"}),
    ):
        first = world.receiver.post(f"{V1}/{path}", body, idempotency_key=None)
        again = world.receiver.post(f"{V1}/{path}", body, idempotency_key=None)
        assert (first.status, again.status) == (201, 200)
        assert first.json()["id"] == again.json()["id"] == body["id"]
        assert first.json()["heard_at"] == again.json()["heard_at"]
        world.receiver.post(f"{V1}/{path}", {**body, **changed}).problem(422)


def test_a_contradicting_receipt_is_kept_and_flagged(small_world: World) -> None:
    way = departed(small_world)
    small_world.receiver.post(f"{V1}/receipts", a_receipt(way["box"], seal_number="S1")).ok(201)
    other = a_receipt(way["box"], seal_number="OTHER", condition="opened")
    small_world.receiver.post(f"{V1}/receipts", other).ok(201)
    assert small_world.receiver.get(f"{V1}/boxes/{way['box']}").ok()["contradictions"]


def test_labels_are_a_pdf(small_world: World) -> None:
    way = departed(small_world)
    for paper in ("a4-4", "a6"):
        answer = small_world.logistician.get(f"{V1}/batches/{way['batch']}/labels.pdf?paper={paper}")
        assert (answer.status, answer.header("content-type")) == (200, "application/pdf")
        assert answer.body.startswith(b"%PDF-")
    small_world.logistician.get(f"{V1}/batches/{way['batch']}/labels.pdf?paper=a3").problem(400)


def test_every_new_thing_answers_201_with_its_code(small_world: World) -> None:
    case = journey.a_case(small_world)["code"]
    made = {
        codes.Kind.CASE: small_world.counsellor.post(f"{V1}/cases", CASE),
        codes.Kind.REQUEST: small_world.counsellor.post(
            f"{V1}/requests", {"case": case, "lines": [{"item": "drill", "quantity": 1}]}
        ),
        codes.Kind.BOX: small_world.logistician.post(f"{V1}/boxes", BOX),
        codes.Kind.BATCH: small_world.logistician.post(f"{V1}/batches", {**BATCH, "cut_off": moments_ago(-60)}),
    }
    for kind, answer in made.items():
        code = answer.ok(201)["code"]
        assert codes.read(kind, code) == code


def test_codes_are_read_as_people_type_them(small_world: World) -> None:
    code = journey.a_box(small_world)["code"]
    for typed in (code.lower(), code.replace("-", ""), code.replace("-", "%20")):
        assert small_world.logistician.get(f"{V1}/boxes/{typed}").ok()["code"] == code


def test_a_change_needs_the_version_that_was_read(world: World) -> None:
    case, batch = journey.a_case(world)["code"], journey.a_batch(world)["code"]
    for as_, path, body in (
        (world.counsellor, f"{V1}/cases/{case}", {"language": "en"}),
        (world.logistician, f"{V1}/batches/{batch}", {"limits": {"max_boxes": 3}}),
    ):
        as_.patch(path, body).problem(428)
        for wrong in ('"77"', "*", '"abc"', '"1", "2"', '"\u0661"', '"-1"', '"99999999999999999999"'):
            as_.send("PATCH", path, body, headers={"if-match": wrong.encode()}).problem(412)
        tag = as_.get(path).header("etag")
        changed = as_.patch(path, body, if_match=tag)
        assert changed.ok()
        assert changed.header("etag") != tag
        as_.patch(path, body, if_match=tag).problem(412)
        assert as_.get(path).header("etag") == changed.header("etag")


def test_answers_to_writes_carry_the_etag_that_a_read_would(small_world: World) -> None:
    answer = small_world.logistician.post(f"{V1}/batches", BATCH)
    code = answer.ok(201)["code"]
    assert answer.header("etag") == small_world.logistician.get(f"{V1}/batches/{code}").header("etag")


def test_legs_take_what_their_carrier_takes(small_world: World) -> None:
    batch, as_ = journey.a_batch(small_world)["code"], small_world.logistician
    path = f"{V1}/batches/{batch}/legs"
    leg = as_.post(path, LEG).ok(201)
    assert (leg["position"], leg["mode"]) == (1, "sea")
    problem = as_.post(path, {**LEG, "carrier": "nobody"}).problem(400)
    assert problem["errors"] == [{"field": "carrier", "expected": f"one of {', '.join(sorted(CARRIERS))}"}]
    assert as_.get(f"{V1}/legs/{leg['id']}/events").ok() == []
    as_.get(f"{V1}/legs/{uuid4()}/events").problem(404)


def test_each_leg_says_when_it_arrives_and_what_says_so(small_world: World) -> None:
    batch, as_ = journey.a_batch(small_world)["code"], small_world.logistician
    path = f"{V1}/batches/{batch}/legs"
    times = {"planned_departure": None, "planned_arrival": None}
    leg = as_.post(path, {**LEG, **times}).ok(201)
    assert leg["expected"] is None
    planned = as_.post(path, {**LEG, **times, "planned_arrival": "2031-03-30T12:00:00Z"}).ok(201)
    week = {"from": "2031-03-30T12:00:00Z", "to": "2031-04-06T12:00:00Z", "source": "plan", "journeys": None}
    assert planned["expected"] == week
    shown = as_.get(f"{V1}/batches/{batch}").ok()["legs"]
    assert [one["expected"] for one in shown] == [None, week]
    told = {"milestone": "arrived_destination", "occurred_at": journey.moments_ago()}
    as_.post(f"{V1}/legs/{planned['id']}/events", told).ok(201)
    assert as_.get(f"{V1}/batches/{batch}").ok()["legs"][1]["expected"]["source"] == "arrived"


def test_offices_are_named_by_code_in_every_answer(small_world: World) -> None:
    box = journey.a_box(small_world)
    assert (box["host_office"], box["origin_office"]) == (HOST, ORIGIN)


def test_checks_say_what_would_keep_a_box_here(small_world: World) -> None:
    case = journey.a_case(small_world)["code"]
    box, as_ = journey.a_sealed_box(small_world, case)["code"], small_world.logistician
    unmarked = {"wood": "unmarked", "hazards": {**NO_HAZARDS, "gas": True}}
    troubles = as_.post(f"{V1}/boxes/{box}/checks", unmarked).ok()["open_checks"]
    assert any("ISPM" in trouble for trouble in troubles)
    assert any("gas" in trouble for trouble in troubles)
