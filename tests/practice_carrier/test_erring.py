"""Each fault of the practice carrier, at every interface: made when told to, where told to, and as told."""

import re
import ssl
from datetime import timedelta

import httpx
import pytest

from api.practice_carrier import Practice, nobody_answers, parcel_faults, practice_carrier, sea_faults
from api.practice_carrier.faults import FAULTS, INWARD, SPOILT
from shipments.errors import CarrierUnreadable
from shipments.tracking.carriers import fedex
from shipments.tracking.carriers.answers import Answer, Unanswered
from shipments.tracking.milestones import Milestone
from tests.practice_carrier.asking import (
    NUMBER,
    PARCELS,
    START,
    a_leg,
    an_account,
    asked,
    booked,
    milestones,
    read,
    send,
)

EVERYWHERE = (*PARCELS, "dcsa")
REFUSALS = {"over_quota": 429, "busy": 503, "broken": 500, "unauthorised": 401, "forbidden": 403, "not_found": 404}
SAYS_ALL = ("out_of_order", "repetitive", "rude_text")


def the_answer(client: httpx.Client, practice: Practice, carrier: str) -> httpx.Response:
    """Of the one parcel, or the one ship."""
    if carrier == "dcsa":
        query = {"carrierBookingReference": NUMBER}
        return client.get("/v2/events", params=query, headers={"API-Key": "a key"})
    return asked(client, practice, carrier)


@pytest.fixture(autouse=True)
def under_way(practice: Practice) -> None:
    """The same number everywhere."""
    booked(practice)
    practice.book(NUMBER, "NLRTM", "GNCKY", started_at=START)


def test_every_fault_has_a_name_and_a_way_at_sea_and_for_parcels() -> None:
    assert frozenset(sea_faults.SPOIL) == parcel_faults.SPOIL == SPOILT
    assert SPOILT < FAULTS


@pytest.mark.parametrize("carrier", EVERYWHERE)
@pytest.mark.parametrize("fault", sorted(FAULTS - {"slow", "drip", "cut", "gzip_bomb"}))
def test_a_fault_changes_the_answer_once_and_then_it_is_good_again(
    client: httpx.Client, practice: Practice, carrier: str, fault: str
) -> None:
    good = _without_transaction(the_answer(client, practice, carrier))
    practice.fault(fault, times=1, interface=carrier)
    spoilt = the_answer(client, practice, carrier)
    if fault == "zoneless" and carrier == "ship24":
        assert "+00:00" not in re.sub(r"createdAt.*?Z", "", spoilt.text)
    assert (spoilt.status_code, _without_transaction(spoilt)) != (200, good)
    assert _without_transaction(the_answer(client, practice, carrier)) == good
    assert [call.fault for call in practice.calls] == [None, fault, None]


def _without_transaction(answer: httpx.Response) -> str:
    return re.sub(r'"transactionId":"[^"]*"', "", answer.text)


@pytest.mark.parametrize("carrier", EVERYWHERE)
@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refusal_is_in_the_carriers_own_words(
    client: httpx.Client, practice: Practice, carrier: str, fault: str
) -> None:
    practice.fault(fault, retry_after="7")
    answer = the_answer(client, practice, carrier)
    told = {"dcsa": "statusCode", "dhl": "title", "ups": "response", "fedex": "errors", "ship24": "errors"}
    assert answer.status_code == REFUSALS[fault]
    assert told[carrier] in answer.json()
    assert answer.headers["Retry-After"] == "7"


def test_a_fault_hits_the_interface_it_names_and_no_other(client: httpx.Client, practice: Practice) -> None:
    practice.fault("broken", interface="ups")
    statuses = {carrier: the_answer(client, practice, carrier).status_code for carrier in EVERYWHERE}
    assert statuses == {**dict.fromkeys(EVERYWHERE, 200), "ups": 500}


def the_news(client: httpx.Client, practice: Practice, carrier: str) -> Answer:
    return read(practice, carrier, asked(client, practice, carrier))


@pytest.mark.parametrize("carrier", PARCELS)
@pytest.mark.parametrize("fault", SAYS_ALL)
def test_order_repetition_and_rude_words_lose_nothing(
    client: httpx.Client, practice: Practice, carrier: str, fault: str
) -> None:
    good = the_news(client, practice, carrier)
    practice.fault(fault)
    spoilt = the_news(client, practice, carrier)
    assert {event.id for event in spoilt.events} == {event.id for event in good.events}
    assert not any(set(event.place or "") & {"\x00", "\u202e", "\u2066"} for event in spoilt.events)


@pytest.mark.parametrize("carrier", PARCELS)
@pytest.mark.parametrize("fault", ["wrong", "reused"])
def test_another_parcel_and_an_earlier_use_of_the_number_are_not_ours(
    client: httpx.Client, practice: Practice, carrier: str, fault: str
) -> None:
    practice.fault(fault)
    answer = the_news(client, practice, carrier)
    assert not any(event.milestone for event in answer.events)
    assert answer.problems


