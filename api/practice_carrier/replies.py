"""What is asked of a carrier, and what it answers, faults of the wire included: slow, dripped, cut off."""

from collections.abc import Mapping
from typing import Any

import msgspec

Json = Any  # JSON as a carrier defines it


class Asked(msgspec.Struct, frozen=True):
    """One request. `query` is as on the wire; the names of `headers` are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. `wait_s` before the first byte; `drip_s`: byte by byte so long; `cut`: never finished."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    content_type: str = "application/json"
    wait_s: float = 0.0
    drip_s: float = 0.0
    cut: bool = False


def json_reply(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A body as JSON."""
    return Reply(status=status, body=msgspec.json.encode(body), headers=headers or {})
