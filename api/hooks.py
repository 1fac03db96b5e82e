"""The hooks: where carriers tell us by themselves. No login but the message's own proof; one insert, then the answer.

A proof is judged before it is counted, unlike a password: the secrets are 32 random bytes, so that many guesses at
once gain nothing, and whoever sends forged messages must not shut the carrier out. Only what is forged for an account
that there is is counted, and only up to the limits: nobody can make us write without end.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, NoReturn
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath

from api.access import public
from api.openapi import JSON, Json, refusal_of
from api.pages.signing import client_address
from api.wiring import Wiring
from shipments.errors import Invalid, NotSignedIn, TooManyAttempts
from shipments.offices.guessing import Limit, a_guess, must_wait, neighbourhood, take
from shipments.offices.scope import NOBODY
from shipments.tracking.carriers.pushing import subscription_said
from shipments.tracking.pushes.inbox import NEWEST, OLDEST, HookOpen, is_timely, keep_push, open_hook
from shipments.transaction import perform, reading

MOST_BYTES = 1024 * 1024
PER_HOOK = Limit("push to from", 20, timedelta(minutes=15))
PER_ADDRESS = Limit("push from", 100, timedelta(minutes=15))
IN_ALL = Limit("push", 1_000, timedelta(minutes=15))


class Told(msgspec.Struct, frozen=True):
    """A message as it came; nothing of it is believed yet."""

    carrier: str
    account: str
    address: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return "Told(hidden)"


def _document(problem: Json) -> Json:
    """In the OpenAPI document: the bodies are the carriers' own, whatever they are."""
    said = {"schema": {}, "example": [{"eventType": "TRANSPORT", "transportEventTypeCode": "DEPA"}]}
    path = {"in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "parameters": [{"name": "carrier", "example": "dcsa", **path}, {"name": "account", **path}],
        "requestBody": {"required": True, "content": {JSON: said}},
        "responses": {
            **{str(status): {"description": "Received."} for status in (200, 204)},
            **{str(status): refusal_of(status, problem) for status in (400, 401, 413, 429, 503)},
        },
    }


@post(
    "/hooks/{carrier:str}/{account:str}",
    request_max_body_size=MOST_BYTES,
    opt={**public(), "document": _document},
)
async def hear_carrier(
    carrier: FromPath[str], account: FromPath[str], request: Request[Any, Any, State]
) -> Response[bytes]:
    """For carriers: what one tells by itself. It is acknowledged as soon as it is kept, and read within seconds.

    The message proves itself as the carrier's own interface says: by `Notification-Signature` (DCSA),
    `Authorization` (Ship24), `credential` (UPS) or `X-Shipments-Key` (DHL). The same message again changes nothing.
    """
    told = Told(carrier, account, client_address(request), dict(request.headers), await request.body())
    status = await asyncio.to_thread(_receive, request.app.state.wiring, told)
    return Response(b"", status_code=status, media_type="text/plain")


def _receive(wiring: Wiring, told: Told) -> int:
    """The status that the carrier takes as "received"."""
    now = wiring.clock()
    hook = _open_hook(wiring, told)
    if hook is None or not hook.carrier.is_genuine(told.body, told.headers, hook.secrets):
        _refuse(wiring, told, counted=hook is not None)
    if not is_timely(hook.carrier.made_at(told.body), now=now):
        window = f"{OLDEST.days} days ago and {NEWEST.seconds // 3600} hour ahead"
        raise Invalid([("body", f"a message made between {window}; what this one says is polled, do not repeat it")])
    key = subscription_said(hook.carrier, told.headers)
    kept = partial(
        keep_push, ring=wiring.ring, account_id=UUID(told.account), body=told.body, subscription=key, now=now
    )
    perform(wiring.database, NOBODY, kept, now=now)
    return hook.carrier.accepted_status


def _open_hook(wiring: Wiring, told: Told) -> HookOpen | None:
    try:
        account_id = UUID(told.account)
    except ValueError:
        return None
    with reading(wiring.database, NOBODY) as session:
        return open_hook(session, wiring.ring, told.carrier, account_id, now=wiring.clock())


def _refuse(wiring: Wiring, told: Told, *, counted: bool) -> NoReturn:
    """Alike for a wrong carrier, account and proof. Raises NotSignedIn, TooManyAttempts."""
    now, near = wiring.clock(), neighbourhood(told.address)
    guesses = (
        a_guess(wiring.ring, PER_HOOK, f"{told.carrier[:40]}/{told.account[:40]} {near}"),
        a_guess(wiring.ring, PER_ADDRESS, near),
        a_guess(wiring.ring, IN_ALL),
    )
    with reading(wiring.database, NOBODY) as session:
        wait = must_wait(session, guesses, now=now)
    if wait is None and counted:
        wait = perform(wiring.database, NOBODY, partial(take, guesses=guesses, now=now), now=now)
    if wait is not None:
        raise TooManyAttempts(wait)
    raise NotSignedIn("The message does not prove itself here. Check the address of the hook and the account's secret.")
