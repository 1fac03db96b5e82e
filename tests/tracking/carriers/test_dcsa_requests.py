"""What is sent to a DCSA line, and what no representation shows."""

from datetime import datetime, timedelta, timezone

import pytest

from shipments.tracking.carriers import dcsa
from tests.tracking.carriers.telling import BOOKING, a_leg, an_account

ACCOUNT = an_account("https://carrier.example")


def test_a_leg_is_asked_for_by_its_own_kind_of_reference() -> None:
    call = dcsa.request_for(a_leg(), ACCOUNT, since=None, page=None)
    assert (call.path, call.params) == ("/v2/events", {"carrierBookingReference": BOOKING, "limit": "100"})
    by_container = dcsa.request_for(a_leg(reference_type="container"), ACCOUNT, since=None, page=None)
    assert by_container.params["equipmentReference"] == BOOKING


def test_since_is_asked_in_utc_without_a_plus_sign() -> None:
    since = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    call = dcsa.request_for(a_leg(), ACCOUNT, since=since, page=None)
    assert call.params["eventCreatedDateTime:gte"] == "2026-03-01T10:00:00Z"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("fE9mZg==", {"cursor": "fE9mZg=="}),
        ("https://elsewhere.example/v2/events?cursor=abc&limit=5", {"cursor": "abc", "limit": "5"}),
        ("/v2/events?cursor=abc", {"cursor": "abc"}),
    ],
)
def test_of_a_link_to_the_next_page_only_the_query_is_taken(page: str, expected: dict[str, str]) -> None:
    call = dcsa.request_for(a_leg(), ACCOUNT, since=None, page=page)
    assert call.path == "/v2/events"
    assert expected.items() <= call.params.items()


def test_neither_secret_nor_reference_is_shown() -> None:
    call = dcsa.request_for(a_leg(), ACCOUNT, since=None, page=None)
    assert call.headers["API-Key"] == "practice"
    for shown in (repr(ACCOUNT), repr(call), str(call)):
        assert "practice" not in shown
        assert BOOKING not in shown
