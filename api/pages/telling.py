"""A fact in words of ours, as far as we know what it means."""

from collections.abc import Mapping

import msgspec

from api.pages.words import (
    CONDITIONS,
    DEEDS,
    EVENTS,
    MILESTONES,
    OTHER_WORD,
    PAPERS,
    REASONS,
    SOURCES,
    UNKNOWN_WORD,
)
from api.v1.box_timeline import Fact
from shipments.tracking.carriers import known_as
from shipments.tracking.milestones import Milestone

_BECAUSE: Mapping[str, str] = {word.value: said for word, said in (*REASONS.items(), *CONDITIONS.items())}


class Line(msgspec.Struct, frozen=True):
    """A fact as it is told. `what`, `reason` and `source` are messages."""

    what: str
    reason: str | None
    source: str
    fact: Fact


def line_of(fact: Fact) -> Line:
    """As it is told."""
    what = DEEDS.get(fact.what, fact.what) if fact.raw_code is None else _said(fact)
    reason = _BECAUSE.get(fact.reason, fact.reason) if fact.reason else None
    return Line(what, reason, SOURCES.get(fact.source) or known_as(fact.source), fact)


def _said(fact: Fact) -> str:
    if fact.what in EVENTS:
        return EVENTS[fact.what]
    if fact.milestone is not None:
        return MILESTONES[Milestone(fact.milestone)]
    if fact.what == "unknown":
        return UNKNOWN_WORD
    return PAPERS if fact.what.startswith("document_") else OTHER_WORD
