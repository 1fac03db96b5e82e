"""From errors to RFC 9457 problems: one map, which a test proves to name every error there is."""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shipments import errors
from shipments.database import is_passing

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[errors.ShipmentsError], int] = {
    errors.ShipmentsError: 500,
    errors.NotFound: 404,
    errors.Invalid: 400,
    errors.WrongState: 409,
    errors.GatesOpen: 409,
    errors.Conflict: 409,
    errors.TooMuch: 409,
    errors.KeyReused: 422,
    errors.KeyMissing: 400,
    errors.VersionMissing: 428,
    errors.VersionStale: 412,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.TooManyAttempts: 429,
    errors.SealBroken: 500,
    errors.Unavailable: 503,
    errors.CarrierError: 502,
    errors.CarrierUnreadable: 502,
    errors.CarrierUnavailable: 503,
    errors.CarrierRefused: 502,
    errors.CarrierOverQuota: 503,
}


class Problem(msgspec.Struct, omit_defaults=True):
    """An RFC 9457 problem. `errors`: each field and what was expected of it; `gates`: those open at dispatch."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, str]] = []
    gates: list[dict[str, str]] = []
    state: str = ""
    expected: str = ""


def refused(_request: Request[Any, Any, State], error: errors.ShipmentsError) -> Response[bytes]:
    """One of ours."""
    kind = type(error)
    extra: dict[str, Any] = {}
    for theirs, ours in (("fields", "errors"), ("gates", "gates"), ("state", "state"), ("expected", "expected")):
        if theirs in error.details:
            extra[ours] = error.details[theirs]
    return answer(kind.__name__, STATUS[kind], str(error), headers=_headers(error), **extra)


def refused_by_framework(_request: Request[Any, Any, State], error: HTTPException) -> Response[bytes]:
    """What Litestar refuses: unknown routes, methods, sizes, and values of path and query."""
    faults = []
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        faults = [{"field": str(one.get("key", "")), "expected": str(one.get("message", ""))} for one in error.extra]
    names = {400: "Invalid", 404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge", 415: "UnsupportedMediaType"}
    detail = "Check the values of the path and the query." if faults else str(error.detail)
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    name = names.get(error.status_code, type(error).__name__)
    return answer(name, error.status_code, detail, errors=faults, headers=headers)


def database_trouble(request: Request[Any, Any, State], error: DBAPIError) -> Response[bytes]:
    """A constraint that only the database saw is a conflict; a busy, full or absent database is 503."""
    if isinstance(error, IntegrityError):
        log.warning("the database refused what the code let pass: %s", type(error.orig).__name__)
        return answer("Conflict", 409, "This does not fit what is stored by now. Read it again, then repeat.")
    if isinstance(error, DataError):
        log.error("a value does not fit its column: the shapes of the API let it pass")
        return answer("Invalid", 400, "A value is too long or out of range. Nothing was stored.")
    passing = is_passing(error)
    log.error("database trouble: %s, passing: %s", type(error.orig).__name__, passing)
    detail = "The database cannot take this now. Nothing was stored; try again shortly."
    return answer("Unavailable", 503, detail, headers={"Retry-After": "5"})


def too_busy(_request: Request[Any, Any, State], _error: PoolExhausted) -> Response[bytes]:
    """Every connection is in use, and stayed so for longer than anybody should wait."""
    log.error("every connection to the database is in use")
    detail = "Too many requests at once. Nothing was stored; try again shortly."
    return answer("Unavailable", 503, detail, headers={"Retry-After": "5"})


def broken(request: Request[Any, Any, State], error: Exception) -> Response[bytes]:
    """A mistake of ours: named in the log, not in the answer."""
    log.error("unforeseen error", exc_info=error)
    return answer("Internal", 500, "Something went wrong here. Nothing was stored. The administrators can see why.")


def answer(
    name: str, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any
) -> Response[bytes]:
    """A problem as a response."""
    problem = Problem(f"urn:shipments:problem:{name}", title_of(name), status, detail, **extra)
    return Response(msgspec.json.encode(problem), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def title_of(name: str) -> str:
    """`NotFound` → `Not found`."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip().capitalize()


def _headers(error: errors.ShipmentsError) -> dict[str, str]:
    if isinstance(error, errors.NotSignedIn):
        return {"WWW-Authenticate": 'Bearer realm="shipments"'}
    if isinstance(error, errors.TooManyAttempts):
        return {"Retry-After": str(error.retry_after_s)}
    return {"Retry-After": "1"} if isinstance(error, errors.Unavailable) else {}


HANDLERS: Mapping[Any, Any] = {
    errors.ShipmentsError: refused,
    HTTPException: refused_by_framework,
    DBAPIError: database_trouble,
    PoolExhausted: too_busy,
    Exception: broken,
}
