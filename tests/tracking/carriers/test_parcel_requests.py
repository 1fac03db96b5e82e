"""What is sent to DHL and to UPS, and what no representation shows."""

from types import ModuleType

import pytest

from shipments.tracking.carriers import CARRIERS, dhl, ups
from tests.tracking.carriers.telling import HEARD, an_account
from tests.tracking.carriers.telling_parcels import DHL_NUMBER, UPS_NUMBER, a_parcel, dhl_event, dhl_shipment
from tests.tracking.carriers.telling_parcels import read_dhl_shipments as read_dhl

DHL = an_account("https://api-eu.dhl.example", carrier="dhl")
UPS = an_account("https://onlinetools.ups.example", carrier="ups")


def test_dhl_is_asked_for_one_number() -> None:
    call = dhl.request_for(a_parcel(DHL_NUMBER), DHL, since=HEARD, page=None)
    assert (call.path, call.params) == ("/track/shipments", {"trackingNumber": DHL_NUMBER, "language": "en"})
    assert call.headers["DHL-API-Key"] == "practice"


@pytest.mark.parametrize(
    ("next_url", "page"),
    [
        ("https://elsewhere.example/steal?trackingNumber=1&offset=5&limit=5", "offset=5&limit=5"),
        ("/track/shipments?offset=5", "offset=5"),
    ],
)
def test_of_dhls_link_to_the_next_page_only_offset_and_limit_are_taken(next_url: str, page: str) -> None:
    answer = read_dhl(dhl_shipment(dhl_event("PU")), nextUrl=next_url)
    assert answer.next_page == page
    call = dhl.request_for(a_parcel(DHL_NUMBER), DHL, since=None, page=answer.next_page)
    assert call.path == "/track/shipments"
    assert call.params["offset"] == "5"
    assert call.params["trackingNumber"] == DHL_NUMBER


def test_a_page_mark_cannot_ask_for_another_number() -> None:
    call = dhl.request_for(a_parcel(DHL_NUMBER), DHL, since=None, page="trackingNumber=1&offset=x&limit=5")
    assert call.params == {"trackingNumber": DHL_NUMBER, "language": "en", "limit": "5"}


def test_ups_is_asked_for_one_number_with_a_token_and_its_two_headers() -> None:
    call = ups.request_for(a_parcel(UPS_NUMBER), UPS, since=None, page=None)
    assert call.path == f"/api/track/v1/details/{UPS_NUMBER}"
    assert call.headers["Authorization"] == "Bearer practice"
    assert call.headers["transactionSrc"] == "shipments"
    assert UPS_NUMBER not in call.headers["transId"]
    other = ups.request_for(a_parcel("1ZOTHER0000000099"), UPS, since=None, page=None)
    assert other.headers["transId"] != call.headers["transId"]


def test_a_number_cannot_leave_its_place_in_the_path() -> None:
    call = ups.request_for(a_parcel("../../oauth?x=1#"), UPS, since=None, page=None)
    assert call.path == "/api/track/v1/details/..%2F..%2Foauth%3Fx%3D1%23"


@pytest.mark.parametrize("carrier", [dhl, ups], ids=["dhl", "ups"])
def test_neither_secret_nor_reference_is_shown(carrier: ModuleType) -> None:
    call = carrier.request_for(a_parcel(DHL_NUMBER), DHL, since=None, page=None)
    for shown in (repr(DHL), repr(call), str(call)):
        assert "practice" not in shown
        assert DHL_NUMBER not in shown


def test_a_file_beside_its_table_of_codes_is_a_carrier() -> None:
    assert CARRIERS["dhl"] is dhl
    assert CARRIERS["ups"] is ups
    assert set(CARRIERS) >= {"by_hand", "dcsa", "dhl", "fedex", "ship24", "ups"}  # and whoever is added
