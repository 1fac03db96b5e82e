"""DHL, UPS, FedEx and Ship24 as the practice carrier speaks them, read by our own readers."""

from datetime import timedelta

import httpx
import msgspec
import pytest

from api.practice_carrier import Practice
from api.practice_carrier.stories import STORIES
from shipments.tracking.carriers import CARRIERS, fedex, ship24
from shipments.tracking.carriers.answers import NOT_FOUND, Answer
from shipments.tracking.carriers.pushing import Hook
from shipments.tracking.milestones import Milestone, Reason
from tests.practice_carrier.asking import (
    NUMBER,
    PARCELS,
    START,
    a_leg,
    an_account,
    asked,
    booked,
    creation_of,
    end_of,
    milestones,
    read,
    results_of,
    send,
)

HOOK = Hook("https://boxes.example/hooks/ship24/1", "a secret")
KNOWN_TO_NOBODY = "1Z999AA10123459999"


@pytest.mark.parametrize("carrier", PARCELS)
def test_a_parcel_moves_with_the_clock_and_is_delivered(client: httpx.Client, practice: Practice, carrier: str) -> None:
    booked(practice, [carrier])
    seen = []
    for day in (0.1, 3.1, 7.9, 9.0):
        practice.clock.set(START + timedelta(days=day), 86_400)
        answer = read(practice, carrier, asked(client, practice, carrier))
        assert answer.problems == ()
        seen.append(milestones(answer)[-1:])
    assert seen[1:] == [[Milestone.IN_TRANSIT], [Milestone.OUT_FOR_DELIVERY], [Milestone.DELIVERED]]


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("carrier", PARCELS)
def test_every_story_is_read_without_a_problem(
    client: httpx.Client, practice: Practice, carrier: str, story: str
) -> None:
    booked(practice, [carrier], story=story)
    answer = read(practice, carrier, asked(client, practice, carrier))
    told = sum(step.word is not None for step in STORIES[story])
    assert (answer.found, answer.problems) == (True, ())
    # FedEx tells of a delay twice: as a scan, and as the scan's cause.
    assert (
        len([event for event in answer.events if event.raw_code[:12] != "delayDetail." and event.classifier == "ACT"])
        == told
    )


@pytest.mark.parametrize(
    ("story", "milestone", "reason"),
    [
        ("held", Milestone.EXCEPTION, Reason.CUSTOMS_HOLD),
        ("attempt_failed", Milestone.ATTEMPT_FAILED, None),
        ("returned", Milestone.RETURNED, None),
    ],
)
@pytest.mark.parametrize("carrier", PARCELS)
def test_what_goes_wrong_on_the_way_is_heard(
    client: httpx.Client,
    practice: Practice,
    carrier: str,
    story: str,
    milestone: Milestone,
    reason: Reason | None,
) -> None:
    booked(practice, [carrier], story=story)
    events = read(practice, carrier, asked(client, practice, carrier)).events
    assert (milestone, reason) in {(event.milestone, event.reason) for event in events}


@pytest.mark.parametrize("carrier", PARCELS)
def test_the_delivery_is_expected_until_it_is_made_and_later_if_delayed(
    client: httpx.Client, practice: Practice, carrier: str
) -> None:
    booked(practice, [carrier], story="delayed")
    expected = []
    for day in (2, 4, 12):
        practice.clock.set(START + timedelta(days=day), 86_400)
        answer = read(practice, carrier, asked(client, practice, carrier))
        expected.append(answer.expected_to)
    assert expected[0] is not None
    assert expected[1] is not None
    assert expected[1] - expected[0] == timedelta(days=3)
    assert expected[2] is None


@pytest.mark.parametrize("carrier", PARCELS)
def test_the_same_number_tells_the_same_events_each_time(
    client: httpx.Client, practice: Practice, carrier: str
) -> None:
    booked(practice, [carrier])
    first = read(practice, carrier, asked(client, practice, carrier))
    booked(practice, [carrier])
    assert read(practice, carrier, asked(client, practice, carrier)).events == first.events
    assert len({event.id for event in first.events}) == len(first.events)


@pytest.mark.parametrize("carrier", PARCELS)
def test_a_number_that_nobody_knows_is_not_found_in_the_carriers_own_way(
    client: httpx.Client, practice: Practice, carrier: str
) -> None:
    leg = a_leg(KNOWN_TO_NOBODY)
    response = asked(client, practice, carrier, leg)
    assert response.status_code == {"dhl": 404}.get(carrier, 200)
    if response.status_code == 200:
        answer = read(practice, carrier, response, leg)
        assert (answer.found, answer.events, answer.problems) == (False, (), ())
    else:
        assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("carrier", PARCELS)
def test_without_a_login_there_is_no_answer(client: httpx.Client, practice: Practice, carrier: str) -> None:
    booked(practice, [carrier])
    account = msgspec.structs.replace(an_account(practice, carrier), secret="Bearer nothing")
    call = CARRIERS[carrier].request_for(a_leg(), account, since=None, page=None)
    assert send(client, call).status_code == 401
    assert practice.calls[-1].status == 401


def test_dhl_pages_by_next_url_where_a_limit_is_asked_for(client: httpx.Client, practice: Practice) -> None:
    for service in ("express", "parcel-de", "freight"):
        practice.ship("dhl", NUMBER, started_at=START, service=service)
    account = an_account(practice, "dhl")
    page, services = "limit=2&offset=0", []
    while page:
        call = CARRIERS["dhl"].request_for(a_leg(), account, since=None, page=page)
        body = send(client, call).json()
        services.append([shipment["service"] for shipment in body["shipments"]])
        page = body.get("nextUrl", "").partition("?")[2]
    assert services == [["express", "parcel-de"], ["freight"]]


