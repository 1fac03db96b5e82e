"""Wrong guesses are counted for all processes together, and one subject's lock leaves the others alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from shipments.database import Database
from shipments.offices.guessing import Limit, a_guess, forget_old, forgive, give_back, must_wait, neighbourhood, take
from shipments.offices.person import Guesses
from shipments.sealing import KeyRing
from tests.builders import NOON

THREE = Limit("test one", 3, timedelta(minutes=10))
FIVE = Limit("test all", 5, timedelta(minutes=10))


def test_a_limit_is_reached_and_passes_with_its_window(database: Database, ring: KeyRing) -> None:
    guess = a_guess(ring, THREE, "ada")
    with database.writing() as session:
        assert [take(session, [guess], now=NOON) for _ in range(4)] == [None, None, None, 600]
        assert take(session, [guess], now=NOON + timedelta(minutes=9)) == 60
        assert take(session, [a_guess(ring, THREE, "bob")], now=NOON) is None
        assert take(session, [guess], now=NOON + timedelta(minutes=10)) is None


def test_a_refused_guess_counts_against_no_other_limit(database: Database, ring: KeyRing) -> None:
    ada, everybody = a_guess(ring, THREE, "ada"), a_guess(ring, FIVE)
    with database.writing() as session:
        for _ in range(20):
            take(session, [ada, everybody], now=NOON)
        assert take(session, [a_guess(ring, THREE, "bob"), everybody], now=NOON) is None
        assert take(session, [a_guess(ring, THREE, "eve"), everybody], now=NOON) is None
        full = a_guess(ring, THREE, "fay")
        assert take(session, [full, everybody], now=NOON) == 600
        assert session.exec(select(Guesses).where(Guesses.subject == full.subject)).all() == []


def test_whether_a_limit_is_reached_can_be_read_without_counting(database: Database, ring: KeyRing) -> None:
    guess, everybody = a_guess(ring, THREE, "ada"), a_guess(ring, FIVE)
    with database.writing() as session:
        for _ in range(3):
            assert must_wait(session, [guess, everybody], now=NOON) is None
            take(session, [guess, everybody], now=NOON)
        for _ in range(3):
            assert must_wait(session, [guess, everybody], now=NOON + timedelta(minutes=9)) == 60
        assert must_wait(session, [a_guess(ring, THREE, "bob"), everybody], now=NOON) is None
        assert must_wait(session, [guess], now=NOON + timedelta(minutes=10)) is None
        assert sorted(session.exec(select(Guesses.count))) == [3, 3]


def test_a_guess_given_back_does_not_count(database: Database, ring: KeyRing) -> None:
    guess = a_guess(ring, THREE, "ada")
    with database.writing() as session:
        for _ in range(10):
            assert take(session, [guess], now=NOON) is None
            give_back(session, [guess], now=NOON)
        for _ in range(3):
            take(session, [guess], now=NOON)
        forgive(session, guess)
        assert take(session, [guess], now=NOON) is None


def test_twenty_at_once_are_still_three(database: Database, ring: KeyRing) -> None:
    guess = a_guess(ring, THREE, "ada")

    def attempt(_: int) -> bool:
        with database.writing() as session:
            return take(session, [guess, a_guess(ring, FIVE)], now=NOON) is None

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 3


def test_old_counts_are_dropped(sqlite_database: Database, ring: KeyRing) -> None:
    with sqlite_database.writing() as session:
        take(session, [a_guess(ring, THREE, "ada")], now=NOON)
        assert forget_old(session, now=NOON + timedelta(hours=23)) == 0
        assert forget_old(session, now=NOON + timedelta(hours=25)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8:1:2::5", "2001:db8:1:2:ffff::9"), ("192.0.2.7", "::ffff:192.0.2.7"), ("nonsense", "")],
)
def test_addresses_of_one_household_are_one(one: str, other: str) -> None:
    assert neighbourhood(one) == neighbourhood(other)


def test_addresses_of_two_households_are_two() -> None:
    assert neighbourhood("2001:db8:1:2::5") != neighbourhood("2001:db8:1:3::5")
    assert neighbourhood("192.0.2.7") != neighbourhood("192.0.2.8")
