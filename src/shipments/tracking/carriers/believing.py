"""What is believed of a carrier's texts, repetitions and estimates, whichever carrier it is."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b

from shipments.tracking.carriers.answers import Answer, ReadEvent
from shipments.tracking.carriers.times import EARLIEST, Range

LONGEST_TEXT = 200
LONGEST_TIME = 60
MOST_PROBLEMS = 50
A_SENTENCE = "a sentence"

# Zero-width joiners stay: Persian and several Indian scripts are misspelt without them.
_BIDI_AND_BLANK = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_CODE = re.compile(r"(?!.*\d{6})[A-Za-z0-9_-]{1,30}")  # six digits in a row are a number of somebody or something
_LONG_CODE = re.compile(r"(?=.{1,60}$)[a-z]{1,20}(_[a-z]{1,20})+")  # words of a list, as Ship24 joins them
_NOT_TEXT = frozenset({"Cc", "Cs", "Cn", "Co"})


# They begin with the letters to look for, not with the word's edge, so that a text without them costs nothing.
_SIGNED = re.compile(
    r"[srdSRD](?<!\w.)(?i:(?:igned(?: for)? by|eceived by|ignature of|igné par|elivered to)\b|ignature\s*:)"
)
_TELEPHONE = re.compile(r"\+\d[\d ().\-/]{5,}\d|\b(?!\d\d[./-]\d\d[./-]\d{4})0\d(?:[ ./-]?\d){7,}|\d{9,}")
_SIGNED_AT_ALL = re.compile(r"[sS](?<!\w.)(?i:igned)\b")


def plain_text(text: str | None, longest: int = LONGEST_TEXT) -> str | None:
    """One line that is safe to show: no NUL, control or direction override; None if nothing is left."""
    if text is None:
        return None
    if not text.isprintable():
        text = "".join(_plain(character) for character in text[: longest * 4])
    return text.strip()[:longest].rstrip() or None


def time_shown(written: str) -> str:
    """A time as written, safe to show."""
    if written.isprintable() and len(written) <= LONGEST_TIME:
        return written  # nearly always
    return plain_text(written, LONGEST_TIME) or ""


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    if character in _BIDI_AND_BLANK or unicodedata.category(character) in _NOT_TEXT:
        return ""
    return character


def code_told(written: str) -> str:
    """A carrier's code, fit to be kept and told; A_SENTENCE for what is none: names and numbers stand in those."""
    return written if _CODE.fullmatch(written) or _LONG_CODE.fullmatch(written) else A_SENTENCE


def without_signature(text: str) -> str:
    """A carrier's text without the name of whoever signed, and without telephone numbers."""
    found = _SIGNED.search(text)
    return _TELEPHONE.sub("…", text if found is None else f"{text[: found.end()]} …")


def until_signed(text: str) -> str:
    """Of what is said of a delivery, all before the word "signed"."""
    found = _SIGNED_AT_ALL.search(text)
    return text if found is None else text[: found.start()].rstrip(" \t.,;:()-\u2013")


def names_someone(text: str) -> bool:
    """Whether a text may hold the name of whoever signed, or how to reach somebody."""
    return (_SIGNED.search(text) or _SIGNED_AT_ALL.search(text) or _TELEPHONE.search(text)) is not None


def identity(*parts: str) -> str:
    """32 hexadecimal digits for an event whose carrier gives it no name of its own."""
    return blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


def told_once(events: Sequence[ReadEvent], problems: list[str]) -> tuple[ReadEvent, ...]:
    """Each identity once, in the order first told; where two differ, the later written, and it is named."""
    if len({event.id for event in events}) == len(events):
        return tuple(events)  # nearly always
    kept: dict[str, ReadEvent] = {}
    for event in events:
        other = kept.setdefault(event.id, event)
        if other is not event and other != event:
            problems.append(f"two different events ({other.raw_code}, {event.raw_code}) share one identity")
            kept[event.id] = max(other, event, key=_written_last)
    return tuple(kept.values())


def _written_last(event: ReadEvent) -> tuple[datetime, str, str, str]:
    return (event.created_at or EARLIEST, event.occurred_as_written, event.raw_code, event.raw_text)


ARRIVALS = ("arrived", "discharged")


def range_in(estimate: ReadEvent) -> Range | None:
    """The range of an estimate, or its one moment as such; None where it has neither."""
    if estimate.earliest is not None and estimate.latest is not None:
        return estimate.earliest, estimate.latest
    return (estimate.occurred_at, estimate.occurred_at) if estimate.occurred_at is not None else None


def expected_arrival(events: Iterable[ReadEvent], to_place: str) -> Range | None:
    """The newest estimate of the arrival at `to_place`, or None where it has arrived or nothing is said.

    A plan counts only where there is no estimate, the discharge only where nothing is said of the ship.
    """
    there = [event for event in events if event.unlocode == to_place and event.event in ARRIVALS]
    if any(event.milestone is not None for event in there):
        return None
    stated = [(_weight_of_estimate(event), range) for event in there if (range := range_in(event))]
    return max(stated)[1] if stated else None


def _weight_of_estimate(event: ReadEvent) -> tuple[bool, bool, datetime, datetime, str]:
    return (
        event.classifier == "EST",
        event.event == "arrived",
        event.created_at or EARLIEST,
        event.occurred_at or event.latest or EARLIEST,
        event.id,
    )


def limited(problems: list[str]) -> tuple[str, ...]:
    """The first problems, and how many more there were."""
    if len(problems) <= MOST_PROBLEMS:
        return tuple(problems)
    return (*problems[:MOST_PROBLEMS], f"and {len(problems) - MOST_PROBLEMS} more problems")


def together(pages: list[Answer], to_place: str) -> Answer:
    """All pages of one answer as one answer."""
    if len(pages) == 1:
        return pages[0]
    problems = [problem for page in pages for problem in page.problems]
    told = [event for page in pages for event in page.events]
    events = told_once(told, problems)
    earliest, latest = _expected_of(pages, events, to_place)
    return Answer(
        found=any(page.found for page in pages),
        events=events,
        expected_from=earliest,
        expected_to=latest,
        problems=limited(problems),
        next_page=pages[-1].next_page,
        ignored=sum(page.ignored for page in pages) + len(told) - len(events),
    )


def _expected_of(pages: list[Answer], events: tuple[ReadEvent, ...], to_place: str) -> Range | tuple[None, None]:
    """What the events of all pages say; where none speaks of our place, the last page that states a range."""
    if any(one.unlocode == to_place and one.event in ARRIVALS for one in events):
        return expected_arrival(events, to_place) or (None, None)
    stated = [(one.expected_from, one.expected_to) for one in pages if one.expected_from and one.expected_to]
    return stated[-1] if stated else (None, None)
