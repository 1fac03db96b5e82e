"""What travels in a simulated month, and what each of six accounts may ask about it."""

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlmodel import Session

from api.practice_carrier import Practice
from api.practice_carrier.voyages import VOYAGES
from shipments.batches.batch import Mode
from shipments.database import Database
from shipments.offices.scope import EVERYWHERE
from shipments.progress.gathering import in_portions
from shipments.settings import Settings
from shipments.tracking.accounts.administering import add_account
from shipments.tracking.accounts.terms import AccountAsked
from shipments.tracking.carriers import CARRIERS
from shipments.transaction import transaction
from tests.bench.month.leaping import BEGINS
from tests.bench.sending import COURIER_DAYS, SEA_DAYS, Sent, send
from tests.builders import an_office

NORTH, SOUTH = "dcsa-north", "dcsa-south"
CLIENT = "practice"
AT_A_TIME = 2_000
STORIES = {"plain": 70, "delayed": 8, "held": 6, "attempt_failed": 6, "returned": 3, "silent": 4, "contradictory": 3}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A carrier's limits as it publishes them, or as a line grants them. `part`: of all legs, in hundredths."""

    carrier: str
    part: int
    most: int
    within_s: float
    per_day: int | None = None
    per_leg_per_day: int | None = None
    resets_at: str = "00:00"


TERMS: Mapping[str, Terms] = {
    NORTH: Terms(carrier="dcsa", part=20, most=5, within_s=1.0, per_day=1_000),
    SOUTH: Terms(carrier="dcsa", part=10, most=1, within_s=1.0, per_day=500, per_leg_per_day=4, resets_at="06:00"),
    "dhl": Terms(carrier="dhl", part=8, most=1, within_s=5.0, per_day=250, per_leg_per_day=10),
    "ups": Terms(carrier="ups", part=1, most=2, within_s=1.0),
    "fedex": Terms(carrier="fedex", part=60, most=1_400, within_s=10.0, per_day=100_000),
    "ship24": Terms(carrier="ship24", part=1, most=10, within_s=1.0),
}
"""By account. Each is asked by its own budget, which is what its carrier usually allows."""


def limit(practice: Practice, terms: Terms) -> None:
    """The carrier counts for itself, and forgives nothing."""
    practice.limit(
        terms.carrier,
        most=terms.most,
        within_s=terms.within_s,
        per_day=terms.per_day,
        per_number_per_day=terms.per_leg_per_day,
        resets_at=terms.resets_at,
        grace_s=0.0,
    )


def fill(
    database: Database, settings: Settings, carriers: Mapping[str, tuple[str, Practice]], *, legs: int, days: float
) -> None:
    """Offices, accounts, and legs that leave through the first part of `days`, or are under way when they begin.

    `carriers`: account → the carrier's address and state.
    """
    dice = random.Random(legs)
    with transaction(database, EVERYWHERE, now=BEGINS) as session:
        host, origin = an_office(session, "NL-UTR"), an_office(session, "GN-CKY")
    for name, (url, practice) in carriers.items():
        with transaction(database, EVERYWHERE, now=BEGINS) as session:
            account = _account(session, settings, name, url, practice.api_key)
        limit(practice, TERMS[name])
        sent = list(_legs(practice, name, account, legs * TERMS[name].part // 100, days, dice))
        for portion in in_portions(sent, AT_A_TIME):
            with transaction(database, EVERYWHERE, now=BEGINS) as session:
                send(session, host, origin, portion)


def _account(session: Session, settings: Settings, name: str, url: str, secret: str) -> UUID:
    terms = TERMS[name]
    asked = AccountAsked(
        carrier=terms.carrier,
        name=name,
        base_url=url,
        client_id=CLIENT if CARRIERS[terms.carrier].usual.login.kind == "oauth2" else "",
        secret=secret,
        allow_private=True,
        per_second=terms.most / terms.within_s,
        per_day=terms.per_day,
        per_leg_per_day=terms.per_leg_per_day,
        resets_at=terms.resets_at,
    )
    return add_account(session, settings.ring, asked, by=EVERYWHERE, now=BEGINS).id


def _legs(practice: Practice, name: str, account: UUID, count: int, days: float, dice: random.Random) -> Iterator[Sent]:
    at_sea = TERMS[name].carrier == "dcsa"
    takes = SEA_DAYS if at_sea else COURIER_DAYS
    for number in range(count):
        left_at = BEGINS + timedelta(days=dice.uniform(-takes, 0.6 * days))
        reference = f"1Z999{list(TERMS).index(name):03}{number:010}"
        (story,) = dice.choices(list(STORIES), list(STORIES.values()))
        if at_sea:
            voyage = story if story in VOYAGES else "direct"
            practice.book(reference, "NLRTM", "GNCKY", voyage=voyage, started_at=left_at)
        else:
            practice.ship(TERMS[name].carrier, reference, story=story, started_at=left_at)
        mode = Mode.SEA if at_sea else Mode.COURIER
        yield Sent(account, TERMS[name].carrier, reference, mode, left_at, max(left_at, BEGINS))
