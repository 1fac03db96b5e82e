"""Forms as a browser sends them, read strictly."""

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from shipments.errors import Invalid

Fields = dict[str, str]


async def provide_fields(request: Request[Any, Any, State]) -> Fields:
    """The dependency `fields`: each field once, UTF-8, without NUL. Raises Invalid, or 415."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise HTTPException(status_code=415, detail="Send the form as application/x-www-form-urlencoded.")
    return read_fields(await request.body())


def read_fields(body: bytes) -> Fields:
    """Raises Invalid where two readers could read two things."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise Invalid([("form", "fields in UTF-8")]) from error
    fields = dict(pairs)
    if len(fields) < len(pairs) or any("\0" in name + value for name, value in pairs):
        raise Invalid([("form", "each field once, without NUL")])
    return fields
