"""Who may come in. A route that does not say for whom it is open is open to nobody.

Each handler carries `opt=open_to(…)`. The guard finds out who asks, from a key or a session, before anything of the
request is read; it refuses requests that another site made a signed-in browser send.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from sqlmodel import Session

from api.wiring import Wiring
from shipments import journal
from shipments.errors import NotAllowed, NotSignedIn
from shipments.journal import Noted, Outcome
from shipments.offices.keys import actor_by_key
from shipments.offices.person import Role
from shipments.offices.scope import NOBODY, Actor
from shipments.offices.signing_in import touch, whoami
from shipments.transaction import perform

Connection = ASGIConnection[Any, Any, Any, Any]  # Any: litestar's own parameters
STAFF = frozenset(Role) - {Role.AUDITOR}
EVERYBODY = frozenset(Role)
PUBLIC: Mapping[str, object] = {"access": "public"}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


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
    actor = await wiring.off_loop(lambda: identify(connection, wiring))
    if actor is None:
        raise NotSignedIn
    if actor.via == "session":
        refuse_other_sites(connection, wiring)
    if not isinstance(access, frozenset) or not actor.roles & access:
        await asyncio.to_thread(_note_refusal, wiring, actor, connection)
        raise NotAllowed("Your role does not include this. Ask an administrator.")
    connection.scope["actor"] = actor  # type: ignore[typeddict-unknown-key]


def identify(connection: Connection, wiring: Wiring) -> Actor | None:
    """Who asks, by key or else by session; None for nobody known."""
    now = wiring.clock()
    presented = connection.headers.get("authorization", "")
    scheme, _, key = presented.partition(" ")
    if presented:
        with wiring.database.reading() as session:
            return actor_by_key(session, wiring.ring, key.strip(), now=now) if scheme.lower() == "bearer" else None
    token = connection.cookies.get(wiring.cookie)
    if not token:
        return None
    with wiring.database.reading() as session:
        seen = whoami(session, wiring.ring, token, now=now, idle=wiring.idle, absolute=wiring.absolute)
    if seen is None:
        return None
    if seen.touch_due:
        perform(wiring.database, seen.actor, lambda session: touch(session, seen.sign_in_id, now=now), now=now)
    return seen.actor


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
            Noted(now, f"{kind}.refused", kind, code[:80], actor.person_id, outcome=Outcome.REFUSED),
        )

    perform(wiring.database, actor, work, now=now)
