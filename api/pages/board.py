"""The board: what is new, what needs attention, and every batch and box of the offices of whoever looks."""

from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import MultiDict, State
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy import select
from sqlmodel import Session, col

from api.access import open_to
from api.edge import Edge
from api.pages import ledger_words
from api.pages.batch_rows import batches_page
from api.pages.forms import Fields
from api.pages.ledger import accounts_held
from api.pages.news import mark_read, news_for, read_until
from api.pages.visiting import staff_page, visitor
from api.v1 import box_list
from api.v1.views import has_exception
from shipments.boxes.box import Box, Stage
from shipments.errors import Invalid
from shipments.progress.deriving import BoxException

ROWS = 25
COUNTED_TO = 99
ATTENTION = (
    BoxException.HELD,
    BoxException.OVERDUE,
    BoxException.SILENT,
    BoxException.DISPUTED,
    BoxException.SHORT,
    BoxException.DAMAGED,
)
Word = TypeVar("Word", Stage, BoxException)


class Filters(msgspec.Struct, frozen=True):
    """What the query string asks for; empty fields of a form ask for nothing."""

    office: str | None
    stage: Stage | None
    exception: BoxException | None
    q: str | None

    def query(self, **more: str | None) -> str:
        """As a query string, with `more`."""
        kept = {name: getattr(self, name) for name in self.__struct_fields__} | more
        return urlencode({name: value for name, value in kept.items() if value is not None})

    @property
    def any(self) -> bool:
        """Whether anything is filtered."""
        return any(getattr(self, name) is not None for name in self.__struct_fields__)


@get("/board", sync_to_thread=True, opt=open_to())
def board(request: Request[Any, Any, State], edge: NamedDependency[Edge]) -> Response[bytes]:
    """Changes nothing: news stays new until somebody says they have read it."""
    asked = request.query_params
    filters = filters_in(asked)

    def show(session: Session) -> Response[bytes]:
        who = visitor(session, request, edge)
        news, more_news = news_for(session, who)
        listing = box_list.Asked(**msgspec.structs.asdict(filters), cursor=asked.get("cursor"), limit=ROWS)
        boxes = box_list.listed(session, listing, edge.now).content
        batches = batches_page(session, filters, asked.get("batches"), now=edge.now)
        values = {
            "news": news,
            "more_news": more_news,
            "until": edge.now.isoformat(),
            "attention": attention(session, edge.now),
            "said_of": ledger_words,
            "held": accounts_held(session, edge.now),
            "filters": filters,
            "stages": tuple(Stage),
            "exceptions": tuple(BoxException),
            "boxes": boxes.items,
            "older_boxes": filters.query(cursor=boxes.next_cursor) if boxes.next_cursor else None,
            "batches": batches.items,
            "older_batches": filters.query(batches=batches.next_cursor) if batches.next_cursor else None,
        }
        return staff_page(request, "board.html", who, values)

    return edge.read(show)


@post("/board/read", status_code=303, sync_to_thread=True, opt=open_to())
def have_read(edge: NamedDependency[Edge], fields: NamedDependency[Fields]) -> Response[Any]:
    """News shown on the page that this form came from is not news any more."""
    until = read_until(fields.get("until", ""), now=edge.now)
    person_id = edge.by.person_id
    assert person_id is not None, "the guard let in somebody signed in"
    edge.act(lambda session: mark_read(session, person_id, until, now=edge.now))
    return Redirect("/board", status_code=303)


def filters_in(asked: MultiDict[str]) -> Filters:
    """Raises Invalid for a word that is none of ours."""
    return Filters(
        office=asked.get("office", "").strip()[:20] or None,
        stage=_word(Stage, asked.get("stage", ""), "stage"),
        exception=_word(BoxException, asked.get("exception", ""), "exception"),
        q=asked.get("q", "").strip()[:40] or None,
    )


def attention(session: Session, now: datetime) -> list[tuple[BoxException, int, bool]]:
    """Exception, how many boxes in sight have it, and whether there are more than were counted."""
    counted = []
    for word in ATTENTION:
        some = select(col(Box.id)).where(has_exception(Box, word, now)).limit(COUNTED_TO + 1)
        count = len(session.execute(some).all())
        if count:
            counted.append((word, min(count, COUNTED_TO), count > COUNTED_TO))
    return counted


def _word(words: type[Word], typed: str, field: str) -> Word | None:
    if not typed:
        return None
    try:
        return words(typed)
    except ValueError as error:
        raise Invalid([(field, f"one of {', '.join(words)}")]) from error


HANDLERS = [board, have_read]
