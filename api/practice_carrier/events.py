"""`GET /v2/events` as DCSA Track & Trace 2.2 describes it, over the practice sea."""

import base64
import time
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import msgspec
from litestar import asgi
from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler
from litestar.types import HTTPScope, Receive, Scope, Send

from api.practice_carrier.faults import SPOILT, TOLD, Fault
from api.practice_carrier.practice import Called, Practice
from api.practice_carrier.replies import Reply, put_on_the_wire, refusal
from api.practice_carrier.sea import Shipment

PAGE = 100
REFERENCES = ("carrierBookingReference", "transportDocumentReference", "equipmentReference")
SINCE = "eventCreatedDateTime:gte"
_KNOWN = frozenset({*REFERENCES, SINCE, "limit", "cursor"})


class Asked(msgspec.Struct, frozen=True):
    """A question: whose events, created since when, and which page of them."""

    reference: str
    since: datetime | None
    limit: int
    offset: int


def events_endpoint(practice: Practice) -> ASGIRouteHandler:
    """The endpoint of one practice carrier; plain ASGI, because faults need the wire itself."""

    @asgi("/v2/events", copy_scope=False)
    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            await put_on_the_wire(send, _answer(practice, scope))

    return events


def _answer(practice: Practice, scope: HTTPScope) -> Reply:
    """The reply to one call, which is entered in the list of calls."""
    asked = _asked(scope["query_string"])
    reference = asked.reference if isinstance(asked, Asked) else ""
    fault = practice.faults.next_for(reference)
    reply = _unspoilt_or_not(practice, scope, asked, fault)
    practice.calls.append(Called(time.time(), reference, reply.status, fault.name if fault else None))
    return reply


def _unspoilt_or_not(practice: Practice, scope: HTTPScope, asked: Asked | str, fault: Fault | None) -> Reply:
    if scope["method"] != "GET":
        return refusal(405, "method", "Only GET")
    if (b"api-key", practice.api_key.encode()) not in scope["headers"]:
        return refusal(401, "login", "Send the key that you were given as API-Key")
    if isinstance(asked, str):
        return refusal(400, "query", asked)
    shipment = practice.sea.find(asked.reference)
    if shipment is None:
        return refusal(404, "notFound", "No shipment of this reference")
    reply = _page(shipment, asked, practice.clock.now(), fault)
    return TOLD[fault.name](fault, reply) if fault and fault.name in TOLD else reply


def _page(shipment: Shipment, asked: Asked, now: datetime, fault: Fault | None) -> Reply:
    first, last = shipment.told(asked.since, now)
    start = min(first + asked.offset, last)
    stop = min(start + asked.limit, last)
    headers = {"Current-Page": _cursor(asked.offset), "First-Page": _cursor(0)}
    if stop < last:
        headers["Next-Page"] = _cursor(asked.offset + asked.limit)
    if fault is None or fault.name not in SPOILT:
        return Reply(body=shipment.answer(start, stop), headers=headers)
    spoilt = SPOILT[fault.name](shipment, list(shipment.events(start, stop)))
    return Reply(body=msgspec.json.encode(spoilt), headers=headers)


def _asked(query: bytes) -> Asked | str:
    """The question, or what is wrong with it."""
    told = dict(parse_qsl(query.decode("latin-1")))
    if told.keys() - _KNOWN:
        return f"Practised are {', '.join(sorted(_KNOWN))}"
    references = [told[name] for name in REFERENCES if name in told]
    if len(references) != 1:
        return f"Name one of {', '.join(REFERENCES)}"
    try:
        since = _time(told[SINCE]) if SINCE in told else None
        limit, offset = int(told.get("limit", PAGE)), _offset(told.get("cursor"))
    except ValueError:
        return "A time needs an offset, a limit is a number from 1, a cursor one that you were given"
    if limit < 1 or offset < 0:
        return "A limit is a number from 1, a cursor one that you were given"
    return Asked(references[0], since, limit, offset)


def _time(written: str) -> datetime:
    # A plus sign that was not escaped arrives as a blank.
    time = datetime.fromisoformat(written.replace(" ", "+"))
    if time.tzinfo is None:
        raise ValueError(written)
    return time.astimezone(UTC)


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(b"offset=%d" % offset).decode()


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    name, _, offset = base64.urlsafe_b64decode(cursor).decode().partition("=")
    return int(offset) if name == "offset" else -1
