"""What an account's secrets open to: whole secrets with their prefixes, ends of tokens, push secrets of two days."""

from datetime import timedelta
from typing import Any

import pytest

from shipments.database import new_id
from shipments.errors import SealBroken
from shipments.sealing import KeyRing
from shipments.tracking.accounts import logins
from shipments.tracking.accounts.account import CarrierAccount, ClientIn, LoginKind
from shipments.tracking.carriers.tokens import Token
from tests.builders import NOON

HOUR = timedelta(hours=1)


def an_account(ring: KeyRing, secret: str = "key-1", **columns: Any) -> CarrierAccount:  # Any: as the columns are
    usual: dict[str, Any] = {"id": new_id(), "name": "one", "carrier": "dhl", "base_url": "https://carrier.example"}
    account = CarrierAccount(**{**usual, "header": "DHL-API-Key", "secret_sealed": b"", **columns})
    logins.seal_secret(ring, account, secret=secret, client_id="client-1")
    return account


def a_client(ring: KeyRing) -> CarrierAccount:
    return an_account(ring, carrier="ups", login=LoginKind.OAUTH2, header="Authorization", client_in=ClientIn.HEADER)


def test_a_key_opens_as_it_is_and_with_its_carriers_prefix_in_its_carriers_header(ring: KeyRing) -> None:
    assert logins.open_account(ring, an_account(ring), now=NOON).secret == "key-1"
    ship24 = an_account(ring, carrier="ship24", header="authorization")
    assert logins.open_account(ring, ship24, now=NOON).secret == "Bearer key-1"
    elsewhere = an_account(ring, carrier="ship24", header="X-Key")
    assert logins.open_account(ring, elsewhere, now=NOON).secret == "key-1"


@pytest.mark.parametrize(("left_s", "is_there"), [(3600, True), (61, True), (60, False), (-1, False)])
def test_a_token_that_ends_within_a_minute_is_none(ring: KeyRing, left_s: int, is_there: bool) -> None:
    account = a_client(ring)
    logins.keep_token(ring, account, Token("token-1", NOON + timedelta(seconds=left_s)))
    assert logins.open_account(ring, account, now=NOON).secret == ("Bearer token-1" if is_there else "")


def test_a_client_without_a_token_has_no_secret_yet(ring: KeyRing) -> None:
    account = a_client(ring)
    assert logins.open_account(ring, account, now=NOON).secret == ""
    assert logins.held_token(ring, account) is None


def test_a_new_secret_forgets_the_token_that_was_had_with_the_former_one(ring: KeyRing) -> None:
    account = a_client(ring)
    logins.keep_token(ring, account, Token("token-1", NOON + HOUR))
    logins.seal_secret(ring, account, secret="another", client_id="client-2")
    assert logins.open_account(ring, account, now=NOON).secret == ""
    login = logins.open_client_login(ring, account)
    assert (login.client_id, login.client_secret, login.sent_in) == ("client-2", "another", "header")


def test_a_key_is_no_client(ring: KeyRing) -> None:
    account = an_account(ring)
    with pytest.raises(SealBroken, match="Renew it"):
        logins.open_client_login(ring, account)


def test_a_secret_moved_to_another_account_does_not_open(ring: KeyRing) -> None:
    one, other = an_account(ring), an_account(ring)
    other.secret_sealed = one.secret_sealed
    with pytest.raises(SealBroken):
        logins.open_account(ring, other, now=NOON)


def test_the_former_push_secret_is_valid_until_its_end_and_comes_second(ring: KeyRing) -> None:
    account = an_account(ring)
    assert list(logins.hook_secrets(ring, account, now=NOON)) == []
    place = logins.hook_place(account)
    account.hook_secret_sealed = ring.seal_answer(b"new", place)
    account.hook_former_sealed, account.hook_former_until = ring.seal_answer(b"old", place), NOON
    assert list(logins.hook_secrets(ring, account, now=NOON - HOUR)) == ["new", "old"]
    assert list(logins.hook_secrets(ring, account, now=NOON)) == ["new"]
