"""Parcels with a carrier that answers for thirty numbers a call, and a wire that a test writes the answers of."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import Session

from jobs import calling
from shipments.batches.batch import Mode
from shipments.boxes.facts import facts_changed
from shipments.database import new_id
from shipments.offices.scope import EVERYWHERE
from shipments.settings import Settings
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.polling.watch import LegWatch, Urgency
from tests.builders import NOON, a_batch, a_box, a_leg
from tests.jobs.polled import Polled
from tests.story.journey import Journey, at
from tests.tracking.carriers import telling_fedex

TOKEN_PATH = "/oauth/token"
Answers = Callable[[Sequence[str]], httpx.Response]


class FedexWire:
    """What comes back over the wire; `asked` are the numbers of each call, in order."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.authorized_by: list[str] = []
        self.tokens = 0
        self.unknown: set[str] = set()
        self.failing: dict[str, str] = {}
        self.left_out: set[str] = set()
        self.poison: set[str] = set()
        self.answers: Answers = self.scans

    def gives_token(self) -> httpx.Response:
        """The next of `token-1`, `token-2` and so on."""
        self.tokens += 1
        granted = {"access_token": f"token-{self.tokens}", "token_type": "bearer", "expires_in": 3_600}
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(granted).encode()))

    def scans(self, numbers: Sequence[str]) -> httpx.Response:
        """Each was picked up, but for those that are `unknown`, `left_out`, `failing` or break the whole answer."""
        if self.poison & set(numbers):
            return httpx.Response(200, stream=httpx.ByteStream(b'{"output": 7}'))
        told = [self._of(number) for number in numbers if number not in self.left_out]
        return httpx.Response(200, stream=httpx.ByteStream(telling_fedex.whole(*told)))

    def _of(self, number: str) -> dict[str, Any]:
        if number in self.unknown:
            return telling_fedex.failed(number)
        if number in self.failing:
            return telling_fedex.failed(number, self.failing[number])
        picked_up = telling_fedex.scan("PU", "2026-03-03T10:00:00+00:00", "NL")
        named = {"trackingNumber": number, "trackingNumberUniqueId": f"1~{number}~FX"}
        return telling_fedex.said_of(number, telling_fedex.shipment(picked_up, trackingNumberInfo=named))

    def handle(self, request: httpx.Request) -> httpx.Response:
        """One call."""
        if request.url.path == TOKEN_PATH:
            return self.gives_token()
        asked = json.loads(request.content)["trackingInfo"]
        self.asked.append([one["trackingNumberInfo"]["trackingNumber"] for one in asked])
        self.authorized_by.append(request.headers["Authorization"])
        return self.answers(self.asked[-1])


class Parcels(Polled):
    """Courier legs of an account that is asked over `wire`."""

    def __init__(self, journey: Journey, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wire = FedexWire()
        monkeypatch.setattr(calling, "open_client", lambda _: self.client())
        journey.now = at(3)
        super().__init__(journey, settings, self._account(journey, settings))
        self._next = 700_000_000_000

    def client(self) -> httpx.AsyncClient:
        """One that is connected to our wire."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self.wire.handle))

    def _account(self, journey: Journey, settings: Settings) -> UUID:
        def work(session: Session) -> UUID:
            account = CarrierAccount(
                id=new_id(),
                name="fedex",
                carrier="fedex",
                base_url="https://carrier.example",
                header="Authorization",
                secret_sealed=b"",
                per_second=1_000_000.0,
            )
            account.secret_sealed = settings.ring.seal_answer(b"Bearer key", f"carrier_account:{account.id}")
            session.add(account)
            return account.id

        return journey.do(work, EVERYWHERE)

    def send(
        self,
        count: int = 1,
        *,
        due: timedelta = timedelta(0),
        urgency: Urgency = Urgency.UNDER_WAY,
        reference: str | None = None,
        **watch: Any,
    ) -> list[UUID]:
        """So many parcels, due so long from now (negative: overdue). The ids of their legs."""

        def work(session: Session) -> list[UUID]:
            legs = []
            for _ in range(count):
                box = a_box(session, self.journey.host, self.journey.origin, sealed_at=NOON)
                batch = a_batch(session, self.journey.host, self.journey.origin, [box], dispatched_at=NOON)
                self._next += 1
                leg = a_leg(
                    session,
                    batch,
                    carrier="fedex",
                    mode=Mode.COURIER,
                    reference_type="tracking_number",
                    reference=reference or str(self._next),
                )
                due_at = self.journey.now + due
                session.add(LegWatch(leg_id=leg.id, account_id=self.account, due_at=due_at, urgency=urgency, **watch))
                facts_changed(session, [box.id])
                legs.append(leg.id)
            return legs

        return self.journey.do(work, EVERYWHERE)

    def number(self, leg: UUID) -> str:
        """What a leg is called at the carrier."""
        return self.journey.the_leg(leg).reference
