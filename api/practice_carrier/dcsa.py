"""DCSA Track & Trace 2.2: `GET /v2/events` and its subscriptions, over the practice sea.

Lines differ in their logins: this one takes a key, or a token from `POST /oauth2/token`.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from api.practice_carrier.limits import Over
from api.practice_carrier.logins import form_of
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Reply, json_reply
from api.practice_carrier.sea import Shipment
from api.practice_carrier.sea_faults import SPOIL
from api.practice_carrier.speaking import Endpoint, Manners, Spoilt, answered

EVENTS: Final = "/v2/events"
TOKEN: Final = "/oauth2/token"
VERSION = {"API-Version": "2.2.0"}
PAGE = 100
REFERENCES = ("carrierBookingReference", "transportDocumentReference", "equipmentReference")
SINCE = "eventCreatedDateTime:gte"
_KNOWN = frozenset({*REFERENCES, SINCE, "limit", "cursor"})
_SAID: Mapping[int, tuple[str, str]] = {
    400: ("query", "The question cannot be read"),
    401: ("login", "Send the key that you were given as API-Key"),
    403: ("login", "This key may not ask"),
    404: ("notFound", "No shipment of this reference"),
    405: ("method", "Only GET"),
    429: ("quota", "Too many calls"),
    503: ("busy", "Try again later"),
}


class Question(msgspec.Struct, frozen=True):
    """Whose events, created since when, and which page of them."""

    reference: str
    since: datetime | None
    limit: int
    offset: int


def _knows(practice: Practice, asked: Asked) -> bool:
    if asked.headers.get("api-key") == practice.logins.key:
        return True
    return practice.logins.holds(asked.headers.get("authorization", ""), "dcsa", practice.clock.now())


def refuse(
    status: int, headers: Mapping[str, str], message: str = "", *, method: str = "GET", uri: str = EVENTS
) -> Reply:
    """A refusal in the words of DCSA 2.2."""
    reason, usual = _SAID.get(status, ("broken", "Something broke"))
    body = {
        "httpMethod": method,
        "requestUri": uri,
        "errors": [{"reason": reason, "message": message or usual}],
        "statusCode": status,
        "statusCodeText": HTTPStatus(status).phrase,
        "errorDateTime": datetime.now(UTC).isoformat(),
    }
    return json_reply(body, status, {**VERSION, **headers})


def _too_many(over: Over) -> Reply:
    return refuse(429, {"Retry-After": str(over.wait_s)})


MANNERS = Manners("dcsa", _knows, refuse, _too_many)
_TOKENS = msgspec.structs.replace(MANNERS, knows=lambda practice, asked: True)


def events(practice: Practice, asked: Asked) -> Reply:
    """`GET /v2/events`."""
    question = _question(asked.query)
    references = [question.reference] if isinstance(question, Question) else []
    return answered(practice, MANNERS, asked, references, partial(_events, practice, asked, question))


def _events(practice: Practice, asked: Asked, question: Question | str, spoilt: Spoilt) -> Reply:
    if asked.method != "GET":
        return refuse(405, {})
    if isinstance(question, str):
        return refuse(400, {}, question)
    shipment = practice.sea.find(question.reference)
    if shipment is None:
        return refuse(404, {})
    return _page(shipment, question, practice.clock.now(), spoilt)


def _page(shipment: Shipment, question: Question, now: datetime, spoilt: Spoilt) -> Reply:
    first, last = shipment.told(question.since, now)
    start = min(first + question.offset, last)
    stop = min(start + question.limit, last)
    headers = {**VERSION, "Current-Page": _cursor(question.offset), "First-Page": _cursor(0)}
    if stop < last:
        headers["Next-Page"] = _cursor(question.offset + question.limit)
    fault = spoilt.get(question.reference)
    if fault is None or fault.name not in SPOIL:
        return Reply(body=shipment.answer(start, stop), headers=headers)
    return json_reply(SPOIL[fault.name](shipment, list(shipment.events(start, stop))), headers=headers)


def _question(query: str) -> Question | str:
    """The question, or what is wrong with it."""
    told = dict(parse_qsl(query))
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
    return Question(references[0], since, limit, offset)


def _time(written: str) -> datetime:
    # A plus sign that was not escaped arrives as a blank.
    time = datetime.fromisoformat(written.replace(" ", "+"))
    if time.tzinfo is None:
        raise ValueError(written)
    return time.astimezone(UTC)


@lru_cache(maxsize=1024)
def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(b"offset=%d" % offset).decode()


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    name, _, offset = base64.urlsafe_b64decode(cursor).decode().partition("=")
    return int(offset) if name == "offset" else -1


def token(practice: Practice, asked: Asked) -> Reply:
    """`POST /oauth2/token`, with the client in the header or in the form."""
    return answered(practice, _TOKENS, asked, [], partial(_token, practice, asked), "token")


def _token(practice: Practice, asked: Asked, spoilt: Spoilt) -> Reply:
    form, logins = form_of(asked.body), practice.logins
    if asked.method != "POST" or form.get("grant_type") != "client_credentials":
        return json_reply({"error": "unsupported_grant_type"}, 400)
    if not (logins.is_client(form) or logins.is_basic(asked.headers.get("authorization", ""))):
        return json_reply({"error": "invalid_client"}, 401)
    issued = logins.issue("dcsa", practice.clock.now())
    return json_reply({"access_token": issued, "token_type": "Bearer", "expires_in": logins.token_s})


ROUTES: Mapping[str, Endpoint] = {EVENTS: events, TOKEN: token}
