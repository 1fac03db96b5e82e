"""What went wrong, told to people. The JSON API keeps its problems."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from sqlalchemy.exc import DBAPIError

from api import problems
from api.pages.paper import page
from api.pages.speech import tongue_of
from api.pages.words import N_
from shipments import errors

Asked = Request[Any, Any, State]
FOR_MACHINES = ("/api/", "/schema", "/health/", "/metrics")

TOLD: Mapping[int, tuple[str, str]] = {
    400: (
        N_("That was not understood"),
        N_("Something in the address or the form cannot be right. Go back, check it."),
    ),
    401: (N_("Please sign in"), N_("This page is for staff who are signed in.")),
    403: (
        N_("This is not open to you"),
        N_("Your role does not include this page, or the request came from elsewhere."),
    ),
    404: (N_("There is nothing here"), N_("The address or the code is wrong, or it is not yours to see.")),
    405: (N_("That does not work here"), N_("This address cannot be used in that way. Go back to the start.")),
    409: (N_("It has changed meanwhile"), N_("Somebody else was faster. Go back, load the page again, then repeat.")),
    413: (N_("That is too much at once"), N_("What was sent is larger than this page takes.")),
    415: (N_("That was not understood"), N_("Use the form on the page.")),
    429: (N_("Too many attempts"), N_("For safety you have to wait a while before you try again.")),
    500: (N_("Something broke here"), N_("Nothing was stored. The administrators can see why.")),
    503: (N_("Not available just now"), N_("Nothing was stored. Please try again in a minute.")),
}


def told(request: Asked, status: int, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """The page about a status."""
    tongue = tongue_of(request)
    title, text = TOLD.get(status, TOLD[500])
    return page(request, "trouble.html", tongue, {"title": title, "text": text}, status=status, headers=headers)


def refused(request: Asked, error: errors.ShipmentsError) -> Response[Any]:
    """One of ours. Whoever is not signed in is sent there, and back again."""
    if isinstance(error, errors.NotSignedIn):
        back = f"?next={quote(_local_address(request), safe='/')}" if request.method in ("GET", "HEAD") else ""
        return Redirect(f"/sign-in{back}", status_code=303)
    answer = problems.refused(request, error)
    kept = {name: value for name, value in answer.headers.items() if name.lower() == "retry-after"}
    return told(request, answer.status_code or 500, kept)


def refused_by_framework(request: Asked, error: HTTPException) -> Response[bytes]:
    """What the framework refuses."""
    kept = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return told(request, error.status_code, kept)


def database_trouble(request: Asked, error: DBAPIError) -> Response[bytes]:
    """As the API does, in words for people."""
    return told(request, problems.database_trouble(request, error).status_code or 500)


def broken(request: Asked, error: Exception) -> Response[bytes]:
    """A mistake of ours: the log has it."""
    problems.broken(request, error)
    return told(request, 500)


def not_routed(request: Asked, error: HTTPException) -> Response[bytes]:
    """An address that is no route: a page for people, a problem for machines."""
    path: str = request.scope["path"]
    if path.startswith(FOR_MACHINES) or "text/html" not in request.headers.get("accept", ""):
        return problems.refused_by_framework(request, error)
    return refused_by_framework(request, error)


def _local_address(request: Asked) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return request.scope["path"] + (f"?{query}" if query else "")


HANDLERS: Mapping[Any, Any] = {
    errors.ShipmentsError: refused,
    HTTPException: refused_by_framework,
    DBAPIError: database_trouble,
    Exception: broken,
}
