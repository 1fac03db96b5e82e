"""Who may ask: keys that are given once, and tokens that end or are revoked."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_urlsafe
from urllib.parse import parse_qsl

CLIENT = "practice"
TOKEN_S = 3_599


class Logins:
    """One customer: a key, and a client whose secret is the same key. `token_s`: how long a token lives."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.token_s = TOKEN_S
        self._until: dict[str, tuple[str, datetime]] = {}

    def issue(self, interface: str, now: datetime) -> str:
        """A new token for one interface."""
        token = token_urlsafe(24)
        self._until[token] = (interface, now + timedelta(seconds=self.token_s))
        return token

    def holds(self, authorization: str, interface: str, now: datetime) -> bool:
        """Whether `Bearer …` holds a token of this interface that has neither ended nor been revoked."""
        known = self._until.get(authorization.removeprefix("Bearer "))
        return known is not None and known[0] == interface and now < known[1]

    def revoke(self) -> int:
        """No token is good any longer; how many were."""
        revoked = len(self._until)
        self._until.clear()
        return revoked

    def is_basic(self, authorization: str) -> bool:
        """Whether `Basic …` holds the client and its secret."""
        kind, _, told = authorization.partition(" ")
        try:
            return kind == "Basic" and b64decode(told, validate=True).decode() == f"{CLIENT}:{self.key}"
        except ValueError:
            return False

    def is_client(self, form: Mapping[str, str]) -> bool:
        """Whether a form holds them."""
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, self.key)


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a form; none where it is none."""
    return dict(parse_qsl(body.decode("utf-8", "replace")))
