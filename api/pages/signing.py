"""The front page, signing in and signing out."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlmodel import Session

from api.access import EVERYBODY, identify, open_to, public, refuse_other_sites
from api.edge import Edge
from api.pages.forms import Fields
from api.pages.paper import page
from api.pages.speech import tongue_of
from api.pages.visiting import home_of
from api.wiring import Wiring
from shipments.offices.scope import NOBODY
from shipments.offices.signing_in import Attempt, Refused, count_attempt, is_right, settle, sign_out
from shipments.transaction import perform

Asked = Request[Any, Any, State]


@get("/", sync_to_thread=True, opt=public())
def front(request: Asked) -> Response[Any]:
    """Staff go on to their work; anybody else sees a door."""
    actor = identify(request, request.app.state.wiring)
    if actor is not None:
        return Redirect(home_of(actor.roles), status_code=303)
    return page(request, "front.html", tongue_of(request), {})


@get("/sign-in", sync_to_thread=False, opt=public())
def show_sign_in(request: Asked) -> Response[bytes]:
    """The form."""
    return _form(request, request.query_params.get("next", ""))


@post("/sign-in", status_code=200, sync_to_thread=True, opt=public())
def try_sign_in(request: Asked, fields: NamedDependency[Fields]) -> Response[Any]:
    """The same answer and the same work whether the address or the password is wrong."""
    wiring: Wiring = request.app.state.wiring
    refuse_other_sites(request, wiring)
    back = fields.get("next", "")
    now = wiring.clock()
    email, address = fields.get("email", ""), client_address(request)

    def count(session: Session) -> Attempt | Refused:
        return count_attempt(session, wiring.ring, email=email, address=address, now=now)

    attempt = perform(wiring.database, NOBODY, count, now=now)
    if isinstance(attempt, Refused):
        return _form(request, back, trouble="wait", status=429, wait_s=attempt.retry_after_s)
    right = is_right(attempt, fields.get("password", ""))

    def conclude(session: Session) -> str | None:
        token = settle(session, wiring.ring, attempt, right, now=now)
        before = request.cookies.get(wiring.cookie)
        if token and before:
            sign_out(session, wiring.ring, before, now=now)
        return token

    token = perform(wiring.database, NOBODY, conclude, now=now)
    if token is None:
        return _form(request, back, trouble="wrong", status=401)
    return Redirect(local_path(back), status_code=303, cookies=[session_cookie(wiring, token)])


@post("/sign-out", status_code=303, sync_to_thread=True, opt=open_to(EVERYBODY))
def leave(request: Asked, edge: NamedDependency[Edge]) -> Response[Any]:
    """The session is over, here and on the server."""
    wiring = edge.wiring
    token = request.cookies.get(wiring.cookie, "")
    edge.act(lambda session: sign_out(session, wiring.ring, token, now=edge.now))
    return Redirect("/", status_code=303, cookies=[session_cookie(wiring, "", max_age=0)])


def session_cookie(wiring: Wiring, token: str, *, max_age: int | None = None) -> Cookie:
    """Ends with the browser, and on the server at its limits."""
    secure = wiring.settings.secure_cookies
    return Cookie(wiring.cookie, value=token, max_age=max_age, httponly=True, secure=secure, samesite="lax")


def local_path(wanted: str) -> str:
    """Where to go after signing in: a path of ours, else the front page."""
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and len(wanted) <= 500
    inside = wanted.startswith("/") and not wanted.startswith("//")
    if not plain or not inside or wanted.partition("?")[0] in ("/sign-in", "/sign-out"):
        return "/"
    return quote(wanted, safe="/?&=%-_.~:+,")


def client_address(request: Asked) -> str:
    """Who is at the other end of the connection, as the server was told."""
    client = request.scope.get("client")
    return client[0] if client else ""


def _form(
    request: Asked, back: str, *, trouble: str = "", status: int = 200, wait_s: int | None = None
) -> Response[bytes]:
    values = {"next": back if local_path(back) != "/" else "", "trouble": trouble, "wait_s": wait_s}
    headers = {"Retry-After": str(wait_s)} if wait_s else {}
    return page(request, "sign_in.html", tongue_of(request), values, status=status, headers=headers)


HANDLERS = [front, show_sign_in, try_sign_in, leave]
