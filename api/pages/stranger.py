"""Behind a box's QR: the same page for everybody and every code; staff go on to the box."""

import asyncio
from typing import Any

from litestar import Request, Response
from litestar import route as routed
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect

from api.access import identify, note_refusal, public
from api.pages.paper import sent, written
from api.pages.speech import TONGUES, tongue_of
from api.wiring import Wiring
from shipments import codes
from shipments.boxes.box import Box
from shipments.errors import Invalid, NotFound
from shipments.offices.scope import SEES_BOXES, Actor, find
from shipments.transaction import reading


@routed(["/B/{code:str}", "/b/{code:str}"], http_method=["GET", "HEAD"], opt=public())
async def found_a_box(code: FromPath[str], request: Request[Any, Any, State]) -> Response[Any]:
    """Says nothing of the code to anybody who is not signed in."""
    wiring: Wiring = request.app.state.wiring
    if request.cookies.get(wiring.cookie):
        number = await asyncio.to_thread(_known_to_staff, request, wiring, code)
        if number is not None:
            return Redirect(f"/boxes/{number}", status_code=303)
    return sent(request, PAGES[tongue_of(request).tag])


def _known_to_staff(request: Request[Any, Any, State], wiring: Wiring, code: str) -> str | None:
    actor = identify(request, wiring)
    return None if actor is None else _in_sight(wiring, actor, code)


def _in_sight(wiring: Wiring, actor: Actor, code: str) -> str | None:
    try:
        if not actor.roles & SEES_BOXES:
            raise NotFound("box", code[:40])
        number = codes.read(codes.Kind.BOX, code)
        with reading(wiring.database, actor) as session:
            return find(session, Box, number, "box").code
    except (Invalid, NotFound):
        note_refusal(wiring, actor, "box", code)
        return None


PAGES = {tongue.tag: written("stranger.html", tongue) for tongue in TONGUES.values()}
HANDLERS = [found_a_box]
