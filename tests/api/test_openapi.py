"""The document of the API: complete, true to the types, and not for strangers."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from api.app import create_app
from api.examples import EXAMPLES, problem_of
from api.openapi import document
from api.problems import STATUS
from api.queries import hints_of
from shipments.settings import Settings
from tests.api.asking import Client, Loop
from tests.api.world import World, another

Json = dict[str, Any]  # Any: a JSON document
WRITES = ("post", "patch", "delete")


@pytest.fixture(scope="module")
def whole(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Json:
    url = f"sqlite:///{tmp_path_factory.mktemp('openapi') / 'none.sqlite3'}"
    app = create_app(another(settings, database_url=url))
    return document(app._app)  # type: ignore[arg-type]


def _operations(whole: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_it_names_every_call_of_the_contract(whole: Json) -> None:
    found = {f"{method.upper()} {path}" for path, method, _ in _operations(whole)}
    assert found >= {
        "POST /api/v1/cases",
        *(f"POST /api/v1/cases/{{code}}/{verb}" for verb in ("departed", "withdrawn", "consents", "card")),
        "DELETE /api/v1/cases/{code}/card",
        "POST /api/v1/requests",
        *(f"POST /api/v1/requests/{{code}}/{verb}" for verb in ("approve", "decline", "withdraw")),
        "POST /api/v1/boxes",
        *(f"POST /api/v1/boxes/{{code}}/{verb}" for verb in ("pack", "checks", "seal", "reopen")),
        "POST /api/v1/batches",
        *(f"POST /api/v1/batches/{{code}}/{verb}" for verb in ("boxes", "legs", "dispatch")),
        "GET /api/v1/batches/{code}/labels.pdf",
        "POST /api/v1/legs/{leg_id}/events",
        "DELETE /api/v1/legs/{leg_id}",
        *(f"GET /api/v1/{noun}" for noun in ("boxes", "batches", "requests", "cases")),
        "GET /api/v1/boxes/{code}",
        "GET /api/v1/boxes/{code}/timeline",
        "POST /api/v1/receipts",
        "POST /api/v1/handovers",
        "GET /health/live",
        "GET /health/ready",
    }


def test_every_operation_is_named_once_tagged_and_described(whole: Json) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(whole)]
    assert len(names) == len(set(names))
    for path, method, operation in _operations(whole):
        assert operation["summary"], (method, path)
        assert len(operation["description"]) > 15, (method, path)
        assert operation["tags"] in [[tag["name"]] for tag in whole["tags"]]


def test_every_body_and_answer_has_an_example(whole: Json) -> None:
    for path, method, operation in _operations(whole):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (body.get("content", {}) for body in bodies):
            for media_type, media in content.items():
                assert media_type == "application/pdf" or media["example"], (method, path)


def test_every_refusal_is_documented_as_a_problem(whole: Json) -> None:
    for path, method, operation in _operations(whole):
        if not path.startswith("/api"):
            continue
        statuses = {"400", "401", "403", "503"} | ({"409"} if method in WRITES else set())
        statuses |= {"404"} if "{" in path else set()
        statuses |= {"412", "428"} if method == "patch" else set()
        statuses |= {"422"} if method == "post" else set()
        assert statuses <= operation["responses"].keys(), (method, path)
        for status in statuses:
            (media_type,) = operation["responses"][status]["content"]
            assert media_type == "application/problem+json"


def test_headers_that_are_required_are_documented_so(whole: Json) -> None:
    own_id = {"/api/v1/receipts", "/api/v1/handovers"}
    for path, method, operation in _operations(whole):
        required = {one["name"] for one in operation["parameters"] if one["in"] == "header" and one["required"]}
        expected = {"post": {"Idempotency-Key"}, "patch": {"If-Match"}}.get(method, set())
        if path.startswith("/hooks"):  # a message is known by its body
            expected = set()
        assert required == (set() if path in own_id else expected), (method, path)


def test_only_health_and_hooks_are_open_to_strangers(whole: Json) -> None:
    assert {path for path, _, operation in _operations(whole) if operation.get("security") == []} == {
        "/health/live",
        "/health/ready",
        "/hooks/{carrier}/{account}",
    }


def test_every_example_is_what_its_schema_allows(whole: Json) -> None:
    for path, method, operation in _operations(whole):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (media for body in bodies for media in body.get("content", {}).values() if "example" in media):
            schema = {**media["schema"], "components": whole["components"]}
            validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
            assert [error.message for error in validator.iter_errors(media["example"])] == [], (method, path)


def test_every_example_is_of_something_in_the_document(whole: Json) -> None:
    assert whole["components"]["schemas"].keys() >= EXAMPLES.keys() - {"dict"}


def test_every_documented_refusal_is_one_that_can_happen() -> None:
    for status in (400, 401, 403, 404, 409, 412, 422, 428, 503):
        name = problem_of(status).type.rpartition(":")[2]
        assert status in [code for kind, code in STATUS.items() if kind.__name__ == name]


def test_every_reference_leads_somewhere(whole: Json) -> None:
    def references(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(found := part.get("$ref"), str):
                yield found
            for inner in part.values():
                yield from references(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from references(inner)

    for reference in references(whole):
        assert reference.removeprefix("#/components/schemas/") in whole["components"]["schemas"]


def test_ranges_and_lengths_of_queries_are_documented(whole: Json) -> None:
    parameters = {one["name"]: one["schema"] for one in whole["paths"]["/api/v1/boxes"]["get"]["parameters"]}
    assert parameters["limit"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    assert parameters["q"]["maxLength"] == 40


def test_it_needs_a_login_outside_the_demo(small_world: World, settings: Settings, loop: Loop) -> None:
    small_world.anonymous.get("/schema/openapi.json").problem(401)
    answer = small_world.auditor.get("/schema/openapi.json")
    assert answer.ok()["openapi"].startswith("3.1")
    url = str(small_world.database.engine.url)
    demo = create_app(another(settings, demo=True, database_url=url))
    assert Client(loop, demo).get("/schema/openapi.json").ok()["paths"].keys() == answer.json()["paths"].keys()
    for path in ("/schema", "/schema/swagger", "/schema/openapi.yaml"):
        small_world.auditor.get(path).problem(404)


def test_hints_are_of_the_function_that_was_written(whole: Json) -> None:
    from api.v1.boxes import read_box

    assert hints_of(read_box).keys() == {"code", "edge", "return"}
