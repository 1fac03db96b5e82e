"""What is wrong with a batch and since when or why, in the sentences of its news."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from api.pages.visiting import Visitor
from shipments.batches.batch import Batch
from shipments.boxes.box import Box
from shipments.notices.notice import News
from shipments.notices.queueing import facts_of_hold
from shipments.notices.wording import Sentence, about, rest_of
from shipments.progress.carrier_news import CARRIERS_OWN, news_of
from shipments.progress.deriving import BoxException, progress_of_each
from shipments.progress.facts import BoxFacts
from shipments.progress.gathering import facts_of, way_of

Facts = dict[str, str | None]
Found = tuple[str, str, Facts]
"""Kind and code of what it is said of, and the facts of a notice of it."""


def wrong_with(
    session: Session, batch: Batch, found: Iterable[BoxException], who: Visitor
) -> Mapping[BoxException, list[Sentence]]:
    """Of what was found, all that news tell of too."""
    way = way_of(session, batch)
    told: dict[BoxException, list[Sentence]] = {}
    for word in found:
        if word in _TOLD_AS:
            news, facts = _TOLD_AS[word], _facts(session, batch, way, word)
            told[word] = [
                about(kind, code, rest_of(news, one, who.tongue, who.zone), who.tongue) for kind, code, one in facts
            ]
    return told


def holds_told(session: Session, batch: Batch, who: Visitor) -> list[str]:
    """Each hold as the news of it is told, the oldest first."""
    facts = _holds(way_of(session, batch))
    return [rest_of(News.HELD, one, who.tongue, who.zone) for one in facts]


_TOLD_AS = {
    BoxException.HELD: News.HELD,
    BoxException.DISPUTED: News.DISPUTED,
    BoxException.OVERDUE: News.OVERDUE,
    BoxException.SILENT: News.SILENT,
}


def _facts(session: Session, batch: Batch, way: BoxFacts, word: BoxException) -> Iterator[Found]:
    if word is BoxException.HELD:
        yield from (("batch", batch.code, facts) for facts in _holds(way))
    elif word is BoxException.DISPUTED:
        for why in sorted(news_of(way).contradictions & CARRIERS_OWN):
            yield "batch", batch.code, {"why": why}
        yield from _disputed_boxes(session, batch)
    elif word is BoxException.OVERDUE:
        yield "batch", batch.code, {"to": _text(batch.expected_to)}
    else:
        heard = max((one.heard_at for one in way.said), default=batch.dispatched_at)
        yield "batch", batch.code, {"last_word": _text(heard)}


def _holds(way: BoxFacts) -> list[Facts]:
    holds = sorted(news_of(way).holds, key=lambda one: (one.since, one.name))
    return [facts_of_hold(one) for one in holds]


def _disputed_boxes(session: Session, batch: Batch) -> Iterator[Found]:
    """What only the box itself contradicts, such as its receipts."""
    marked = select(Box.id, Box.code).where(
        Box.batch_id == batch.id, col(Box.exceptions).contains(BoxException.DISPUTED)
    )
    codes = dict(session.exec(marked.order_by(col(Box.batch_position))).all())
    progress = dict(progress_of_each(facts_of(session, list(codes))))
    for id, code in codes.items():
        for why in sorted(progress[id].contradictions - CARRIERS_OWN):
            yield "box", code, {"why": why}


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
