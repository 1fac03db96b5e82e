"""The words in which every carrier's reader speaks: what was asked, and what the answer says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from shipments.tracking.milestones import Milestone, Reason

Classifier = Literal["ACT", "EST", "PLN"]


class LegAsked(msgspec.Struct, frozen=True):
    """A leg as a carrier is asked about it. Places are UN/LOCODEs such as `GNCKY`.

    `is_last`: this leg ends in the country of origin, so that its `to_place` is our own last port.
    An empty `reference` or place was not said: then nothing is refused for being another parcel's.
    `dispatched_at` tells a reused number from ours; None: not yet dispatched, nothing is refused for its age.
    """

    reference_type: str
    reference: str
    mode: str
    from_place: str
    to_place: str
    dispatched_at: datetime | None
    is_last: bool


class ReadEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that a carrier said, beside what it means to us.

    `occurred_at` is aware UTC; None where the time has no zone that we know, or cannot be believed:
    `occurred_as_written` keeps what was written. `tz_known`: the carrier itself wrote an offset.
    `milestone` is None where the code is unknown, where the event moves nothing (a document; EST and PLN),
    or where its time cannot be believed. `event` is None only where the code is unknown: an alert.
    `id` is the carrier's own where it gives one, else a digest of code, time and reference; never of a text.
    """

    id: str
    occurred_at: datetime | None
    occurred_as_written: str
    tz_known: bool
    classifier: Classifier
    milestone: Milestone | None
    event: str | None
    reason: Reason | None
    raw_code: str
    raw_text: str
    place: str | None
    unlocode: str | None
    created_at: datetime | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer, or all its pages together, says.

    `expected_*`: the arrival at the leg's `to_place` as now estimated, None where this answer does not say.
    `problems` name every part that was not believed, in words that hold no reference and no secret.
    `next_page`: there is more, opaque, to be given back to the same carrier. While it is set, the time of the
    newest news must not be moved forward, or the rest is never asked for.
    `ignored` counts parts that are in order but not ours to record: repetitions and EMPTY equipment.
    """

    found: bool
    events: tuple[ReadEvent, ...] = ()
    expected_from: datetime | None = None
    expected_to: datetime | None = None
    problems: tuple[str, ...] = ()
    next_page: str | None = None
    ignored: int = 0


NOT_FOUND = Answer(found=False)


class Account(msgspec.Struct, frozen=True):
    """A login at a carrier. `header` carries the secret, which no `repr` shows.

    `allow_private`: its host may be on loopback or a private network, and speak plain HTTP on loopback: the
    practice carrier. Every other account is called over HTTPS at public addresses only.
    """

    id: UUID
    carrier: str
    base_url: str
    header: str = "API-Key"
    secret: str = ""
    allow_private: bool = False

    def __repr__(self) -> str:
        return f"Account(id={self.id!r}, carrier={self.carrier!r}, secret=hidden)"


class Call(msgspec.Struct, frozen=True):
    """One request to make: below the account's `base_url`, never elsewhere. Its headers hold the secret.

    `json`: the body of a POST, already encoded. It holds references.
    """

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    method: str = "GET"
    json: bytes | None = None

    def __repr__(self) -> str:
        return f"Call(method={self.method!r})"  # some carriers want the reference in the path


class Carrier(Protocol):
    """What a carrier's file offers: a module of this shape, entered in `CARRIERS`.

    `modes` and `reference_types` say which legs it takes; a carrier with `polled` False is never called.
    """

    @property
    def name(self) -> str: ...
    @property
    def polled(self) -> bool: ...
    @property
    def modes(self) -> frozenset[str]: ...
    @property
    def reference_types(self) -> Mapping[str, str]: ...

    def request_for(self, leg: LegAsked, account: Account, *, since: datetime | None, page: str | None) -> Call:
        """The call that asks for a leg's news since a time, or for a further page of them."""

    def read_answer(
        self, answer: bytes, leg: LegAsked, *, heard_at: datetime, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Pure: what this carrier's bytes say of a leg. Raises CarrierUnreadable, never guesses."""
