"""What carriers say of a leg, as staff heard it."""

from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlmodel import Session, col, select

from api.access import open_to
from api.edge import Edge
from api.v1.batches import LegView, leg_view
from shipments.batches.batch import Batch, Leg
from shipments.errors import NotFound
from shipments.offices.person import Role
from shipments.shapes import Instant
from shipments.tracking import legs
from shipments.tracking.accounts.terms import AccountName
from shipments.tracking.event import CarrierEvent, Classifier
from shipments.tracking.legs import Told
from shipments.tracking.milestones import Milestone, Reason

TELLS = frozenset({Role.LOGISTICIAN, Role.RECEIVER, Role.COORDINATOR})


class AccountChosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The name of the account that a leg is asked about with from now on."""

    account: AccountName


class EventView(msgspec.Struct, frozen=True):
    """One thing a carrier said. `milestone` null: a code that we do not know, or that moves nothing."""

    id: UUID
    classifier: Classifier
    occurred_at: Instant | None
    occurred_as_written: str
    tz_known: bool
    heard_at: Instant
    milestone: Milestone | None
    event: str | None
    reason: Reason | None
    raw_code: str
    raw_text: str
    place: str | None
    unlocode: str | None
    corrects_id: UUID | None


@post("/legs/{leg_id:uuid}/events", status_code=201, sync_to_thread=True, opt=open_to())
def tell(leg_id: FromPath[UUID], data: JSONBody[Told], edge: NamedDependency[Edge]) -> Response[EventView]:
    """Report what a carrier said on the phone or on its site."""
    return edge.write(
        lambda session: event_view(legs.tell(session, leg_id, data, by=edge.by, now=edge.now)), status=201
    )


@get("/legs/{leg_id:uuid}/events", sync_to_thread=True, opt=open_to())
def read_events(leg_id: FromPath[UUID], edge: NamedDependency[Edge]) -> list[EventView]:
    """All that was said of a leg, in the order in which we heard it."""

    def show(session: Session) -> list[EventView]:
        seen = session.exec(select(Leg.id).join(Batch, col(Batch.id) == Leg.batch_id).where(Leg.id == leg_id)).first()
        if seen is None:
            raise NotFound("leg", str(leg_id))
        said = session.exec(
            select(CarrierEvent)
            .where(CarrierEvent.leg_id == leg_id)
            .order_by(col(CarrierEvent.heard_at), col(CarrierEvent.id))
        )
        return [event_view(event) for event in said]

    return edge.read(show)


@post("/legs/{leg_id:uuid}/account", status_code=200, sync_to_thread=True, opt=open_to())
def choose_account(
    leg_id: FromPath[UUID], data: JSONBody[AccountChosen], edge: NamedDependency[Edge]
) -> Response[LegView]:
    """Ask about a leg with another account of the same carrier: one of the sending office, or one that all share."""
    return edge.write(
        lambda session: leg_view(session, legs.set_account(session, leg_id, data.account, by=edge.by, now=edge.now))
    )


@delete("/legs/{leg_id:uuid}", status_code=204, sync_to_thread=True, opt=open_to())
def remove_leg(leg_id: FromPath[UUID], edge: NamedDependency[Edge]) -> None:
    """Take back a mistyped leg: the last of its batch, of which no carrier has said anything."""
    edge.act(lambda session: legs.remove_leg(session, leg_id, by=edge.by, now=edge.now))


def event_view(event: CarrierEvent) -> EventView:
    """As it is shown."""
    return EventView(**{name: getattr(event, name) for name in EventView.__struct_fields__})


HANDLERS = [tell, read_events, choose_account, remove_leg]
