"""What a webhook needs: a URL that may be called, and secrets that sign, after Standard Webhooks 1.0."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from shipments.errors import Invalid
from shipments.tracking.carriers.answers import Account

SECRET = "whsec_"
SECRET_BYTES = (24, 64)


def new_secret() -> str:
    """`whsec_` and base64 of 32 random bytes."""
    return SECRET + base64.b64encode(secrets.token_bytes(32)).decode()


def secret_bytes(secret: str) -> bytes:
    """The key within `whsec_…`. Raises Invalid."""
    wrong = Invalid([("secret", f"{SECRET} and base64 of {SECRET_BYTES[0]} to {SECRET_BYTES[1]} random bytes")])
    if not secret.startswith(SECRET):
        raise wrong
    try:
        key = base64.b64decode(secret.removeprefix(SECRET), validate=True)
    except ValueError:
        raise wrong from None
    if not SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1]:
        raise wrong
    return key


def check_new_address(address: str, *, allow_private: bool) -> None:
    """Raises Invalid where a webhook's URL may not be called, or is spelt as an address that may not be."""
    from shipments.tracking.carriers.connecting import check_new_url

    try:
        line = line_to(address, allow_private=allow_private)
    except Invalid as error:
        raise Invalid([("address", "https://, a host, and perhaps a port, a path and a query")]) from error
    check_new_url("address", line.base_url, allow_private=allow_private)


def line_to(address: str, *, allow_private: bool) -> Account:
    """A webhook's URL as the safe client knows a carrier's. Raises Invalid where it may not be called."""
    from shipments.tracking.carriers.connecting import check_base_url  # loads an HTTP client: not at every start

    try:
        url = urlsplit(address)
    except ValueError:
        url = urlsplit("")
    account = Account(
        UUID(int=0), "the webhook", urlunsplit(url._replace(query="")), "", "", allow_private=allow_private
    )
    check_base_url(account)
    return account


def signed_headers(id: UUID | str, body: bytes, keys: Sequence[bytes], *, now: datetime) -> dict[str, str]:
    """The three headers; a signature with each key, so that a receiver may change its secret when it likes."""
    timestamp = str(int(now.timestamp()))
    signatures = (hmac.digest(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256) for key in keys)
    return {
        "webhook-id": str(id),
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join("v1," + base64.b64encode(one).decode() for one in signatures),
    }
