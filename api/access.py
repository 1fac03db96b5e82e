"""Who may come in. A route that does not say for whom it is open is open to nobody.

Each handler carries `opt=open_to(…)`. The guard finds out who asks, from a key or a session, before anything of the
request is read; it refuses requests that another site made a signed-in browser send.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from api.wiring import Wiring
from shipments import journal
from shipments.errors import NotAllowed, NotSignedIn, Unavailable
from shipments.journal import Noted, Outcome
from shipments.offices.keys import actor_by_key
from shipments.offices.person import Role
from shipments.offices.scope import NOBODY, Actor, must_write
from shipments.offices.signing_in import touch, whoami
from shipments.transaction import perform

log = logging.getLogger(__name__)
Connection = ASGIConnection[Any, Any, Any, Any]  # Any: litestar's own parameters
STAFF = frozenset(Role) - {Role.AUDITOR}
EVERYBODY = frozenset(Role)
PUBLIC: Mapping[str, object] = {"access": "public"}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TOUCH_MS = 50


def open_to(roles: frozenset[Role] = STAFF) -> dict[str, object]:
    """For people who hold one of `roles` anywhere; the verb then looks at which office."""
    return {"access": roles}


def public() -> dict[str, object]:
    """For everybody, signed in or not."""
    return dict(PUBLIC)


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Names the actor of this request, or raises NotSignedIn or NotAllowed."""
    access = handler.opt.get("access")
    wiring: Wiring = connection.app.state.wiring
    if access == "public":
        connection.scope["actor"] = NOBODY  # type: ignore[typeddict-unknown-key]
        return
    actor, untouched = await wiring.off_loop(lambda: recognise(connection, wiring))
    if actor is None:
        raise NotSignedIn
    if untouched is not None:
        await asyncio.to_thread(_keep_alive, wiring, untouched)
    try:
        _must_be_welcome(connection, wiring, actor, access)
    except NotAllowed:
        await asyncio.to_thread(_note_refusal, wiring, actor, connection)
        raise
    connection.scope["actor"] = actor  # type: ignore[typeddict-unknown-key]


def _must_be_welcome(connection: Connection, wiring: Wiring, actor: Actor, access: object) -> None:
    if actor.via == "session":
        refuse_other_sites(connection, wiring)
    if not isinstance(access, frozenset) or not actor.roles & access:
        raise NotAllowed("Your role does not include this. Ask an administrator.")
    if connection.scope.get("method") not in SAFE:
        must_write(actor)


def identify(connection: Connection, wiring: Wiring) -> Actor | None:
    """Who asks, by key or else by session; None for nobody known. May write: not for the event loop."""
    actor, untouched = recognise(connection, wiring)
    if untouched is not None:
        _keep_alive(wiring, untouched)
    return actor


def recognise(connection: Connection, wiring: Wiring) -> tuple[Actor | None, UUID | None]:
    """As `identify`, but only reads. The second is the sign-in whose last use should be moved, if any."""
    now = wiring.clock()
    presented = connection.headers.get("authorization", "")
    scheme, _, key = presented.partition(" ")
    if presented:
        with wiring.database.reading() as session:
            known = actor_by_key(session, wiring.ring, key.strip(), now=now) if scheme.lower() == "bearer" else None
        return known, None
    token = connection.cookies.get(wiring.cookie)
    if not token:
        return None, None
    with wiring.database.reading() as session:
        seen = whoami(session, wiring.ring, token, now=now, idle=wiring.idle, absolute=wiring.absolute)
    if seen is None:
        return None, None
    return seen.actor, seen.sign_in_id if seen.touch_due else None


def _keep_alive(wiring: Wiring, sign_in_id: UUID) -> None:
    """One short try: who reads is not held up, nor turned away, by a database that cannot be written to now."""
    try:
        with wiring.database.writing(patience_ms=TOUCH_MS) as session:
            touch(session, sign_in_id, now=wiring.clock())
    except (Unavailable, SQLAlchemyError) as error:
        log.warning("the last use of a sign-in was not kept: %s", type(error).__name__)


def refuse_other_sites(connection: Connection, wiring: Wiring) -> None:
    """A browser says where an unsafe request comes from; one from elsewhere is refused."""
    if connection.scope.get("method") in SAFE:
        return
    site = connection.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise NotAllowed("This request came from another site. Open the page here and try again.")
    origin = connection.headers.get("origin")
    if origin is None:
        if site is None:
            raise NotAllowed("The browser did not say where this request came from. Use an API key outside a browser.")
        return
    if urlsplit(origin).netloc.lower() != connection.headers.get("host", "").lower():
        raise NotAllowed("This request came from another site. Open the page here and try again.")


def _note_refusal(wiring: Wiring, actor: Actor, connection: Connection) -> None:
    note_refusal(wiring, actor, "access", connection.scope["path"][:80])


def note_refusal(wiring: Wiring, actor: Actor, kind: str, code: str) -> None:
    """Into the journal, in a transaction of its own, since what was refused left none."""
    now = wiring.clock()

    def work(session: Session) -> None:
        journal.note(
            session,
            Noted(now, f"{kind}.refused", kind, code[:80], actor.person_id, actor.office, Outcome.REFUSED),
        )

    perform(wiring.database, actor, work, now=now)
