"""What is sent to Ship24, and what no representation shows."""

import json
from datetime import timedelta

from shipments.tracking.carriers import ship24
from tests.tracking.carriers.telling import DISPATCHED, an_account
from tests.tracking.carriers.telling_parcels import a_parcel
from tests.tracking.carriers.telling_ship24 import NUMBER

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


def test_a_tracker_that_is_known_is_read_by_its_id_and_nothing_is_sent_of_its_parcel() -> None:
    call = ship24.request_for(a_parcel(NUMBER, carrier_key="id/1"), ACCOUNT, since=None, page=None)
    assert (call.method, call.path, call.params) == ("GET", "/public/v1/trackers/id%2F1/results", {})
    assert (call.headers["Authorization"], call.json) == ("Bearer practice", None)


def test_what_is_sent_of_a_leg_never_changes_since_other_details_make_another_tracker() -> None:
    later = a_parcel(NUMBER, dispatched_at=DISPATCHED + timedelta(days=3))
    calls = [
        ship24.request_for(leg, ACCOUNT, since=since, page=None)
        for leg, since in [(a_parcel(NUMBER, dispatched_at=None), None), (later, DISPATCHED)]
    ]
    assert calls[0].json == calls[1].json


def test_neither_secret_nor_reference_is_shown() -> None:
    call = ship24.request_for(a_parcel(NUMBER), ACCOUNT, since=None, page=None)
    assert "practice" not in repr(call)
    assert NUMBER not in repr(call)
