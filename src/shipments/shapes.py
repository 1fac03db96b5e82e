"""The shapes of values that come in from outside: what a type checker, a decoder and OpenAPI all read."""

from datetime import UTC, date, datetime, time
from typing import Annotated

import msgspec

from shipments.errors import Invalid

FIRST_YEAR, LAST_YEAR = 2000, 2100
TypedCode = Annotated[str, msgspec.Meta(min_length=4, max_length=40, description="A code as printed on label or card.")]
OfficeCode = Annotated[
    str, msgspec.Meta(min_length=2, max_length=20, description="An office's code.", examples=["GN-CKY"])
]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Millimetres = Annotated[int, msgspec.Meta(ge=10, le=3_000, description="Millimetres.")]
Grams = Annotated[int, msgspec.Meta(ge=1, le=2_000_000, description="Grams.")]
Euros = Annotated[float, msgspec.Meta(gt=0, le=100_000, description="Euros, above zero.")]
WattHours = Annotated[int, msgspec.Meta(ge=0, le=100_000, description="Watt-hours.")]
Instant = Annotated[
    datetime,
    msgspec.Meta(tz=True, description="A time with its offset.", examples=["2026-03-01T10:00:00+01:00"]),
]
DayOrInstant = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$",
        max_length=40,
        description="A day, or a time with its offset. A day alone is taken as its noon, UTC.",
        examples=["2026-03-01", "2026-03-01T10:00:00+01:00"],
    ),
]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Note = Annotated[str, msgspec.Meta(max_length=1_000)]
SealNumber = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Unlocode = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$", description="A UN/LOCODE.", examples=["GNCKY"])
]


def is_believable(time: datetime) -> bool:
    """Whether anything of this programme may have happened then, or may be planned for then."""
    return FIRST_YEAR <= time.year <= LAST_YEAR


def moment(text: str | None, field: str) -> datetime | None:
    """The moment that a DayOrInstant means, aware UTC.

    Raises Invalid for a day that the calendar does not have, or one that is not believable.
    """
    if text is None:
        return None
    try:
        if len(text) == len("2026-03-01"):
            found = datetime.combine(date.fromisoformat(text), time(12), UTC)
        else:
            found = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid([(field, "a day or a time that the calendar has")]) from error
    if not is_believable(found):
        raise Invalid([(field, f"a day or a time in the years {FIRST_YEAR} to {LAST_YEAR}")])
    return found
