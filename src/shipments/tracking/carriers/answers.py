"""The words in which every carrier's reader speaks: what was asked, and what the answer says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

import msgspec

from shipments.errors import CarrierUnavailable, CarrierUnreadable
from shipments.tracking.milestones import Milestone, Reason

Classifier = Literal["ACT", "EST", "PLN"]


class LegAsked(msgspec.Struct, frozen=True):
    """A leg as a carrier is asked about it. Places are UN/LOCODEs such as `GNCKY`.

    `is_last`: this leg ends in the country of origin, so that its `to_place` is our own last port.
    An empty `reference` or place was not said: then nothing is refused for being another parcel's.
    `dispatched_at` tells a reused number from ours; None: not yet dispatched, nothing is refused for its age.
    `carrier_key`: the carrier's own for what it tells of this leg by itself, where it gave one.
    """

    reference_type: str
    reference: str
    mode: str
    from_place: str
    to_place: str
    dispatched_at: datetime | None
    is_last: bool
    carrier_key: str | None = None

    def __repr__(self) -> str:
        return f"LegAsked(reference_type={self.reference_type!r}, mode={self.mode!r})"


class ReadEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that a carrier said, beside what it means to us.

    `occurred_at` is aware UTC; None where the time has no zone that we know, or cannot be believed:
    `occurred_as_written` keeps what was written. `tz_known`: the carrier itself wrote an offset.
    `milestone` is None where the code is unknown, where the event moves nothing (a document; EST and PLN),
    or where its time cannot be believed. `event` is None only where the code is unknown: an alert.
    `id` is the carrier's own where it gives one, else a digest of code, time and reference; never of a text.
    `earliest`, `latest`: of a window, a day, or a time without a zone that we know, the range in which it lies.
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
    earliest: datetime | None = None
    latest: datetime | None = None


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

Unanswered = CarrierUnavailable | CarrierUnreadable
"""In the place of a leg's answer: the carrier did not say whether it knows the number. That is not "not found"."""


class Account(msgspec.Struct, frozen=True):
    """A login at a carrier, ready for use: `header` carries `secret`, which no `repr` shows.

    `secret` is whole: of an OAuth 2 login `Bearer ` and the token of the hour, of a key with its carrier's prefix.
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


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How a carrier knows its customers.

    `key`: in `header`, after `prefix`. `oauth2`: client credentials are sent to `token_path`, as Basic authorization
    (`client_in` header) or as two fields of the form (body), and the answer's token goes into `Authorization`.
    """

    kind: Literal["key", "oauth2"] = "key"
    header: str = "API-Key"
    prefix: str = ""
    token_path: str = ""
    client_in: Literal["header", "body"] = "header"


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What an account may ask, as its carrier publishes it. None: no limit. Days begin at `resets_at`, HH:MM UTC."""

    per_second: float = 5.0
    per_day: int | None = None
    per_leg_per_day: int | None = None
    resets_at: str = "00:00"


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """What an account of this carrier is like unless whoever adds it says otherwise.

    `base_url`: empty where every customer, or every line, has another. `succeeds`: the statuses of an answer to read.
    `over_quota`: those that say that the plan allows no call now. `deadline_s`: the longest a call may take.
    """

    base_url: str = ""
    login: Login = Login()
    budget: Budget = Budget()
    succeeds: frozenset[int] = frozenset({200})
    over_quota: frozenset[int] = frozenset({429})
    deadline_s: float = 20.0


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
    """What a carrier's file offers: a module of this shape, found by its name (see `carriers`).

    `name`: in commands, in the API and in the database. `known_as`: what people read. `modes` and `reference_types` say
    which legs it takes; a carrier with `polled` False is never called.
    """

    @property
    def name(self) -> str: ...
    @property
    def known_as(self) -> str: ...
    @property
    def polled(self) -> bool: ...
    @property
    def modes(self) -> frozenset[str]: ...
    @property
    def reference_types(self) -> Mapping[str, str]: ...
    @property
    def usual(self) -> Usual: ...

    def request_for(self, leg: LegAsked, account: Account, *, since: datetime | None, page: str | None) -> Call:
        """The call that asks for a leg's news since a time, or for a further page of them."""

    def read_answer(
        self, answer: bytes, leg: LegAsked, *, heard_at: datetime, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Pure: what this carrier's bytes say of a leg; never guesses.

        Raises CarrierUnreadable, or CarrierUnavailable where they say that the carrier cannot answer now.
        """


@runtime_checkable
class AsksMany(Carrier, Protocol):
    """A carrier that answers for several numbers in one call; a bad number costs its own leg only."""

    @property
    def most_per_call(self) -> int: ...

    def request_for_many(self, legs: Sequence[LegAsked], account: Account) -> Call:
        """One call about 1 to `most_per_call` legs. Raises Invalid for none or more."""

    def read_answers(
        self, answer: bytes, legs: Sequence[LegAsked], *, heard_at: datetime
    ) -> Mapping[str, Answer | Unanswered]:
        """Pure: what these bytes say of each leg, by its reference, or why they say nothing of that one.

        Raises as `read_answer` where the whole is no answer.
        """
