"""What is said when an account is made or changed, and what its carrier's usual terms make of the rest."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from shipments.errors import Invalid
from shipments.tracking.accounts.account import CarrierAccount, ClientIn, LoginKind
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Budget, Usual
from shipments.tracking.carriers.connecting import check_new_url

_LONGEST_NAME = 32
AccountName = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=_LONGEST_NAME, description="An account's name.", examples=["dhl-utrecht"]),
]
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{_LONGEST_NAME - 1}}}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
_SCOPE = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
_SECRET = re.compile(r"[\x20-\x7e]{1,4000}")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_TAKEN_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""They say how a call is sent, and to whom: a key in one of them would change that."""
MOST_PER_SECOND, MOST_PER_DAY = 1_000.0, 10_000_000


class AccountAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A login with a carrier. What is left empty is as this carrier's usually are.

    `office`: the code of the one whose legs it serves; None: every office's. `secret`: a key, or with `client_id` the
    secret of an OAuth 2 client. `per_*`: the most calls of all workers together. `resets_at`: HH:MM, UTC.
    """

    carrier: str
    name: str = ""
    office: str | None = None
    base_url: str = ""
    login: LoginKind | None = None
    header: str = ""
    client_in: ClientIn | None = None
    token_url: str = ""
    scope: str = ""
    client_id: str = ""
    secret: str = ""
    allow_private: bool = False
    per_second: float | None = None
    per_day: int | None = None
    per_leg_per_day: int | None = None
    resets_at: str = ""

    def __repr__(self) -> str:
        return f"AccountAsked(carrier={self.carrier!r}, name={self.name!r})"


class AccountChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; the rest stays. A `secret` of OAuth 2 comes with its `client_id`."""

    carrier: str | UnsetType = UNSET
    office: str | UnsetType | None = UNSET
    base_url: str | UnsetType = UNSET
    login: LoginKind | UnsetType = UNSET
    header: str | UnsetType = UNSET
    client_in: ClientIn | UnsetType = UNSET
    token_url: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    allow_private: bool | UnsetType = UNSET
    per_second: float | UnsetType = UNSET
    per_day: int | UnsetType = UNSET
    per_leg_per_day: int | UnsetType = UNSET
    resets_at: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return "AccountChanged(hidden)"


def changed(account: CarrierAccount, office: str | None, change: AccountChanged) -> AccountAsked:
    """The account as it is, but for the change. With another carrier or kind of login, its usual terms come along."""
    said = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    # Any: each has the type of its field, being a column of the same name
    before: dict[str, Any] = {"carrier": account.carrier, "name": account.name, "office": office}
    if said.get("carrier", account.carrier) == account.carrier:
        before |= {name: getattr(account, name) for name in _KEPT} | {"resets_at": _written(account.resets_at_minute)}
        if "login" in said:
            before |= {"header": "", "client_in": None}
        if account.token_url == _usual_token_url(usual_of(account.carrier), account.base_url):
            before["token_url"] = ""  # it moves with the address
    return AccountAsked(**{**before, **said})


def filled(asked: AccountAsked) -> AccountAsked:
    """With the carrier's usual terms in each gap. Raises Invalid, naming everything that is wrong."""
    usual = usual_of(asked.carrier)
    login = asked.login or LoginKind(usual.login.kind)
    client = login is LoginKind.OAUTH2
    base_url = asked.base_url or usual.base_url
    budget = usual.budget
    full = msgspec.structs.replace(
        asked,
        name=asked.name or asked.carrier,
        base_url=base_url,
        login=login,
        header="Authorization" if client else asked.header or usual.login.header,
        client_in=asked.client_in or ClientIn(usual.login.client_in),
        token_url=(asked.token_url or _usual_token_url(usual, base_url)) if client else "",
        per_second=budget.per_second if asked.per_second is None else asked.per_second,
        per_day=budget.per_day if asked.per_day is None else asked.per_day,
        per_leg_per_day=budget.per_leg_per_day if asked.per_leg_per_day is None else asked.per_leg_per_day,
        resets_at=asked.resets_at or budget.resets_at,
    )
    _refuse_unfit(full)
    return full


