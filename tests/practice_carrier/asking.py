"""Asking the practice carrier with our own requests, and reading it with our own readers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import msgspec

from api.practice_carrier import Practice
from shipments.tracking.carriers import CARRIERS, ship24
from shipments.tracking.carriers.answers import Account, Answer, Call, LegAsked
from shipments.tracking.milestones import Milestone

START = datetime(2026, 3, 1, tzinfo=UTC)
PARCELS = ("dhl", "ups", "fedex", "ship24")
NUMBER = "1Z999AA10123450001"
WITH_TOKEN = ("ups", "fedex")


def forget_all(practice: Practice, *, at: datetime, days: float) -> None:
    """A clean state, so many days later."""
    practice.clock.set(at + timedelta(days=days), 86_400)
    practice.faults.clear()
    practice.limits.clear()
    practice.subscriptions.clear()
    practice.trackers.clear()
    practice.calls.clear()
    practice.logins.token_s = 3_599


def a_leg(reference: str = NUMBER, *, dispatched_at: datetime = START) -> LegAsked:
    """A courier's parcel from Amsterdam to Conakry, where its journey ends."""
    return LegAsked("tracking_number", reference, "courier", "NLAMS", "GNCKY", dispatched_at, True)


def an_account(practice: Practice, carrier: str) -> Account:
    """A login, with a token already where there is one to have."""
    usual = CARRIERS[carrier].usual.login
    if carrier in WITH_TOKEN:
        secret = f"Bearer {practice.logins.issue(carrier, practice.clock.now())}"
        return Account(UUID(int=1), carrier, "", "Authorization", secret)
    return Account(UUID(int=1), carrier, "", usual.header, f"{usual.prefix}{practice.logins.key}")


def send(client: httpx.Client, call: Call) -> httpx.Response:
    """The wire, and nothing of ours in between."""
    headers = dict(call.headers)
    if call.json is not None:
        headers["Content-Type"] = "application/json"
    return client.request(call.method, call.path, params=dict(call.params), headers=headers, content=call.json)


def creation_of(references: Sequence[str], account: Account) -> Call:
    """Ship24's trackers for many numbers at once, of which nothing else is said."""
    headers, body = {account.header: account.secret}, [{"trackingNumber": one} for one in references]
    return Call("/public/v1/trackers/bulk", {}, headers, "POST", msgspec.json.encode(body))


def results_of(tracker: str, account: Account) -> Call:
    """Ship24's tracker by its id."""
    return Call(f"/public/v1/trackers/{tracker}/results", {}, {account.header: account.secret})


def end_of(tracker: str, account: Account) -> Call:
    """Ship24's tracker, to be followed no more."""
    call = ship24.request_to_end(account, key=tracker)
    assert call is not None
    return call


def asked(client: httpx.Client, practice: Practice, carrier: str, leg: LegAsked | None = None) -> httpx.Response:
    """One leg's answer as it stands on the wire."""
    call = CARRIERS[carrier].request_for(leg or a_leg(), an_account(practice, carrier), since=None, page=None)
    return send(client, call)


def read(practice: Practice, carrier: str, response: httpx.Response, leg: LegAsked | None = None) -> Answer:
    """What our reader makes of it."""
    heard_at = practice.clock.now()
    return CARRIERS[carrier].read_answer(
        response.content, leg or a_leg(), heard_at=heard_at, headers=dict(response.headers)
    )


def milestones(answer: Answer) -> Sequence[Milestone | None]:
    """In the order in which they happened, by the times as written: not every one has a zone."""
    told = [event for event in answer.events if event.classifier == "ACT"]
    return [event.milestone for event in sorted(told, key=lambda event: event.occurred_as_written[:16])]


def booked(practice: Practice, carriers: Sequence[str] = PARCELS, **more: object) -> Mapping[str, str]:
    """A parcel of the same number with each carrier; `more` as in `Shipped`."""
    for carrier in carriers:
        practice.ship(carrier, NUMBER, **{"started_at": START, **more})
    return dict.fromkeys(carriers, NUMBER)
