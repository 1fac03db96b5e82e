"""The shapes of values that come in from outside: what a type checker, a decoder and OpenAPI all read."""

from datetime import datetime
from typing import Annotated

import msgspec

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
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Note = Annotated[str, msgspec.Meta(max_length=1_000)]
SealNumber = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Unlocode = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$", description="A UN/LOCODE.", examples=["GNCKY"])
]
