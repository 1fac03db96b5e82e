"""The application: routes, the edge, the guard, problems, and what runs beside it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException

from api import health, hooks, v1
from api.access import guard
from api.edge import provide_edge
from api.hardening import Hardened
from api.openapi import schema_route
from api.pages import pages
from api.pages.trouble import not_routed
from api.problems import HANDLERS
from api.wiring import Wiring
from shipments.settings import Settings

Beside = Callable[[Wiring], AbstractAsyncContextManager[None]]


def create_app(settings: Settings, *, beside: Beside | None = None) -> Hardened:
    """The ASGI application of one installation. `beside` runs as long as it does: the scheduler."""
    wiring = Wiring(settings)
    app = Litestar(
        route_handlers=[
            v1.router,
            pages,
            hooks.hear_carrier,
            health.live,
            health.ready,
            schema_route(demo=settings.demo),
        ],
        guards=[guard],
        dependencies={"edge": Provide(provide_edge, sync_to_thread=False)},
        exception_handlers={**HANDLERS, HTTPException: not_routed},
        request_max_body_size=settings.max_body_bytes,
        openapi_config=None,  # the document is our own: api/openapi.py
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
