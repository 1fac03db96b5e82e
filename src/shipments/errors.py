"""Everything this software refuses, as one tree. Each error says what is, what was expected, what to do.

`api/problems.py` maps each class to an HTTP status; a test proves that the map is complete.
"""

from collections.abc import Mapping, Sequence


class ShipmentsError(Exception):
    """The root. `details` goes into the problem beside the sentence; it never holds personal data."""

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details: Mapping[str, object] = details


class NotFound(ShipmentsError):
    """No such thing, or none that this person may see: the two are told apart only in the journal. `codes`: all."""

    def __init__(self, kind: str, code: str, *others: str) -> None:
        self.codes = (code, *others)
        super().__init__(f"There is no {kind} {' or '.join(map(repr, self.codes))} that you can see. Check the code.")
        self.kind = kind
        self.code = code


class Invalid(ShipmentsError):
    """A value that cannot be right. `fields`: [{"field", "expected"}]."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            "; ".join(f"{field}: {expected}" for field, expected in fields),
            fields=[{"field": field, "expected": expected} for field, expected in fields],
        )


class WrongState(ShipmentsError):
    """A step out of order. Names the state that is and the one expected."""

    def __init__(self, message: str, *, state: str, expected: str) -> None:
        super().__init__(message, state=state, expected=expected)


class GatesOpen(ShipmentsError):
    """Dispatch is refused: `gates` lists every open gate as {"gate", "reason"}."""

    def __init__(self, gates: Sequence[Mapping[str, str]]) -> None:
        names = ", ".join(gate["gate"] for gate in gates)
        super().__init__(
            f"The batch cannot leave yet. Open gates: {names}. Close them, or override with a reason.",
            gates=list(gates),
            state="gates open",
            expected="every gate closed or overridden",
        )


class Conflict(ShipmentsError):
    """The same identity was already used for something else."""


class TooMuch(WrongState):
    """More was packed, received or handed over than there is."""


class KeyReused(ShipmentsError):
    """An idempotency key came back with another body."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used before with another request. Send a new key for a new request.")


class KeyMissing(ShipmentsError):
    """Every POST carries an Idempotency-Key, so that a retry can never act twice."""

    def __init__(self) -> None:
        super().__init__("Send an Idempotency-Key header (up to 200 visible characters), new for each request.")


class VersionMissing(ShipmentsError):
    """A change needs to say which version it changes."""

    def __init__(self) -> None:
        super().__init__("Send If-Match with the ETag you read, so that nobody's change is overwritten.")


class VersionStale(ShipmentsError):
    """Somebody else changed it first."""

    def __init__(self) -> None:
        super().__init__("It was changed since you read it. Read it again, then repeat your change.")


class NotSignedIn(ShipmentsError):
    """No valid key or session."""

    def __init__(self, message: str = "Sign in, or send a valid API key as 'Authorization: Bearer KEY'.") -> None:
        super().__init__(message)


class NotAllowed(ShipmentsError):
    """Signed in, but the role or the key's scopes do not include this."""


class TooManyAttempts(ShipmentsError):
    """A guess limit was reached."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Too many attempts. Wait {retry_after_s} seconds, then try again.")
        self.retry_after_s = retry_after_s


class SealBroken(ShipmentsError):
    """A sealed field does not open: wrong key, moved between rows, or altered."""


class Unavailable(ShipmentsError):
    """The database is busy, full, read-only or away. Nothing was stored; the same request may be repeated."""


class CarrierError(ShipmentsError):
    """A carrier did not give an answer that can be used. Costs one leg one poll.

    `by_us`: nobody was asked, since the account is stopped or paused, or its day is spent.
    """

    by_us = False


class CarrierUnreadable(CarrierError):
    """The answer is not what this carrier's interface says."""


class CarrierUnavailable(CarrierError):
    """No answer in time, a broken connection, a 5xx, or an answer which says that the carrier cannot answer now."""


class CarrierRefused(CarrierError):
    """401 or 403: the account's login is wrong or ended."""


class CarrierOverQuota(CarrierError):
    """429, or 503 with Retry-After. `retry_after_s`: what the carrier asked for, clamped; None if it did not say."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
