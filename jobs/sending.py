"""One look for messages that wait: claim, send outside any transaction, record. Any number of processes may do it."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlmodel import Session

from shipments.clock import utc_now
from shipments.database import Database
from shipments.notices.delivering import claim_deliveries, record_deliveries
from shipments.notices.digesting import make_digests
from shipments.notices.mailing import Letterhead, compose, hand_over
from shipments.notices.outgoing import Failed, Outgoing, Sent, Tried
from shipments.notices.posting import body_of, post
from shipments.notices.webhook import line_to
from shipments.notices.wish import Channel
from shipments.notices.wishing import open_secrets
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.carriers.connecting import Client, open_client
from shipments.transaction import perform

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST = 40
MAILS_AT_ONCE = 4
LONGEST_SEND_S = 20.0


class Posted(msgspec.Struct):
    """What one look came to. `late`: its lease was lost, another worker has it."""

    sent: int = 0
    failed: int = 0
    late: int = 0


class Sender:
    """Keeps its lines open for as long as the process runs. `trust`: the certificates believed of mail servers."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Callable[[], datetime] = utc_now,
        *,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._trust = trust
        self._server = settings.mail_server
        self._letterhead = Letterhead(settings.mail_from, settings.base_url.rstrip("/"))
        self._clients: dict[bool, Client] = {}
        self._send_s = min(LONGEST_SEND_S, settings.lease_s / 3)
        self._mailing = asyncio.Semaphore(MAILS_AT_ONCE)

    async def round(self) -> Posted:
        """Makes the digests whose hour has come, then claims and sends until nothing is due."""
        total = Posted()
        now = self._clock()
        await self._in_transaction(partial(make_digests, now=now), now)
        while claimed := await self._claim():
            in_order: dict[UUID, list[Outgoing]] = {}
            for outgoing in claimed:
                in_order.setdefault(outgoing.wish.id, []).append(outgoing)
            tried = [one for part in await asyncio.gather(*map(self._try_each, in_order.values())) for one in part]
            late = await self._record(tried)
            total.sent += sum(isinstance(one.outcome, Sent) for one in tried)
            total.failed += sum(isinstance(one.outcome, Failed) for one in tried)
            total.late += late + len(claimed) - len(tried)
            if len(claimed) < MOST:
                break
        if total != Posted():
            log.info("sent: %s", msgspec.structs.asdict(total))
        return total

    async def close(self) -> None:
        """Closes the lines."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _claim(self) -> Sequence[Outgoing]:
        now, lease = self._clock(), timedelta(seconds=self._settings.lease_s)
        # Without a mail server mails wait; they are not tried in vain until they are given up.
        channels = [Channel.WEBHOOK, Channel.EMAIL] if self._server else [Channel.WEBHOOK]
        work = partial(claim_deliveries, channels=channels, most=MOST, lease=lease, now=now)
        return await self._in_transaction(work, now)

    async def _try_each(self, in_order: Sequence[Outgoing]) -> list[Tried]:
        """The messages to one address, one after the other; those whose lease would end meanwhile are left out."""
        return [one for one in [await self._try(outgoing) for outgoing in in_order] if one]

    async def _try(self, outgoing: Outgoing) -> Tried | None:
        """None: the lease would end before the sending does, so whoever holds it next may send."""
        try:
            if outgoing.wish.channel == Channel.WEBHOOK:
                return None if self._too_late(outgoing) else Tried(outgoing, await self._post(outgoing))
            async with self._mailing:
                return None if self._too_late(outgoing) else Tried(outgoing, await self._mail(outgoing))
        except Exception as error:  # whatever goes wrong with one message costs no other
            log.error("a message could not be sent, in a way that was not foreseen: %s", type(error).__name__)
            return Tried(outgoing, Failed(f"It could not be sent: {type(error).__name__}."))

    def _too_late(self, outgoing: Outgoing) -> bool:
        return self._clock() + timedelta(seconds=self._send_s) > outgoing.leased_until

    async def _mail(self, outgoing: Outgoing) -> Sent | Failed:
        assert self._server is not None
        mail = compose(outgoing, self._letterhead)
        return await asyncio.to_thread(hand_over, self._server, mail, deadline_s=self._send_s, trust=self._trust)

    async def _post(self, outgoing: Outgoing) -> Sent | Failed:
        now, wish = self._clock(), outgoing.wish
        keys = open_secrets(self._settings.ring, wish, now=now)
        body = body_of(outgoing, self._letterhead.base_url)
        client = self._client(wish.address, allow_private=wish.allow_private)
        return await post(client, outgoing, body, keys, now=now, deadline_s=self._send_s)

    async def _record(self, tried: Sequence[Tried]) -> int:
        now = self._clock()
        return await self._in_transaction(partial(record_deliveries, tried=tried, now=now), now)

    def _client(self, address: str, *, allow_private: bool) -> Client:
        """One for public addresses, and one for wishes that may be on a private one."""
        line = line_to(address, allow_private=allow_private)
        if allow_private not in self._clients:
            self._clients[allow_private] = open_client(line)
        return self._clients[allow_private]

    async def _in_transaction(self, work: Callable[[Session], T], now: datetime) -> T:
        return await asyncio.to_thread(perform, self._database, EVERYWHERE, work, now=now)
