"""Which receipt of a box counts. The one place for this rule: counting and deriving both ask here."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from shipments.boxes.latest import Correctable, uncorrected


class Noticed(Correctable, Protocol):
    """A receipt, as a row or as a plain value."""

    @property
    def counted(self) -> bool: ...

    @property
    def arrived_at(self) -> datetime: ...


N = TypeVar("N", bound=Noticed)


def standing_receipt(receipts: Iterable[N]) -> N | None:
    """Whatever order they came in: not corrected, counted before not, first by arrival and id."""
    return min(uncorrected(receipts), key=lambda one: (not one.counted, one.arrived_at, one.id), default=None)
