"""Schemathesis over the whole document: whatever fits its schemas or breaks them, with every check that it has.

Two checks know one answer too few, and are told so rather than left out:
* `positive_data_acceptance`: no schema can say that an office exists, that a check symbol fits, that an id is of this
  box, or that a date is not long past. Those are 400 by contract (an If-Match of another version is 412, an id that was
  used for another receipt 422), so they are let through there; `only_rules_refuse` then holds each such 400 to a rule
  that we know, so that a schema which promises more than the code accepts is still found.
* `missing_required_header`: a missing If-Match is 428 (RFC 6585), a missing Idempotency-Key 400.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
import pytest
import schemathesis
from schemathesis import engine
from schemathesis.checks import CHECKS
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events
from schemathesis.generation.case import Case
from sqlmodel import Session, col, select

from api.openapi import document
from shipments import codes
from shipments.batches.batch import Batch
from shipments.boxes.box import Box
from shipments.cases.case import Case as ReturneesCase
from shipments.offices.typed import LANGUAGES
from shipments.requests.request import SupplyRequest
from shipments.settings import Settings
from tests.api.asking import Loop
from tests.api.journey import a_sealed_box, departed
from tests.api.world import HOST, ORIGIN, World, a_world, another

Json = dict[str, Any]  # Any: JSON
RULES = (
    "the code of an office",
    "an office that",
    "the check symbol",
    "a code like",
    "exactly one of item, kit",
    "the code of an item",
    "the code of a kit",
    "the id of",
    "the code of a box",
    "each line once",
    "each box line once",
    "at most what is in",
    "at most the",
    "a date at most",
    "the day on which",
    "a time",
    "a day or a time",
    "a box of at most",
    "a language",
    "an e-mail address",
    "a telephone number",
    "1 to ",
    "one line of visible text",
    "up to ",
    "one of ",
    "one with an account",
    "nothing: by_hand has no accounts",
    "what was reached, or instead",
    "whose code it is",
    "nothing beside a code",
    "one of the iata list",
    "one of the upu list",
    "true: identity",
    "what written authority",
    "none, since",
    "a gate that is open",
    "good + damaged + missing",
    "the next_cursor",
    "text without NUL",
    "text with something",
    "only with",
    "expected `int`, got `float`",  # JSON Schema calls 600.0 an integer; we do not
)
CONFIG: Json = {
    "seed": 20_260_302,
    "generation": {"max-examples": 1, "mode": "all", "database": "none", "no-shrink": True},
    "phases": {
        "coverage": {"unexpected-methods": ["TRACE"]},
        "stateful": {"max-steps": 3},
    },
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "412", "422"],
        },
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "428"],
        },
        "missing_required_header": {"expected-statuses": ["400", "401", "403", "404", "428"]},
    },
}


@pytest.fixture
def open_world(settings: Settings, database_url: str, loop: Loop) -> Any:
    """One that answers to Schemathesis' host."""
    with a_world(another(settings, allowed_hosts="testserver"), database_url, loop) as world:
        yield world


def test_whatever_comes_in_the_answer_is_as_documented(open_world: World) -> None:
    _teach_formats(open_world)
    config = schemathesis.Config.from_dict(CONFIG)
    project = config.projects.default
    project.phases.stateful.enabled = open_world.database.local  # chains of calls do not differ by engine
    project.update(headers={"Authorization": f"Bearer {open_world.people['everything'].key}"})
    schema = schemathesis.openapi.from_dict(document(open_world.app._app), config=config)  # type: ignore[arg-type]
    schema.app = _without_lifespan(open_world)
    failures, ran = [], 0
    for event in engine.from_schema(schema).execute():
        assert not isinstance(event, events.FatalError), event
        if isinstance(event, events.NonFatalError):
            failures.append(f"{event.phase} {event.label}: {event.value!r}")
        if isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
            ran += len(event.recorder.cases)
            failures += _failures(event.recorder)
    assert failures == [], f"{len(failures)}\n\n" + "\n\n".join(failures[:20])
    assert ran > 500


@schemathesis.check
def only_rules_refuse(ctx: object, response: Any, case: Case[Any]) -> None:
    """A 400 to what fits the schema names a rule that no schema can say."""
    if response.status_code == 400 and case.meta is not None and case.meta.generation.mode.is_positive:
        found = response.json()
        unknown = [error for error in found["errors"] if not error["expected"].startswith(RULES)]
        assert found["errors"], found
        assert not unknown, unknown


@schemathesis.hook("before_call")
def _with_a_new_key(ctx: object, case: Case[Any], kwargs: Json) -> None:
    """Else the second request with a key from the document would only find that it is used."""
    headers = ParameterLocation.HEADER
    if case.headers and "Idempotency-Key" in case.headers and not (case.meta and case.meta.is_negative_at(headers)):
        case.headers["Idempotency-Key"] = str(uuid4())


def _failures(recorder: Any) -> list[str]:
    return [
        f"{recorder.label} {check.name}: {check.failure_info.failure}\n  {check.failure_info.code_sample}"
        for checks in recorder.checks.values()
        for check in checks
        if check.failure_info is not None
    ]


def _teach_formats(world: World) -> None:
    """What a schema calls a code of ours: one that exists, or could."""
    way = departed(world)
    a_sealed_box(world, way["case"])
    with Session(world.database.engine) as session:
        connection = session.connection()
        for kind, table in (
            (codes.Kind.BOX, Box),
            (codes.Kind.BATCH, Batch),
            (codes.Kind.CASE, ReturneesCase),
            (codes.Kind.REQUEST, SupplyRequest),
        ):
            known = [row[0] for row in connection.execute(select(col(table.code)))]
            made = [codes.mint(kind) for _ in range(3)]
            schemathesis.openapi.format(f"{kind.name.lower()}-code", st.sampled_from([*known, *made]))
    schemathesis.openapi.format("office-code", st.sampled_from([HOST, ORIGIN, "XX-NONE"]))
    schemathesis.openapi.format("language", st.sampled_from(sorted(LANGUAGES)))


def _without_lifespan(world: World) -> Callable[..., Awaitable[None]]:
    async def app(scope: Json, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
        else:
            await world.app(scope, receive, send)

    return app


def test_every_check_is_on() -> None:
    config = schemathesis.Config.from_dict(CONFIG).projects.default.checks
    off = {name for name in CHECKS.get_all_names() if not config.get_by_name(name=name).enabled}
    assert off == set()
