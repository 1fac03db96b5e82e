"""Facts of one box with defaults plus what matters to a test, and hypothesis strategies that make many of them."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from shipments.batches.batch import Mode
from shipments.boxes.box import Happened
from shipments.progress.facts import Arrival, BoxFacts, Deed, Passing, Said, Stretch
from shipments.receipts.receipt import Condition
from shipments.tracking.event import Classifier
from shipments.tracking.milestones import LIFTS, Milestone, Reason
from tests.builders import NOON

DAY = timedelta(days=1)
FIRST_LEG, LAST_LEG, LINE = UUID(int=1), UUID(int=2), UUID(int=3)
LEGS = (
    Stretch(FIRST_LEG, 1, Mode.SEA, "MAPTM", NOON + 10 * DAY),
    Stretch(LAST_LEG, 2, Mode.SEA, "GNCKY", NOON + 20 * DAY),
)
Columns = Any  # whatever the struct takes
_next = iter(range(1000, 10**9))


def new() -> UUID:
    """An identity that grows, as ours do."""
    return UUID(int=next(_next))


def sent(*said: Said, **what: Columns) -> BoxFacts:
    """A box that was sealed at noon and left a day later, on two legs by sea; `said` by carriers."""
    facts: dict[str, Columns] = {
        "registered_at": NOON - DAY,
        "deeds": (deed(Happened.SEALED, NOON, seal_number="S1"),),
        "in_batch": True,
        "dispatched_at": NOON + DAY,
        "dispatch_heard_at": NOON + DAY,
        "legs": LEGS,
        "said": said,
        "packed": ((LINE, 3),),
    }
    return BoxFacts(**{**facts, **what})


def deed(happened: Happened, at: datetime, **what: Columns) -> Deed:
    """What people did, heard when it happened."""
    return Deed(**{"id": new(), "happened": happened, "occurred_at": at, "heard_at": at, **what})


def said(milestone: Milestone | None, day: float | None, **what: Columns) -> Said:
    """An ACT event of the last leg, so many days after noon; None: the carrier wrote no zone. Heard an hour later."""
    at = None if day is None else NOON + day * DAY
    defaults = {
        "id": new(),
        "leg_id": LAST_LEG,
        "classifier": Classifier.ACT,
        "occurred_at": at,
        "heard_at": (at or NOON + 15 * DAY) + timedelta(hours=1),
        "milestone": milestone,
    }
    return Said(**{**defaults, **what})


def estimate(day: float, **what: Columns) -> Said:
    """The carrier now expects the ship at our last port on that day."""
    defaults = {"classifier": Classifier.EST, "event": "arrived", "unlocode": "GNCKY", "heard_at": NOON + 5 * DAY}
    return said(None, day, **{**defaults, **what})


def window(first: float, last: float, **what: Columns) -> Said:
    """The carrier expects it between these days, and names no moment."""
    return estimate(0, **{"occurred_at": None, "earliest": NOON + first * DAY, "latest": NOON + last * DAY, **what})


def leg(position: int, mode: Mode, to_place: str, **what: Columns) -> Stretch:
    """The first or the last leg; days after noon for its plan, days for what its lane usually does."""
    ids = {1: FIRST_LEG, 2: LAST_LEG}
    for name in ("planned_departure", "planned_arrival"):
        if name in what:
            what[name] = NOON + what[name] * DAY
    for name in ("least_s", "most_s", "quiet_s"):
        if name in what:
            what[name] = int(what[name] * 86_400)
    return Stretch(**{"id": ids[position], "position": position, "mode": mode, "to_place": to_place, **what})


def arrival(day: float, **what: Columns) -> Arrival:
    """A counted receipt in good condition with nothing amiss."""
    at = NOON + day * DAY
    defaults = {"id": new(), "arrived_at": at, "heard_at": at, "condition": Condition.GOOD, "counted": True}
    missing, damaged = what.get("missing", 0), what.get("damaged", 0)
    defaults["found"] = ((LINE, 3 - damaged - missing, damaged, missing, 0),)
    return Arrival(**{**defaults, **what})


def passing(day: float, *, handed: int = 3, refused: bool = False) -> Passing:
    """A hand-over on that day, of so many pieces."""
    return Passing(new(), NOON + day * DAY, NOON + day * DAY, refused, () if refused else ((LINE, handed),))


def retold(facts: BoxFacts, order: random.Random) -> BoxFacts:
    """The same facts, each told once, twice or thrice, in another order."""

    def again(told: tuple[Any, ...]) -> tuple[Any, ...]:
        repeated = [one for one in told for _ in range(order.randint(1, 3))]
        order.shuffle(repeated)
        return tuple(repeated)

    names = ("deeds", "legs", "said", "receipts", "handovers")
    return msgspec.structs.replace(facts, **{name: again(getattr(facts, name)) for name in names})


# Few different times, so that ties are common.
TIMES = st.integers(0, 12).map(lambda step: NOON + step * timedelta(days=5))
EARLIER = st.none() | st.integers(0, 5)
EVENT_WORDS = st.sampled_from(["arrived", "discharged", "departed", "reported", *LIFTS])
COUNTS = st.integers(0, 2)

DEEDS = st.builds(
    Deed,
    id=st.builds(new),
    happened=st.sampled_from(Happened),
    occurred_at=TIMES,
    heard_at=TIMES,
    seal_number=st.sampled_from([None, "S1", "S2"]),
)
RANGES = st.none() | st.tuples(TIMES, TIMES).map(sorted)


def _with_range(one: Said, range: list[datetime] | None) -> Said:
    """A range is an estimate's, beside a moment or instead of it."""
    if range is None or one.classifier == Classifier.ACT:
        return one
    return msgspec.structs.replace(one, earliest=range[0], latest=range[1])