@pytest.mark.parametrize("carrier", PARCELS)
@pytest.mark.parametrize("fault", ["future", "epoch"])
def test_unbelievable_times_move_nothing(client: httpx.Client, practice: Practice, carrier: str, fault: str) -> None:
    practice.fault(fault)
    answer = the_news(client, practice, carrier)
    assert {event.milestone for event in answer.events} <= {None}
    assert answer.problems


@pytest.mark.parametrize("carrier", PARCELS)
def test_a_delivered_parcel_is_under_way_again(client: httpx.Client, practice: Practice, carrier: str) -> None:
    practice.clock.set(START + timedelta(days=3.5), 86_400)
    practice.fault("contradictory")
    assert Milestone.DELIVERED in milestones(the_news(client, practice, carrier))


@pytest.mark.parametrize("carrier", PARCELS)
@pytest.mark.parametrize("fault", ["missing", "nulls", "wrong_types", "unknown_code"])
def test_a_bad_part_costs_itself(client: httpx.Client, practice: Practice, carrier: str, fault: str) -> None:
    good = the_news(client, practice, carrier)
    practice.fault(fault)
    spoilt = the_news(client, practice, carrier)
    assert spoilt.problems
    happened = [event for event in good.events if event.classifier == "ACT"]
    assert len([event for event in happened if event in spoilt.events]) == len(happened) - 1


@pytest.mark.parametrize("carrier", PARCELS)
def test_a_shipment_that_is_no_object_is_named_or_refused(
    client: httpx.Client, practice: Practice, carrier: str
) -> None:
    practice.fault("malformed")
    try:
        answer = the_news(client, practice, carrier)
    except CarrierUnreadable:
        return
    assert (answer.events, bool(answer.problems)) == ((), True)


@pytest.mark.parametrize("fault", sorted(SPOILT))
def test_one_bad_number_in_thirty_costs_its_own_leg_only(client: httpx.Client, practice: Practice, fault: str) -> None:
    legs = [a_leg(f"77000000{number:04}") for number in range(30)]
    for leg in legs:
        practice.ship("fedex", leg.reference, started_at=START)
    call, now = fedex.request_for_many(legs, an_account(practice, "fedex")), practice.clock.now()
    good = fedex.read_answers(send(client, call).content, legs, heard_at=now)
    practice.fault(fault, reference=legs[7].reference)
    spoilt = fedex.read_answers(send(client, call).content, legs, heard_at=now)

    def told(said: Answer | Unanswered) -> object:
        return said.events if isinstance(said, Answer) else said

    changed = [leg.reference for leg in legs if told(spoilt[leg.reference]) != told(good[leg.reference])]
    assert set(changed) <= {legs[7].reference}


def test_a_fault_of_the_answer_is_made_once_for_thirty_numbers(client: httpx.Client, practice: Practice) -> None:
    legs = [a_leg(f"77000000{number:04}") for number in range(30)]
    call = fedex.request_for_many(legs, an_account(practice, "fedex"))
    practice.fault("broken", times=2)
    assert [send(client, call).status_code for _ in range(3)] == [500, 500, 200]


def test_a_redirect_leads_inward_and_a_bomb_is_small_on_the_wire(client: httpx.Client, practice: Practice) -> None:
    practice.fault("gzip_bomb", times=1)
    with client.stream(
        "GET", "/v2/events", params={"carrierBookingReference": NUMBER}, headers={"API-Key": "a key"}
    ) as one:
        assert int(one.headers["Content-Length"]) < 100_000
    practice.fault("redirect", times=1)
    assert the_answer(client, practice, "dhl").headers["Location"] == INWARD


@pytest.mark.parametrize("carrier", EVERYWHERE)
def test_an_answer_that_is_cut_off_is_never_whole(client: httpx.Client, practice: Practice, carrier: str) -> None:
    practice.fault("cut", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        the_answer(client, practice, carrier)
    assert the_answer(client, practice, carrier).status_code == 200


@pytest.mark.parametrize(("fault", "seconds"), [("slow", 0.3), ("drip", 0.6)])
def test_an_answer_comes_late_or_by_the_drop(
    client: httpx.Client, practice: Practice, fault: str, seconds: float
) -> None:
    practice.fault(fault, seconds=seconds, times=1)
    begun = practice.clock.now()
    assert the_answer(client, practice, "dhl").status_code == 200
    assert (practice.clock.now() - begun).total_seconds() >= seconds


def test_an_address_where_nobody_answers_takes_no_connection() -> None:
    with nobody_answers() as url, pytest.raises(httpx.ConnectTimeout):
        httpx.get(url, timeout=0.3, trust_env=False)


def test_a_certificate_that_nobody_signed_is_not_believed() -> None:
    with practice_carrier(certificate=True) as carrier:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            httpx.get(f"{carrier.url}/practice/clock", trust_env=False)
        believing = ssl.create_default_context()
        believing.check_hostname, believing.verify_mode = False, ssl.CERT_NONE
        shown = httpx.get(f"{carrier.url}/practice/clock", trust_env=False, verify=believing).json()
        assert shown["seconds_per_day"] == 86_400
