"""What is malformed gets a 4xx that says what was expected, never a 5xx, and nothing is stored: on both databases."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.api import journey
from tests.api.asking import HOST as OUR_HOST
from tests.api.dumps import dump
from tests.api.journey import BATCH, BOX, CASE, LEG, NO_HAZARDS
from tests.api.world import World

Json = dict[str, Any]  # Any: JSON
V1 = "/api/v1"
LONG = "x" * 10_000
WRONG_CODES = ["BX-7NF6-YY09-38NKR-5", "BX", "", " ", "CS-478N-HR3C-YHXR6-S", LONG, "٣٤٥٦٧", "' OR 1=1 --", "../../etc"]


def _changed(body: Json, **what: object) -> Json:
    return {**body, **what}


def _without(body: Json, name: str) -> Json:
    return {key: value for key, value in body.items() if key != name}


def _wrong_boxes() -> Iterator[tuple[Json, str]]:
    for value in (None, "600", 600.5, -1, 0, 9, 3_001, 10**30, True, [600], {"mm": 600}):
        yield _changed(BOX, length_mm=value), "length_mm"
    for name in ("is_admin", "office_id", "id", "stage", "code", "host_office_id", "__proto__"):
        yield _changed(BOX, **{name: "1"}), name
    for name in BOX:
        yield _without(BOX, name), name
    for office in ("XX-NONE", "", "x" * 21, 5, None, "GN\u0000CKY"[:2] + "é"):
        yield _changed(BOX, origin_office=office), "origin_office"
    yield _changed(BOX, origin_office="NL-AMS"), "origin_office"
    yield _changed(BOX, length_mm=3_000, width_mm=3_000, height_mm=3_000), "length_mm, width_mm, height_mm"


def _wrong_cases() -> Iterator[tuple[Json, str]]:
    for language in ("xx", "", "english", 5, None, LONG):
        yield _changed(CASE, language=language), "language"
    for day in ("2026-13-01", "2026-02-30", "yesterday", "1970-01-01", "9999-12-31", 20_260_101, "2026-03-01T10:00"):
        yield _changed(CASE, planned_departure=day), "planned_departure"
    for name in ("", " ", "x" * 121, "two\nlines", "bell\u0007", "over\u202eride", 5, ["a"]):
        yield _changed(CASE, name=name), "name"
    for phone in ("12", "call me", "1" * 41):
        yield _changed(CASE, contact={"phone": phone}), "contact.phone"
    for email in ("nobody", "a@b", "x" * 201 + "@example.org", "a b@example.org"):
        yield _changed(CASE, contact={"email": email}), "contact.email"
    yield _changed(CASE, contact={"fax": "1"}), "contact.fax"
    yield _changed(CASE, outside_references=["a", "b", "c"]), "outside_references"
    yield _changed(CASE, outside_references=["a", "A"]), "outside_references"
    yield _changed(CASE, host_office="GN-CKY"), "host_office"


def _wrong_requests(case: str) -> Iterator[tuple[Json, str]]:
    line = {"description": "rope", "quantity": 1}
    for lines in ([], [line] * 101, "rope", None):
        yield {"case": case, "lines": lines}, "lines"
    for name, value in (
        *(("quantity", value) for value in (0, -1, 10_001, "1", 1.5, None, 10**20)),
        *(("declared_value_eur", value) for value in (0, -5, 1e9, "12", "€ 12", {"usd": 3})),
        *(("description", value) for value in ("", "x" * 121, 5)),
    ):
        yield {"case": case, "lines": [line, {**line, name: value}]}, f"lines[1].{name}"
    yield {"case": case, "lines": [{"quantity": 1}]}, "lines[0]"
    yield {"case": case, "lines": [{**line, "item": "drill"}]}, "lines[0]"
    for code in WRONG_CODES[1:4]:
        yield {"case": code, "lines": [line]}, "case"
    yield {"case": case, "lines": [line], "needed_by": "soon"}, "needed_by"


def test_each_wrong_field_is_named_and_nothing_is_stored(world: World) -> None:
    case = journey.a_case(world)["code"]
    before = dump(world.database)
    wrong = (
        *((world.logistician, "boxes", *one) for one in _wrong_boxes()),
        *((world.counsellor, "cases", *one) for one in _wrong_cases()),
        *((world.counsellor, "requests", *one) for one in _wrong_requests(case)),
    )
    for as_, noun, body, field in wrong:
        problem = as_.post(f"{V1}/{noun}", body).problem(400)
        named = {error["field"]: error["expected"] for error in problem["errors"]}
        assert field in named or (field == "case" and "code" in named), (body, problem)
        assert all(named.values()), problem
    assert dump(world.database) == before


def test_every_wrong_field_is_named_at_once(small_world: World) -> None:
    body = {"origin_office": 5, "length_mm": "600", "width_mm": -1, "colour": "red"}
    problem = small_world.logistician.post(f"{V1}/boxes", body).problem(400)
    named = {error["field"] for error in problem["errors"]}
    assert named == {"origin_office", "length_mm", "width_mm", "height_mm", "colour"}


def test_wrong_values_further_on_are_refused_too(world: World) -> None:
    way = journey.departed(world)
    box, batch = journey.a_box(world)["code"], journey.a_batch(world)["code"]
    before = dump(world.database)
    receipt, handover = journey.a_receipt(way["box"]), journey.a_handover(way["box"])
    lines = [{"request_line": str(uuid4()), "quantity": 1}]
    test = {
        "box_line": str(uuid4()),
        "serial": "1",
        "tester": "A",
        "kind": "k",
        "tested_at": "2026-03-01",
        "passed": True,
    }
    checks = {"wood": "plywood", "hazards": NO_HAZARDS}
    as_, there = world.logistician, world.receiver
    for answer in (
        as_.post(f"{V1}/boxes/{box}/pack", {"lines": [{"request_line": "x", "quantity": 1}]}),
        as_.post(f"{V1}/boxes/{box}/unpack", {"lines": lines}),
        as_.post(f"{V1}/boxes/{box}/checks", {**checks, "wood": "balsa"}),
        as_.post(f"{V1}/boxes/{box}/checks", {**checks, "hazards": {**NO_HAZARDS, "battery_wh": -1}}),
        as_.post(f"{V1}/boxes/{box}/checks", {**checks, "hazards": {**NO_HAZARDS, "fuel": "no"}}),
        as_.post(f"{V1}/boxes/{box}/checks", {**checks, "electrical": [test]}),
        as_.post(f"{V1}/boxes/{box}/seal", {"gross_weight_g": 0, "seal_number": "S"}),
        as_.post(f"{V1}/boxes/{box}/seal", {"gross_weight_g": 12.5, "seal_number": "S"}),
        as_.post(f"{V1}/boxes/{box}/seal", {"gross_weight_kg": 12, "seal_number": "S"}),
        as_.post(f"{V1}/boxes/{box}/seal", {"gross_weight_g": 12, "seal_number": ""}),
        as_.post(f"{V1}/batches", _changed(BATCH, mode="balloon")),
        as_.post(f"{V1}/batches", _changed(BATCH, cut_off="tomorrow")),
        as_.post(f"{V1}/batches", _changed(BATCH, cut_off="2026-03-01T10:00:00")),
        as_.post(f"{V1}/batches", _changed(BATCH, limits={"max_boxes": -3})),
        as_.post(f"{V1}/batches/{batch}/boxes", {"boxes": []}),
        as_.post(f"{V1}/batches/{batch}/boxes", {"boxes": ["BX-7NF6-YY09-38NKR-5"]}),
        as_.post(f"{V1}/batches/{batch}/legs", _changed(LEG, from_place="Rotterdam")),
        as_.post(f"{V1}/batches/{batch}/legs", _changed(LEG, reference_type="rune")),
        as_.post(f"{V1}/batches/{batch}/dispatch", {"at": "2999-01-01T00:00:00Z"}),
        as_.post(f"{V1}/legs/{way['leg']}/events", {"milestone": "beamed_up", "occurred_at": journey.moments_ago()}),
        there.post(f"{V1}/receipts", _changed(receipt, id="not-a-uuid")),
        there.post(f"{V1}/receipts", _changed(receipt, arrived_at="2999-01-01T00:00:00Z")),
        there.post(f"{V1}/receipts", _changed(receipt, arrived_at="2026-03-01T10:00:00")),
        there.post(f"{V1}/receipts", _changed(receipt, condition="fine")),
        there.post(f"{V1}/receipts", _changed(receipt, corrects=str(uuid4()))),
        there.post(
            f"{V1}/receipts",
            _changed(receipt, lines=[{"box_line": way["line"], "good": 9, "damaged": 0, "missing": 0}]),
        ),
        there.post(
            f"{V1}/receipts",
            _changed(receipt, lines=[{"box_line": str(uuid4()), "good": 1, "damaged": 0, "missing": 0}]),
        ),
        there.post(f"{V1}/handovers", _changed(handover, to="anybody")),
        world.counsellor.post(
            f"{V1}/cases/{way['case']}/consents", {"kind": "nod", "purpose": "x", "at": "2026-03-01"}
        ),
        world.counsellor.post(f"{V1}/cases/{way['case']}/departed", {"at": "2999-01-01"}),
    ):
        assert answer.problem(400)["errors"], answer
    assert dump(world.database) == before


ABSURD_TIMES = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "1999-12-31T23:59:59Z",
    "2101-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
]


@pytest.mark.parametrize("time", ABSURD_TIMES)
def test_a_time_beyond_belief_is_named_and_nothing_of_it_reaches_the_log(
    world: World, time: str, caplog: pytest.LogCaptureFixture
) -> None:
    way, batch = journey.departed(world), journey.a_batch(world)["code"]
    box, there, as_ = way["box"], world.receiver, world.logistician
    before = dump(world.database)
    with caplog.at_level("DEBUG"):
        told = {"milestone": "delivered", "occurred_at": time, "note": "CANARY"}
        asked = [
            (there.post(f"{V1}/receipts", journey.a_receipt(box, arrived_at=time, note="CANARY")), "arrived_at"),
            (there.post(f"{V1}/handovers", journey.a_handover(box, at=time)), "at"),
            (as_.post(f"{V1}/legs/{way['leg']}/events", told), "occurred_at"),
            (as_.post(f"{V1}/boxes/{box}/ended", {"how": "lost", "at": time, "reason": "CANARY"}), "at"),
            (as_.post(f"{V1}/batches/{batch}/dispatch", {"at": time}), "at"),
            (as_.post(f"{V1}/batches", _changed(BATCH, cut_off=time)), "cut_off"),
            (as_.post(f"{V1}/batches/{batch}/legs", _changed(LEG, planned_arrival=time)), "planned_arrival"),
            (as_.post(f"{V1}/batches/{batch}/legs", _changed(LEG, planned_departure=time[:10])), "planned_departure"),
        ]
    for answer, field in asked:
        assert [error["field"] for error in answer.problem(400)["errors"]] == [field], answer
    assert "CANARY" not in caplog.text
    assert dump(world.database) == before


def _malformed() -> Iterator[tuple[bytes, int]]:
    whole = json.dumps(BOX).encode()
    deep = 40_000
    yield b"", 400
    yield b"{", 400
    yield b"null", 400
    yield b"[]", 400
    yield b'"box"', 400
    yield b"[" * deep, 400
    yield b"[" * deep + b"]" * deep, 400
    yield b'{"a":' * deep + b"1" + b"}" * deep, 400
    yield b"[" * 13 + b"]" * 13, 400
    yield b"x" * 10_000_000, 413
    yield whole.replace(b"}", b', "origin_office": "GN-CKY"}'), 400
    yield whole.replace(b"GN-CKY", b"GN\\u0000CKY"), 400
    yield whole.replace(b"GN-CKY", b"GN\x00CKY"), 400
    yield whole.replace(b"GN-CKY", b"GN\xff\xfe"), 400
    yield whole.replace(b"GN-CKY", b"\\ud800"), 400
    yield whole.replace(b"GN-CKY", b"\\udc00\\ud800"), 400
    yield whole.replace(b"GN-CKY", b"\xed\xa0\x80"), 400
    for number in (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"9" * 5_000, b"0x10", b"01", b"600.0", b"6e2"):
        yield whole.replace(b"600", number), 400
    yield whole + b"{}", 400
    yield b"\xef\xbb\xbf" + whole, 400
    yield whole.decode().encode("utf-16"), 400
    yield whole.replace(b'"', b"'"), 400
    yield whole.replace(b"}", b"} // fine"), 400
    yield whole.replace(b"}", b', "\\u0000": 1}'), 400


def test_malformed_bodies_are_refused_and_nothing_is_stored(world: World) -> None:
    before = dump(world.database)
    for body, status in _malformed():
        problem = world.logistician.send("POST", f"{V1}/boxes", body, headers={"idempotency-key": str(uuid4())})
        assert problem.problem(status)["detail"], body[:60]
    assert dump(world.database) == before


def test_a_body_that_grows_while_it_comes_in_is_cut_off(small_world: World) -> None:
    pieces = [b"[" + b"1," * 30_000] * 40
    small_world.logistician.send("POST", f"{V1}/boxes", pieces, headers={"idempotency-key": "long"}).problem(413)


def test_another_content_type_is_refused(small_world: World) -> None:
    whole = json.dumps(BOX).encode()
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/msgpack",
        "image/png",
        "",
        "json",
        "application/jsonx",
    ):
        headers = {"idempotency-key": str(uuid4()), "content-type": kind}
        assert small_world.logistician.send("POST", f"{V1}/boxes", whole, headers=headers).problem(415)["detail"]
    for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        headers = {"idempotency-key": str(uuid4()), "content-type": kind}
        small_world.logistician.send("POST", f"{V1}/boxes", whole, headers=headers).ok(201)


def _aliases(code: str) -> Iterator[str]:
    plain = f"{V1}/boxes/{code}"
    yield f"{plain}/"
    yield f"{plain}//"
    yield f"/{plain}"
    yield plain.replace("/v1/", "/v1//")
    yield plain.replace("/v1/", "/v1/./")
    yield plain.replace("/v1/", "/v1/x/../")
    yield plain.replace("/api", "/API")
    yield f"{plain}%00"
    yield f"{plain}%0a"
    yield f"{plain}%7f"
    yield f"{plain}%2f"
    yield f"{plain}%ff"
    yield f"{plain}%c3%a9"
    yield f"{plain};a=b"
    yield plain.replace("7", "\u0667").replace("8", "\u0668").replace("9", "\u0669") + "\u0667"
    yield f"{V1}/boxes/{LONG}"
    yield f"{V1}/boxes/{code}/{LONG}"
    yield f"{V1}/boxes/%00"
    yield f"{V1}/legs/٠١٢٣٤٥٦٧-0000-7000-8000-000000000000/events"
    yield f"{V1}/legs/1/events"
    yield f"{V1}/legs/{'0' * 32}/events/"
    yield "/" + "a/" * 200
    yield "//"
    yield "/."
    yield "/%2e%2e/%2e%2e/etc/passwd"


def test_no_other_path_leads_to_the_same_thing(world: World) -> None:
    code = journey.a_box(world)["code"]
    assert world.logistician.get(f"{V1}/boxes/{code}").status == 200
    for path in _aliases(code):
        answer = world.logistician.get(path)
        assert answer.status in (400, 404), (path, answer)
        answer.problem(answer.status)


def test_malformed_codes_in_paths_are_named(world: World) -> None:
    before = dump(world.database)
    for code in ("BX-7NF6-YY09-38NKR-5", "BX", "nothing", "CS-478N-HR3C-YHXR6-S", "x" * 400):
        for answer in (
            world.logistician.get(f"{V1}/boxes/{code}"),
            world.logistician.post(f"{V1}/boxes/{code}/seal", {"gross_weight_g": 1, "seal_number": "S"}),
        ):
            assert answer.problem(400)["errors"][0]["field"] == "code"
    assert dump(world.database) == before


def test_a_query_with_nul_or_broken_text_is_refused(world: World) -> None:
    for query in (
        "q=%00",
        "q=a%00b",
        "q=%ff",
        "q=%ed%a0%80",
        "%00=1",
        "q=" + "a" * 3_000,
        "&".join(["q=1"] * 50),
        "%ff=1",
    ):
        world.everything.get(f"{V1}/boxes?{query}").problem(400)
    for query in ("q=%25", "q=_", "q=%27%20OR%201=1", "q=%2500", "q=%C3%A9"):
        assert world.everything.get(f"{V1}/boxes?{query}").ok()["items"] == []


def test_only_our_hosts_are_answered(small_world: World) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "", "localhost", "[::1]", "127.0.0.1@evil.example", "é"):
        answer = small_world.anonymous.send("GET", "/health/live", headers={"host": host})
        assert answer.problem(421)["detail"]
    small_world.anonymous.send("GET", "/health/live", headers={"host": None}).problem(421)
    for host in (OUR_HOST, f"{OUR_HOST}:9999"):
        small_world.anonymous.send("GET", "/health/live", headers={"host": host}).ok()


def test_other_methods_are_refused_everywhere(small_world: World) -> None:
    box = journey.a_box(small_world)["code"]
    before = dump(small_world.database)
    for method in ("TRACE", "CONNECT", "PUT", "PROPFIND", "FOO", "DELETE", "get"):
        for path in (f"{V1}/boxes", f"{V1}/boxes/{box}", "/health/live"):
            answer = small_world.everything.send(method, path)
            assert answer.problem(405), (method, path)
            assert answer.header("allow"), (method, path)
    assert dump(small_world.database) == before


def test_head_and_options_show_nothing(small_world: World) -> None:
    box = journey.a_box(small_world)["code"]
    before = dump(small_world.database)
    for path in (f"{V1}/boxes", f"{V1}/boxes/{box}"):
        for method in ("HEAD", "OPTIONS"):
            for as_ in (small_world.everything, small_world.anonymous):
                answer = as_.send(method, path)
                assert answer.status in (204, 401, 403, 405), (method, path, answer)
                assert not answer.has("access-control-allow-origin")
                assert box.encode() not in answer.body
    assert dump(small_world.database) == before


def test_paths_that_lead_nowhere_are_problems(small_world: World) -> None:
    for path in ("/api", "/api/v1", "/api/v2/boxes", "/nothing", "/api/v1/users", "/.env", "/wp-login.php", "/docs"):
        for as_ in (small_world.everything, small_world.anonymous):
            assert as_.get(path).problem(404)["detail"]


def test_absurd_headers_are_no_trouble(small_world: World) -> None:
    for headers in (
        {"authorization": "Bearer " + LONG},
        {"authorization": "Bearer sk_\x00"},
        {"authorization": b"Bearer \xff\xfe"},
        {"authorization": "Basic YTpi"},
        {"authorization": "Bearer"},
        {"authorization": ""},
        {"cookie": "sign-in=" + LONG},
        {"cookie": b"sign-in=\xff; ;;=;a"},
        {"cookie": "sign-in=\x00"},
        {"x-forwarded-for": LONG, "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"},
    ):
        small_world.anonymous.send("GET", f"{V1}/boxes", headers=headers).problem(401)
    for accept in ("text/html", "*/*;q=abc", LONG, "\x00"):
        small_world.everything.send("GET", f"{V1}/boxes", headers={"accept": accept}).ok()


def test_what_a_field_may_hold_fits_its_column(world: World) -> None:
    way = journey.departed(world)
    longest = a_receipt_with_long_text(way["box"])
    world.receiver.post(f"{V1}/receipts", longest).ok(201)
    path = f"{V1}/boxes/{way['box']}/contacts"
    world.receiver.post(path, {"reached": True, "note": "x" * 501}).problem(400)
    world.receiver.post(path, {"reached": True, "note": "é" * 500}).ok(201)


def a_receipt_with_long_text(box: str) -> Json:
    return journey.a_receipt(
        box, note="é" * 1_000, seal_number="é" * 40, surplus=[{"description": "é" * 120, "quantity": 1}]
    )
