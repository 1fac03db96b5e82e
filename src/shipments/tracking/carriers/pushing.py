"""What a carrier's file offers, beside what `Carrier` says, where the carrier tells us by itself.

A push never replaces polling: what it lost, or was refused, the next poll brings.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import msgspec

from shipments.batches.batch import bare
from shipments.tracking.carriers.answers import Account, Answer, Call, Carrier, LegAsked

GRANTED_STATUSES = frozenset({200, 201, 202, 204})
_LONGEST_REFERENCE = 80
_LONGEST_KEY = 100


@runtime_checkable
class Pushes(Carrier, Protocol):
    """A carrier that posts messages to our hook. `accepted_status`: what it takes as "received"."""

    @property
    def accepted_status(self) -> int: ...

    def takes_secret(self, secret: str) -> bool:
        """Whether messages can prove themselves with this secret, which somebody else chose."""

    def is_genuine(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
        """Whether the message proves itself with any of these secrets. In constant time."""

    def made_at(self, body: bytes) -> datetime | None:
        """When the message says that it was made; None where it does not say. Never raises."""

    def pushed_references(self, body: bytes) -> frozenset[str]:
        """Every number that it speaks of, without what people type into it. Raises CarrierUnreadable."""

    def read_pushed(self, body: bytes, leg: LegAsked, *, heard_at: datetime) -> Answer:
        """Pure: what it says of a leg, believed as what is polled; but nobody asked, so that what names no number
        of ours is somebody else's. Raises CarrierUnreadable, never guesses."""


class Hook(msgspec.Struct, frozen=True):
    """Where a carrier shall tell us, and what it shall prove itself with there."""

    callback: str
    secret: str

    def __repr__(self) -> str:
        return f"Hook(callback={self.callback!r})"


class Subscribed(msgspec.Struct, frozen=True):
    """What became of one leg's subscription: the carrier's `key` for it, where it gives one, or why there is none."""

    key: str | None = None
    refused: str | None = None


@runtime_checkable
class Subscribes(Pushes, Protocol):
    """A carrier that must be asked to tell us, leg by leg.

    `most_per_subscription`: legs in one call. `subscription_lives`: until it must be asked again; None: for ever.
    `subscriptions_per_second`: where fewer of these calls are taken than of others. `subscribed_statuses`: of an answer
    that says what became of each leg. `subscription_is_shared`: a number is followed once, however often it is asked
    for, without a secret of ours, and polling lives of it too: by its key, where a leg has one.
    """

    @property
    def most_per_subscription(self) -> int: ...
    @property
    def subscription_lives(self) -> timedelta | None: ...
    @property
    def subscriptions_per_second(self) -> float | None: ...
    @property
    def subscribed_statuses(self) -> frozenset[int]: ...
    @property
    def subscription_is_shared(self) -> bool: ...

    def may_subscribe(self, leg: LegAsked) -> bool:
        """Whether its number is one that this carrier tells about by itself."""

    def request_to_subscribe(self, legs: Sequence[LegAsked], account: Account, hook: Hook, *, key: str | None) -> Call:
        """Asks to be told of 1 to `most_per_subscription` legs; with a `key`, to go on telling with this secret."""

    def read_subscribed(self, answer: bytes, legs: Sequence[LegAsked], *, key: str | None) -> Mapping[str, Subscribed]:
        """By reference, what became of each. Raises CarrierUnreadable."""

    def subscription_told(self, headers: Mapping[str, str]) -> str | None:
        """The key of the subscription that a message came of, where its headers say: no proof covers them."""

    def request_to_end(self, account: Account, *, key: str) -> Call | None:
        """Asks to be told no more; None where it ends by itself."""


def bare_ones(named: Sequence[str | None]) -> frozenset[str]:
    """The numbers among what a message names, bare; what can be none of ours is left out."""
    found = {bare(one) for one in named if one and one.isprintable()}
    return frozenset(one for one in found if 0 < len(one) <= _LONGEST_REFERENCE)


def subscription_said(carrier: Pushes, headers: Mapping[str, str]) -> str | None:
    """As `subscription_told`; None also where it is no key that could be kept, or the carrier is not asked to tell."""
    said = carrier.subscription_told(headers) if isinstance(carrier, Subscribes) else None
    return said if said is not None and can_be_kept(said) else None


def shares_subscriptions(carrier: Carrier) -> bool:
    """Whether what it is asked to tell of is followed once, for us and for polling alike."""
    return isinstance(carrier, Subscribes) and carrier.subscription_is_shared


def can_be_kept(key: str) -> bool:
    """Whether a carrier's key for a subscription can stand in our table, and in a path."""
    return 0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable() and key not in (".", "..")


def header_of(headers: Mapping[str, str], wanted: str) -> str:
    """A header's value, however its name is written; empty where it is missing."""
    return next((value for name, value in headers.items() if name.lower() == wanted), "")


def fits_a_header(secret: str) -> bool:
    """Whether a header's value can be this secret, which comes back without spaces around it."""
    return secret.isascii() and secret.isprintable() and secret == secret.strip()


def is_one_of(said: str, secrets: Sequence[str]) -> bool:
    """Whether a static header holds one of the secrets. Each is compared, in constant time."""
    given = said.encode("utf-8", "replace")
    matches = [hmac.compare_digest(given, secret.encode()) for secret in secrets if secret]
    return any(matches)


def is_signed_by_one_of(signature: str, body: bytes, keys: Sequence[bytes]) -> bool:
    """Whether it is the HMAC-SHA256, in hexadecimal, of the raw body under one of the keys. In constant time."""
    given = signature.lower().encode("utf-8", "replace")
    matches = [hmac.compare_digest(given, hmac.digest(key, body, "sha256").hex().encode()) for key in keys if key]
    return any(matches)
