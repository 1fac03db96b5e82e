"""The application: routes, the edge, the guard, problems, and what runs beside it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from api import health, v1
from api.access import guard, open_to, public
from api.edge import provide_edge
from api.hardening import Hardened
from api.pages import pages
from api.problems import HANDLERS
from api.wiring import Wiring
from shipments.offices.person import Role
from shipments.settings import Settings

Beside = Callable[[Wiring], AbstractAsyncContextManager[None]]


def create_app(settings: Settings, *, beside: Beside | None = None) -> Hardened:
    """The ASGI application of one installation. `beside` runs as long as it does: the scheduler."""
    wiring = Wiring(settings)
    app = Litestar(
        route_handlers=[v1.router, pages, health.live, health.ready],
        guards=[guard],
        dependencies={"edge": Provide(provide_edge, sync_to_thread=False)},
        exception_handlers=dict(HANDLERS),
        request_max_body_size=settings.max_body_bytes,
        openapi_config=_openapi(settings),
        state=State({"wiring": wiring}),
        lifespan=[_lifespan(wiring, beside)],
        logging_config=None,
        debug=False,
    )
    return Hardened(app, settings)  # type: ignore[arg-type]  # litestar's own names for ASGI's dictionaries


def _lifespan(wiring: Wiring, beside: Beside | None) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(_: Litestar) -> AsyncIterator[None]:
        try:
            if beside is None:
                yield
            else:
                async with beside(wiring):
                    yield
        finally:
            wiring.database.close()

    return run


def _openapi(settings: Settings) -> OpenAPIConfig:
    everybody: dict[str, Any] = public() if settings.demo else open_to(frozenset(Role))
    return OpenAPIConfig(
        title="shipments",
        version="1",
        description="Tools for returning migrants: from request to hand-over, box by box. "
        "Every POST but receipts and hand-overs, which carry an id of their own, needs an Idempotency-Key.",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        openapi_router=Router(path="/schema", route_handlers=[], opt=everybody),
        components=Components(
            security_schemes={"key": SecurityScheme(type="http", scheme="bearer", description="An API key.")}
        ),
        security=[{"key": []}],
    )
