"""Offices ask to be told, change their webhook's secret, and are told no more."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from shipments import journal
from shipments.clock import local_date
from shipments.database import new_id
from shipments.errors import Conflict, Invalid, NotFound
from shipments.journal import Noted
from shipments.notices.delivery import Delivery, DeliveryLine
from shipments.notices.tongues import TONGUES, spoken
from shipments.notices.wish import Channel, NoticeWish, WishEnd
from shipments.offices import typed
from shipments.offices.office import Office, office_by_code
from shipments.offices.people import must_administer
from shipments.offices.scope import Actor
from shipments.sealing import KeyRing
from shipments.tracking.carriers.answers import Account
from shipments.tracking.carriers.connecting import check_base_url

SECRET = "whsec_"
SECRET_BYTES = (24, 64)  # the bounds of Standard Webhooks
LONGEST_ADDRESS = 500


class WishAsked(msgspec.Struct, frozen=True):
    """How an office wants to be told. `digest_hour`: 0 to 23 there, None at once; `language` None: the office's.

    `secret`: of a webhook, `whsec_` and base64 of 24 to 64 bytes; None: one is made.
    """

    office: str
    channel: Channel
    address: str
    language: str | None = None
    digest_hour: int | None = None
    allow_private: bool = False
    secret: str | None = None

    def __repr__(self) -> str:
        return f"WishAsked(office={self.office!r}, channel={self.channel!r})"


def add_wish(
    session: Session, ring: KeyRing, asked: WishAsked, *, by: Actor, now: datetime
) -> tuple[NoticeWish, str | None]:
    """The wish, for news from now on, and its webhook's secret, which is never shown again.

    Raises Invalid, NotAllowed, or Conflict where this office is told at this address already.
    """
    must_administer(by, [None])
    office = office_by_code(session, asked.office)
    address = _mail_address(asked) if asked.channel == Channel.EMAIL else _web_address(asked)
    same = select(NoticeWish.id).where(
        NoticeWish.office_id == office.id,
        NoticeWish.channel == asked.channel,
        NoticeWish.address == address,
        col(NoticeWish.ended_at).is_(None),
    )
    if session.exec(same).first() is not None:
        raise Conflict(f"{office.code} is told at this address already. Remove that wish first.")
    secret = (asked.secret or _new_secret()) if asked.channel == Channel.WEBHOOK else None
    id = new_id()
    wish = NoticeWish(
        id=id,
        office_id=office.id,
        channel=asked.channel,
        address=address,
        language=_language(asked, office),
        digest_hour=asked.digest_hour,
        next_digest_at=next_digest(asked.digest_hour, office.time_zone, now=now),
        secret_sealed=_sealed(ring, id, secret) if secret else None,
        allow_private=asked.allow_private,
        wished_at=now,
    )
    session.add(wish)
    session.flush()
    journal.note(session, _noted(wish, "notices.add", by, now))
    return wish, secret


def remove_wish(session: Session, id: UUID, *, by: Actor, now: datetime) -> NoticeWish:
    """No further news, nor those that wait. Raises NotFound, NotAllowed."""
    must_administer(by, [None])
    wish = _current(session, id)
    end_wish(session, wish, WishEnd.REMOVED, now=now)
    journal.note(session, _noted(wish, "notices.remove", by, now))
    return wish


def rotate_secret(session: Session, ring: KeyRing, id: UUID, *, overlap: timedelta, by: Actor, now: datetime) -> str:
    """A new secret, never shown again; for `overlap` calls are signed with the former one too.

    Raises NotFound, NotAllowed, or Invalid for a wish that is no webhook.
    """
    must_administer(by, [None])
    wish = _current(session, id)
    if wish.channel != Channel.WEBHOOK:
        raise Invalid([("id", "a webhook; mails are not signed")])
    secret = _new_secret()
    wish.former_secret_sealed, wish.former_until = wish.secret_sealed, now + overlap
    wish.secret_sealed = _sealed(ring, wish.id, secret)
    journal.note(session, _noted(wish, "notices.rotate", by, now))
    return secret


def current_wishes(session: Session) -> Sequence[tuple[NoticeWish, Office]]:
    """Those that have not ended, by office."""
    statement = select(NoticeWish, Office).join(Office, col(Office.id) == col(NoticeWish.office_id))
    order = (col(Office.code), col(NoticeWish.channel), col(NoticeWish.wished_at))
    return session.exec(statement.where(col(NoticeWish.ended_at).is_(None)).order_by(*order)).all()


def end_wish(session: Session, wish: NoticeWish, reason: WishEnd, *, now: datetime) -> None:
    """Forgets address and secrets, and gives up what waits. What is being sent this moment may still arrive."""
    wish.ended_at, wish.ended_reason, wish.address = now, reason, ""
    wish.secret_sealed = wish.former_secret_sealed = wish.former_until = wish.next_digest_at = None
    session.add(wish)
    session.execute(
        update(Delivery)
        .where(col(Delivery.wish_id) == wish.id, col(Delivery.next_try_at).is_not(None))
        .values(
            gave_up_at=now,
            next_try_at=None,
            leased_until=None,
            fence=col(Delivery.fence) + 1,
            trouble="The wish has ended.",
        ),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        delete(DeliveryLine).where(col(DeliveryLine.wish_id) == wish.id, col(DeliveryLine.delivery_id).is_(None)),
        execution_options={"synchronize_session": False},
    )


def next_digest(hour: int | None, time_zone: str, *, now: datetime) -> datetime | None:
    """The next time that it is this hour there; None for no digest. Raises Invalid for an hour no day has."""
    if hour is None:
        return None
    if not 0 <= hour <= 23:
        raise Invalid([("digest_hour", "an hour of the day, 0 to 23")])
    today = local_date(now, time_zone)
    days = (datetime.combine(today + timedelta(days=ahead), time(hour), ZoneInfo(time_zone)) for ahead in (0, 1, 2))
    return next(at for at in days if at > now)


def secret_bytes(secret: str) -> bytes:
    """The key within `whsec_…`. Raises Invalid."""
    wrong = Invalid([("secret", f"{SECRET} and base64 of {SECRET_BYTES[0]} to {SECRET_BYTES[1]} random bytes")])
    if not secret.startswith(SECRET):
        raise wrong
    try:
        key = base64.b64decode(secret.removeprefix(SECRET), validate=True)
    except ValueError:
        raise wrong from None
    if not SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1]:
        raise wrong
    return key


def sealed_for(id: UUID) -> str:
    """What the secrets of a wish are bound to."""
    return f"notice_wish:{id}"


def line_to(address: str, *, allow_private: bool) -> Account:
    """A webhook's URL as the safe client knows a carrier's. Raises Invalid where it may not be called."""
    try:
        url = urlsplit(address)
    except ValueError:
        url = urlsplit("")
    account = Account(
        UUID(int=0), "the webhook", urlunsplit(url._replace(query="")), "", "", allow_private=allow_private
    )
    check_base_url(account)
    return account


def _mail_address(asked: WishAsked) -> str:
    if asked.secret is not None or asked.allow_private:
        raise Invalid([("channel", "webhook; mails have no secret and no private address")])
    return typed.staff_email("address", asked.address)


def _web_address(asked: WishAsked) -> str:
    if asked.digest_hour is not None:
        raise Invalid([("digest_hour", "none: webhooks are told at once")])
    address = typed.line("address", asked.address, LONGEST_ADDRESS)
    if not address.isascii() or " " in address:
        raise Invalid([("address", "a URL in plain letters, without blanks")])
    try:
        line_to(address, allow_private=asked.allow_private)
    except Invalid as error:
        raise Invalid([("address", "https://, a host, and perhaps a port, a path and a query")]) from error
    return address


def _language(asked: WishAsked, office: Office) -> str:
    if asked.language is None:
        return next((found for tag in office.languages if (found := spoken(tag))), "en")
    found = spoken(asked.language)
    if found is None:
        raise Invalid([("language", f"one of {', '.join(TONGUES)}")])
    return found


def _new_secret() -> str:
    return SECRET + base64.b64encode(secrets.token_bytes(32)).decode()


def _sealed(ring: KeyRing, id: UUID, secret: str) -> bytes:
    return ring.seal_answer(secret_bytes(secret), sealed_for(id))


def _current(session: Session, id: UUID) -> NoticeWish:
    statement = select(NoticeWish).where(NoticeWish.id == id, col(NoticeWish.ended_at).is_(None)).with_for_update()
    wish = session.exec(statement).one_or_none()
    if wish is None:
        raise NotFound("wish", str(id))
    return wish


def _noted(wish: NoticeWish, action: str, by: Actor, now: datetime) -> Noted:
    return Noted(now, action, "notice_wish", str(wish.id), by.person_id, wish.office_id, {"channel": wish.channel.value})
