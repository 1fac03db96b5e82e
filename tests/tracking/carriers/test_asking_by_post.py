"""A carrier that is asked by POST gets the body, once, as JSON."""

import asyncio
import json

import httpx

from shipments.tracking.carriers import fedex
from shipments.tracking.carriers.asking import ask
from tests.tracking.carriers.telling import HEARD, an_account
from tests.tracking.carriers.telling_fedex import NUMBER, a_fedex_answer
from tests.tracking.carriers.telling_parcels import a_parcel


def test_the_body_of_a_post_is_sent_as_json() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(a_fedex_answer()))

    async def asking() -> int:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            account = an_account("https://carrier.example", carrier="fedex")
            said = await ask(client, fedex, account, a_parcel(NUMBER), since=None, heard_at=HEARD)
            return len(said.answer.events) if said.answer else 0

    assert asyncio.run(asking()) == 8
    (request,) = asked
    assert (request.method, request.url.path) == ("POST", "/track/v1/trackingnumbers")
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.content)["trackingInfo"][0] == {"trackingNumberInfo": {"trackingNumber": NUMBER}}
