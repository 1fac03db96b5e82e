"""Offices ask to be told, change their webhook's secret, and are told no more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from shipments import journal
from shipments.database import new_id
from shipments.errors import Conflict, Invalid, NotFound
from shipments.journal import Noted
from shipments.notices.delivery import Delivery, DeliveryLine
from shipments.notices.digesting import next_digest
from shipments.notices.tongues import TONGUES, spoken
from shipments.notices.webhook import check_new_address, new_secret, secret_bytes
from shipments.notices.wish import Channel, NoticeWish, WishEnd
from shipments.offices import typed
from shipments.offices.office import Office, office_by_code
from shipments.offices.people import must_administer
from shipments.offices.scope import Actor
from shipments.sealing import KeyRing

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
    secret = (asked.secret or new_secret()) if asked.channel == Channel.WEBHOOK else None
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
    secret = new_secret()
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


def open_secrets(ring: KeyRing, wish: NoticeWish, *, now: datetime) -> list[bytes]:
    """The keys that a webhook's calls are signed with, the newest first. Raises SealBroken."""
    sealed = [wish.secret_sealed]
    if wish.former_until is not None and wish.former_until > now:
        sealed.append(wish.former_secret_sealed)
    return [ring.open_answer(one, _sealed_for(wish.id)) for one in sealed if one]


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
    check_new_address(address, allow_private=asked.allow_private)
    return address


def _language(asked: WishAsked, office: Office) -> str:
    if asked.language is None:
        return next((found for tag in office.languages if (found := spoken(tag))), "en")
    found = spoken(asked.language)
    if found is None:
        raise Invalid([("language", f"one of {', '.join(TONGUES)}")])
    return found


def _sealed(ring: KeyRing, id: UUID, secret: str) -> bytes:
    return ring.seal_answer(secret_bytes(secret), _sealed_for(id))


def _current(session: Session, id: UUID) -> NoticeWish:
    statement = select(NoticeWish).where(NoticeWish.id == id, col(NoticeWish.ended_at).is_(None)).with_for_update()
    wish = session.exec(statement).one_or_none()
    if wish is None:
        raise NotFound("wish", str(id))
    return wish


def _noted(wish: NoticeWish, action: str, by: Actor, now: datetime) -> Noted:
    return Noted(
        now, action, "notice_wish", str(wish.id), by.person_id, wish.office_id, details={"channel": wish.channel}
    )


def _sealed_for(id: UUID) -> str:
    return f"notice_wish:{id}"
