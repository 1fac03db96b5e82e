"""Running the application with uvicorn, the timetable beside it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from api.app import create_app
from api.wiring import Wiring
from jobs.starting import loading
from shipments.settings import Settings

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def serve(settings: Settings, host: str, port: int) -> None:
    """Until it is stopped."""
    logging.basicConfig(level=settings.log_level, format=LOG_FORMAT)
    with loading():
        server = server_of(settings, host, port)
    server.run()


def server_of(settings: Settings, host: str, port: int) -> uvicorn.Server:
    """A server that is ready to run, with the timetable inside if the settings say so."""
    app = create_app(settings, beside=_timetable if settings.scheduler else None)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        h11_max_incomplete_event_size=32_768,
        timeout_graceful_shutdown=10,
    )
    return uvicorn.Server(config)


@asynccontextmanager
async def _timetable(wiring: Wiring) -> AsyncIterator[None]:
    from jobs.timetable import timetable

    async with timetable(wiring.database, wiring.settings, wiring.clock):
        yield
