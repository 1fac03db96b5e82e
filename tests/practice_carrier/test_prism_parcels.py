"""UPS and Ship24 as their own specifications have them: neither our questions nor the practice carrier's answers stray.

Both carriers answer with some statuses that their specifications do not list (UPS 401 and 429, Ship24 more): there the
status is the only thing that prism may name.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import httpx
import msgspec
import pytest

from api.practice_carrier import Practice, practice_carrier
from api.practice_carrier.stories import STORIES
from shipments.tracking.carriers import CARRIERS, ship24
from shipments.tracking.carriers.answers import Call, LegAsked
from shipments.tracking.carriers.pushing import Hook
from tests.practice_carrier.asking import NUMBER, START, a_leg, an_account, creation_of, end_of, results_of, send
from tests.practice_carrier.proxying import needs, prisms

UPS, LOGIN = "ups/Tracking.notabs.yaml", "ups/OAuthClientCredentials.yaml"
SHIP24 = "ship24/ship24-tracking-api.yaml"
HOOK = Hook("https://boxes.example/hooks/ship24/1", "a secret")
DAYS = (0.1, 2, 4.9, 9, 40)
REFUSALS = {"unauthorised": 401, "forbidden": 403, "not_found": 404, "over_quota": 429, "broken": 500, "busy": 503}
LISTED = {"ups": {403, 404, 500, 503}, "ship24": set[int]()}

pytestmark = [*needs(UPS), *needs(SHIP24)]


class Proxied(NamedTuple):
    """The practice carrier's state, and clients that reach it through prism."""

    practice: Practice
    ups: httpx.Client
    login: httpx.Client
    ship24: httpx.Client


@pytest.fixture(scope="module")
def proxied() -> Iterator[Proxied]:
    """UPS's paths stand below its server's `/api`, which prism adds by itself."""
    with (
        practice_carrier(api_key="a key") as carrier,
        prisms((UPS, f"{carrier.url}/api"), (LOGIN, carrier.url), (SHIP24, carrier.url)) as (ups, login, whole),
        httpx.Client(base_url=ups, trust_env=False, timeout=20) as to_ups,
        httpx.Client(base_url=login, trust_env=False, timeout=20) as to_login,
        httpx.Client(base_url=whole, trust_env=False, timeout=20) as to_ship24,
    ):
        yield Proxied(carrier.practice, to_ups, to_login, to_ship24)


def asked(proxied: Proxied, carrier: str, number: str = NUMBER) -> httpx.Response:
    """With our own request."""
    call = CARRIERS[carrier].request_for(a_leg(number), an_account(proxied.practice, carrier), since=None, page=None)
    return send(proxied.ups, below_api(call)) if carrier == "ups" else send(proxied.ship24, call)


def below_api(call: Call) -> Call:
    """The path as UPS's specification writes it."""
    return msgspec.structs.replace(call, path=call.path.removeprefix("/api"))


def violations(answer: httpx.Response) -> list[str]:
    """What prism holds against a question or its answer, but for a status that the specification forgot."""
    named = json.loads(answer.headers.get("sl-violations", "[]"))
    return [one["message"] for one in named if "returned status code" not in one["message"]]


@pytest.mark.parametrize("carrier", ["ups", "ship24"])
@pytest.mark.parametrize("story", STORIES)
def test_no_answer_of_any_story_on_any_day_violates_the_specification(
    proxied: Proxied, carrier: str, story: str
) -> None:
    practice = proxied.practice
    practice.ship(carrier, f"PRISM{story.replace('_', '')}", story=story, started_at=START)
    for day in DAYS:
        practice.clock.set(START + timedelta(days=day), 86_400)
        answer = asked(proxied, carrier, f"PRISM{story.replace('_', '')}")
        assert (answer.status_code, answer.headers.get("sl-violations")) == (200, None), day


@pytest.mark.parametrize("carrier", ["ups", "ship24"])
def test_a_number_that_nobody_knows_violates_nothing(proxied: Proxied, carrier: str) -> None:
    answer = asked(proxied, carrier, "NOBODYKNOWS1")
    assert (answer.status_code, answer.headers.get("sl-violations")) == (200, None)


@pytest.mark.parametrize("carrier", ["ups", "ship24"])
@pytest.mark.parametrize("fault", REFUSALS)
def test_no_refusal_violates_the_specification_but_by_a_status_that_it_does_not_list(
    proxied: Proxied, carrier: str, fault: str
) -> None:
    proxied.practice.ship(carrier, NUMBER, started_at=START)
    proxied.practice.fault(fault, times=1, interface=carrier)
    answer = asked(proxied, carrier)
    assert (answer.status_code, violations(answer)) == (REFUSALS[fault], [])
    assert ("sl-violations" not in answer.headers) == (REFUSALS[fault] in LISTED[carrier])


