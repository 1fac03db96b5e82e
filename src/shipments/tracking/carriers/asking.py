"""Asking a carrier: one leg, within a deadline and a number of bytes, at the account's own host and no other.

The caller holds no transaction meanwhile, and has taken the first call from the account's budget.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import httpx
import msgspec

from shipments.errors import (
    CarrierOverQuota,
    CarrierRefused,
    CarrierUnavailable,
    CarrierUnreadable,
)
from shipments.tracking.carriers.answers import NOT_FOUND, Account, Answer, Call, Carrier, LegAsked
from shipments.tracking.carriers.believing import together

DEADLINE_S = 20.0
MOST_BYTES = 2 * 1024 * 1024
MOST_PAGES = 20
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 86_400.0
_ABSURD_PAUSE_S = 366 * 86_400.0
_UNPACKED_AT_ONCE = 64 * 1024

Permit = Callable[[], Awaitable[bool]]


async def always() -> bool:
    """A permit for whoever has no budget to keep."""
    return True


async def ask(
    client: httpx.AsyncClient,
    carrier: Carrier,
    account: Account,
    leg: LegAsked,
    *,
    since: datetime | None,
    heard_at: datetime,
    permit: Permit = always,
    deadline_s: float = DEADLINE_S,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    """All pages of a leg's news since a time, as one answer; `deadline_s` is for all of them together.

    `permit` is awaited before every call after the first, so that pages count against the budget; where it
    refuses, the answer comes with `next_page` set. A page that fails fails the whole: half an answer would
    move `since` beyond what was never read.

    Raises CarrierUnavailable, CarrierRefused (401, 403), CarrierOverQuota (429, 503 with Retry-After) or
    CarrierUnreadable. None of them names the secret or the reference.
    """
    pages: list[Answer] = []
    page: str | None = None
    try:
        async with asyncio.timeout(deadline_s) as deadline:
            while not pages or (page and len(pages) < MOST_PAGES and await _permitted(permit, deadline)):
                call = carrier.request_for(leg, account, since=since, page=page)
                heard = await _fetch(client, account, call, heard_at, most_bytes)
                pages.append(_read(carrier, heard, leg, since, heard_at))
                page = pages[-1].next_page
    except TimeoutError as error:
        raise CarrierUnavailable(f"{carrier.name} did not answer within {deadline_s:g} seconds.") from error
    return together(pages, leg.to_place)


async def _permitted(permit: Permit, deadline: asyncio.Timeout) -> bool:
    """Waiting for the budget is our doing, not the carrier's: the deadline stands still meanwhile."""
    now = asyncio.get_running_loop().time
    left = (deadline.when() or now()) - now()
    deadline.reschedule(None)
    granted = await permit()
    deadline.reschedule(now() + left)
    return granted


class _Heard(msgspec.Struct, frozen=True):
    found: bool
    body: bytes
    headers: httpx.Headers


async def _fetch(
    client: httpx.AsyncClient, account: Account, call: Call, heard_at: datetime, most_bytes: int
) -> _Heard:
    try:
        url = account.base_url.rstrip("/") + call.path
        headers = {**call.headers, "Content-Type": "application/json"} if call.json is not None else call.headers
        request = client.build_request(call.method, url, params=call.params, headers=headers, content=call.json)
        response = await client.send(request, stream=True)
        try:
            if response.status_code == 404:
                return _Heard(False, b"", response.headers)
            _refuse(response, account.carrier, heard_at)
            return _Heard(True, await _body(response, most_bytes), response.headers)
        finally:
            await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
        # ValueError: a secret or reference that fits no header or URL. The cause is left behind: its words may
        # hold either.
        raise CarrierUnavailable(f"{account.carrier} cannot be reached: {_first_cause(error)}.") from None


def _first_cause(error: BaseException) -> str:
    """What went wrong at the bottom of it, such as SSLCertVerificationError or AddressRefused."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__


def _read(carrier: Carrier, heard: _Heard, leg: LegAsked, since: datetime | None, heard_at: datetime) -> Answer:
    if heard.found:
        answer = carrier.read_answer(heard.body, leg, heard_at=heard_at, headers=heard.headers)
        # An empty list is "not found" only where everything was asked for.
        return answer if since is None else msgspec.structs.replace(answer, found=True)
    if "json" in heard.headers.get("Content-Type", ""):
        return NOT_FOUND
    return Answer(found=False, problems=("the 404 is not the carrier's own: check the account's address",))


def _refuse(response: httpx.Response, name: str, heard_at: datetime) -> None:
    status = response.status_code
    wait = response.headers.get("Retry-After")
    if status == 200:
        return
    if status in (401, 403):
        raise CarrierRefused(f"{name} refused the account's login ({status}). Renew it.")
    if status == 429 or (status == 503 and wait is not None):
        raise CarrierOverQuota(f"{name} wants fewer calls ({status}).", retry_after_s(wait, now=heard_at))
    if status >= 500:
        raise CarrierUnavailable(f"{name} is in trouble ({status}).")
    if 300 <= status < 400:
        raise CarrierUnreadable(f"{name} sent us elsewhere ({status}); redirects are not followed.")
    raise CarrierUnreadable(f"{name} answered {status}, which its interface does not foresee.")


def retry_after_s(written: str | None, *, now: datetime) -> float | None:
    """Seconds to wait, from seconds or an HTTP date, between 1 s and 24 h; None where absent or absurd."""
    if written is None or len(written) > 40:
        return None
    written = written.strip()
    if written.isascii() and written.isdigit():
        seconds = float(written)
    else:
        try:
            date = parsedate_to_datetime(written)
        except ValueError:
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
    if not -LONGEST_PAUSE_S <= seconds <= _ABSURD_PAUSE_S:
        return None
    return min(max(seconds, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)


async def _body(response: httpx.Response, most_bytes: int) -> bytes:
    """The body, unpacked. Raises CarrierUnreadable as soon as it is more than `most_bytes`, packed or not."""
    body = _Body(response.headers.get("Content-Encoding", ""), most_bytes)
    async for chunk in response.aiter_raw():
        body.take(chunk)
    return body.whole()


class _Body:
    """Collects a body and counts what it unpacks to, a little at a time: a small bomb must not grow first."""

    def __init__(self, encoding: str, most_bytes: int) -> None:
        packed = encoding.strip().lower()
        if packed not in ("", "identity", "gzip", "x-gzip"):
            raise CarrierUnreadable("The answer is packed in a way that was not asked for.")
        self._unpacking = zlib.decompressobj(wbits=31) if "gzip" in packed else None
        self._parts: list[bytes] = []
        self._left = most_bytes
        self._most = most_bytes

    def take(self, chunk: bytes) -> None:
        if self._unpacking is None:
            return self._keep(chunk)
        try:
            while chunk:
                self._keep(self._unpacking.decompress(chunk, _UNPACKED_AT_ONCE))
                chunk = self._unpacking.unconsumed_tail
        except zlib.error as error:
            raise CarrierUnreadable("The answer says it is gzip, and is not.") from error

    def _keep(self, part: bytes) -> None:
        self._left -= len(part)
        if self._left < 0:
            raise CarrierUnreadable(f"The answer is longer than {self._most} bytes.")
        self._parts.append(part)

    def whole(self) -> bytes:
        if self._unpacking is not None and not self._unpacking.eof:
            raise CarrierUnreadable("The packed answer was cut off.")
        return b"".join(self._parts)
