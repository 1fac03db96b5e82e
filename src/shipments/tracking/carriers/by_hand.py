"""By hand: what a member of staff heard from a carrier on the phone or read on its site. Never polled.

What a site says is a milestone in our words, or a code of a list that it shares with others: IATA's on an air
waybill's page, the Universal Postal Union's on a post's.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers import believing, iata_codes, upu_codes
from shipments.tracking.carriers.answers import Account, Answer, Call, LegAsked, ReadEvent, Usual
from shipments.tracking.carriers.parcels import Meaning, country_of, milestone_in
from shipments.tracking.carriers.times import WrittenTime, doubt_about
from shipments.tracking.milestones import Milestone, Reason
from shipments.words import N_

name: Final = "by_hand"
known_as: Final = N_("Told by hand")
polled: Final = False
modes: Final = frozenset({"sea", "air", "rail", "road", "inland_water", "courier", "post"})
reference_types: Final[Mapping[str, str]] = {
    kind: kind for kind in ("booking", "bill_of_lading", "container", "air_waybill", "tracking_number", "other")
}
usual: Final = Usual()


class Vocabulary(StrEnum):
    """Whose code it is."""

    IATA = "iata"
    UPU = "upu"


_MEANINGS: Mapping[Vocabulary, Callable[[str], Meaning | None]] = {
    Vocabulary.IATA: iata_codes.meaning_of,
    Vocabulary.UPU: upu_codes.meaning_of,
}


class Reported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A report as staff give it: a `milestone`, or a `code` of a `vocabulary`.

    `id` is the report's own, so that telling it twice is one fact.
    """

    id: str
    occurred_at: datetime
    milestone: Milestone | None = None
    reason: Reason | None = None
    place: str | None = None
    unlocode: str | None = None
    note: str | None = None
    code: str | None = None
    vocabulary: Vocabulary | None = None


class _Said(msgspec.Struct, frozen=True):
    milestone: Milestone | None
    event: str
    reason: Reason | None
    raw_code: str


_SEPARATORS = re.compile(r"[/_-]")
_decoder = msgspec.json.Decoder(list[Reported])


def reported(report: Reported, leg: LegAsked, *, heard_at: datetime) -> ReadEvent:
    """The event in a report about a leg.

    Raises Invalid for a time without zone, old or to come, a stray reason, an unknown code, and for neither or both of
    milestone and code.
    """
    at = _moment(report.occurred_at, heard_at)
    said = _by_code(report, report.code, leg) if report.code is not None else _by_milestone(report)
    return ReadEvent(
        id=report.id,
        occurred_at=at,
        occurred_as_written=report.occurred_at.isoformat(),
        tz_known=True,
        classifier="ACT",
        milestone=said.milestone,
        event=said.event,
        reason=said.reason,
        raw_code=said.raw_code,
        raw_text=believing.plain_text(report.note) or "",
        place=believing.plain_text(report.place),
        unlocode=report.unlocode,
        created_at=heard_at,
    )


def _moment(written: datetime, heard_at: datetime) -> datetime:
    if written.tzinfo is None:
        raise Invalid([("occurred_at", "a time with its offset, such as 2026-03-01T10:00:00+01:00")])
    at = written.astimezone(UTC)
    doubt = doubt_about(WrittenTime(at, at, True), actual=True, heard_at=heard_at)
    if doubt:
        raise Invalid([("occurred_at", f"when it happened; {doubt}")])
    return at


def _by_milestone(report: Reported) -> _Said:
    if report.milestone is None or report.vocabulary is not None:
        raise Invalid([("milestone", "what was reached, or instead of it a code and its vocabulary")])
    if report.reason is not None and report.milestone is not Milestone.EXCEPTION:
        raise Invalid([("reason", "only with the milestone exception")])
    return _Said(report.milestone, "reported", report.reason, f"BY_HAND/{report.milestone.value}")


def _by_code(report: Reported, code: str, leg: LegAsked) -> _Said:
    if report.vocabulary is None:
        raise Invalid([("vocabulary", f"whose code it is: {' or '.join(Vocabulary)}")])
    if report.milestone is not None or report.reason is not None:
        raise Invalid([("milestone", "nothing beside a code, which says it, and the reason too")])
    code = "_".join(_SEPARATORS.sub(" ", code).split()).upper()
    meaning = _MEANINGS[report.vocabulary](code)
    if meaning is None:
        raise Invalid([("code", f"one of the {report.vocabulary} list, as it stands on the page; or say a milestone")])
    milestone = milestone_in(meaning, leg, _country(report, leg))
    return _Said(milestone, meaning.event, meaning.reason, f"{report.vocabulary.upper()}/{code}")


def _country(report: Reported, leg: LegAsked) -> str | None:
    """Where it was said: an airport counts as the country's only where it is our own last one."""
    if report.vocabulary is Vocabulary.IATA and report.unlocode != leg.to_place:
        return None
    return country_of(report.unlocode)


def request_for(leg: LegAsked, account: Account, *, since: datetime | None, page: str | None) -> Call:
    """There is nobody to call: raises Invalid."""
    raise Invalid([("carrier", "one that can be polled; legs by hand are told, not asked")])


def read_answer(
    answer: bytes, leg: LegAsked, *, heard_at: datetime, headers: Mapping[str, str] | None = None
) -> Answer:
    """Reads a JSON list of `Reported`. Raises CarrierUnreadable where it is none, Invalid as `reported`."""
    try:
        reports = _decoder.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CarrierUnreadable("This is not a list of reports by hand.") from error
    problems: list[str] = []
    events = believing.told_once([reported(report, leg, heard_at=heard_at) for report in reports], problems)
    return Answer(found=bool(events), events=events, problems=tuple(problems), ignored=len(reports) - len(events))
