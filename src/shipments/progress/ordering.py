"""Which of two things that a carrier said comes after the other, also where a time has no zone that we know. Pure."""

from datetime import datetime

from shipments.progress.facts import Said
from shipments.tracking.event import moment_of
from shipments.tracking.milestones import RANK


def order(said: Said) -> tuple[datetime, int, str]:
    """By time, then by rank, then by identity, so that ties never depend on the order of hearing."""
    rank = RANK[said.milestone] if said.milestone else -1
    return moment_of(said), rank, str(said.id)


def comes_after(one: Said, other: Said) -> bool:
    """Whether the times say so; where they do not, whether it was heard later.

    Two times without a zone are of the same zone, as far as we know; one beside a time with a zone is only sure outside
    of the range in which it lies.
    """
    begins, ends = _range(one), _range(other)
    if begins is not None and ends is not None:
        if (one.occurred_at is None) == (other.occurred_at is None):
            return order(one) > order(other)
        if begins[0] >= ends[1]:
            return True
        if begins[1] <= ends[0]:
            return False
    return one.heard_at > other.heard_at


def _range(said: Said) -> tuple[datetime, datetime] | None:
    if said.occurred_at is not None:
        return said.occurred_at, said.occurred_at
    return (said.earliest, said.latest) if said.earliest is not None and said.latest is not None else None
