"""Pages as bytes: templates per language, the style inside, and a policy that lets nothing else in."""

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from litestar import Request, Response
from litestar.datastructures import Cookie, State
from markupsafe import Markup

from api.pages import words
from api.pages.speech import TONGUES, Tongue, kept_choice
from shipments.tracking.carriers import known_as

HTML = "text/html; charset=utf-8"
_FOLDER = files("api") / "templates"


@cache
def style(name: str) -> Markup:
    """A style sheet as it stands in the page. Spaces at the ends of lines and empty lines are left out."""
    lines = (_FOLDER / f"{name}.css").read_text("utf-8").splitlines()
    return Markup("".join(line.strip() for line in lines))  # our own file


@cache
def policy() -> str:
    """Content-Security-Policy: our two style sheets by their hash, forms to ourselves, an icon that is in the page."""
    hashes = " ".join(
        f"'sha256-{b64encode(sha256(str(style(name)).encode()).digest()).decode()}'" for name in ("base", "staff")
    )
    return (
        f"default-src 'none'; style-src {hashes}; img-src data:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


@cache
def template(name: str, tongue: Tongue) -> Template:
    """`name` compiled for one language, autoescaped; a missing value is an error."""
    return _environment(tongue).get_template(name)


def written(name: str, tongue: Tongue, **values: object) -> bytes:
    """The page `name` with `values` in it."""
    return template(name, tongue).render(values).encode()


def page(
    request: Request[Any, Any, State],
    name: str,
    tongue: Tongue,
    values: Mapping[str, object],
    *,
    status: int = 200,
    cookies: tuple[Cookie, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """The page as an answer, which also keeps a language chosen by `?l=`."""
    body = written(name, tongue, path=request.scope["path"], **values)
    return sent(request, body, status=status, cookies=cookies, headers=headers)


def sent(
    request: Request[Any, Any, State],
    body: bytes,
    *,
    status: int = 200,
    cookies: tuple[Cookie, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """Bytes of a page with the headers that belong to it."""
    secure = request.app.state.wiring.settings.secure_cookies
    return Response(
        body,
        status_code=status,
        media_type=HTML,
        headers={"Content-Security-Policy": policy(), "Vary": "Accept-Language, Cookie", **(headers or {})},
        cookies=[*kept_choice(request, secure=secure), *cookies],
    )


@cache
def _environment(tongue: Tongue) -> Environment:
    environment = Environment(
        loader=PackageLoader("api"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(tongue.catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {"tongue": tongue, "tongues": tuple(TONGUES.values()), "words": words, "style": style}
    environment.filters |= {"said": tongue.say, "number": tongue.number, "telephone": _telephone}
    environment.filters["carrier"] = lambda name: tongue.say(known_as(name))
    return environment


def _telephone(shown: str) -> str:
    """What a telephone dials."""
    return "".join(symbol for symbol in shown if symbol in "+0123456789")
