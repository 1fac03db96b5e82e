"""Whether this process lives, and whether it can serve: for whoever restarts and routes."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.access import public
from api.wiring import Wiring


@get("/health/live", sync_to_thread=False, opt=public())
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", sync_to_thread=True, opt=public())
def ready(request: Request[Any, Any, State]) -> Response[dict[str, str]]:
    """The database answers and has the schema of this version; else 503 with what to do."""
    from shipments.migrating import is_current  # loads Alembic: not before the first look

    wiring: Wiring = request.app.state.wiring
    try:
        with wiring.database.reading() as session:
            session.execute(text("SELECT 1"))
        if not is_current(wiring.database):
            return Response({"status": "the database is of another version: run 'shipments migrate'"}, status_code=503)
    except DBAPIError:
        return Response({"status": "the database does not answer"}, status_code=503)
    return Response({"status": "ready"})
