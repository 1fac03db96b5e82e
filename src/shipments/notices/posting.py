"""News as a call of somebody's webhook."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import aiohttp
import httpx
import msgspec

from shipments.notices.outgoing import Failed, Outgoing, Sent
from shipments.notices.tongues import TONGUES
from shipments.notices.webhook import signed_headers
from shipments.notices.wording import sentence
from shipments.tracking.carriers.fetching import retry_after_s

DEADLINE_S = 15.0


class Told(msgspec.Struct, frozen=True):
    """One piece of news, as a program reads it: codes and days, and a sentence for people."""

    notice: UUID
    news: str
    kind: str
    code: str
    host_office: str
    origin_office: str
    noticed_at: datetime
    facts: dict[str, str | None]
    text: str
    url: str


class Post(msgspec.Struct, frozen=True):
    """The body. `type`: the news of the whole, e.g. `notice.date_changed`."""

    type: str
    timestamp: datetime
    data: Told


def body_of(outgoing: Outgoing, base_url: str) -> bytes:
    """JSON: the same however often it is made."""
    tongue, zone = TONGUES[outgoing.wish.language], ZoneInfo(outgoing.time_zone)
    (notice,) = outgoing.notices
    said = sentence(notice, tongue, zone)
    told = Told(
        notice=notice.id,
        news=notice.news,
        kind=notice.object_kind,
        code=notice.object_code,
        host_office=outgoing.offices[notice.host_office_id],
        origin_office=outgoing.offices[notice.origin_office_id],
        noticed_at=notice.noticed_at,
        facts=notice.facts,
        text=said.plain,
        url=base_url + said.path,
    )
    return msgspec.json.encode(Post(f"notice.{notice.news}", notice.noticed_at, told))


async def post(
    client: httpx.AsyncClient,
    outgoing: Outgoing,
    body: bytes,
    keys: Sequence[bytes],
    *,
    now: datetime,
    deadline_s: float = DEADLINE_S,
) -> Sent | Failed:
    """Calls the webhook. Any 2xx is taken as taken; what else the answer says is not read at all."""
    headers = {"Content-Type": "application/json", **signed_headers(outgoing.id, body, keys, now=now)}
    try:
        async with asyncio.timeout(deadline_s):
            request = client.build_request("POST", outgoing.wish.address, content=body, headers=headers)
            response = await client.send(request, stream=True)
            await response.aclose()
    except TimeoutError:
        return Failed(f"The webhook did not answer within {deadline_s:g} seconds.")
    except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
        return Failed(f"The webhook cannot be reached: {_first_cause(error)}.")
    return _outcome(response, now)


def _outcome(response: httpx.Response, now: datetime) -> Sent | Failed:
    status = response.status_code
    if response.is_success:
        return Sent()
    if status == 410:
        return Failed("The webhook is gone (410): it wants no more news.", gone=True)
    if response.is_redirect:
        return Failed(f"The webhook sent us elsewhere ({status}); redirects are not followed.")
    return Failed(f"The webhook answered {status}.", wait_s=retry_after_s(response.headers.get("Retry-After"), now=now))


def _first_cause(error: BaseException) -> str:
    """What went wrong at the bottom of it, such as AddressRefused; never its words, which may hold the address."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__
