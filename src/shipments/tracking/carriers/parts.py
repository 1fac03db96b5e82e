"""The parts of a JSON answer: a malformed one costs itself, is named, and all others are kept."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from shipments.errors import CarrierUnreadable

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Container(msgspec.Struct, gc=False):
    """A part that only holds others: read field by field where it does not read as a whole.

    Every field has a default. A part that is no container is read whole or left out.
    """


C = TypeVar("C", bound=Container)
_fields_of = msgspec.json.Decoder(dict[str, msgspec.Raw])
_members_of = msgspec.json.Decoder(list[msgspec.Raw])


@lru_cache(maxsize=128)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # Any: a type as an annotation says it, unions included
    return msgspec.json.Decoder(kind)


def read_parts(answer: bytes, kind: type[C], problems: list[str], *, carrier: str) -> C:
    """The answer as `kind`. Raises CarrierUnreadable where it is not one whole JSON object."""
    try:
        read: C = _decoder(kind).decode(answer)
        return read
    except NOT_JSON:
        pass
    try:
        fields = _fields_of.decode(answer)
    except msgspec.ValidationError as error:
        raise CarrierUnreadable(f"The {carrier} answer is JSON, but not an object.") from error
    except NOT_JSON as error:
        raise CarrierUnreadable(f"The {carrier} answer is not JSON, or was cut off.") from error
    return _by_field(fields, kind, problems, "")


def _by_field(fields: Mapping[str, msgspec.Raw], kind: type[C], problems: list[str], within: str) -> C:
    good = {}
    for field in msgspec.structs.fields(kind):
        raw = fields.get(field.encode_name)
        if raw is not None:
            try:
                good[field.name] = _part(raw, field.type, problems, f"{within}{field.encode_name}")
            except NOT_JSON as error:
                problems.append(f"{within}{field.encode_name} is malformed: {_without_values(error)}")
    return kind(**good)


def _part(raw: msgspec.Raw, kind: Any, problems: list[str], name: str) -> Any:
    """Raises one of NOT_JSON where nothing of the part is good."""
    try:
        return _decoder(kind).decode(raw)
    except NOT_JSON:
        one, many = _container_in(kind), _member_in(kind)
        if one is not None:
            return _by_field(_fields_of.decode(raw), one, problems, f"{name}, ")
        if many is not None:
            return _members(_members_of.decode(raw), many, problems, name)
        raise


def _members(members: list[msgspec.Raw], kind: Any, problems: list[str], name: str) -> list[Any]:
    good = []
    for position, raw in enumerate(members, start=1):
        try:
            good.append(_part(raw, kind, problems, f"{name} {position}"))
        except NOT_JSON as error:
            problems.append(f"{name} {position} is malformed: {_without_values(error)}")
    return good


def _container_in(kind: Any) -> type[Container] | None:
    options = (kind, *get_args(kind))
    return next((one for one in options if isinstance(one, type) and issubclass(one, Container)), None)


def _member_in(kind: Any) -> Any:
    return next((get_args(one)[0] for one in (kind, *get_args(kind)) if get_origin(one) is list), None)


def _without_values(error: Exception) -> str:
    """msgspec names types and paths, never values; other errors may quote the answer and its references."""
    return str(error)[:160] if isinstance(error, msgspec.ValidationError) else "not valid JSON"
