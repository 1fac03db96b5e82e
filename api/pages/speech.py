"""Which language a page speaks: those that news speak, with the words of pages beside theirs."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request
from litestar.datastructures import Cookie, State

from shipments.notices.tongues import TONGUES as NEWS_TONGUES
from shipments.notices.tongues import Tongue as Tongue

COOKIE = "l"
_YEAR_S = 365 * 24 * 3600


TONGUES: Mapping[str, Tongue] = {
    tag: tongue.with_words(files("api") / "translations") for tag, tongue in NEWS_TONGUES.items()
}


def tongue_of(request: Request[Any, Any, State], *, otherwise: str | None = None) -> Tongue:
    """`?l=`, else the cookie, else `otherwise`, else what the browser asks for, else English."""
    for wanted in (request.query_params.get(COOKIE), request.cookies.get(COOKIE), otherwise):
        if wanted and (found := TONGUES.get(wanted.lower().partition("-")[0])):
            return found
    return next((TONGUES[tag] for tag in _accepted(request) if tag in TONGUES), TONGUES["en"])


def kept_choice(request: Request[Any, Any, State], *, secure: bool) -> list[Cookie]:
    """The cookie that keeps a language chosen by `?l=`; none otherwise."""
    chosen = request.query_params.get(COOKIE)
    if chosen not in TONGUES:
        return []
    return [Cookie(COOKIE, value=chosen, max_age=_YEAR_S, httponly=True, secure=secure, samesite="lax")]


def zone_called(name: str) -> ZoneInfo:
    """An office's time zone."""
    return ZoneInfo(name)


def _accepted(request: Request[Any, Any, State]) -> Iterable[str]:
    ranked = []
    for part in request.headers.get("accept-language", "")[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), tag.lower().partition("-")[0]))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(ranked, key=lambda one: one[0]) if weight < 0]
