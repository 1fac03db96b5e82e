"""Accounts that are told by themselves, legs watched with them, and messages as carriers send them."""

import asyncio
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from jobs.hearing import Hearer
from shipments.batches.batch import Leg, Mode
from shipments.boxes.box import Box
from shipments.boxes.facts import facts_changed
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.logins import hook_place
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.inbox import keep_push
from shipments.tracking.pushes.push import Push, Subscription
from shipments.tracking.pushes.reading import PushesHeard
from tests.builders import NOON, a_batch, a_box, a_leg
from tests.story.journey import Journey

SECRET, FORMER = (b64encode(bytes([number]) * 32).decode() for number in (7, 9))
BOOKING = "PRB0012345"
Json = dict[str, Any]  # Any: JSON
Columns = Any  # whatever the columns of a table take


class Told:
    """One installation, `now` twenty days after its batches left, and what carriers tell it."""

    def __init__(self, journey: Journey, settings: Settings) -> None:
        self.journey, self.settings = journey, settings
        journey.now = NOON + timedelta(days=20)

    def account(self, carrier: str = "dcsa", **columns: Columns) -> UUID:
        """One whose messages prove themselves with SECRET."""
        account = CarrierAccount(
            **{"name": f"{carrier}-told", "carrier": carrier, "base_url": "https://carrier.example", **columns},
            secret_sealed=b"",
        )
        ring = self.settings.ring
        account.secret_sealed = ring.seal_answer(b"key", f"carrier_account:{account.id}")
        if columns.get("hook_secret_sealed", b"") is not None:
            account.hook_secret_sealed = ring.seal_answer(SECRET.encode(), hook_place(account))
        return self._added(account)

    def _added(self, account: CarrierAccount) -> UUID:
        def work(session: Session) -> UUID:
            session.add(account)
            return account.id

        return self.journey.do(work, EVERYWHERE)

    def leg(self, account: UUID, *, left: bool = True, **columns: Columns) -> UUID:
        """A leg of a batch with one box that left at noon, or has not left; not due for polling yet."""
        journey = self.journey
        carrier = journey.see(lambda session: session.get_one(CarrierAccount, account).carrier)
        defaults = {"reference_type": "booking", "reference": BOOKING, "carrier": carrier}
        if carrier != "dcsa":
            defaults |= {"reference_type": "tracking_number"}
            columns = {"mode": Mode.COURIER, **columns}

        def work(session: Session) -> UUID:
            box = a_box(session, journey.host, journey.origin, sealed_at=NOON)
            batch = a_batch(session, journey.host, journey.origin, [box], dispatched_at=NOON if left else None)
            leg = a_leg(session, batch, **{**defaults, **columns})
            due_at = journey.now + timedelta(hours=6) if left else None
            session.add(LegWatch(leg_id=leg.id, account_id=account, due_at=due_at))
            facts_changed(session, [box.id])
            return leg.id

        return journey.do(work, EVERYWHERE)

    def tell(self, account: UUID, body: bytes, subscription: str | None = None) -> bool:
        """A genuine message comes in, of that subscription as it says; False where it was here before."""
        kept = partial(keep_push, ring=self.settings.ring, account_id=account, body=body, now=self.journey.now)
        return self.journey.do(lambda session: kept(session, subscription=subscription), EVERYWHERE)

    def subscribed(self, account: UUID, leg: UUID, key: str) -> None:
        """The carrier was asked to tell of a leg, and calls that so."""
        row = Subscription(leg_id=leg, account_id=account, carrier_key=key, made_at=NOON)
        self.journey.do(lambda session: session.add(row), EVERYWHERE)

    def hear(self, *, clock: Callable[[], datetime] | None = None) -> PushesHeard:
        """One round of the job."""
        self.journey.now += timedelta(minutes=1)
        hearer = Hearer(self.journey.database, self.settings, clock or (lambda: self.journey.now))
        return asyncio.run(hearer.round())

    def pushes(self) -> Sequence[Push]:
        """All that came in, in order."""
        return self.journey.see(
            lambda session: session.execute(select(Push).order_by(col(Push.received_at), col(Push.id))).scalars().all()
        )

    def box_of(self, leg: UUID) -> str:
        """The code of the box that travels on a leg."""
        named = select(col(Box.code)).join(Leg, col(Leg.batch_id) == col(Box.batch_id)).where(col(Leg.id) == leg)
        return str(self.journey.see(lambda session: session.execute(named).scalar_one()))


def departed(at: datetime, *, booking: str = BOOKING, event_id: str = "e-1", **more: object) -> Json:
    """DCSA: the ship has left Rotterdam."""
    return {
        "eventID": event_id,
        "eventCreatedDateTime": at.isoformat(),
        "eventType": "TRANSPORT",
        "eventClassifierCode": "ACT",
        "eventDateTime": at.isoformat(),
        "transportEventTypeCode": "DEPA",
        "documentReferences": [{"documentReferenceType": "BKG", "documentReferenceValue": booking}],
        "transportCall": {"modeOfTransport": "VESSEL", "UNLocationCode": "NLRTM"},
        **more,
    }


def message(*parts: Json) -> bytes:
    """DCSA: events in one message."""
    return json.dumps(list(parts)).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """DCSA: the header that proves it."""
    signature = hmac.digest(b64decode(secret), body, "sha256").hex()
    return {"Notification-Signature": f"sha256={signature}"}


def ship24_message(number: str, at: datetime, *events: Json) -> bytes:
    """Ship24: one tracking, made at that time."""
    tracking = {
        "metadata": {"generatedAt": at.isoformat(), "messageId": "m-1", "topic": "tracking/events"},
        "tracker": {"trackerId": "t-1", "trackingNumber": number},
        "shipment": {"statusMilestone": "in_transit", "trackingNumbers": [{"tn": number}]},
        "events": list(events),
    }
    return json.dumps({"trackings": [tracking]}).encode()


def ship24_event(state: str, at: datetime, number: str, event_id: str = "s-1") -> Json:
    """One event by its `statusMilestone`."""
    return {
        "eventId": event_id,
        "trackingNumber": number,
        "status": "Told by a courier",
        "occurrenceDatetime": at.isoformat(),
        "statusMilestone": state,
    }


def ups_message(number: str, at: datetime, codes: str = "I/DP/005", **more: object) -> bytes:
    """UPS Track Alert: one event, by `TYPE/CODE/DESCRIPTIONCODE`; what is not known is an empty text."""
    kind, code, description_code = codes.split("/")
    return json.dumps(
        {
            "trackingNumber": number,
            "localActivityDate": f"{at:%Y%m%d}",
            "localActivityTime": f"{at:%H%M%S}",
            "gmtActivityDate": f"{at:%Y%m%d}",
            "gmtActivityTime": f"{at:%H%M%S}",
            "activityLocation": {"city": "Rotterdam", "country": "NL", "postalCode": "", "stateProvince": ""},
            "activityStatus": {"type": kind, "code": code, "description": "Told", "descriptionCode": description_code},
            "scheduledDeliveryDate": "",
            "actualDeliveryDate": "",
            "actualDeliveryTime": "",
            "deliveryStartTime": "",
            "deliveryEndTime": "",
            "deliveryTimeDescription": "",
            **more,
        }
    ).encode()


def dhl_message(number: str, at: datetime, status: str = "transit") -> bytes:
    """DHL: one shipment with one event."""
    event = {"timestamp": at.isoformat(), "statusCode": status, "status": status, "description": "Told"}
    shipment = {"id": number, "service": "express", "status": event, "events": [event]}
    return json.dumps({"scope": "subscription.push", "shipments": [shipment]}).encode()
