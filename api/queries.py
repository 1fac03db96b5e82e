"""What comes in by path and query: each value held to its type, the unknown and the doubled refused by name.

Litestar drops what msgspec says of a parameter's range and length, and ignores what it does not know; so each query is
checked here before.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any, get_args, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.utils.helpers import unwrap_partial

from api.bodies import check_body, faults_in
from shipments.errors import Invalid

_OTHERS = frozenset({"data", "edge", "request", "return"})
Kinds = dict[str, Any]  # Any: type annotations


async def check_input(request: Request[Any, Any, State]) -> None:
    """Before every handler. Raises Invalid naming each parameter or field, or 415."""
    check_query(request)
    await check_body(request)


def check_query(request: Request[Any, Any, State]) -> None:
    """Raises Invalid for values out of range, unknown or doubled parameters, and text that is not UTF-8."""
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
        )
    except ValueError as error:
        raise Invalid([("query", "up to 20 parameters in UTF-8")]) from error
    known = {name: kind for name, kind in inputs_of(request.route_handler).items() if name not in request.path_params}
    if faults := list(_faults(pairs, known)):
        raise Invalid(faults)


def inputs_of(handler: HTTPRouteHandler) -> Kinds:
    """Name → type of each value that a handler takes from path and query."""
    return {name: _unmarked(kind) for name, kind in hints_of(handler).items() if name not in _OTHERS}


def hints_of(handler: HTTPRouteHandler) -> Kinds:
    """The signature of the function that we wrote."""
    return _hints(function_of(handler))


def function_of(handler: HTTPRouteHandler) -> Callable[..., Any]:
    """The function that we wrote."""
    return unwrap_partial(handler.fn)


def _faults(pairs: list[tuple[str, str]], known: Kinds) -> Iterator[tuple[str, str]]:
    names = [name for name, _ in pairs]
    for name in dict.fromkeys(names):
        if name not in known:
            yield name[:40], f"nothing: there is no such parameter; known are {', '.join(known) or 'none'}"
        elif names.count(name) > 1:
            yield name, "one value"
    for name, value in pairs:
        if name in known:
            yield from faults_in(value, known[name], name, strict=False)


@cache
def _hints(function: Callable[..., Any]) -> Kinds:
    return get_type_hints(function, include_extras=True)


def _unmarked(kind: Any) -> Any:
    """Without Litestar's mark and without null, which a query cannot say; with what msgspec checks."""
    marked, *marks = get_args(kind)
    if ours := [mark for mark in marks if isinstance(mark, msgspec.Meta)]:
        return Annotated[(marked, *ours)]
    some = [one for one in get_args(marked) if one is not type(None)]
    return some[0] if type(None) in get_args(marked) else marked
