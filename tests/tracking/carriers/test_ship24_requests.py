"""What is sent to Ship24, what a bulk creation answers, and what no representation shows."""

import json
from datetime import timedelta

import pytest

from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers import ship24
from shipments.tracking.carriers.ship24 import Creation
from tests.tracking.carriers.telling import DISPATCHED, an_account
from tests.tracking.carriers.telling_parcels import a_parcel
from tests.tracking.carriers.telling_ship24 import NUMBER, OTHER_NUMBER

ACCOUNT = an_account("https://carrier.example", carrier="ship24")


def test_a_tracker_is_made_and_read_in_one_call() -> None:
    call = ship24.request_for(a_parcel(NUMBER), ACCOUNT, since=None, page=None)
    assert (call.method, call.path, call.params) == ("POST", "/public/v1/trackers/track", {})
    assert call.headers["Authorization"] == "Bearer practice"
    assert json.loads(call.json or b"") == {
        "trackingNumber": NUMBER,
        "originCountryCode": "NL",
        "destinationCountryCode": "GN",
    }


def test_what_is_sent_of_a_leg_never_changes_since_other_details_make_another_tracker() -> None:
    later = a_parcel(NUMBER, dispatched_at=DISPATCHED + timedelta(days=3))
    calls = [
        ship24.request_for(leg, ACCOUNT, since=since, page=None)
        for leg, since in [(a_parcel(NUMBER, dispatched_at=None), None), (later, DISPATCHED)]
    ]
    assert calls[0].json == calls[1].json


def test_a_hundred_are_made_in_one_call_and_no_more() -> None:
    legs = [a_parcel(f"LX{number:09}NL") for number in range(101)]
    call = ship24.request_to_create(legs[:100], ACCOUNT)
    assert (call.path, len(json.loads(call.json or b""))) == ("/public/v1/trackers/bulk", 100)
    for wrong in (legs, []):
        with pytest.raises(Invalid):
            ship24.request_to_create(wrong, ACCOUNT)


def test_a_trackers_id_cannot_lead_to_another_path() -> None:
    call = ship24.request_for_results("../couriers?x=1", ACCOUNT)
    assert (call.method, call.path) == ("GET", "/public/v1/trackers/..%2Fcouriers%3Fx%3D1/results")


def test_a_creation_that_succeeds_in_part_says_which_and_why_not() -> None:
    answer = {
        "status": "partial",
        "summary": {"totalInputs": 3, "totalCreated": 1, "totalExisting": 0, "totalErrors": 1},
        "data": [
            {"itemStatus": "created", "inputData": {"trackingNumber": NUMBER}, "tracker": {"trackerId": "t-1"}},
            {
                "itemStatus": "error",
                "inputData": {"trackingNumber": OTHER_NUMBER},
                "tracker": None,
                "errors": [{"code": "quota_limit_reached", "message": "m"}],
            },
            {"itemStatus": "created", "inputData": {"trackingNumber": "STRANGER"}, "tracker": {"trackerId": "t-2"}},
        ],
    }
    legs = [a_parcel(NUMBER), a_parcel(OTHER_NUMBER)]
    made, problems = ship24.read_created(json.dumps(answer).encode(), legs)
    assert made == {NUMBER: Creation(tracker_id="t-1"), OTHER_NUMBER: Creation(refused="quota_limit_reached")}
    assert problems == ("tracker 3 is left out: it has another parcel's number, or none",)


def test_a_creation_that_fails_as_a_whole_is_unreadable() -> None:
    with pytest.raises(CarrierUnreadable):
        ship24.read_created(b'{"status": "error", "data": null, "error": {"code": "c"}}', [a_parcel(NUMBER)])


def test_neither_secret_nor_reference_is_shown() -> None:
    call = ship24.request_for(a_parcel(NUMBER), ACCOUNT, since=None, page=None)
    assert "practice" not in repr(call)
    assert NUMBER not in repr(call)
