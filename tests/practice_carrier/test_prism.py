"""The practice carrier against DCSA's own specification: nothing it says may carry a violation.

Prism stands between as a proxy and marks every answer that the specification does not allow.
"""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from api.practice_carrier import Practice, practice_carrier
from api.practice_carrier.voyages import VOYAGES
from shipments.tracking.carriers import dcsa
from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.carriers.pushing import Hook
from tests.practice_carrier.asking import START, an_account, send
from tests.practice_carrier.proxying import needs, prisms

SPECIFICATION = "dcsa/TNT_v2.2.0-resolved.yaml"

pytestmark = needs(SPECIFICATION)


@pytest.fixture(scope="module")
def proxied() -> Iterator[tuple[httpx.Client, Practice]]:
    """A client that reaches the practice carrier through prism, and the carrier's state."""
    with (
        practice_carrier(api_key="practice") as carrier,
        prisms((SPECIFICATION, carrier.url)) as (url,),
        httpx.Client(base_url=url, headers={"API-Key": "practice"}, trust_env=False, timeout=20) as client,
    ):
        yield client, carrier.practice


def test_no_answer_of_any_voyage_on_any_day_violates_the_specification(
    proxied: tuple[httpx.Client, Practice],
) -> None:
    client, practice = proxied
    for voyage in VOYAGES:
        practice.book(f"PRB{voyage}", "NLRTM", "GNCKY", voyage=voyage, started_at=START)
        for day in (-1, 0.3, 4, 12, 21, 40):
            practice.clock.set(START + timedelta(days=day), 86_400)
            answer = client.get("/v2/events", params={"carrierBookingReference": f"PRB{voyage}"})
            assert (answer.status_code, answer.headers.get("sl-violations")) == (200, None), voyage


def test_no_page_and_no_news_since_a_time_violates_the_specification(proxied: tuple[httpx.Client, Practice]) -> None:
    client, practice = proxied
    practice.clock.set(START + timedelta(days=40), 86_400)
    shipment = practice.book("PRBpages", "NLRTM", "BRSSZ", started_at=START)
    pages = 0
    query = {"equipmentReference": shipment.container, "limit": "4", "eventCreatedDateTime:gte": "2026-03-05T00:00:00Z"}
    while True:
        answer = client.get("/v2/events", params=query)
        assert (answer.status_code, answer.headers.get("sl-violations")) == (200, None)
        pages += 1
        if "Next-Page" not in answer.headers:
            break
        query["cursor"] = answer.headers["Next-Page"]
    assert pages > 2


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("unauthorised", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("over_quota", 429),
        ("broken", 500),
        ("busy", 503),
    ],
)
def test_no_refusal_violates_the_specification(proxied: tuple[httpx.Client, Practice], fault: str, status: int) -> None:
    client, practice = proxied
    practice.book("PRBrefused", "NLRTM", "GNCKY", started_at=START)
    practice.fault(fault, times=1, retry_after="5")
    answer = client.get("/v2/events", params={"carrierBookingReference": "PRBrefused"})
    assert (answer.status_code, answer.headers.get("sl-violations")) == (status, None)


def test_prism_does_see_a_violation(proxied: tuple[httpx.Client, Practice]) -> None:
    client, practice = proxied
    practice.clock.set(START + timedelta(days=40), 86_400)
    practice.book("PRBwrong", "NLRTM", "GNCKY", started_at=START)
    practice.fault("wrong_types", times=1)
    answer = client.get("/v2/events", params={"carrierBookingReference": "PRBwrong"})
    assert "sl-violations" in answer.headers


def test_our_own_questions_are_what_the_specification_allows(proxied: tuple[httpx.Client, Practice]) -> None:
    client, practice = proxied
    practice.book("PRBours", "NLRTM", "GNCKY", started_at=START)
    account = an_account(practice, "dcsa")
    for kind in dcsa.reference_types:
        leg = LegAsked(kind, "PRBours", "sea", "NLRTM", "GNCKY", START, True)
        for since in (None, START + timedelta(days=3)):
            answer = send(client, dcsa.request_for(leg, account, since=since, page=None))
            assert (answer.status_code, answer.headers.get("sl-violations")) == (200, None), kind


def test_our_own_subscriptions_are_what_the_specification_allows(proxied: tuple[httpx.Client, Practice]) -> None:
    client, practice = proxied
    practice.book("PRBtold", "NLRTM", "GNCKY", started_at=START)
    account, hook = an_account(practice, "dcsa"), Hook("http://127.0.0.1:9/hook", "c2VjcmV0" * 6)
    leg = LegAsked("booking", "PRBtold", "sea", "NLRTM", "GNCKY", START, True)
    made = send(client, dcsa.request_to_subscribe([leg], account, hook, key=None))
    assert (made.status_code, made.headers.get("sl-violations")) == (201, None)
    key = made.json()["subscriptionID"]
    renewed = send(client, dcsa.request_to_subscribe([leg], account, hook, key=key))
    shown = client.get("/v2/event-subscriptions")
    end = dcsa.request_to_end(account, key=key)
    assert end is not None
    for answer, status in ((renewed, 204), (shown, 200), (send(client, end), 204)):
        assert (answer.status_code, answer.headers.get("sl-violations")) == (status, None)
