"""The programme so far: every fact of the tables in `ways`, told by the staff whose task it was, oldest first."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import update
from sqlmodel import Session, col

from api.demo.by_parcel import PARCEL_CRATES, PARCEL_SAILINGS
from api.demo.by_sea import SEA_CRATES, SEA_SAILINGS
from api.demo.clock import PastClock
from api.demo.crates import CrateStory
from api.demo.sailings import SailingStory
from api.demo.ways import Crate, Days, Sailing
from api.practice_carrier import Practice
from jobs.polling import Poller
from shipments.database import Database
from shipments.notices.queueing import queue_by_clock
from shipments.offices.scope import EVERYWHERE, Actor
from shipments.settings import Settings
from shipments.tracking.polling.watch import LegWatch
from shipments.transaction import perform

CRATES = (*SEA_CRATES, *PARCEL_CRATES)
SAILINGS = (*SEA_SAILINGS, *PARCEL_SAILINGS)
# How often carriers are asked while the past is told, and in its last week, which the ledger shows.
ASKED_EVERY: Days = 4
LATELY: Days = 7
ASKED_LATELY_EVERY: Days = 1
Work = Callable[[Session, Actor, datetime], None]


class Staff(msgspec.Struct, frozen=True):
    """Who acts where: the host's two, and a receiver at each office."""

    counsellor: Actor
    logistician: Actor
    receivers: dict[str, Actor]


class Deed(msgspec.Struct, frozen=True):
    """One thing that somebody did then; in one transaction."""

    day: Days
    by: Actor
    work: Work


class PastCard(msgspec.Struct, frozen=True):
    """A card that was issued."""

    case: str
    url: str
    pin: str


class Past(msgspec.Struct, frozen=True):
    """What there is now: codes, and the cards in the open."""

    boxes: list[str]
    batches: list[str]
    cards: list[PastCard]


def tell_the_past(
    database: Database,
    settings: Settings,
    practice: Practice,
    staff: Staff,
    *,
    now: datetime,
    crates: Sequence[Crate] = CRATES,
    sailings: Sequence[Sailing] = SAILINGS,
) -> Past:
    """Writes the whole history up to `now`. The practice carrier's ships sail along, and its clock ends at `now`."""
    stories = [CrateStory(crate, settings, now) for crate in crates]
    ways = [
        SailingStory(way, number, [story for story in stories if story.crate.sailing == way.name], practice)
        for number, way in enumerate(sailings, start=1)
    ]
    deeds = [*_deeds_of_crates(stories, staff), *_deeds_of_sailings(ways, staff)]
    asking = set(_asking_days(deeds))
    by_day: dict[Days, list[Deed]] = {day: [] for day in asking | {deed.day for deed in deeds}}
    for deed in deeds:
        by_day[deed.day].append(deed)
    clock = PastClock(practice, now - timedelta(days=max(by_day, default=0.0)))
    with _asking(database, settings, clock) as ask_carriers:
        for day in sorted(by_day, reverse=True):
            then = now - timedelta(days=day)
            for deed in by_day[day]:
                _do(database, deed, then)
            clock.leap(then)
            if day in asking:
                ask_carriers()
    _make_due(database, now)
    clock.leap(now)
    return Past(
        [story.box for story in stories if story.box],
        [way.code for way in ways],
        [PastCard(story.case, story.card.url, story.card.pin) for story in stories if story.card],
    )


def _do(database: Database, deed: Deed, then: datetime) -> None:
    perform(database, deed.by, lambda session: deed.work(session, deed.by, then), now=then)


@contextmanager
def _asking(database: Database, settings: Settings, clock: PastClock) -> Iterator[Callable[[], None]]:
    """What asks every carrier, as the jobs do, and counts the days of those that nobody has heard of.

    At the pace of life, or a parcel that was delivered would not be heard of again when it is sent back.
    """
    unhurried = settings.model_copy(update={"carrier_pace": 1.0})
    poller = Poller(database, unhurried, clock, pause=clock.pause)

    def ask() -> None:
        _make_due(database, clock())
        runner.run(poller.round())
        perform(database, EVERYWHERE, lambda session: queue_by_clock(session, now=clock()), now=clock())

    with asyncio.Runner() as runner:
        try:
            yield ask
        finally:
            runner.run(poller.close())


def _make_due(database: Database, then: datetime) -> None:
    """The past is told in leaps: what fell due within one is due when it ends, or all of it would have been late."""
    asked = update(LegWatch).where(col(LegWatch.due_at).is_not(None)).values(due_at=then)
    perform(database, EVERYWHERE, lambda session: session.connection().execute(asked), now=then)


def _asking_days(deeds: Sequence[Deed]) -> Iterator[Days]:
    day = max((deed.day for deed in deeds), default=0.0)
    while day > 0:
        yield day
        day = max(LATELY, day - ASKED_EVERY) if day > LATELY else day - ASKED_LATELY_EVERY


def _deeds_of_crates(stories: Sequence[CrateStory], staff: Staff) -> Iterator[Deed]:
    """What concerns one returnee, in an order that also holds within a day."""
    for story in stories:
        crate, receiver = story.crate, staff.receivers[story.crate.office]
        yield Deed(crate.asked, staff.counsellor, story.ask)
        if crate.packed is not None:
            yield Deed(crate.packed, staff.logistician, story.pack)
        if crate.departed is not None:
            yield Deed(crate.departed, staff.counsellor, story.depart)
        if crate.withdrawn is not None:
            yield Deed(crate.withdrawn[0], staff.counsellor, story.withdraw)
        if crate.found is not None:
            yield Deed(crate.found.day, receiver, story.receive)
        yield from (Deed(day, receiver, story.miss) for day in crate.unreachable)
        if crate.refused is not None:
            yield Deed(crate.refused[0], receiver, story.refuse)
        if crate.handed is not None:
            yield Deed(crate.handed, receiver, story.hand_over)
        if crate.end is not None:
            yield Deed(crate.end.day, staff.logistician, story.end)


def _deeds_of_sailings(ways: Sequence[SailingStory], staff: Staff) -> Iterator[Deed]:
    for way in ways:
        yield Deed(way.sailing.planned, staff.logistician, way.plan)
        if way.sailing.left is not None:
            yield Deed(way.sailing.left, staff.logistician, way.leave)
        yield from (Deed(heard.day, staff.logistician, way.hears(heard)) for heard in way.sailing.heard)
