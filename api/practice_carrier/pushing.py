"""Telling subscribers what is new: when told to, or by itself while the practice carrier runs."""

import asyncio
import time
from collections.abc import Sequence

import httpx
import msgspec

from api.practice_carrier.messages import Message, PushFault, messages_for
from api.practice_carrier.practice import Practice

LOOKS_EVERY_S = 0.5
TRIES_AGAIN_AFTER_S = 5.0
WITHIN_S = 30.0
AT_ONCE = 200
NOT_REACHED = 0


class Sent(msgspec.Struct, frozen=True):
    """One post: what was answered (0: nothing was), and how long that took."""

    interface: str
    reference: str
    status: int
    seconds: float

    @property
    def accepted(self) -> bool:
        """Whether it need not be told again."""
        return 200 <= self.status < 300


async def push(
    practice: Practice,
    *,
    interface: str | None = None,
    reference: str | None = None,
    fault: PushFault | None = None,
    tried_before: float = float("inf"),
    transport: httpx.AsyncBaseTransport | None = None,
) -> Sequence[Sent]:
    """Tells every subscriber what is new to it, all at once. What is not accepted, or is wrong, is told again.

    `tried_before`: only those that refused before then, by the monotonic clock, or never did.
    `transport`: instead of the network, for an application in this process.
    """
    messages = [
        message
        for one in practice.subscriptions.alive(practice.clock.now())
        if interface in (None, one.interface) and one.tried_at < tried_before
        for message in messages_for(practice, one, reference=reference, fault=fault)
    ]
    if not messages:
        return []
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(trust_env=False, timeout=WITHIN_S, limits=limits, transport=transport) as client:
        sent = await asyncio.gather(*(_post(client, message) for message in messages))
    if fault is None:
        for message, one in zip(messages, sent, strict=True):
            _note(message, one)
    return sent


def _note(message: Message, sent: Sent) -> None:
    subscription = message.subscription
    if sent.accepted:
        subscription.pushed[message.reference] = message.told
    else:
        subscription.tried_at = time.monotonic()


async def _post(client: httpx.AsyncClient, message: Message) -> Sent:
    begun = time.monotonic()
    try:
        answer = await client.post(message.subscription.url, content=message.body, headers=dict(message.headers))
        status = answer.status_code
    except httpx.HTTPError:
        status = NOT_REACHED
    return Sent(message.subscription.interface, message.reference, status, time.monotonic() - begun)


async def push_for_ever(practice: Practice) -> None:
    """Until it is cancelled."""
    while True:
        await push(practice, tried_before=time.monotonic() - TRIES_AGAIN_AFTER_S)
        await asyncio.sleep(LOOKS_EVERY_S)
