"""What comes in: JSON that says one thing only, checked strictly, every fault named at once.

Litestar converts leniently ("3" becomes 3) and stops at the first fault; so each body is checked here before.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from shipments.errors import Invalid
from shipments.shapes import FIRST_YEAR, LAST_YEAR, is_believable

DEEPEST = 12


class _Ambiguous(ValueError):
    """A body that two readers may read in two ways."""


async def check_body(request: Request[Any, Any, State]) -> None:
    """Before any handler with `data`. Raises Invalid naming each field, or 415."""
    body = await request.body()
    request.scope["_body"] = body  # type: ignore[typeddict-unknown-key]
    data = request.route_handler.parsed_data_field
    if data is None or request.route_handler.opt.get("form"):
        return
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and content_type != "application/json":
        raise HTTPException(status_code=415, detail="Send the body as application/json in UTF-8.")
    optional = type(None) in get_args(data.annotation)
    if not body and optional:
        return
    value = parsed(body)
    if faults := list(faults_in(value, data.annotation, "")):
        raise Invalid(faults)


def parsed(body: bytes) -> object:
    """Plain JSON values. Raises Invalid for anything else, doubled keys, NUL, lone surrogates, or too deep nesting."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        _refuse_unsafe(value, 0)
        return value
    except UnicodeDecodeError as error:
        raise Invalid([("body", "UTF-8")]) from error
    except _Ambiguous as error:
        raise Invalid([("body", str(error))]) from error
    except (ValueError, RecursionError) as error:
        raise Invalid([("body", "one JSON value")]) from error


def faults_in(value: object, kind: Any, field: str, *, strict: bool = True) -> Iterator[tuple[str, str]]:  # Any: a type
    """Every (field, what was expected) where `value` is not a `kind`, as deep as structs and lists go."""
    try:
        read = msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        found = list(_inner_faults(value, kind, field))
        yield from found or [(field or "body", _sentence(error, kind))]
    except (OverflowError, ValueError):
        yield field or "body", "a value within reason"
    else:
        yield from _absurd_times(read, field)


def _absurd_times(read: object, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(read, datetime):
        if not is_believable(read):
            yield field or "body", f"a time in the years {FIRST_YEAR} to {LAST_YEAR}"
    elif isinstance(read, msgspec.Struct):
        prefix = f"{field}." if field else ""
        for one in msgspec.structs.fields(read):
            yield from _absurd_times(getattr(read, one.name), prefix + one.encode_name)
    elif isinstance(read, list | tuple):
        for index, inner in enumerate(read):
            yield from _absurd_times(inner, f"{field}[{index}]")


def _inner_faults(value: object, kind: Any, field: str) -> Iterator[tuple[str, str]]:
    kind = _struct_or_list(kind, value)
    if isinstance(value, list) and get_origin(kind) in (list, tuple):
        (inner, *_) = get_args(kind)
        for index, one in enumerate(value):
            yield from faults_in(one, inner, f"{field}[{index}]")
    elif isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind, include_extras=True)
        prefix = f"{field}." if field else ""
        known = {one.encode_name: one for one in msgspec.structs.fields(kind)}
        for name, one in known.items():
            if name in value:
                yield from faults_in(value[name], hints[one.name], prefix + name)
            elif one.required:
                yield prefix + name, "required"
        for name in value.keys() - known.keys():
            yield prefix + str(name)[:40], f"nothing: there is no such field; known are {', '.join(known)}"


def _struct_or_list(kind: Any, value: object) -> Any:
    if get_origin(kind) is Annotated:
        return _struct_or_list(get_args(kind)[0], value)
    if get_origin(kind) in (Union, UnionType):
        wanted = list if isinstance(value, list) else dict
        for one in get_args(kind):
            inner = _struct_or_list(one, value)
            is_list = get_origin(inner) in (list, tuple)
            is_struct = isinstance(inner, type) and issubclass(inner, msgspec.Struct)
            if (wanted is list and is_list) or (wanted is dict and is_struct):
                return inner
    return kind


def _sentence(error: msgspec.ValidationError, kind: Any) -> str:
    """What was expected, in words: the words of a list, what a shape says of itself, else the decoder's sentence."""
    text = str(error).partition(" - at ")[0]
    text = text[:1].lower() + text[1:]
    if words := _words(kind):
        return f"one of {', '.join(words)}"
    said = [meta for meta in getattr(kind, "__metadata__", ()) if isinstance(meta, msgspec.Meta) and meta.description]
    if said:
        example = f", e.g. {said[0].examples[0]}" if said[0].examples else ""
        return f"{str(said[0].description).rstrip('.')}{example} ({text})"
    return "a day, e.g. 2026-03-01" if "encoded date" in text and "datetime" not in text else text


def _words(kind: Any) -> list[str]:
    """The words of an enumeration or a literal, also where null is allowed beside them."""
    if get_origin(kind) is Annotated:
        return _words(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return [str(word) for word in get_args(kind)]
    if get_origin(kind) in (Union, UnionType):
        return [word for one in get_args(kind) for word in _words(one)]
    return [str(word) for word in kind] if isinstance(kind, type) and issubclass(kind, StrEnum) else []


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Ambiguous("each key once in an object")
    return found


def _no_constant(name: str) -> object:
    raise _Ambiguous(f"numbers only, not {name}")


def _refuse_unsafe(value: object, depth: int) -> None:
    if depth > DEEPEST:
        raise _Ambiguous(f"at most {DEEPEST} levels of nesting")
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise _Ambiguous("text without NUL and without halves of characters")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unsafe(key, depth + 1)
            _refuse_unsafe(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _refuse_unsafe(inner, depth + 1)
