"""An installation with two offices, news for them, and senders."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from jobs.sending import Posted, Sender
from shipments.notices.delivery import Delivery, DeliveryLine
from shipments.notices.notice import News, Notice
from shipments.notices.queueing import news_row, write_news
from shipments.notices.wish import Channel, NoticeWish
from shipments.notices.wishing import WishAsked, add_wish
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from tests.builders import a_batch
from tests.notices.receivers import MailServer
from tests.story.journey import Journey

SENDER = "boxes@shipments.example"
TO = "conakry@office.example"
DATES: dict[str, Any] = {"from": "2026-04-02T00:00:00+00:00", "to": "2026-04-16T12:00:00+00:00"}


class House:
    """NL-AMS sends to GN-CKY; mails go to `server`."""

    def __init__(self, journey: Journey, settings: Settings, server: MailServer | None = None) -> None:
        self.journey = journey
        more = {"smtp_url": f"smtp://127.0.0.1:{server.port}", "mail_from": SENDER} if server else {}
        keys = {name: getattr(settings, name).get_secret_value() for name in ("secret_keys", "hash_key")}
        self.settings = Settings.model_validate({**keys, **more, "base_url": "https://boxes.example.org"})

    def wish(self, address: str = TO, office: str = "GN-CKY", **more: Any) -> NoticeWish:
        """A wish; by mail, unless the address is a URL, which may then be private."""
        channel = Channel.WEBHOOK if "://" in address else Channel.EMAIL
        more = {"allow_private": channel == Channel.WEBHOOK, **more}
        asked = WishAsked(office, channel, address, **more)
        return self.journey.do(
            lambda session: add_wish(session, self.settings.ring, asked, by=EVERYWHERE, now=self.journey.now)[0],
            EVERYWHERE,
        )

    def tell(self, news: News = News.DISPATCHED, *, once: str = "", times: int = 1, **facts: str | None) -> list[str]:
        """A batch for each time, and this news about it. The codes of the batches."""

        def work(session: Session) -> list[str]:
            batches = [a_batch(session, self.journey.host, self.journey.origin) for _ in range(times)]
            rows = [news_row(batch, "batch", (news, once, dict(facts))) for batch in batches]
            assert write_news(session, rows, self.journey.now) == times
            assert write_news(session, rows, self.journey.now) == 0
            return [batch.code for batch in batches]

        return self.journey.do(work, EVERYWHERE)

    def send(self, *, senders: int = 1, **settings: object) -> list[Posted]:
        """One round of so many senders at once, a minute later than the last step."""
        self.journey.now += timedelta(minutes=1)
        return asyncio.run(self._rounds(senders, self.settings.model_copy(update=settings)))

    async def _rounds(self, count: int, settings: Settings) -> list[Posted]:
        senders = [Sender(self.journey.database, settings, lambda: self.journey.now) for _ in range(count)]
        try:
            return list(await asyncio.gather(*(sender.round() for sender in senders)))
        finally:
            for sender in senders:
                await sender.close()

    def deliveries(self) -> Sequence[Delivery]:
        """All of them, the oldest first."""
        return self.journey.see(lambda session: session.exec(select(Delivery).order_by(col(Delivery.id))).all())

    def the_delivery(self) -> Delivery:
        """The only one."""
        (found,) = self.deliveries()
        return found

    def lines(self) -> list[tuple[UUID, UUID]]:
        """(wish, notice) of everything that is told."""
        return self.journey.see(
            lambda session: [(one.wish_id, one.notice_id) for one in session.exec(select(DeliveryLine)).all()]
        )

    def notices(self) -> Sequence[Notice]:
        """The outbox."""
        return self.journey.see(lambda session: session.exec(select(Notice).order_by(col(Notice.id))).all())

    def the_wish(self, id: UUID) -> NoticeWish:
        """As it is now."""
        return self.journey.see(lambda session: session.get_one(NoticeWish, id))