def test_ups_writes_gmt_without_its_leading_zero_now_and_then(client: httpx.Client, practice: Practice) -> None:
    practice.ship("ups", NUMBER, started_at=START + timedelta(hours=7))
    body = asked(client, practice, "ups").json()
    (package,) = body["trackResponse"]["shipment"][0]["package"]
    times = {one["gmtTime"] for one in package["activity"]}
    assert any(len(time) == 5 for time in times)
    assert any(":" in time for time in times)


@pytest.mark.parametrize("missing", ["transId", "transactionSrc"])
def test_ups_demands_the_headers_that_name_a_call(client: httpx.Client, practice: Practice, missing: str) -> None:
    booked(practice, ["ups"])
    call = CARRIERS["ups"].request_for(a_leg(), an_account(practice, "ups"), since=None, page=None)
    headers = {name: value for name, value in call.headers.items() if name != missing}
    assert send(client, msgspec.structs.replace(call, headers=headers)).status_code == 400


def test_fedex_answers_for_thirty_and_a_failure_sits_inside_the_200(client: httpx.Client, practice: Practice) -> None:
    legs = [a_leg(f"77000000{number:04}") for number in range(30)]
    for leg in legs[1:]:
        practice.ship("fedex", leg.reference, started_at=START)
    account = an_account(practice, "fedex")
    response = send(client, fedex.request_for_many(legs, account))
    answers = fedex.read_answers(response.content, legs, heard_at=practice.clock.now())
    assert response.status_code == 200
    assert all(isinstance(answer, Answer) for answer in answers.values())
    assert [answers[leg.reference] != NOT_FOUND for leg in legs] == [False] + [True] * 29
    assert practice.calls[-1].reference.split(",") == [leg.reference for leg in legs]


def test_fedex_refuses_a_thirty_first_number(client: httpx.Client, practice: Practice) -> None:
    call = fedex.request_for(a_leg(), an_account(practice, "fedex"), since=None, page=None)
    assert call.json is not None
    asked_for = msgspec.json.decode(call.json)
    asked_for["trackingInfo"] *= 31
    response = send(client, msgspec.structs.replace(call, json=msgspec.json.encode(asked_for)))
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "BAD.REQUEST.ERROR")


def test_ship24_makes_a_tracker_once_and_reads_it_by_its_id(client: httpx.Client, practice: Practice) -> None:
    booked(practice, ["ship24"])
    account = an_account(practice, "ship24")
    tracked = asked(client, practice, "ship24").json()["data"]["trackings"][0]
    results = send(client, results_of(tracked["tracker"]["trackerId"], account))
    assert results.json()["data"]["trackings"] == [tracked]
    assert send(client, results_of("nobody", account)).status_code == 404


@pytest.mark.parametrize(
    ("references", "status", "whole"),
    [
        (["SHIP24-00001", "SHIP24-00002"], 201, "success"),
        (["SHIP24-00003", "?"], 207, "partial"),
        (["?"], 400, "error"),
    ],
)
def test_ship24_says_of_each_of_many_what_became_of_it(
    client: httpx.Client, practice: Practice, references: list[str], status: int, whole: str
) -> None:
    response = send(client, creation_of(references, an_account(practice, "ship24")))
    told = response.json()
    assert (response.status_code, told["status"]) == (status, whole)
    assert [one["inputData"]["trackingNumber"] for one in told["data"]] == references
    assert ["tracker" in one for one in told["data"]] == [reference != "?" for reference in references]


def test_ship24_follows_no_more_what_has_ended_and_tells_what_was_known(
    client: httpx.Client, practice: Practice
) -> None:
    account = an_account(practice, "ship24")
    practice.ship("ship24", NUMBER, started_at=practice.clock.now() - timedelta(days=4))
    first = asked(client, practice, "ship24").json()["data"]["trackings"][0]
    id = first["tracker"]["trackerId"]
    assert send(client, end_of(id, account)).json()["data"]["tracker"]["isSubscribed"] is False
    practice.clock.advance(20)
    assert practice.trackers.numbers() == []
    for later in (asked(client, practice, "ship24"), send(client, results_of(id, account))):
        assert later.json()["data"]["trackings"][0]["events"] == first["events"] != []
    again = send(client, ship24.request_to_subscribe([a_leg()], account, HOOK, key=None)).json()["data"]
    assert [(one["itemStatus"], one["tracker"]["isSubscribed"]) for one in again] == [("existing", False)]


def test_ship24_changes_nothing_else_of_a_tracker_and_none_that_it_does_not_have(
    client: httpx.Client, practice: Practice
) -> None:
    account = an_account(practice, "ship24")
    assert send(client, end_of("nobody", account)).status_code == 404
    id = send(client, creation_of(["SHIP24-00001"], account)).json()["data"][0]["tracker"]["trackerId"]
    for wrong in (b'{"originCountryCode": "NL"}', b'{"isSubscribed": true}', b"7"):
        answer = send(client, msgspec.structs.replace(end_of(id, account), json=wrong))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "tracker_not_updatable")
    assert practice.trackers.numbers() == ["SHIP24-00001"]


def test_ship24_finds_what_another_carrier_has(client: httpx.Client, practice: Practice) -> None:
    booked(practice, ["dhl"])
    assert read(practice, "ship24", asked(client, practice, "ship24")).found