PLAIN_SAID = st.builds(
    Said,
    id=st.builds(new),
    leg_id=st.sampled_from([FIRST_LEG, LAST_LEG]),
    classifier=st.sampled_from(Classifier),
    occurred_at=st.none() | TIMES,
    heard_at=TIMES,
    milestone=st.none() | st.sampled_from(Milestone),
    event=st.none() | EVENT_WORDS,
    reason=st.none() | st.sampled_from(Reason),
    said_at=st.none() | TIMES,
    unlocode=st.sampled_from([None, "MAPTM", "GNCKY"]),
)
SAID = st.builds(_with_range, PLAIN_SAID, RANGES)
LANE = {"journeys": 5, "least_s": 4 * 86_400, "most_s": 9 * 86_400, "quiet_s": 3 * 86_400}
ON_LANES = tuple(msgspec.structs.replace(leg, planned_departure=NOON + 2 * DAY, **LANE) for leg in LEGS)
UNPLANNED = tuple(msgspec.structs.replace(leg, planned_arrival=None) for leg in LEGS)
ARRIVALS = st.builds(
    Arrival,
    id=st.builds(new),
    arrived_at=TIMES,
    heard_at=TIMES,
    condition=st.sampled_from(Condition),
    counted=st.booleans(),
    seal_number=st.sampled_from([None, "S1", "S2"]),
    missing=COUNTS,
    damaged=COUNTS,
    surplus=COUNTS,
    found=st.sampled_from([(), ((LINE, 3, 0, 0, 0),), ((LINE, 2, 0, 1, 0),)]),
)
PASSINGS = st.builds(
    Passing,
    id=st.builds(new),
    at=TIMES,
    heard_at=TIMES,
    refused=st.booleans(),
    handed=st.sampled_from([(), ((LINE, 1),), ((LINE, 3),)]),
)


@st.composite
def corrected(draw: st.DrawFn, facts: st.SearchStrategy[Any], most: int) -> tuple[Any, ...]:
    """Up to `most` facts, of which some take back one of the others."""
    told = draw(st.lists(facts, max_size=most))
    for index, one in enumerate(told[1:], start=1):
        earlier = draw(EARLIER)
        if earlier is not None and earlier < index:
            told[index] = msgspec.structs.replace(one, corrects_id=told[earlier].id)
    return tuple(told)


FACTS = st.builds(
    BoxFacts,
    registered_at=st.just(NOON - DAY),
    deeds=corrected(DEEDS, 6),
    in_batch=st.booleans(),
    dispatched_at=st.none() | TIMES,
    dispatch_heard_at=st.none() | TIMES,
    legs=st.sampled_from([(), LEGS[:1], LEGS, LEGS[::-1], ON_LANES, (LEGS[0], ON_LANES[1]), UNPLANNED]),
    said=corrected(SAID, 8),
    receipts=corrected(ARRIVALS, 4),
    handovers=st.lists(PASSINGS, max_size=3).map(tuple),
    packed=st.sampled_from([(), ((LINE, 3),)]),
)
