"""What a parcel carrier's scan says, apart from when: its code, its words, its place."""

import msgspec

from shipments.tracking.carriers import believing, parcels
from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone

_LONGEST_MARK = 45


class Scan(msgspec.Struct, frozen=True, gc=False):
    """A scan in our words, safe to show and to keep; without its time, so that it is the same in many answers.

    `meaning` None: the code is unknown. `anywhere`: its milestone is the same on every leg and in every country.
    `delivers`: on some leg it says delivered. `country`: two letters, None where not said. `mark`: the code, or its
    digest where it is long.
    """

    raw_code: str
    meaning: Meaning | None
    anywhere: bool
    delivers: bool
    words: str
    country: str | None
    place: str | None
    mark: str


def scan_of(
    raw_code: str,
    meaning: Meaning | None,
    *,
    text: str | None,
    country: str | None,
    place: str | None,
    physical: bool = True,
) -> Scan:
    """`text` and `place` as the carrier wrote them.

    `physical` False: noted in an office, nobody held the parcel. It proves no arrival, whatever place stands beside it.
    """
    if meaning is not None and meaning.there is not None and not physical:
        meaning = msgspec.structs.replace(meaning, there=None)
    milestone = meaning.milestone if meaning is not None else None
    delivers = milestone is Milestone.DELIVERED
    return Scan(
        raw_code,
        meaning,
        anywhere=milestone not in parcels.AT_DESTINATION and (meaning is None or meaning.there is None),
        delivers=delivers,
        words=_words(text, delivers=delivers) if text else "",
        country=country,
        place=believing.plain_text(place) or country,
        mark=raw_code if len(raw_code) <= _LONGEST_MARK else believing.identity(raw_code),
    )


def _words(text: str, *, delivers: bool) -> str:
    """The carrier's own words, without the name of who signed; of a delivery nothing from "signed" on."""
    if delivers:
        text = believing.until_signed(text)
    return believing.plain_text(believing.without_signature(text)) or ""


def country_said(written: str | None) -> str | None:
    """A country code, or None: a country's name is not looked up."""
    return parcels.country_of(written) if written and len(written) == 2 else None


def code_of(*parts: str | None) -> str:
    """A raw code from its parts, `-` where one is missing; safe to show and to keep."""
    return "/".join([believing.code_told(part) if part else "-" for part in parts])
