"""What is sent to FedEx, and what no representation shows."""

import json

import pytest

from shipments.errors import Invalid
from shipments.tracking.carriers import fedex
from tests.tracking.carriers.telling import DISPATCHED, an_account
from tests.tracking.carriers.telling_fedex import NUMBER, OTHER_NUMBER
from tests.tracking.carriers.telling_parcels import a_parcel

ACCOUNT = an_account("https://carrier.example", carrier="fedex")


def test_one_leg_is_asked_for_with_all_its_scans() -> None:
    call = fedex.request_for(a_parcel(NUMBER), ACCOUNT, since=DISPATCHED, page=None)
    assert (call.method, call.path, call.params) == ("POST", "/track/v1/trackingnumbers", {})
    assert call.headers["Authorization"] == "Bearer practice"
    asked = {"trackingNumberInfo": {"trackingNumber": NUMBER}}
    assert json.loads(call.json or b"") == {"includeDetailedScans": True, "trackingInfo": [asked]}


def test_thirty_legs_are_asked_for_in_one_call_and_no_more() -> None:
    legs = [a_parcel(f"7000000001{number:02}") for number in range(31)]
    call = fedex.request_for_many(legs[:30], ACCOUNT)
    assert len(json.loads(call.json or b"")["trackingInfo"]) == fedex.most_per_call == 30
    for wrong in (legs, []):
        with pytest.raises(Invalid):
            fedex.request_for_many(wrong, ACCOUNT)


def test_neither_secret_nor_reference_is_shown() -> None:
    call = fedex.request_for_many([a_parcel(NUMBER), a_parcel(OTHER_NUMBER)], ACCOUNT)
    for hidden in ("practice", NUMBER, OTHER_NUMBER):
        assert hidden not in repr(call)
