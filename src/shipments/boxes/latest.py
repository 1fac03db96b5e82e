"""Which of several facts about a box counts: none that was taken back, and the last by time, rank and identity."""

from collections.abc import Iterable, Set
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from shipments.boxes.box import Happened, Stage

ENDS = {
    Happened.WITHDRAWN: Stage.WITHDRAWN,
    Happened.LOST: Stage.LOST,
    Happened.RETURNED: Stage.RETURNED,
    Happened.DESTROYED: Stage.DESTROYED,
}
# Of two facts of the same moment, the one further down happened after the other.
_IN_ORDER = (
    Happened.SEALED,
    Happened.REOPENED,
    Happened.JOINED_BATCH,
    Happened.LEFT_BATCH,
    Happened.UNREACHABLE,
    Happened.REACHED,
    Happened.LOST,
    Happened.FOUND,
    Happened.WITHDRAWN,
    Happened.RETURNED,
    Happened.DESTROYED,
)
RANK = {happened: rank for rank, happened in enumerate(_IN_ORDER)}


class Correctable(Protocol):
    """A fact that another of its kind may take back."""

    @property
    def id(self) -> UUID: ...

    @property
    def corrects_id(self) -> UUID | None: ...


class Done(Correctable, Protocol):
    """What people did to a box, as a row or as a plain value."""

    @property
    def happened(self) -> Happened: ...

    @property
    def occurred_at(self) -> datetime: ...


C = TypeVar("C", bound=Correctable)
D = TypeVar("D", bound=Done)


def uncorrected(facts: Iterable[C]) -> list[C]:
    """Each once, without those that another fact takes back."""
    unique = {fact.id: fact for fact in facts}
    corrected = {fact.corrects_id for fact in unique.values()}
    return [fact for key, fact in unique.items() if key not in corrected]


def latest(deeds: Iterable[D], words: Set[Happened]) -> D | None:
    """The last of those with one of `words`; `deeds` are uncorrected."""
    chosen = [deed for deed in deeds if deed.happened in words]
    return max(chosen, key=lambda deed: (deed.occurred_at, RANK[deed.happened], deed.id), default=None)


def last_end(deeds: Iterable[D]) -> D | None:
    """How the way of the box ended early, unless what was lost has been found; `deeds` are uncorrected."""
    last = latest(deeds, {*ENDS, Happened.FOUND})
    return last if last and last.happened in ENDS else None
