"""Push secrets: made, allotted, rotated without losing the one in use, and taken away."""

from base64 import b64decode, b64encode
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from shipments.errors import Conflict, Invalid
from shipments.journal import JournalEntry
from shipments.offices.scope import EVERYWHERE
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.administering import add_account
from shipments.tracking.accounts.hooking import FORMER_SERVES, make_hook, remove_hook
from shipments.tracking.accounts.logins import hook_secrets
from shipments.tracking.accounts.terms import AccountAsked
from tests.story.journey import Journey

HOUR = timedelta(hours=1)


class Hooked:
    """One account, and the secrets of its pushes."""

    def __init__(self, journey: Journey, ring: KeyRing, carrier: str = "dhl") -> None:
        self.journey, self.ring = journey, ring
        client_id = "client-1" if carrier in ("ups", "fedex") else ""
        base_url = "https://line.example" if carrier == "dcsa" else ""
        asked = AccountAsked(carrier=carrier, name="one", secret="key-1", base_url=base_url, client_id=client_id)
        self.id: UUID = journey.do(
            lambda session: add_account(session, ring, asked, by=EVERYWHERE, now=journey.now).id, EVERYWHERE
        )

    def make(self, *, given: str | None = None, rotate: bool = False, at_once: bool = False) -> str:
        def work(session: Session) -> str:
            ring, now = self.ring, self.journey.now
            _, secret = make_hook(
                session, ring, "one", given=given, rotate=rotate, at_once=at_once, by=EVERYWHERE, now=now
            )
            return secret

        return self.journey.do(work, EVERYWHERE)

    def remove(self) -> None:
        self.journey.do(lambda s: remove_hook(s, "one", by=EVERYWHERE, now=self.journey.now), EVERYWHERE)

    def secrets(self, after: timedelta = timedelta()) -> list[str]:
        row = self.journey.see(lambda session: session.get_one(CarrierAccount, self.id))
        return list(hook_secrets(self.ring, row, now=self.journey.now + after))

    def deeds(self) -> list[str]:
        found = select(JournalEntry).where(JournalEntry.object_kind == "account").order_by(col(JournalEntry.seq))
        return [one.action for one in self.journey.see(lambda session: session.exec(found).all())]


@pytest.fixture
def hooked(journey: Journey, ring: KeyRing) -> Hooked:
    return Hooked(journey, ring)


def test_a_push_secret_is_32_bytes_and_the_former_one_is_valid_for_a_day(hooked: Hooked) -> None:
    first = hooked.make()
    assert len(b64decode(first, validate=True)) == 32
    with pytest.raises(Conflict, match="--rotate"):
        hooked.make()
    second = hooked.make(rotate=True)
    assert hooked.secrets() == [second, first]
    assert hooked.secrets(FORMER_SERVES) == [second]
    assert hooked.deeds() == ["account.add", "account.make_hook", "account.rotate_hook"]


def test_a_second_rotation_within_a_day_does_not_drop_the_secret_in_use_unless_that_is_said(hooked: Hooked) -> None:
    first, second = hooked.make(), hooked.make(rotate=True)
    hooked.journey.now += FORMER_SERVES - HOUR
    with pytest.raises(Conflict, match="--at-once"):
        hooked.make(rotate=True)
    assert hooked.secrets() == [second, first]
    third = hooked.make(rotate=True, at_once=True)
    assert hooked.secrets() == [third, second]
    hooked.journey.now += FORMER_SERVES
    fourth = hooked.make(rotate=True)
    assert hooked.secrets() == [fourth, third]


def test_a_push_secret_that_the_carrier_allots_is_kept_as_it_is(journey: Journey, ring: KeyRing) -> None:
    hooked = Hooked(journey, ring, "ship24")
    for wrong in ("", "short", "two\nlines of a secret", "x" * 201, "a space at the end ", "ünïcödë is no header"):
        with pytest.raises(Invalid, match="as the carrier wrote it"):
            hooked.make(given=wrong)
    assert hooked.make(given="whsec_invented_by_them") == "whsec_invented_by_them"
    assert hooked.secrets() == ["whsec_invented_by_them"]


def test_the_carrier_judges_a_secret_that_is_given(journey: Journey, ring: KeyRing) -> None:
    hooked = Hooked(journey, ring, "dcsa")
    for wrong in ("whsec_invented_by_them", b64encode(bytes(31)).decode(), b64encode(bytes(32)).decode() + "="):
        with pytest.raises(Invalid, match="dcsa takes"):
            hooked.make(given=wrong)
    good = b64encode(bytes(32)).decode()
    assert hooked.make(given=good) == good


@pytest.mark.parametrize("carrier", ["fedex"])
def test_an_account_whose_carrier_tells_nothing_by_itself_gets_none(
    journey: Journey, ring: KeyRing, carrier: str
) -> None:
    hooked = Hooked(journey, ring, carrier)
    with pytest.raises(Invalid, match="dcsa, dhl, ship24, ups"):
        hooked.make()
    assert hooked.secrets() == []


def test_a_push_secret_is_taken_away_with_the_former_one(hooked: Hooked) -> None:
    with pytest.raises(Conflict, match="no push secret"):
        hooked.remove()
    hooked.make()
    hooked.make(rotate=True)
    hooked.remove()
    assert hooked.secrets() == []
    assert hooked.deeds()[-1] == "account.remove_hook"
    assert hooked.make()
    assert len(hooked.secrets()) == 1


def test_a_former_secret_that_does_not_open_costs_the_current_one_nothing(hooked: Hooked) -> None:
    hooked.make()
    second = hooked.make(rotate=True)

    def spoil(session: Session) -> None:
        session.get_one(CarrierAccount, hooked.id).hook_former_sealed = b"k9\0lost"

    hooked.journey.do(spoil, EVERYWHERE)
    assert hooked.secrets() == [second]
