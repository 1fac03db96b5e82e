"""By hand: what a member of staff heard from a carrier on the phone or read on its site. Never polled."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers import believing
from shipments.tracking.carriers.answers import Account, Answer, Call, LegAsked, ReadEvent, Usual
from shipments.tracking.milestones import Milestone, Reason

name: Final = "by_hand"
polled: Final = False
modes: Final = frozenset({"sea", "air", "rail", "road", "inland_water", "courier", "post"})
reference_types: Final[Mapping[str, str]] = {
    kind: kind for kind in ("booking", "bill_of_lading", "container", "air_waybill", "tracking_number", "other")
}
usual: Final = Usual()


class Reported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A report as staff give it. `id` is the report's own, so that telling it twice is one fact."""

    id: str
    milestone: Milestone
    occurred_at: datetime
    reason: Reason | None = None
    place: str | None = None
    unlocode: str | None = None
    note: str | None = None


_decoder = msgspec.json.Decoder(list[Reported])


def reported(report: Reported, *, heard_at: datetime) -> ReadEvent:
    """The event in a report. Raises Invalid for a time without zone, old or to come, and a stray reason."""
    if report.occurred_at.tzinfo is None:
        raise Invalid([("occurred_at", "a time with its offset, such as 2026-03-01T10:00:00+01:00")])
    at = report.occurred_at.astimezone(UTC)
    doubt = believing.doubt_about(believing.WrittenTime(at, at, True), actual=True, heard_at=heard_at)
    if doubt:
        raise Invalid([("occurred_at", f"when it happened; {doubt}")])
    if report.reason is not None and report.milestone is not Milestone.EXCEPTION:
        raise Invalid([("reason", "only with the milestone exception")])
    return ReadEvent(
        id=report.id,
        occurred_at=at,
        occurred_as_written=report.occurred_at.isoformat(),
        tz_known=True,
        classifier="ACT",
        milestone=report.milestone,
        event="reported",
        reason=report.reason,
        raw_code=f"BY_HAND/{report.milestone.value}",
        raw_text=believing.plain_text(report.note) or "",
        place=believing.plain_text(report.place),
        unlocode=report.unlocode,
        created_at=heard_at,
    )


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
    events = believing.told_once([reported(report, heard_at=heard_at) for report in reports], problems)
    return Answer(found=bool(events), events=events, problems=tuple(problems), ignored=len(reports) - len(events))
