"""The OpenAPI document, made from the routes: what a handler takes, gives and refuses is said once, in its signature.

Shapes come from msgspec, which also checks what comes in, so that the document cannot promise something else.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from inspect import Parameter, signature
from typing import Any, get_args, get_origin
from uuid import UUID

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from api.access import EVERYBODY, open_to, public
from api.examples import example_of, problem_of
from api.problems import MEDIA_TYPE, Problem
from api.queries import function_of, hints_of, inputs_of
from shipments.codes import Kind

SHOWN = ("/api/v1", "/health", "/hooks")
JSON, PDF = "application/json", "application/pdf"
Json = dict[str, Any]  # Any: a JSON document
CODES = {"cases": Kind.CASE, "requests": Kind.REQUEST, "boxes": Kind.BOX, "batches": Kind.BATCH}
FORMATS = {
    "case": "case-code",
    "box": "box-code",
    "boxes": "box-code",
    "office": "office-code",
    "host_office": "office-code",
    "origin_office": "office-code",
    "from_office": "office-code",
    "to_office": "office-code",
    "language": "language",
    "email": "email",
}
DESCRIPTION = (
    "Tools for returning migrants: from request to hand-over, box by box. Every POST needs an Idempotency-Key, so "
    "that a retry can never act twice; receipts and hand-overs carry an id of their own and may do without. Every "
    "PATCH needs If-Match. Lists come in pages: follow the Link header. Refusals are RFC 9457 problems that say what "
    "to do."
)
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each request. The same key with the same body gets the same answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "5f0c2a4e-3f0b-4a39-9a53-0a7f0f7f6d11",
}
IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag that was read, so that nobody's change is overwritten.",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    "example": '"3"',
}
RETRY_AFTER: Json = {
    "Retry-After": {"required": True, "description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}
}
HEADERS: Mapping[int, Json] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    429: RETRY_AFTER,
    503: RETRY_AFTER,
}


def schema_route(*, demo: bool) -> HTTPRouteHandler:
    """The document itself: for everybody in the demo, else for people who are signed in."""

    @get("/schema/openapi.json", opt=public() if demo else open_to(EVERYBODY), sync_to_thread=False)
    def schema(request: Request[Any, Any, State]) -> Response[bytes]:
        body = msgspec.json.encode(document(request.app))
        return Response(body, media_type="application/vnd.oai.openapi+json")

    return schema


def document(app: Litestar) -> Json:
    """OpenAPI 3.1 of everything below SHOWN."""
    routes = [(path, method, handler) for path, method, handler in _routes(app) if path.startswith(SHOWN)]
    shapes = _Shapes([kind for _, _, handler in routes for kind in _kinds(handler)])
    paths: dict[str, Json] = {}
    for path, method, handler in routes:
        paths.setdefault(path, {})[method.lower()] = _operation(path, method, handler, shapes)
    used = {tag for item in paths.values() for operation in item.values() for tag in operation["tags"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "shipments", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted(used)],
        "paths": paths,
        "components": {"schemas": shapes.components, "securitySchemes": _schemes(app)},
        "security": [{"key": []}, {"session": []}],
    }


class _Shapes:
    """The schemas of all types together, so that each stands once among the components."""

    def __init__(self, kinds: Sequence[Any]) -> None:  # Any: type annotations
        schemas, self.components = msgspec.json.schema_components(
            [*kinds, Problem], ref_template="#/components/schemas/{name}"
        )
        self._of = {str(kind): schema for kind, schema in zip(kinds, schemas, strict=False)}
        self.problem = schemas[-1]
        for component in self.components.values():
            for name, schema in component.get("properties", {}).items():
                _name_format(name, schema)

    def of(self, kind: Any) -> Json:  # Any: a type annotation
        return dict(self._of[str(kind)])


def _operation(path: str, method: str, handler: HTTPRouteHandler, shapes: _Shapes) -> Json:
    if (own := handler.opt.get("document")) is not None:
        return {**_named(handler), **own(shapes.problem), "security": []}
    found: Json = {
        **_named(handler),
        "parameters": list(_parameters(path, method, handler, shapes)),
        "responses": _responses(path, method, handler, shapes),
    }
    if (body := _body(handler)) is not None:
        (kind,) = [one for one in get_args(body) if one is not type(None)] or [body]
        media = {"schema": shapes.of(kind), "example": example_of(kind)}
        found["requestBody"] = {"required": kind is body, "content": {JSON: media}}
    if handler.opt["access"] == "public":
        found["security"] = []
    return found


def _named(handler: HTTPRouteHandler) -> Json:
    text = (function_of(handler).__doc__ or "").strip()
    roles: Any = handler.opt["access"]  # frozenset of roles, or "public"
    return {
        "operationId": function_of(handler).__name__,
        "tags": [function_of(handler).__module__.rpartition(".")[2]],
        "summary": text.partition(".")[0],
        "description": text if roles == "public" else f"{text}\n\nFor: {', '.join(sorted(roles))}.",
    }


def _parameters(path: str, method: str, handler: HTTPRouteHandler, shapes: _Shapes) -> Iterator[Json]:
    in_path = {name for name in hints_of(handler) if f"{{{name}}}" in path}
    for name, kind in inputs_of(handler).items():
        required = name in in_path
        schema = {"type": "string", "format": "uuid"} if kind is UUID else shapes.of(kind)
        if required and kind is str:
            schema = _code(path if name == "code" else f"/{name}es")
        _name_format(name, schema)
        if (default := signature(function_of(handler)).parameters[name].default) not in (Parameter.empty, None):
            schema["default"] = default
        yield {"name": name, "in": "path" if required else "query", "required": required, "schema": schema}
    if method == "POST":
        yield {**IDEMPOTENCY_KEY, "required": needs_key(method, handler)}
    if method == "PATCH":
        yield IF_MATCH


def needs_key(method: str, handler: HTTPRouteHandler) -> bool:
    """Every POST, but those whose body has an id of its own."""
    fields = getattr(_body(handler), "__struct_fields__", ())
    return method == "POST" and "id" not in fields


def _responses(path: str, method: str, handler: HTTPRouteHandler, shapes: _Shapes) -> Json:
    given = _given(handler)
    statuses = [handler.status_code] if "id" not in getattr(_body(handler), "__struct_fields__", ()) else [200, 201]
    found: Json = {str(status): _success(status, given, shapes) for status in statuses}
    if path.startswith("/health"):
        return {**found, "503": {**found["200"], "description": "Not ready; the status says why."}}
    for status in _refusals(path, method, handler):
        found[str(status)] = refusal_of(status, shapes.problem)
    return found


def refusal_of(status: int, problem: Json) -> Json:
    """A response in the document; `problem`: the schema of all refusals."""
    example = msgspec.to_builtins(problem_of(status))
    return {
        "description": HTTPStatus(status).phrase,
        "headers": HEADERS.get(status, {}),
        "content": {MEDIA_TYPE: {"schema": problem, "example": example}},
    }


def _success(status: int, given: Any, shapes: _Shapes) -> Json:  # Any: a type annotation
    if given is type(None):
        return {"description": HTTPStatus(status).phrase}
    if given is bytes:
        return {"description": "A PDF.", "content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}
    found: Json = {
        "description": HTTPStatus(status).phrase,
        "content": {JSON: {"schema": shapes.of(given), "example": example_of(given)}},
    }
    fields = getattr(get_origin(given) or given, "__struct_fields__", ())
    if "version" in fields:
        found["headers"] = {"ETag": {"required": True, "schema": {"type": "string", "pattern": '^"[0-9]+"$'}}}
    if "next_cursor" in fields:
        found["headers"] = {"Link": {"description": "The next page, if there is one.", "schema": {"type": "string"}}}
    return found


def _refusals(path: str, method: str, handler: HTTPRouteHandler) -> list[int]:
    writes, body = method in ("POST", "PATCH", "DELETE"), _body(handler) is not None
    named = "{" in path or "account" in inputs_of(handler)
    several = {
        400: True,
        401: True,
        403: True,
        404: named or body,
        409: writes,
        412: method == "PATCH",
        413: body,
        415: body,
        422: method == "POST",
        428: method == "PATCH",
        503: True,
    }
    return [status for status, may_be in several.items() if may_be]


def _schemes(app: Litestar) -> Json:
    return {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": app.state.wiring.cookie,
            "description": "A browser's sign-in; unsafe requests must come from our own pages.",
        },
    }


def _routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method not in ("OPTIONS", "HEAD"):
                    yield route.path_format, method, handler


def _kinds(handler: HTTPRouteHandler) -> Iterator[Any]:
    if (body := _body(handler)) is not None:
        yield from (one for one in get_args(body) or (body,) if one is not type(None))
    yield from inputs_of(handler).values()
    if (given := _given(handler)) not in (bytes, type(None)):
        yield given


def _given(handler: HTTPRouteHandler) -> Any:
    """What it answers with, without the envelope."""
    given: Any = hints_of(handler)["return"]
    origin: Any = get_origin(given)
    return get_args(given)[0] if origin is Response else given


def _body(handler: HTTPRouteHandler) -> Any:
    data = handler.parsed_data_field
    return None if data is None else data.annotation


def _code(path: str) -> Json:
    noun = next(noun for noun in CODES if f"/{noun}" in path)
    kind = CODES[noun]
    return {
        "type": "string",
        "format": f"{kind.name.lower()}-code",
        "minLength": 4,
        "maxLength": 40,
        "description": f"A code like {kind}-7K4M-9QPT-2V8D6-A, as printed; case, spaces and dashes are forgiven.",
    }


def _name_format(name: str, schema: Json) -> None:
    if name in FORMATS:
        for one in (schema, schema.get("items", {}), *schema.get("anyOf", ())):
            if one.get("type") == "string":
                one["format"] = FORMATS[name]
