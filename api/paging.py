"""Lists in pages: keyset cursors, signed by nobody since they open nothing, and RFC 8288 links."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response

from shipments.errors import Invalid

T = TypeVar("T")
Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Cursor = Annotated[str, msgspec.Meta(max_length=60)]


class Page(msgspec.Struct, Generic[T]):
    """Some of a list, newest first. `next_cursor` null: there is no more."""

    items: list[T]
    next_cursor: str | None = None


def after(cursor: str | None) -> UUID | None:
    """The row that the page before ended with. Raises Invalid."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Invalid([("cursor", "the next_cursor of the page before")]) from error


def page(rows: Sequence[tuple[UUID, T]], limit: int, path: str, query: Mapping[str, object]) -> Response[Page[T]]:
    """`rows`: (id, shown), up to one more than `limit`. Links the next page with the same filters."""
    items = [shown for _, shown in rows[:limit]]
    if len(rows) <= limit:
        return Response(Page(items))
    cursor = base64.urlsafe_b64encode(rows[limit - 1][0].bytes).rstrip(b"=").decode()
    kept = {name: value for name, value in query.items() if value is not None} | {"limit": limit, "cursor": cursor}
    return Response(Page(items, cursor), headers={"Link": f'<{path}?{urlencode(kept)}>; rel="next"'})
