"""What the card's token and PIN open, to whom, how often, and for how long."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from shipments import codes
from shipments.cases import carding
from shipments.cases.card import Card
from shipments.cases.carding import (
    AFTER_CLOSURE,
    IssuedCard,
    PinGuess,
    PinLocked,
    PinRefused,
    card_by_token,
    expire_cards,
    fits,
    issue_card,
    read_pin,
    reserve_guess,
    revoke_card,
    settle_guess,
    unlock_card,
)
from shipments.cases.turning import case_withdrawn
from shipments.database import Database
from shipments.errors import Invalid, NotAllowed, NotFound, WrongState
from shipments.journal import JournalEntry
from shipments.offices.guessing import Limit
from shipments.offices.scope import EVERYWHERE, Actor
from shipments.sealing import KeyRing
from tests.builders import NOON
from tests.cases.acting import a_whole_case, acting
from tests.cases.conftest import Staff
from tests.offices.looking import raw_bytes, statements

BASE = "https://boxes.example.org"


def a_card(database: Database, ring: KeyRing, code: str, by: Actor, now_plus: timedelta = timedelta()) -> IssuedCard:
    with acting(database, by) as session:
        return issue_card(session, ring, code, base_url=BASE, by=by, now=NOON + now_plus)


def token_of(card: IssuedCard) -> str:
    return card.url.rpartition("/")[2]


def opens(database: Database, ring: KeyRing, token: str, after: timedelta = timedelta()) -> bool:
    with database.reading() as session:
        return card_by_token(session, ring, token, now=NOON + after) is not None


def guess(
    database: Database, ring: KeyRing, token: str, pin: str, address: str = "192.0.2.1"
) -> bool | PinLocked | PinRefused | None:
    """As the edge does it; True or False where the guess was judged."""
    with acting(database) as session:
        reserved = reserve_guess(session, ring, token, address=address, now=NOON)
    if not isinstance(reserved, PinGuess):
        return reserved
    right = fits(ring, reserved, read_pin(pin))
    with acting(database) as session:
        settle_guess(session, reserved, right, now=NOON)
    return right


def wrong(card: IssuedCard) -> str:
    return f"{(int(card.pin) + 1) % 10**6:06}"


def test_ten_thousand_tokens_are_unique_and_hold_128_bits() -> None:
    tokens = {codes.token() for _ in range(10_000)}
    assert len(tokens) == 10_000
    assert all(set(token) <= set(codes.ALPHABET) and 5 * len(token) // 8 >= 16 for token in tokens)


def test_a_card_opens_and_its_address_is_upper_case_for_the_qr(database: Database, ring: KeyRing, staff: Staff) -> None:
    case = a_whole_case(database, ring, staff.counsellor)
    card = a_card(database, ring, case.code, staff.counsellor)
    token = token_of(card)
    assert card.url == f"HTTPS://BOXES.EXAMPLE.ORG/C/{token}"
    assert len(token) == 26
    assert len(card.pin) == 6
    for written in (token, token.lower(), token.replace("0", "o").replace("1", "l")):
        assert opens(database, ring, written)


def test_an_installation_below_a_path_keeps_its_path(sqlite_database: Database, ring: KeyRing, staff: Staff) -> None:
    case = a_whole_case(sqlite_database, ring, staff.counsellor)
    with acting(sqlite_database, staff.receiver) as session:
        base = "http://localhost:8000/boxes/"
        card = issue_card(session, ring, case.code, base_url=base, by=staff.receiver, now=NOON)
    assert card.url.startswith("HTTP://LOCALHOST:8000/boxes/C/")


def test_a_new_card_kills_the_old_one_and_no_other(database: Database, ring: KeyRing, staff: Staff) -> None:
    one, other = (a_whole_case(database, ring, staff.counsellor) for _ in range(2))
    old, sibling = (a_card(database, ring, case.code, staff.counsellor) for case in (one, other))
    new = a_card(database, ring, one.code, staff.receiver)
    assert [opens(database, ring, token_of(card)) for card in (old, sibling, new)] == [False, True, True]


def test_unknown_revoked_expired_and_withdrawn_are_one(database: Database, ring: KeyRing, staff: Staff) -> None:
    cases = [a_whole_case(database, ring, staff.counsellor) for _ in range(4)]
    cards = [a_card(database, ring, case.code, staff.counsellor) for case in cases]
    with acting(database, EVERYWHERE) as session:
        revoke_card(session, cases[0].code, by=EVERYWHERE, now=NOON)
        expire_cards(session, cases[1].id, NOON)
        case_withdrawn(session, cases[2].code, on=NOON.date(), reason="stays", by=EVERYWHERE, now=NOON)
    tokens = [*map(token_of, cards), codes.token()]
    assert [opens(database, ring, token) for token in tokens] == [False, False, False, True, False]
    with database.reading() as session:
        for token in tokens:
            with statements(session) as said:
                card_by_token(session, ring, token, now=NOON)
            assert len(said) == 1


def test_a_withdrawal_heard_from_elsewhere_ends_the_card_too(database: Database, ring: KeyRing, staff: Staff) -> None:
    case = a_whole_case(database, ring, staff.counsellor)
    card = a_card(database, ring, case.code, staff.counsellor)
    with acting(database, EVERYWHERE) as session:
        case_withdrawn(session, case.code, on=NOON.date(), reason="stays", by=EVERYWHERE, now=NOON)
        row = session.exec(select(Card)).one()
        row.revoked_at = None
    assert not opens(database, ring, token_of(card))


def test_junk_opens_nothing(database: Database, ring: KeyRing) -> None:
    junk = ["", "\0", "\ud800", "é" * 26, "x" * 10**6, "0" * 26, "\u0660" * 26]
    assert [opens(database, ring, token) for token in junk] == [False] * len(junk)


def test_a_card_ends_when_its_case_says(database: Database, ring: KeyRing, staff: Staff) -> None:
    case = a_whole_case(database, ring, staff.counsellor)
    card = a_card(database, ring, case.code, staff.counsellor)
    with acting(database, EVERYWHERE) as session:
        expire_cards(session, case.id, NOON + timedelta(days=90))
    assert opens(database, ring, token_of(card), timedelta(days=90, seconds=-1))
    assert not opens(database, ring, token_of(card), timedelta(days=90))
    new = a_card(database, ring, case.code, staff.counsellor)
    assert not opens(database, ring, token_of(new), timedelta(days=90))
    late = a_card(database, ring, case.code, staff.counsellor, timedelta(days=100))
    assert opens(database, ring, token_of(late), timedelta(days=100) + AFTER_CLOSURE - timedelta(seconds=1))
    assert not opens(database, ring, token_of(late), timedelta(days=100) + AFTER_CLOSURE)


def test_the_pin_is_right_or_wrong(database: Database, ring: KeyRing, staff: Staff) -> None:
    card = a_card(database, ring, a_whole_case(database, ring, staff.counsellor).code, staff.counsellor)
    token = token_of(card)
    assert guess(database, ring, token, card.pin) is True
    assert guess(database, ring, token.lower(), f"{card.pin[:3]} {card.pin[3:]}") is True
    assert guess(database, ring, token, wrong(card)) is False
    assert guess(database, ring, codes.token(), card.pin) is None


def test_five_failures_lock_the_card_for_the_right_pin_too(database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(database, ring, staff.counsellor).code
    card = a_card(database, ring, code, staff.counsellor)
    sibling = a_card(database, ring, a_whole_case(database, ring, staff.counsellor).code, staff.counsellor)
    assert [guess(database, ring, token_of(card), wrong(card)) for _ in range(5)] == [False] * 5
    reopened = Database.at(database.engine.url.render_as_string(hide_password=False))
    assert guess(reopened, ring, token_of(card), card.pin) == PinLocked()
    reopened.close()
    assert opens(database, ring, token_of(card))
    assert guess(database, ring, token_of(sibling), sibling.pin) is True
    with acting(database, staff.receiver) as session:
        unlock_card(session, code, by=staff.receiver, now=NOON)
    assert guess(database, ring, token_of(card), card.pin) is True


def test_a_right_pin_wipes_out_the_failures_before_it(sqlite_database: Database, ring: KeyRing, staff: Staff) -> None:
    card = a_card(sqlite_database, ring, a_whole_case(sqlite_database, ring, staff.counsellor).code, staff.counsellor)
    for _ in range(3):
        assert [guess(sqlite_database, ring, token_of(card), wrong(card)) for _ in range(4)] == [False] * 4
        assert guess(sqlite_database, ring, token_of(card), card.pin) is True


def test_of_twenty_guesses_at_once_five_are_judged(database: Database, ring: KeyRing, staff: Staff) -> None:
    card = a_card(database, ring, a_whole_case(database, ring, staff.counsellor).code, staff.counsellor)

    def one(host: int) -> object:
        return guess(database, ring, token_of(card), wrong(card), f"192.0.2.{host}")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(one, range(20)))
    assert answers.count(False) == 5
    assert answers.count(PinLocked()) == 15


def test_a_right_pin_typed_on_several_phones_at_once_is_right_on_each(
    database: Database, ring: KeyRing, staff: Staff
) -> None:
    card = a_card(database, ring, a_whole_case(database, ring, staff.counsellor).code, staff.counsellor)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: guess(database, ring, token_of(card), card.pin), range(12))) == [True] * 12


def test_guesses_from_one_address_at_many_cards_are_limited(
    sqlite_database: Database, ring: KeyRing, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carding, "PER_ADDRESS", Limit("pin from", 3, timedelta(hours=1)))
    cases = [a_whole_case(sqlite_database, ring, staff.counsellor) for _ in range(2)]
    cards = [a_card(sqlite_database, ring, case.code, staff.counsellor) for case in cases]
    answers = [guess(sqlite_database, ring, token_of(card), wrong(card)) for card in cards for _ in range(2)]
    assert answers == [False] * 3 + [PinRefused(3600)]
    assert guess(sqlite_database, ring, token_of(cards[1]), cards[1].pin, "198.51.100.1") is True


@pytest.mark.parametrize("written", ["123456", "123 456", " 12-34-56 ", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_a_pin_may_be_typed_in_any_digits(written: str) -> None:
    assert read_pin(written) == "123456"


@pytest.mark.parametrize("written", ["", "12345", "1234567", "12345a", "\0" * 6, "1" * 10_000, "-12345"])
def test_what_is_no_pin_is_refused_before_it_counts(written: str) -> None:
    with pytest.raises(Invalid):
        read_pin(written)


def test_the_same_pin_is_stored_differently_for_each_card_and_needs_the_pepper(
    sqlite_database: Database, ring: KeyRing, staff: Staff
) -> None:
    card = a_card(sqlite_database, ring, a_whole_case(sqlite_database, ring, staff.counsellor).code, staff.counsellor)
    with acting(sqlite_database, EVERYWHERE) as session:
        row = session.exec(select(Card)).one()
        assert row.pin_hash.startswith("$argon2id$")
    other_ring = KeyRing({"k1": bytes(range(32))}, bytes(range(32)))
    assert fits(ring, PinGuess(row.id, row.pin_hash, ()), card.pin)
    assert not fits(other_ring, PinGuess(row.id, row.pin_hash, ()), card.pin)
    assert not fits(ring, PinGuess(UUID(int=1), row.pin_hash, ()), card.pin)


def test_neither_token_nor_pin_is_in_the_database_or_its_journal(
    sqlite_database: Database, ring: KeyRing, staff: Staff
) -> None:
    code = a_whole_case(sqlite_database, ring, staff.counsellor).code
    card = a_card(sqlite_database, ring, code, staff.counsellor)
    guess(sqlite_database, ring, token_of(card), card.pin)
    guess(sqlite_database, ring, token_of(card), wrong(card))
    stored = raw_bytes(sqlite_database)
    assert code.encode() in stored
    assert token_of(card).encode() not in stored
    assert token_of(card).lower().encode() not in stored
    with acting(sqlite_database, EVERYWHERE) as session:
        entries = sorted(session.exec(select(JournalEntry)), key=lambda entry: entry.seq)
        assert [(entry.action, entry.outcome.value) for entry in entries] == [
            ("case.open", "done"),
            ("card.issue", "done"),
            ("card.pin", "saw"),
            ("card.pin", "refused"),
        ]
        assert not any(card.pin in repr(entry.details) for entry in entries)
    assert card.pin not in repr(card)


def test_only_those_who_work_with_the_person_handle_the_card(
    sqlite_database: Database, ring: KeyRing, staff: Staff
) -> None:
    code = a_whole_case(sqlite_database, ring, staff.counsellor).code
    a_card(sqlite_database, ring, code, staff.coordinator)

    def issue(session: Session, code: str, *, by: Actor, now: object) -> None:
        issue_card(session, ring, code, base_url=BASE, by=by, now=NOON)

    for act in (issue, revoke_card, unlock_card):
        for by in (staff.logistician, staff.origin_counsellor, staff.reader):
            with acting(sqlite_database, by) as session, pytest.raises(NotAllowed):
                act(session, code, by=by, now=NOON)
        with acting(sqlite_database, staff.stranger) as session, pytest.raises(NotFound):
            act(session, code, by=staff.stranger, now=NOON)


def test_without_a_card_there_is_nothing_to_revoke_or_unlock(
    sqlite_database: Database, ring: KeyRing, staff: Staff
) -> None:
    code = a_whole_case(sqlite_database, ring, staff.counsellor).code
    for act in (revoke_card, unlock_card):
        with acting(sqlite_database, staff.counsellor) as session, pytest.raises(WrongState, match="no card"):
            act(session, code, by=staff.counsellor, now=NOON)


def test_a_card_that_was_revoked_is_revoked_again_without_harm(
    sqlite_database: Database, ring: KeyRing, staff: Staff
) -> None:
    code = a_whole_case(sqlite_database, ring, staff.counsellor).code
    token = token_of(a_card(sqlite_database, ring, code, staff.counsellor))
    for _ in range(2):
        with acting(sqlite_database, staff.counsellor) as session:
            revoke_card(session, code, by=staff.counsellor, now=NOON)
    assert not opens(sqlite_database, ring, token)
    with sqlite_database.reading() as session:
        done = [entry.action for entry in session.exec(select(JournalEntry)) if entry.action == "card.revoke"]
    assert len(done) == 1


def test_two_cards_issued_at_once_leave_one_alive(database: Database, ring: KeyRing, staff: Staff) -> None:
    code = a_whole_case(database, ring, staff.counsellor).code
    with ThreadPoolExecutor(4) as pool:
        cards = list(pool.map(lambda _: a_card(database, ring, code, staff.counsellor), range(4)))
    assert sum(opens(database, ring, token_of(card)) for card in cards) == 1
