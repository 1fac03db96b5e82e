"""News since somebody last looked, from the notices that e-mail carries too."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from api.pages.visiting import Visitor
from shipments import journal
from shipments.errors import Invalid
from shipments.journal import Noted
from shipments.notices.notice import Notice
from shipments.notices.wording import sentence
from shipments.offices.person import Person

MOST = 30


class Told(msgspec.Struct, frozen=True):
    """One piece of news: what it is about, the rest of the sentence, and the page that shows more."""

    kind: str
    code: str
    sentence: str
    path: str
    noticed_at: datetime


def news_for(session: Session, who: Visitor) -> tuple[list[Told], bool]:
    """The newest first, and whether there are more than are shown."""
    statement = select(Notice).order_by(col(Notice.noticed_at).desc(), col(Notice.id).desc()).limit(MOST + 1)
    if who.looked_at is not None:
        statement = statement.where(col(Notice.noticed_at) > who.looked_at)
    found = session.exec(statement).all()
    return [_told(one, who) for one in found[:MOST]], len(found) > MOST


def mark_read(session: Session, person_id: UUID, until: datetime, *, now: datetime) -> None:
    """News up to `until` was read. Never moves backwards."""
    earlier = or_(col(Person.looked_at).is_(None), col(Person.looked_at) < until)
    session.connection().execute(update(Person).where(col(Person.id) == person_id, earlier).values(looked_at=until))
    journal.note(session, Noted(now, "news.read", "person", str(person_id), person_id))


def read_until(typed: str, *, now: datetime) -> datetime:
    """The moment a page was made, as its form sends it back. Raises Invalid."""
    try:
        until = datetime.fromisoformat(typed)
    except ValueError as error:
        raise Invalid([("until", "the time that the page holds")]) from error
    if until.tzinfo is None:
        raise Invalid([("until", "a time with its offset")])
    return min(until, now)


def _told(notice: Notice, who: Visitor) -> Told:
    said = sentence(notice, who.tongue, who.zone)
    return Told(notice.object_kind, said.code, said.rest, said.path, notice.noticed_at)
