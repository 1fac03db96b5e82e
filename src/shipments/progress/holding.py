"""What is held on its way: since when, where and why, as far as its carrier says so. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shipments.progress.facts import Said, Stretch
from shipments.progress.ordering import comes_after
from shipments.tracking.event import Classifier, moment_of
from shipments.tracking.milestones import LIFTS, Milestone, Reason

PASSING_TROUBLE = frozenset({Reason.DELAY, Reason.WEATHER, Reason.DAMAGED, Reason.MISSING})


class Hold(msgspec.Struct, frozen=True):
    """A hold that nothing has lifted. `name`: its own, so that one that comes again after a release has another.

    `reasons`: none where the carrier gives none. `place`: the carrier's word, else a UN/LOCODE; None: not said.
    """

    name: str
    leg_id: UUID
    since: datetime
    reasons: frozenset[Reason] = frozenset()
    place: str | None = None


def holds_of(legs: Sequence[Stretch], said: Sequence[Said]) -> frozenset[Hold]:
    """Of each leg the one that lasts. `said`: in order, and without what was taken back."""
    found = (_hold(leg.id, [one for one in said if one.leg_id == leg.id]) for leg in legs)
    return frozenset(hold for hold in found if hold is not None)


def _hold(leg_id: UUID, said: Iterable[Said]) -> Hold | None:
    """Its name says what it came after: nothing, or whatever lifted the hold before it.

    What cannot be said to come after a hold does not lift it.
    """
    stops: list[tuple[Reason | None, Said]] = []  # None: an exception that says no reason
    lifted_by = ""
    for one in said:
        if one.classifier != Classifier.ACT:
            continue
        before = bool(stops)
        if one.milestone == Milestone.EXCEPTION:
            stops += [(one.reason, one)] if one.reason not in PASSING_TROUBLE else []
        else:
            all_of_them = one.milestone not in (None, Milestone.INFO_RECEIVED)
            lifted = LIFTS.get(one.event or "", frozenset())
            stops = [
                (reason, stop)
                for reason, stop in stops
                if not ((all_of_them or reason in lifted) and comes_after(one, stop))
            ]
        if before and not stops:
            lifted_by = f" after {one.id}"
    if not stops:
        return None
    places = [stop.place or stop.unlocode for _, stop in stops]
    return Hold(
        name=f"{leg_id}{lifted_by}",
        leg_id=leg_id,
        since=moment_of(stops[0][1]),
        reasons=frozenset(reason for reason, _ in stops if reason is not None),
        place=next((place for place in reversed(places) if place), None),
    )
