"""Ends calls in the ledger; those that were not made give their place in the day back."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from shipments.errors import CarrierError, CarrierOverQuota, CarrierRefused, CarrierUnavailable, CarrierUnreadable
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.budgets import Reserved, day_start, give_back, uncount_legs
from shipments.tracking.calls.call import Outcome
from shipments.tracking.calls.ledger import CallEnded, close_calls, open_among
from shipments.tracking.carriers.asking import KEY_UNKNOWN, Said
from shipments.tracking.polling.result import Result

OUTCOMES: Mapping[type[CarrierError], Outcome] = {
    CarrierOverQuota: Outcome.OVER_QUOTA,
    CarrierRefused: Outcome.REFUSED,
    CarrierUnavailable: Outcome.UNAVAILABLE,
    CarrierUnreadable: Outcome.UNREADABLE,
}


def end_calls(
    session: Session,
    results: Sequence[Result],
    accounts: Mapping[UUID, CarrierAccount],
    news: Mapping[UUID, int],
    *,
    now: datetime,
) -> None:
    """`accounts`: locked, all that have a call which was not made. `news`: leg → how many new events."""
    unmade = [one for one in results if one.unmade]
    still_open = open_among(session, [place.call_id for one in unmade for place in _places(one)])
    for one in unmade:
        _give_back(session, one, accounts[one.claim.account.id], still_open)
    close_calls(session, [ended for one in results for ended in _ended(one, news)], now=now)


def _places(result: Result) -> list[Reserved]:
    return [Reserved(result.claim.call_id, result.claim.call_at), *result.pages]


def _give_back(session: Session, result: Result, account: CarrierAccount, still_open: Set[UUID]) -> None:
    legs = [leg.leg_id for leg in result.claim.legs]
    for place in _places(result)[len(result.wires) :]:
        if place.call_id in still_open:
            give_back(account, place.at)
            uncount_legs(session, account, legs, day_start(account, place.at))


def _ended(result: Result, news: Mapping[UUID, int]) -> Iterable[CallEnded]:
    """What is new counts for the first call that told anything, so that sums are right; an error for the one it met."""
    found = sum(news.get(leg.leg_id, 0) for leg in result.claim.legs)
    met = len(result.wires) - 1
    told = next((index for index, wire in enumerate(result.wires) if wire.status != KEY_UNKNOWN), 0)
    for index, place in enumerate(_places(result)):
        if index > met:
            yield CallEnded(place.call_id, Outcome.NOT_MADE)
            continue
        wire = result.wires[index]
        outcome = _outcome(result, found) if index == met or result.is_answered else Outcome.NOTHING_NEW
        if index < told:
            outcome = Outcome.NOT_FOUND
        new = found if index == told else 0
        yield CallEnded(place.call_id, outcome, wire.status, wire.size, wire.duration_ms, new)


def _outcome(result: Result, found: int) -> Outcome:
    """Of a call in which some legs were answered for, what the others met shows only where nothing was found."""
    if result.outcome is None:
        return Outcome.NOT_MADE
    if found:
        return Outcome.NEWS
    if any(map(_is_found, result.said.values())):
        return Outcome.NOTHING_NEW
    error = result.error or next(iter(result.errors.values()), None)
    return OUTCOMES[type(error)] if error is not None else Outcome.NOT_FOUND


def _is_found(said: Said) -> bool:
    return said.answer is None or said.answer.found