def test_prism_does_see_a_violation(proxied: Proxied) -> None:
    for carrier in ("ups", "ship24"):
        proxied.practice.ship(carrier, NUMBER, started_at=START)
        proxied.practice.fault("wrong_types", times=1, interface=carrier)
        assert violations(asked(proxied, carrier)) != [], carrier


def test_prism_does_see_a_question_that_strays(proxied: Proxied) -> None:
    call = CARRIERS["ups"].request_for(a_leg(), an_account(proxied.practice, "ups"), since=None, page=None)
    headers = {name: value for name, value in call.headers.items() if name != "transId"}
    assert violations(send(proxied.ups, below_api(msgspec.structs.replace(call, headers=headers)))) != []


def test_the_tokens_of_ups_are_as_its_specification_has_them(proxied: Proxied) -> None:
    basic = {"Authorization": f"Basic {b64encode(b'practice:a key').decode()}"}
    for headers, form, status in (
        (basic, {"grant_type": "client_credentials"}, 200),
        (basic, {"grant_type": "password"}, 400),
        ({"Authorization": "Basic eDp5"}, {"grant_type": "client_credentials"}, 401),
    ):
        answer = proxied.login.post("/security/v1/oauth/token", data=form, headers=headers)
        assert (answer.status_code, answer.headers.get("sl-violations")) == (status, None)


def test_trackers_one_by_one_and_many_at_once_are_as_ship24s_specification_has_them(proxied: Proxied) -> None:
    account = an_account(proxied.practice, "ship24")
    for references, status in ((["PRISM000001"], 201), (["PRISM000002", "AAAAAA"], 207), (["AAAAAA"], 400)):
        answer = send(proxied.ship24, creation_of(references, account))
        assert (answer.status_code, answer.headers.get("sl-violations")) == (status, None)
    tracker = asked(proxied, "ship24", "PRISM000001").json()["data"]["trackings"][0]["tracker"]["trackerId"]
    for id, status in ((tracker, 200), ("nobody", 404)):
        answer = send(proxied.ship24, results_of(id, account))
        assert (answer.status_code, answer.headers.get("sl-violations")) == (status, None)


def test_our_own_questions_for_many_trackers_and_their_answers_are_as_ship24s_specification_has_them(
    proxied: Proxied,
) -> None:
    account, legs = an_account(proxied.practice, "ship24"), [a_leg("PRISM000011"), a_leg("PRISM000012")]
    made_up = a_leg("AAAAAA")
    for asked_for, status in ((legs, 201), (legs, 201), ([*legs, made_up], 207), ([made_up], 400)):
        answer = send(proxied.ship24, ship24.request_to_subscribe(asked_for, account, HOOK, key=None))
        assert (answer.status_code, answer.headers.get("sl-violations")) == (status, None)
        read = ship24.read_subscribed(answer.content, asked_for, key=None)
        assert {leg.reference: read[leg.reference].key is None for leg in asked_for} == {
            leg.reference: leg is made_up for leg in asked_for
        }
    tracker = answer_to(proxied, legs[0])
    for leg in (legs[0], msgspec.structs.replace(legs[0], carrier_key=tracker)):
        call = ship24.request_for(leg, account, since=None, page=None)
        answer = send(proxied.ship24, call)
        assert (answer.status_code, answer.headers.get("sl-violations")) == (200, None)
    answer = send(proxied.ship24, end_of(tracker, account))
    assert (answer.status_code, answer.headers.get("sl-violations")) == (200, None)


@pytest.mark.parametrize(("fault", "status"), [("forbidden", 403), ("over_quota", 429)])
def test_a_bulk_call_that_is_refused_whole_is_so_in_the_words_that_ship24_has_for_it(
    proxied: Proxied, fault: str, status: int
) -> None:
    proxied.practice.fault(fault, times=1, interface="ship24")
    account = an_account(proxied.practice, "ship24")
    answer = send(proxied.ship24, ship24.request_to_subscribe([a_leg()], account, HOOK, key=None))
    assert (answer.status_code, violations(answer)) == (status, [])
    assert answer.json()["error"]["code"] in {"quota_limit_reached", "too_many_requests"}


def answer_to(proxied: Proxied, leg: LegAsked) -> str:
    """The id of a leg's tracker."""
    account = an_account(proxied.practice, "ship24")
    answer = send(proxied.ship24, ship24.request_to_subscribe([leg], account, HOOK, key=None))
    key = ship24.read_subscribed(answer.content, [leg], key=None)[leg.reference].key
    assert key is not None
    return key
