"""Tokens of the practice carrier: given for a secret, for a while, and taken back."""

from base64 import b64encode
from datetime import timedelta

import httpx
import pytest

from api.practice_carrier import Practice
from shipments.tracking.carriers import CARRIERS
from tests.practice_carrier.asking import a_leg, an_account, booked, send

GRANT = {"grant_type": "client_credentials"}
PATHS = {"ups": "/security/v1/oauth/token", "fedex": "/oauth/token", "dcsa": "/oauth2/token"}


def basic(secret: str = "a key") -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'practice:{secret}'.encode()).decode()}"}


def in_body(secret: str = "a key") -> dict[str, str]:
    return {**GRANT, "client_id": "practice", "client_secret": secret}


def test_ups_gives_a_token_for_basic_authorization_and_writes_its_end_as_text(
    client: httpx.Client, practice: Practice
) -> None:
    body = client.post(PATHS["ups"], data=GRANT, headers=basic()).json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", "3599")
    assert practice.logins.holds(f"Bearer {body['access_token']}", "ups", practice.clock.now())


def test_fedex_gives_a_token_for_a_form_and_writes_its_end_as_a_number(
    client: httpx.Client, practice: Practice
) -> None:
    body = client.post(PATHS["fedex"], data=in_body()).json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3599)
    assert practice.logins.holds(f"Bearer {body['access_token']}", "fedex", practice.clock.now())


def test_a_line_takes_a_token_instead_of_a_key(client: httpx.Client, practice: Practice) -> None:
    practice.book("B1", "NLRTM", "GNCKY")
    for how in ({"data": GRANT, "headers": basic()}, {"data": in_body()}):
        token = client.post(PATHS["dcsa"], **how).json()["access_token"]  # type: ignore[arg-type]  # httpx's many
        answer = client.get("/v2/events?carrierBookingReference=B1", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200


@pytest.mark.parametrize("carrier", PATHS)
def test_a_wrong_secret_gets_no_token(client: httpx.Client, practice: Practice, carrier: str) -> None:
    wrong = client.post(PATHS[carrier], data=in_body("wrong"), headers=basic("wrong"))
    assert wrong.status_code == 401
    assert client.post(PATHS[carrier], data={"grant_type": "password"}, headers=basic()).status_code == 400
    assert [call.kind for call in practice.calls] == ["token", "token"]


@pytest.mark.parametrize("carrier", ["ups", "fedex"])
def test_a_token_ends_and_a_revoked_one_is_refused(client: httpx.Client, practice: Practice, carrier: str) -> None:
    booked(practice)
    client.post("/practice/tokens", json={"token_s": 60})
    call = CARRIERS[carrier].request_for(a_leg(), an_account(practice, carrier), since=None, page=None)
    assert send(client, call).status_code == 200
    practice.clock.advance(timedelta(seconds=61) / timedelta(days=1))
    assert send(client, call).status_code == 401
    call = CARRIERS[carrier].request_for(a_leg(), an_account(practice, carrier), since=None, page=None)
    assert send(client, call).status_code == 200
    assert client.delete("/practice/tokens").status_code == 204
    assert send(client, call).status_code == 401


def test_a_token_of_one_carrier_is_none_of_anothers(client: httpx.Client, practice: Practice) -> None:
    booked(practice)
    token = practice.logins.issue("fedex", practice.clock.now())
    assert not practice.logins.holds(f"Bearer {token}", "ups", practice.clock.now())
