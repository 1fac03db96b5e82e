"""The limit: httpx over aiohttp, one long-lived client, asks for the same and decodes it, and keeps nothing."""

import asyncio
import sys
from collections import deque
from pathlib import Path

import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport

from shipments.tracking.carriers.connecting import CONNECTIONS


class Errand(msgspec.Struct, frozen=True):
    """Addresses to ask for, and what goes with each request."""

    urls: list[str]
    headers: dict[str, str]


async def _errands() -> None:
    async with httpx.AsyncClient(transport=AiohttpTransport(), timeout=None) as client:
        print("ready", flush=True)
        while path := (await asyncio.to_thread(sys.stdin.readline)).strip():
            errand = msgspec.json.decode(Path(path).read_bytes(), type=Errand)
            left = deque(errand.urls)
            await asyncio.gather(*(_fetch(client, left, errand.headers) for _ in range(CONNECTIONS)))
            print(len(errand.urls), flush=True)


async def _fetch(client: httpx.AsyncClient, left: deque[str], headers: dict[str, str]) -> None:
    while left:
        answer = await client.get(left.popleft(), headers=headers)
        assert answer.status_code == 200
        msgspec.json.decode(answer.content)


if __name__ == "__main__":
    asyncio.run(_errands())