def columns_of(full: AccountAsked) -> Mapping[str, Any]:  # Any: as the columns are
    """The columns of an account that has been `filled`, but for its office and its secret."""
    return {
        **{name: getattr(full, name) for name in ("carrier", "name", *_KEPT)},
        "resets_at_minute": int(full.resets_at[:2]) * 60 + int(full.resets_at[3:]),
    }


def check_secret(full: AccountAsked) -> None:
    """Raises Invalid where the secret, or for OAuth 2 its client's id, is missing or is more than one line of ASCII."""
    client = full.login is LoginKind.OAUTH2
    wrong = []
    if client and not _SECRET.fullmatch(full.client_id):
        wrong.append(("client_id", "the client id that the carrier gave you, on one line"))
    if not _SECRET.fullmatch(full.secret):
        wrong.append(("secret", f"the {'client secret' if client else 'key'} that the carrier gave you, on one line"))
    if wrong:
        raise Invalid(wrong)


def beyond_usual(account: CarrierAccount) -> list[str]:
    """Where its budget is above what its carrier usually allows, in words: right only for whoever has such a plan."""
    usual = usual_of(account.carrier).budget
    pairs = (
        ("calls a second", account.per_second, usual.per_second if usual != Budget() else None),
        ("calls a day", account.per_day, usual.per_day),
        ("calls a day about one leg", account.per_leg_per_day, usual.per_leg_per_day),
    )
    return [
        f"{ours:g} {what}; {account.carrier} usually allows {theirs:g}"
        for what, ours, theirs in pairs
        if theirs is not None and ours is not None and ours > theirs
    ]


def usual_of(carrier: str) -> Usual:
    """What accounts of this carrier are like. Raises Invalid where there is none that is asked by itself."""
    found = CARRIERS.get(carrier)
    if found is None or not found.polled:
        raise Invalid([("carrier", f"one of {', '.join(name for name, one in CARRIERS.items() if one.polled)}")])
    return found.usual


_KEPT = (
    "base_url", "login", "header", "client_in", "token_url", "scope", "allow_private",
    "per_second", "per_day", "per_leg_per_day",
)  # fmt: skip


def _usual_token_url(usual: Usual, base_url: str) -> str:
    return base_url.rstrip("/") + usual.login.token_path if usual.login.token_path else ""


def _written(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _fits_a_key(header: str) -> bool:
    return _HEADER.fullmatch(header) is not None and header.lower() not in _TAKEN_HEADERS


def _refuse_unfit(full: AccountAsked) -> None:
    assert full.per_second is not None
    days = {"per_day": full.per_day, "per_leg_per_day": full.per_leg_per_day}
    rules = [
        (
            "name",
            _NAME.fullmatch(full.name),
            "1 to 32 Latin letters, digits and - _ . beginning with a letter or digit",
        ),
        ("header", _fits_a_key(full.header), "the name of a header of the carrier's own, e.g. API-Key"),
        (
            "scope",
            not full.scope or (len(full.scope) <= 300 and _SCOPE.fullmatch(full.scope)),
            "words, a space between",
        ),
        ("per_second", 0.001 <= full.per_second <= MOST_PER_SECOND, f"a number from 0.001 to {MOST_PER_SECOND:g}"),
        *((name, most is None or 1 <= most <= MOST_PER_DAY, f"1 to {MOST_PER_DAY}") for name, most in days.items()),
        ("resets_at", _HOUR.fullmatch(full.resets_at), "a time of the day in UTC, e.g. 00:00"),
        *((name, len(getattr(full, name)) <= 300, "at most 300 characters") for name in ("base_url", "token_url")),
    ]
    if wrong := [(field, expected) for field, fits, expected in rules if not fits]:
        raise Invalid(wrong)
    if not full.base_url:
        raise Invalid([("base_url", f"the address of the interface: {full.carrier} has none of its own")])
    check_new_url("base_url", full.base_url, allow_private=full.allow_private)
    if full.login is LoginKind.OAUTH2:
        if not full.token_url:
            raise Invalid([("token_url", f"where tokens are given: {full.carrier} has no place of its own for it")])
        check_new_url("token_url", full.token_url, allow_private=full.allow_private)
