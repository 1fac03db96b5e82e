"""How customers ask to be told: DCSA's event subscriptions, and UPS Track Alert, which ends after 14 days.

DHL and Ship24 are told the callback by hand: `POST /practice/callbacks`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from api.practice_carrier import dcsa, ups
from api.practice_carrier.callbacks import is_ours
from api.practice_carrier.practice import Practice
from api.practice_carrier.replies import Asked, Json, Reply, json_reply
from api.practice_carrier.speaking import Endpoint, Spoilt, answered
from api.practice_carrier.subscriptions import Subscription

DCSA_PATH: Final = "/v2/event-subscriptions"
UPS_PATH: Final = "/api/track/v1/subscription/standard/package"
UPS_MOST: Final = 100
UPS_LIVES = timedelta(days=14)


class _DcsaBody(msgspec.Struct):
    callback: str = msgspec.field(name="callbackUrl")
    secret: str
    booking: str | None = msgspec.field(name="carrierBookingReference", default=None)
    document: str | None = msgspec.field(name="transportDocumentReference", default=None)
    container: str | None = msgspec.field(name="equipmentReference", default=None)

    def references(self) -> frozenset[str] | None:
        """None: every event of ours."""
        return frozenset(filter(None, (self.booking, self.document, self.container))) or None


def dcsa_subscriptions(practice: Practice, asked: Asked) -> Reply:
    """`POST` and `GET /v2/event-subscriptions`."""
    return answered(practice, dcsa.MANNERS, asked, [], partial(_dcsa_all, practice, asked), "subscribe")


def _dcsa_all(practice: Practice, asked: Asked, spoilt: Spoilt) -> Reply:
    if asked.method == "GET":
        alive = practice.subscriptions.alive(practice.clock.now())
        shown = [_shown(one) for one in alive if one.interface == "dcsa"]
        return json_reply(shown, headers={**dcsa.VERSION, "Current-Page": "b2Zmc2V0PTA="})
    try:
        body = msgspec.json.decode(asked.body, type=_DcsaBody)
    except msgspec.DecodeError as error:
        return _refused(400, asked, str(error))
    if asked.method != "POST" or not is_ours(body.callback):
        return _refused(400, asked, "callbackUrl: an address of loopback; this is a practice carrier")
    now = practice.clock.now()
    made = practice.subscriptions.make(
        "dcsa",
        body.callback,
        body.secret,
        references=body.references(),
        asked_for=msgspec.json.decode(asked.body),
        pushed={one: shipment.told_by(now) for one in body.references() or () if (shipment := practice.sea.find(one))},
    )
    return json_reply(_shown(made), 201, dcsa.VERSION)


def _shown(one: Subscription) -> Json:
    """As it was asked for, without the secret."""
    told = {name: value for name, value in one.asked_for.items() if name != "secret"}
    return {"subscriptionID": one.id, **told}


def _refused(status: int, asked: Asked, message: str) -> Reply:
    return dcsa.refuse(status, {}, message, method=asked.method, uri=asked.path)


def dcsa_subscription(practice: Practice, asked: Asked) -> Reply:
    """`GET`, `DELETE /v2/event-subscriptions/{id}` and `PUT …/secret`."""
    return answered(practice, dcsa.MANNERS, asked, [], partial(_dcsa_one, practice, asked), "subscribe")


def _dcsa_one(practice: Practice, asked: Asked, spoilt: Spoilt) -> Reply:
    id, _, what = asked.path.removeprefix(f"{DCSA_PATH}/").partition("/")
    found = practice.subscriptions.find(id)
    if found is None:
        return _refused(404, asked, "No such subscription")
    if asked.method == "DELETE":
        practice.subscriptions.forget(id)
        return Reply(status=204, headers=dcsa.VERSION)
    if asked.method == "PUT" and what == "secret":
        found.secret = msgspec.json.decode(asked.body, type=dict[str, str]).get("secret", "")
        return Reply(status=204, headers=dcsa.VERSION)
    return json_reply(_shown(found), headers=dcsa.VERSION)


class _Destination(msgspec.Struct):
    url: str
    credential: str
    credential_type: str = msgspec.field(name="credentialType")


class _UpsBody(msgspec.Struct):
    numbers: list[str] = msgspec.field(name="trackingNumberList")
    destination: _Destination
    locale: str


def ups_subscriptions(practice: Practice, asked: Asked) -> Reply:
    """`POST /api/track/v1/subscription/standard/package`: up to a hundred numbers, for 14 days."""
    try:
        body = msgspec.json.decode(asked.body, type=_UpsBody)
    except msgspec.DecodeError:
        body = None
    numbers = body.numbers if body else []
    return answered(practice, ups.MANNERS, asked, numbers, partial(_ups, practice, asked, body), "subscribe")


def _ups(practice: Practice, asked: Asked, body: _UpsBody | None, spoilt: Spoilt) -> Reply:
    told = asked.headers.get("transid"), asked.headers.get("transactionsrc")
    if body is None or asked.method != "POST" or not all(told) or not 1 <= len(body.numbers) <= UPS_MOST:
        return ups.refuse(400, {})
    if not is_ours(body.destination.url):
        return ups.refuse(400, {})
    valid = [number for number in body.numbers if 7 <= len(number) <= 34 and number.isalnum()]
    if valid:
        where = body.destination
        now = practice.clock.now()
        practice.subscriptions.make(
            "ups",
            where.url,
            where.credential,
            references=frozenset(valid),
            until=now + UPS_LIVES,
            pushed={number: _told(practice, number, now) for number in valid},
        )
    invalid = [number for number in body.numbers if number not in valid]
    return json_reply({"validTrackingNumbers": valid, "invalidTrackingNumbers": invalid})


def _told(practice: Practice, number: str, now: datetime) -> int:
    """How far a story has come: what was before the subscription is not told."""
    return max((parcel.told_by(now) for parcel in practice.depot.find("ups", number)), default=0)


ROUTES: Mapping[str, Endpoint] = {
    DCSA_PATH: dcsa_subscriptions,
    f"{DCSA_PATH}/": dcsa_subscription,
    UPS_PATH: ups_subscriptions,
}
