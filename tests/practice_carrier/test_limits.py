"""The practice carrier counts every call against its limits, and says no as each carrier does."""

from datetime import timedelta

import httpx
import pytest

from api.practice_carrier import Practice
from api.practice_carrier.limits import Counted, Limit
from shipments.tracking.carriers import fedex
from tests.practice_carrier.asking import NUMBER, PARCELS, START, a_leg, an_account, asked, booked, creation_of, send

NOBODY: list[str] = []


def test_no_more_calls_than_allowed_fall_within_any_span() -> None:
    counted = Counted(Limit(interface="dhl", most=2, within_s=5.0, grace_s=0.0))
    at = [START + timedelta(seconds=seconds) for seconds in (0, 4, 4.9, 5.0, 8.9, 9.0)]
    over = [counted.take(NOBODY, moment) for moment in at]
    assert [one and one.what for one in over] == [None, None, "span", None, "span", None]
    assert [one.wait_s for one in over if one] == [1, 1]


def test_a_call_that_was_held_up_on_its_way_is_forgiven_so_much_and_no_more() -> None:
    counted = Counted(Limit(interface="dhl", most=1, within_s=5.0, grace_s=0.25))
    at = [START + timedelta(seconds=seconds) for seconds in (0.2, 5.0, 9.7)]
    assert [bool(counted.take(NOBODY, moment)) for moment in at] == [False, False, True]


def test_a_day_begins_at_the_carriers_own_hour() -> None:
    counted = Counted(Limit(interface="dhl", per_day=1, resets_at="06:00"))
    at = [START + timedelta(hours=hours) for hours in (1, 5.9, 6, 7, 29, 30)]
    over = [counted.take(NOBODY, moment) for moment in at]
    assert [one and one.what for one in over] == [None, "day", None, "day", "day", None]
    assert over[1] is not None
    assert over[1].wait_s == 360


def test_a_number_has_a_limit_of_its_own_which_a_refused_call_does_not_use_up() -> None:
    counted = Counted(Limit(interface="fedex", per_number_per_day=1))
    over = [counted.take(numbers, START) for numbers in (["A"], ["A", "B"], ["B"], ["B"])]
    assert [one and one.what for one in over] == [None, "number", None, "number"]


@pytest.mark.parametrize("carrier", PARCELS)
def test_every_call_over_a_limit_is_counted_and_answered_429(
    client: httpx.Client, practice: Practice, carrier: str
) -> None:
    booked(practice)
    practice.limit(carrier, per_day=2)
    statuses = [asked(client, practice, carrier).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    shown = client.get("/practice/calls").json()
    assert (shown["total"], shown["over_limit"]) == (4, 2)
    assert [call["over_limit"] for call in shown["calls"]] == [None, None, "day", "day"]
    others = [other for other in PARCELS if other != carrier]
    assert [asked(client, practice, other).status_code for other in others] == [200] * 3


def test_each_carrier_says_no_in_its_own_words(client: httpx.Client, practice: Practice) -> None:
    booked(practice)
    practice.book("B1", "NLRTM", "GNCKY", started_at=START)
    said = {}
    for carrier in (*PARCELS, "dcsa"):
        practice.limit(carrier, per_number_per_day=1)
        for _ in range(2):
            response = (
                client.get("/v2/events?carrierBookingReference=B1", headers={"API-Key": "a key"})
                if carrier == "dcsa"
                else asked(client, practice, carrier)
            )
        assert response.status_code == 429
        said[carrier] = response
    assert said["dhl"].headers["Content-Type"] == "application/problem+json"
    assert said["ups"].json()["response"]["errors"][0]["code"] == "10429"
    assert said["fedex"].json()["errors"][0]["code"] == "TOO.MANY.REQUESTS"
    assert said["ship24"].headers["RateLimit-Remaining"] == "0"
    names = {carrier for carrier, response in said.items() if "Retry-After" in response.headers}
    assert names == {"ship24", "dcsa"}


def test_thirty_numbers_are_one_call_of_the_day_and_one_of_each_number(
    client: httpx.Client, practice: Practice
) -> None:
    practice.limit("fedex", per_day=2, per_number_per_day=1)
    legs = [a_leg(f"77000000{number:04}") for number in range(30)]
    account = an_account(practice, "fedex")
    calls = [fedex.request_for_many(legs, account), fedex.request_for_many([a_leg()], account)]
    assert [send(client, call).status_code for call in calls] == [200, 200]
    practice.limit("fedex", per_number_per_day=1)
    assert [send(client, calls[0]).status_code for _ in range(2)] == [200, 429]


def test_calls_that_make_many_trackers_have_a_limit_of_their_own(client: httpx.Client, practice: Practice) -> None:
    practice.limit("ship24", most=1, within_s=60.0)
    practice.limit("ship24_bulk", most=3, within_s=60.0)
    account = an_account(practice, "ship24")
    assert [send(client, creation_of([NUMBER], account)).status_code for _ in range(4)] == [201, 201, 201, 429]
    assert [asked(client, practice, "ship24").status_code for _ in range(2)] == [200, 429]
    assert [call.over_limit for call in practice.calls] == [None, None, None, "span", None, "span"]


def test_a_call_about_more_numbers_than_a_hundred_is_refused_and_counted(
    client: httpx.Client, practice: Practice
) -> None:
    practice.limit("ship24_bulk", numbers_per_call=100)
    account, numbers = an_account(practice, "ship24"), [f"SHIP24-{number:05}" for number in range(101)]
    assert [send(client, creation_of(numbers[:count], account)).status_code for count in (101, 100)] == [400, 201]
    assert [call.over_limit for call in practice.calls] == ["numbers", None]
    practice.limits.clear()
    assert send(client, creation_of(numbers, account)).status_code == 400


def test_limits_are_set_and_lifted_over_the_wire(client: httpx.Client, practice: Practice) -> None:
    booked(practice)
    body = [{"interface": "dhl", "per_number_per_day": 1, "resets_at": "23:00"}]
    assert client.post("/practice/limits", json=body).json()[0]["per_number_per_day"] == 1
    assert [asked(client, practice, "dhl").status_code for _ in range(2)] == [200, 429]
    assert client.delete("/practice/limits").status_code == 204
    assert asked(client, practice, "dhl").status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"per_day": 0}, {"most": 0}, {"numbers_per_call": 0}, {"resets_at": "noon"}, {"unknown": 1}]
)
def test_a_limit_that_makes_no_sense_is_refused(client: httpx.Client, wrong: dict[str, object]) -> None:
    assert client.post("/practice/limits", json=[{"interface": "dhl", **wrong}]).status_code == 400


def test_a_parcel_is_sent_over_the_wire(client: httpx.Client, practice: Practice) -> None:
    body = [{"interface": "dhl", "number": NUMBER, "started_at": START.isoformat(), "story": "held"}]
    assert client.post("/practice/parcels", json=body).json()[0]["story"] == "held"
    assert NUMBER in {parcel["number"] for parcel in client.get("/practice/parcels").json()}
    for wrong in ({"interface": "nobody"}, {"story": "nonsense"}, {"days": 0}):
        assert client.post("/practice/parcels", json=[{**body[0], **wrong}]).status_code == 400
