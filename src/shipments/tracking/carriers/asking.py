"""Asking a carrier about one leg, or about several in one call, within a deadline.

The caller holds no transaction meanwhile, and has taken the first call from the account's budget.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import httpx
import msgspec

from shipments.errors import CarrierUnavailable
from shipments.tracking.carriers.answers import NOT_FOUND, Account, Answer, AsksMany, Carrier, LegAsked, Unanswered
from shipments.tracking.carriers.believing import together
from shipments.tracking.carriers.fetching import MOST_BYTES, Fetched, Wire, fetch
from shipments.tracking.carriers.pushing import shares_subscriptions

MOST_PAGES = 20
KEY_UNKNOWN = 404
NOT_NAMED = Answer(found=False, problems=("the answer does not name this number",))

Permit = Callable[[], Awaitable[bool]]


async def always() -> bool:
    """A permit for whoever has no budget to keep."""
    return True


class Said(msgspec.Struct, frozen=True):
    """What a carrier said of one leg. `answer` None: the same bytes as last time.

    `digest`: to know the same answer by next time; None where it left doubts, found nothing or has several pages.
    `key_unknown`: the carrier's own key for what it tells of this leg means nothing to it any more.
    """

    answer: Answer | None
    digest: bytes | None = None
    key_unknown: bool = False


async def ask(
    client: httpx.AsyncClient,
    carrier: Carrier,
    account: Account,
    leg: LegAsked,
    *,
    since: datetime | None,
    heard_at: datetime,
    known: bytes | None = None,
    permit: Permit = always,
    wires: list[Wire] | None = None,
    deadline_s: float | None = None,
    most_bytes: int = MOST_BYTES,
) -> Said:
    """All pages of a leg's news since a time, as one answer; `deadline_s`, else the carrier's, is for all of them.

    `known`: the digest of the last answer; the same again is not read. `wires` grows by one for each call made.
    `permit` is awaited before every call after the first, so that pages count against the budget; where it
    refuses, the answer comes with `next_page` set. A page that fails fails the whole: half an answer would
    move `since` beyond what was never read. A leg whose key the carrier does not know is asked for without it.

    Raises as `fetch`.
    """
    deadline_s = carrier.usual.deadline_s if deadline_s is None else deadline_s
    wires = [] if wires is None else wires
    try:
        async with asyncio.timeout(deadline_s) as deadline:
            asking = _Asking(client, carrier, account, since, heard_at, known, permit, wires, most_bytes, deadline)
            return await _by_key_or_without(asking, leg)
    except TimeoutError as error:
        raise _too_slow(carrier, deadline_s) from error


class _Asking(NamedTuple):
    """How one leg is asked about; as in `ask`."""

    client: httpx.AsyncClient
    carrier: Carrier
    account: Account
    since: datetime | None
    heard_at: datetime
    known: bytes | None
    permit: Permit
    wires: list[Wire]
    most_bytes: int
    deadline: asyncio.Timeout


async def _by_key_or_without(asking: _Asking, leg: LegAsked) -> Said:
    if leg.carrier_key is None or not shares_subscriptions(asking.carrier):
        return await _pages(asking, leg)
    said = await _pages(asking, leg)
    if asking.wires[-1].status != KEY_UNKNOWN:
        return said
    if await _permitted(asking.permit, asking.deadline):
        said = await _pages(asking, msgspec.structs.replace(leg, carrier_key=None))
    return msgspec.structs.replace(said, key_unknown=True)


async def _pages(asking: _Asking, leg: LegAsked) -> Said:
    carrier, since, heard_at = asking.carrier, asking.since, asking.heard_at
    pages: list[Answer] = []
    page: str | None = None
    digest = None
    while not pages or (page and len(pages) < MOST_PAGES and await _permitted(asking.permit, asking.deadline)):
        call = carrier.request_for(leg, asking.account, since=since, page=page)
        asking.wires.append(wire := Wire())
        heard = await fetch(
            asking.client,
            asking.account,
            call,
            heard_at=heard_at,
            wire=wire,
            succeeds=carrier.usual.succeeds,
            over_quota=carrier.usual.over_quota,
            most_bytes=asking.most_bytes,
        )
        digest = None if pages else _digest(heard, leg, since)
        if digest is not None and digest == asking.known:
            return Said(None, digest)
        pages.append(_read(carrier, heard, leg, since, heard_at))
        page = pages[-1].next_page
    answer = together(pages, leg.to_place)
    return Said(answer, digest if answer.found and not answer.problems and answer.next_page is None else None)


async def ask_many(
    client: httpx.AsyncClient,
    carrier: AsksMany,
    account: Account,
    legs: Sequence[LegAsked],
    *,
    heard_at: datetime,
    wires: list[Wire] | None = None,
    deadline_s: float | None = None,
    most_bytes: int = MOST_BYTES,
) -> Mapping[str, Answer | Unanswered]:
    """One call about several legs of different references: what it says of each, by its reference.

    Where the carrier failed for a leg, its error stands in the place of its answer, and costs no other. A leg that the
    answer does not name was not found. Raises as `fetch`.
    """
    deadline_s = carrier.usual.deadline_s if deadline_s is None else deadline_s
    wire = Wire()
    if wires is not None:
        wires.append(wire)
    try:
        async with asyncio.timeout(deadline_s):
            heard = await fetch(
                client,
                account,
                carrier.request_for_many(legs, account),
                heard_at=heard_at,
                wire=wire,
                succeeds=carrier.usual.succeeds,
                over_quota=carrier.usual.over_quota,
                most_bytes=most_bytes,
            )
    except TimeoutError as error:
        raise _too_slow(carrier, deadline_s) from error
    if not heard.found:
        return {leg.reference: _of_404(heard) for leg in legs}
    answers = carrier.read_answers(heard.body, legs, heard_at=heard_at)
    return {leg.reference: answers.get(leg.reference, NOT_NAMED) for leg in legs}


def _too_slow(carrier: Carrier, deadline_s: float) -> CarrierUnavailable:
    return CarrierUnavailable(f"{carrier.known_as} did not answer within {deadline_s:g} seconds.")


async def _permitted(permit: Permit, deadline: asyncio.Timeout) -> bool:
    """Waiting for the budget is our doing, not the carrier's: the deadline stands still meanwhile."""
    now = asyncio.get_running_loop().time
    left = (deadline.when() or now()) - now()
    deadline.reschedule(None)
    granted = await permit()
    deadline.reschedule(now() + left)
    return granted


def _digest(heard: Fetched, leg: LegAsked, since: datetime | None) -> bytes | None:
    """Of all that the reading depends on: the answer, whether there is more of it, and what was asked."""
    if not heard.found:
        return None
    asked = msgspec.msgpack.encode((leg, since is None, heard.headers.get("Next-Page")))
    digest = blake2b(asked, digest_size=16)
    digest.update(heard.body)
    return digest.digest()


def _read(carrier: Carrier, heard: Fetched, leg: LegAsked, since: datetime | None, heard_at: datetime) -> Answer:
    if not heard.found:
        return _of_404(heard)
    answer = carrier.read_answer(heard.body, leg, heard_at=heard_at, headers=heard.headers)
    # An empty list is "not found" only where everything was asked for.
    return answer if since is None else msgspec.structs.replace(answer, found=True)


def _of_404(heard: Fetched) -> Answer:
    if "json" in heard.headers.get("Content-Type", ""):
        return NOT_FOUND
    return Answer(found=False, problems=("the 404 is not the carrier's own: check the account's address",))
