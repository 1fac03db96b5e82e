"""What an account's sealed secrets open to: a login ready for use, a client that may have tokens, push secrets."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from shipments.errors import SealBroken
from shipments.sealing import KeyRing
from shipments.tracking.accounts.account import CarrierAccount, LoginKind
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Account
from shipments.tracking.carriers.tokens import ClientLogin, Token

ENDS_SOON = timedelta(minutes=1)


class Client(msgspec.Struct, frozen=True):
    """The two halves of an OAuth 2 login, as they are sealed."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return "Client(hidden)"


def open_account(ring: KeyRing, account: CarrierAccount, *, now: datetime) -> Account:
    """Ready for use; `secret` is empty where an OAuth 2 token is missing or ends within a minute. Raises SealBroken."""
    return _opened(account, _secret(ring, account, now + ENDS_SOON))


def open_while_valid(ring: KeyRing, account: CarrierAccount, *, now: datetime) -> Account:
    """As `open_account`, and a token serves to its end: for whoever waits until another worker has a new one."""
    return _opened(account, _secret(ring, account, now))


def unopened(account: CarrierAccount) -> Account:
    """Where it is called and as what, without its secret."""
    return _opened(account, "")


def held_token(ring: KeyRing, account: CarrierAccount) -> str | None:
    """The token that is kept, as an account's whole secret, ended or not. One that does not open is as good as none."""
    if account.token_sealed is None:
        return None
    try:
        return "Bearer " + ring.open_answer(account.token_sealed, _token_place(account)).decode()
    except SealBroken:
        return None


def open_client_login(ring: KeyRing, account: CarrierAccount) -> ClientLogin:
    """What a token is asked for with. Raises SealBroken."""
    try:
        client = msgspec.json.decode(ring.open_answer(account.secret_sealed, _place(account)), type=Client)
    except msgspec.MsgspecError:
        raise SealBroken(f"The account {account.name} holds no client id and secret. Renew it.") from None
    return ClientLogin(
        carrier=account.carrier,
        url=account.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
        scope=account.scope,
        sent_in=account.client_in.value,
        allow_private=account.allow_private,
    )


def seal_secret(ring: KeyRing, account: CarrierAccount, *, secret: str, client_id: str) -> None:
    """Keeps a key, or a client's two halves; a token that was had with the former ones is forgotten."""
    client = account.login is LoginKind.OAUTH2
    plain = msgspec.json.encode(Client(client_id, secret)) if client else secret.encode()
    account.secret_sealed = ring.seal_answer(plain, _place(account))
    forget_token(account)


def keep_token(ring: KeyRing, account: CarrierAccount, token: Token) -> None:
    """Sealed in its account's row, for every worker; the lease of whoever fetched it ends."""
    account.token_sealed = ring.seal_answer(token.secret.encode(), _token_place(account))
    account.token_until, account.token_leased_until = token.until, None


def forget_token(account: CarrierAccount) -> None:
    """The next worker fetches a new one."""
    account.token_sealed = account.token_until = account.token_leased_until = None


def hook_secrets(ring: KeyRing, account: CarrierAccount, *, now: datetime) -> Sequence[str]:
    """What a push may prove itself with now: the current secret and, for a day, the one before it. Raises SealBroken.

    A former one that does not open is none any more.
    """
    if account.hook_secret_sealed is None:
        return []
    secrets = [ring.open_answer(account.hook_secret_sealed, hook_place(account)).decode()]
    if account.hook_former_sealed is not None and former_serves(account, now=now):
        with suppress(SealBroken):
            secrets.append(ring.open_answer(account.hook_former_sealed, hook_place(account)).decode())
    return secrets


def former_serves(account: CarrierAccount, *, now: datetime) -> bool:
    """Whether a push may still prove itself with the secret before the current one."""
    return account.hook_former_until is not None and now < account.hook_former_until


def hook_place(account: CarrierAccount) -> str:
    """What a push secret is sealed for."""
    return f"carrier_hook:{account.id}"


def _opened(account: CarrierAccount, secret: str) -> Account:
    return Account(
        id=account.id,
        carrier=account.carrier,
        base_url=account.base_url,
        header=account.header,
        secret=secret,
        allow_private=account.allow_private,
    )


def _secret(ring: KeyRing, account: CarrierAccount, valid_at: datetime) -> str:
    if account.login is LoginKind.KEY:
        return _prefix(account) + ring.open_answer(account.secret_sealed, _place(account)).decode()
    if account.token_until is None or account.token_until <= valid_at:
        return ""
    return held_token(ring, account) or ""


def _prefix(account: CarrierAccount) -> str:
    """The carrier's own, in the carrier's own header; a line that wants another header gets what was typed."""
    carrier = CARRIERS.get(account.carrier)
    login = carrier.usual.login if carrier else None
    return login.prefix if login and account.header.lower() == login.header.lower() else ""


def _place(account: CarrierAccount) -> str:
    return f"carrier_account:{account.id}"


def _token_place(account: CarrierAccount) -> str:
    return f"carrier_token:{account.id}"
