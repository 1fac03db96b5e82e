"""The card's page: where the boxes are, what comes next, whom to call; with the PIN, where to fetch them.

Opened millions of times by telephones: two prepared statements, and equal cards share one rendered page.
"""

import asyncio
from functools import lru_cache
from typing import Any

from litestar import Request, Response, get, post
from litestar import route as routed
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import escape
from sqlmodel import Session

from api.access import public
from api.pages import card_words
from api.pages.card_reading import Details, Opened, Shown, card_reader, details_of
from api.pages.forms import Fields
from api.pages.paper import sent, written
from api.pages.signing import client_address
from api.pages.speech import TONGUES, tongue_of
from api.wiring import Wiring
from shipments.cases.carding import (
    PinGuess,
    PinLocked,
    PinRefused,
    card_by_token,
    fits,
    read_pin,
    reserve_guess,
    settle_guess,
    what_opens,
)
from shipments.errors import Invalid
from shipments.offices.scope import NOBODY
from shipments.transaction import perform

Asked = Request[Any, Any, State]
_PLACEHOLDER = "0-TOKEN-0"


@routed(["/C/{token:str}", "/c/{token:str}"], http_method=["GET", "HEAD"], opt=public())
async def open_card(token: FromPath[str], request: Asked) -> Response[bytes]:
    """Writes nothing, whoever looks."""
    wiring: Wiring = request.app.state.wiring
    opened = await wiring.off_loop(lambda: _look(wiring, token))
    return _gone(request) if opened is None else _card(request, token, opened)


@post(["/C/{token:str}/pin", "/c/{token:str}/pin"], status_code=200, opt=public())
async def try_pin(token: FromPath[str], request: Asked, fields: NamedDependency[Fields]) -> Response[bytes]:
    """The answer itself shows the details: no cookie, no address that would."""
    return await asyncio.to_thread(_try_pin, token, request, fields)


def _try_pin(token: str, request: Asked, fields: Fields) -> Response[bytes]:
    wiring: Wiring = request.app.state.wiring
    opened = _look(wiring, token)
    if opened is None:
        return _gone(request)
    try:
        pin = read_pin(fields.get("pin", ""))
    except Invalid:
        return _card(request, token, opened, trouble="malformed", status=400)
    now, address = wiring.clock(), client_address(request)

    def reserve(session: Session) -> PinGuess | PinLocked | PinRefused | None:
        return reserve_guess(session, wiring.ring, token, address=address, now=now)

    guess = perform(wiring.database, NOBODY, reserve, now=now)
    if guess is None:
        return _gone(request)
    if isinstance(guess, PinLocked):
        return _card(request, token, opened, trouble="locked", status=429)
    if isinstance(guess, PinRefused):
        return _card(request, token, opened, trouble="wait", status=429, wait_s=guess.retry_after_s)
    return _judged(request, token, opened, guess, pin)


@get(["/C/{token:str}/pin", "/c/{token:str}/pin"], sync_to_thread=False, opt=public())
def back_to_card(token: FromPath[str]) -> Response[Any]:
    """Somebody loads the address of the form again."""
    return Redirect(f"/C/{token}", status_code=303)


def _judged(request: Asked, token: str, opened: Opened, guess: PinGuess, pin: str) -> Response[bytes]:
    wiring: Wiring = request.app.state.wiring
    right, now = fits(wiring.ring, guess, pin), wiring.clock()

    def conclude(session: Session) -> Details | None:
        settle_guess(session, guess, right, now=now)
        card = card_by_token(session, wiring.ring, token, now=now) if right else None
        return details_of(session, card.case_id) if card else None

    details = perform(wiring.database, NOBODY, conclude, now=now)
    if details is None:
        return _card(request, token, opened, trouble="wrong", status=403)
    return _card(request, token, opened, details=details)


def _look(wiring: Wiring, token: str) -> Opened | None:
    now = wiring.clock()
    return card_reader(wiring.database.engine).look(what_opens(wiring.ring, token, now=now), now)


def _card(
    request: Asked,
    token: str,
    opened: Opened,
    *,
    details: Details | None = None,
    trouble: str = "",
    status: int = 200,
    wait_s: int | None = None,
) -> Response[bytes]:
    tongue = tongue_of(request, otherwise=opened.language)
    write = _page if details is None else _page.__wrapped__  # what the PIN opened is kept nowhere
    body = write(opened.shown, tongue.tag, details, trouble).replace(_PLACEHOLDER.encode(), str(escape(token)).encode())
    return sent(request, body, status=status, headers={"Retry-After": str(wait_s)} if wait_s else None)


@lru_cache(maxsize=1_024)
def _page(shown: Shown, tag: str, details: Details | None, trouble: str) -> bytes:
    values = {"shown": shown, "details": details, "trouble": trouble, "token": _PLACEHOLDER, "card_words": card_words}
    return written("card.html", TONGUES[tag], **values)


def _gone(request: Asked) -> Response[bytes]:
    """Unknown, revoked, expired and withdrawn are one page."""
    return sent(request, _GONE[tongue_of(request).tag], status=404)


_GONE = {tongue.tag: written("gone.html", tongue) for tongue in TONGUES.values()}
HANDLERS = [open_card, try_pin, back_to_card]
