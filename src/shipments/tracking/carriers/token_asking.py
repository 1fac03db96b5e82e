"""Asking for an access token: OAuth 2, client credentials (RFC 6749, 4.4), as safely as a leg is asked about."""

import asyncio
import base64
from datetime import datetime
from urllib.parse import quote_plus

import aiohttp
import httpx

from shipments.errors import CarrierOverQuota, CarrierRefused, CarrierUnavailable
from shipments.tracking.carriers import known_as
from shipments.tracking.carriers.connecting import check_url
from shipments.tracking.carriers.fetching import Wire, first_cause, read_body, retry_after_s
from shipments.tracking.carriers.tokens import ClientLogin, Token, read_token

DEADLINE_S = 15.0
MOST_BYTES = 64 * 1024


async def ask_token(
    client: httpx.AsyncClient, login: ClientLogin, *, wire: Wire, now: datetime, deadline_s: float = DEADLINE_S
) -> Token:
    """One call; `wire` says how it went. `client`: the account's own, which checks the address of any host it calls.

    Raises CarrierRefused (400, 401, 403), CarrierOverQuota (429, 503 with Retry-After), CarrierUnreadable (an answer
    that is no token) or CarrierUnavailable. None of them holds the login or the token. Raises Invalid for an address
    that is not HTTPS.
    """
    check_url("token_url", login.url, allow_private=login.allow_private)
    time = asyncio.get_running_loop().time
    begun, name = time(), known_as(login.carrier)
    try:
        async with asyncio.timeout(deadline_s):
            response = await client.send(_request(client, login), stream=True)
            try:
                wire.status = response.status_code
                _refuse(response, name, now)
                body = await read_body(response, MOST_BYTES, wire)
            finally:
                await response.aclose()
    except TimeoutError:
        raise CarrierUnavailable(f"{name} gave no token within {deadline_s:g} seconds.") from None
    except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
        # The cause is left behind: its words may hold the login.
        raise CarrierUnavailable(f"{name} gave no token: {first_cause(error)}.") from None
    finally:
        wire.duration_ms = int((time() - begun) * 1000)
    return read_token(body, name, asked_at=now)


def _request(client: httpx.AsyncClient, login: ClientLogin) -> httpx.Request:
    form = {"grant_type": "client_credentials"}
    headers = {"Accept": "application/json"}
    if login.scope:
        form["scope"] = login.scope
    if login.sent_in == "body":
        form |= {"client_id": login.client_id, "client_secret": login.client_secret}
    else:
        # Each half form-encoded first (RFC 6749, 2.3.1), so that a colon in one of them divides nothing.
        pair = f"{quote_plus(login.client_id)}:{quote_plus(login.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return client.build_request("POST", login.url, data=form, headers=headers)


def _refuse(response: httpx.Response, name: str, now: datetime) -> None:
    status = response.status_code
    wait = response.headers.get("Retry-After")
    if status == 200:
        return
    if status in (400, 401, 403):
        raise CarrierRefused(f"{name} gave no token for the account's login ({status}). Renew it.")
    if status == 429 or (status == 503 and wait is not None):
        raise CarrierOverQuota(f"{name} wants fewer calls for tokens ({status}).", retry_after_s(wait, now=now))
    raise CarrierUnavailable(f"{name} gave no token ({status}).")
