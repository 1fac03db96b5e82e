"""What the story reads while a ship is under way: the carrier's facts, and the news that offices get of them."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from api.practice_carrier.sea import PORTS
from shipments.database import Database
from shipments.notices.notice import News, Notice
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.pushes.push import Push, PushState
from shipments.transaction import reading

DEEDS = {
    "booked": "the booking is confirmed",
    "stuffed": "the box is in the container",
    "gated_in": "the container is in the port",
    "gated_out": "the container left the port on a lorry",
    "loaded": "the container is on the ship",
    "departed": "the ship has sailed",
    "arrived": "the ship has arrived",
    "discharged": "the container is ashore",
    "document_issued": "the bill of lading is issued",
    "customs_released": "customs let it go",
    "dropped_off": "the container is at the hub",
    "stripped": "the container is emptied",
}
TOLD = {
    News.DISPATCHED: "your batch {code} has left and is expected {days}",
    News.FIRST_DATE: "{code} is expected {days}",
    News.DATE_CHANGED: "{code} is now expected {days}",
    News.ARRIVED: "{code} has arrived in your country",
    News.HELD: "{code} is held",
    News.SILENT: "nobody has said anything of {code} for long",
    News.OVERDUE: "{code} should have been with you by now",
    News.DISPUTED: "what is said of {code} contradicts itself",
    News.RECEIVED: "{code} is at the office",
}


def carrier_facts(timeline: list[dict[str, Any]], known: set[str]) -> Iterator[tuple[str, str]]:
    """(word, sentence) of each fact of a carrier that is not in `known` yet; enters it there."""
    for fact in timeline:
        if fact["source"] == "dcsa" and fact["id"] not in known:
            known.add(fact["id"])
            yield fact["what"] if fact["classifier"] == "ACT" else "", _sentence(fact)


def news(database: Database, codes: Collection[str], known: set[str]) -> Iterator[str]:
    """What offices were told of these things and is not in `known` yet; enters it there."""
    with reading(database, EVERYWHERE) as session:
        about = select(Notice).where(col(Notice.object_code).in_(codes))
        for notice in session.exec(about.order_by(col(Notice.noticed_at), col(Notice.id))):
            if notice.told_once not in known:
                known.add(notice.told_once)
                said = TOLD.get(notice.news, f"news of {{code}}: {notice.news}")
                yield said.format(code=notice.object_code, days=_days(notice.facts))


def pushed(database: Database, carrier: str) -> tuple[int, int]:
    """How many messages a carrier sent by itself, and how many facts were first heard of by them."""
    told = select(func.count(), func.coalesce(func.sum(Push.news), 0)).join(
        CarrierAccount, col(CarrierAccount.id) == Push.account_id
    )
    with reading(database, EVERYWHERE) as session:
        return session.exec(told.where(CarrierAccount.carrier == carrier, Push.state == PushState.HEARD)).one()


def _sentence(fact: dict[str, Any]) -> str:
    place = PORTS.get(fact["place"] or "", fact["place"] or "the carrier's office")
    if fact["classifier"] == "ACT":
        return f"{place}: {DEEDS.get(fact['what'], fact['what'].replace('_', ' '))}"
    verb = {"arrived": "arrival", "departed": "departure"}.get(fact["what"], fact["what"])
    certainty = "plans" if fact["classifier"] == "PLN" else "expects"
    at = datetime.fromisoformat(fact["occurred_at"]).astimezone()
    return f"the carrier {certainty} the ship's {verb} at {place} at {at:%H:%M:%S}"


def _days(facts: dict[str, str | None]) -> str:
    first, last = (facts.get(end) or facts.get(f"expected_{end}") for end in ("from", "to"))
    if not first or not last:
        return "on a day not known yet"
    return f"between {datetime.fromisoformat(first):%-d %B} and {datetime.fromisoformat(last):%-d %B}"
