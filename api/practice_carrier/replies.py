"""What goes over the wire, faults of the wire included: slow, dripped, cut off."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from litestar.types import Send

VERSION = "2.2.0"
DRIP_S = 0.2


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. `wait_s` before the first byte; `drip_s`: byte by byte so long; `cut`: never finished."""

    status: int = 200
    body: bytes = b"[]"
    headers: Mapping[str, str] = {}
    content_type: str = "application/json"
    wait_s: float = 0.0
    drip_s: float = 0.0
    cut: bool = False


def refusal(status: int, reason: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal in the words of DCSA 2.2."""
    body = {
        "httpMethod": "GET",
        "requestUri": "/v2/events",
        "errors": [{"reason": reason, "message": message}],
        "statusCode": status,
        "statusCodeText": HTTPStatus(status).phrase,
        "errorDateTime": datetime.now(UTC).isoformat(),
    }
    return Reply(status=status, body=msgspec.json.encode(body), headers=headers or {})


async def put_on_the_wire(send: Send, reply: Reply) -> None:
    """Sends it, in the manner that it says."""
    if reply.wait_s:
        await asyncio.sleep(reply.wait_s)
    headers = [(b"content-type", reply.content_type.encode()), (b"api-version", VERSION.encode())]
    headers += [(name.lower().encode(), text.encode()) for name, text in reply.headers.items()]
    if not (reply.drip_s or reply.cut):
        headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.drip_s:
        return await _drip(send, reply)
    await send({"type": "http.response.body", "body": reply.body, "more_body": reply.cut})


async def _drip(send: Send, reply: Reply) -> None:
    for byte in range(int(reply.drip_s / DRIP_S)):
        await send({"type": "http.response.body", "body": reply.body[byte : byte + 1], "more_body": True})
        await asyncio.sleep(DRIP_S)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
