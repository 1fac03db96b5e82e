"""One call over the wire: at the account's own host, with a cap on its bytes, no redirects, and words without secrets.

The caller holds no transaction meanwhile, has taken the call from the account's budget, and holds a deadline over it.
"""

import asyncio
import zlib
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import aiohttp
import httpx
import msgspec

from shipments.errors import CarrierOverQuota, CarrierRefused, CarrierUnavailable, CarrierUnreadable
from shipments.tracking.carriers import known_as
from shipments.tracking.carriers.answers import Account, Call

MOST_BYTES = 2 * 1024 * 1024
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 86_400.0
_ABSURD_PAUSE_S = 366 * 86_400.0
_AT_ONCE = 64 * 1024
_SUCCEEDS, _OVER_QUOTA = frozenset({200}), frozenset({429})


class Wire(msgspec.Struct):
    """What the ledger says of one call. `status` None: no answer came. `size`: bytes of the body as they came."""

    status: int | None = None
    size: int = 0
    duration_ms: int = 0


class Fetched(msgspec.Struct, frozen=True):
    """An answer's body, unpacked; empty for a 404, which is an answer too."""

    status: int
    body: bytes
    headers: httpx.Headers

    @property
    def found(self) -> bool:
        """Whether there is something to read."""
        return self.status != 404


async def fetch(
    client: httpx.AsyncClient,
    account: Account,
    call: Call,
    *,
    heard_at: datetime,
    wire: Wire,
    succeeds: Collection[int] = _SUCCEEDS,
    over_quota: Collection[int] = _OVER_QUOTA,
    most_bytes: int = MOST_BYTES,
) -> Fetched:
    """Makes the call; `wire` says how it went, also where this raises.

    Raises CarrierUnavailable, CarrierRefused (401, 403), CarrierOverQuota (one of `over_quota`, 503 with Retry-After)
    or CarrierUnreadable. None of them names the secret or the reference.
    """
    time = asyncio.get_running_loop().time
    begun = time()
    try:
        request = _request(client, account, call)
        response = await client.send(request, stream=True)
        try:
            wire.status = response.status_code
            if response.status_code == 404:
                return Fetched(404, b"", response.headers)
            _refuse(response, known_as(account.carrier), heard_at, succeeds, over_quota)
            return Fetched(response.status_code, await read_body(response, most_bytes, wire), response.headers)
        finally:
            await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
        # ValueError: a secret or reference that fits no header or URL. The cause is left behind: its words may
        # hold either. TimeoutError is an OSError, but the deadline's own is raised outside of here.
        raise CarrierUnavailable(f"{known_as(account.carrier)} cannot be reached: {first_cause(error)}.") from None
    finally:
        wire.duration_ms = int((time() - begun) * 1000)


def _request(client: httpx.AsyncClient, account: Account, call: Call) -> httpx.Request:
    """As the client would build it, but that would parse the address several times."""
    query = f"?{urlencode(call.params)}" if call.params else ""
    headers = {**client.headers, **{name.lower(): value for name, value in call.headers.items()}}
    if call.json is not None:
        headers["content-type"] = "application/json"
    return httpx.Request(
        call.method, f"{account.base_url.rstrip('/')}{call.path}{query}", headers=headers, content=call.json
    )


def first_cause(error: BaseException) -> str:
    """What went wrong at the bottom of it, such as SSLCertVerificationError or AddressRefused."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__


def _refuse(
    response: httpx.Response, name: str, heard_at: datetime, succeeds: Collection[int], over_quota: Collection[int]
) -> None:
    status = response.status_code
    if status in succeeds:
        return
    wait = response.headers.get("Retry-After")
    if status in over_quota or (status == 503 and wait is not None):
        raise CarrierOverQuota(f"{name} wants fewer calls ({status}).", retry_after_s(wait, now=heard_at))
    if status in (401, 403):
        raise CarrierRefused(f"{name} refused the account's login ({status}). Renew it.")
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
        except (ValueError, OverflowError):
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
    if not -LONGEST_PAUSE_S <= seconds <= _ABSURD_PAUSE_S:
        return None
    return min(max(seconds, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)


async def read_body(response: httpx.Response, most_bytes: int, wire: Wire | None = None) -> bytes:
    """The body, unpacked. Raises CarrierUnreadable as soon as it is more than `most_bytes`, packed or not."""
    body = _Body(response.headers.get("Content-Encoding", ""), most_bytes)
    wire = wire or Wire()
    async for chunk in response.aiter_raw():
        wire.size += len(chunk)
        body.take(chunk)
    return body.whole()


class _Body:
    """Collects a body and counts what came and what it unpacks to, a little at a time: no bomb may grow first."""

    def __init__(self, encoding: str, most_bytes: int) -> None:
        packed = encoding.strip().lower()
        if packed not in ("", "identity", "gzip", "x-gzip"):
            raise CarrierUnreadable("The answer is packed in a way that was not asked for.")
        self._unpacking = zlib.decompressobj(wbits=31) if "gzip" in packed else None
        self._parts: list[bytes] = []
        self._came = self._kept = 0
        self._most = most_bytes

    def take(self, chunk: bytes) -> None:
        self._came = self._within_limit(self._came + len(chunk))
        if self._unpacking is None:
            return self._keep(chunk)
        try:
            for start in range(0, len(chunk), _AT_ONCE):
                self._unpack(self._unpacking, chunk[start : start + _AT_ONCE])
        except zlib.error as error:
            raise CarrierUnreadable("The answer says it is gzip, and is not.") from error

    def _unpack(self, unpacking: "zlib._Decompress", packed: bytes) -> None:
        while packed and not unpacking.eof:
            self._keep(unpacking.decompress(packed, _AT_ONCE))
            packed = unpacking.unused_data or unpacking.unconsumed_tail
        if packed:
            raise CarrierUnreadable("The packed answer goes on after its end.")

    def _keep(self, part: bytes) -> None:
        self._kept = self._within_limit(self._kept + len(part))
        self._parts.append(part)

    def _within_limit(self, size: int) -> int:
        if size > self._most:
            raise CarrierUnreadable(f"The answer is longer than {self._most} bytes.")
        return size

    def whole(self) -> bytes:
        if self._unpacking is not None and not self._unpacking.eof:
            raise CarrierUnreadable("The packed answer was cut off.")
        return b"".join(self._parts)
