"""Receipts, what does not add up, and hand-over."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlmodel import Session, col, select

from api.access import open_to
from api.edge import Edge
from api.v1.views import ProgressView, progress_view
from shipments import codes
from shipments.boxes.box import Box, BoxLine
from shipments.offices.person import Role
from shipments.offices.scope import find
from shipments.receipts import handing_over, receiving
from shipments.receipts.handing_over import HandedOver
from shipments.receipts.receipt import Condition, Explanation, HandedTo, Receipt, ReceiptLine
from shipments.receipts.receiving import Arrived
from shipments.requests.request import RequestLine
from shipments.shapes import Instant, Text

RECEIVES = frozenset({Role.RECEIVER, Role.COORDINATOR})
EXPLAINS = RECEIVES | {Role.LOGISTICIAN}


class ReceiptView(msgspec.Struct, frozen=True):
    """A receipt as kept, and what it made of the box."""

    id: UUID
    box: str
    arrived_at: Instant
    heard_at: Instant
    condition: Condition
    counted: bool
    progress: ProgressView


class HandoverView(msgspec.Struct, frozen=True):
    """A hand-over as kept, and what it made of the box."""

    id: UUID
    box: str
    at: Instant
    heard_at: Instant
    to: HandedTo
    refused: str | None
    progress: ProgressView


class Said(msgspec.Struct, frozen=True):
    """One explanation."""

    text: str
    settled: bool
    heard_at: Instant


class DiscrepancyView(msgspec.Struct, frozen=True):
    """Sent minus received of one line, or something nobody had listed, with what either end said."""

    receipt: UUID
    line: UUID
    description: str
    missing: int
    damaged: int
    surplus: int
    explanations: list[Said]


class Explained(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happened, as far as this end knows. `settled`: nothing more is to be done."""

    text: Text
    settled: bool = False


class Tried(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the returnee was reached, and how it was tried."""

    reached: bool
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@post("/receipts", status_code=201, sync_to_thread=True, opt=open_to())
def receive(data: JSONBody[Arrived], edge: NamedDependency[Edge]) -> Response[ReceiptView]:
    """Confirm that a box arrived. The same note again answers 200 and changes nothing."""
    new = False

    def verb(session: Session) -> ReceiptView:
        nonlocal new
        receipt, new = receiving.receive(session, data, by=edge.by, now=edge.now)
        box = session.get_one(Box, receipt.box_id)
        return ReceiptView(
            receipt.id,
            box.code,
            receipt.arrived_at,
            receipt.heard_at,
            receipt.condition,
            receipt.counted,
            progress_view(session, box, edge.now),
        )

    return edge.once(verb, status=lambda _: 201 if new else 200)


@post("/handovers", status_code=201, sync_to_thread=True, opt=open_to())
def hand_over(data: JSONBody[HandedOver], edge: NamedDependency[Edge]) -> Response[HandoverView]:
    """Hand a box over, wholly or in part, or record that it was refused. The same note again answers 200."""
    new = False

    def verb(session: Session) -> HandoverView:
        nonlocal new
        handover, new = handing_over.hand_over(session, data, by=edge.by, now=edge.now)
        box = session.get_one(Box, handover.box_id)
        return HandoverView(
            handover.id,
            box.code,
            handover.at,
            handover.heard_at,
            handover.taker,
            handover.refused,
            progress_view(session, box, edge.now),
        )

    return edge.once(verb, status=lambda _: 201 if new else 200)


@get("/boxes/{code:str}/discrepancies", sync_to_thread=True, opt=open_to())
def read_discrepancies(code: FromPath[str], edge: NamedDependency[Edge]) -> list[DiscrepancyView]:
    """What does not add up in a box, and what either end says."""
    number = codes.read(codes.Kind.BOX, code)
    return edge.read(lambda session: discrepancies(session, find(session, Box, number, "box")))


@post("/discrepancies/{line:uuid}/explanations", status_code=201, sync_to_thread=True, opt=open_to())
def explain(line: FromPath[UUID], data: JSONBody[Explained], edge: NamedDependency[Edge]) -> Response[Said]:
    """Explain a line that does not add up, from either end."""

    def verb(session: Session) -> Said:
        said = receiving.explain(session, line, text=data.text, settled=data.settled, by=edge.by, now=edge.now)
        return Said(said.text, said.settled, said.heard_at)

    return edge.write(verb, status=201)


@post("/boxes/{code:str}/contacts", status_code=201, sync_to_thread=True, opt=open_to())
def contact(code: FromPath[str], data: JSONBody[Tried], edge: NamedDependency[Edge]) -> Response[ProgressView]:
    """The office tried to reach the returnee about a box."""

    def verb(session: Session) -> ProgressView:
        number = codes.read(codes.Kind.BOX, code)
        handing_over.tried_to_reach(session, number, reached=data.reached, note=data.note, by=edge.by, now=edge.now)
        return progress_view(session, find(session, Box, number, "box"), edge.now)

    return edge.write(verb, status=201)


def discrepancies(session: Session, box: Box) -> list[DiscrepancyView]:
    """Of the receipts of one box."""
    rows = session.exec(
        select(ReceiptLine, RequestLine.description)
        .join(Receipt, col(Receipt.id) == ReceiptLine.receipt_id)
        .outerjoin(BoxLine, col(BoxLine.id) == ReceiptLine.box_line_id)
        .outerjoin(RequestLine, col(RequestLine.id) == BoxLine.request_line_id)
        .where(Receipt.box_id == box.id, ReceiptLine.missing + ReceiptLine.damaged + ReceiptLine.surplus > 0)
        .order_by(col(ReceiptLine.id))
    ).all()
    said: dict[UUID, list[Said]] = {}
    ids = [line.id for line, _ in rows]
    for one in session.exec(
        select(Explanation).where(col(Explanation.receipt_line_id).in_(ids)).order_by(col(Explanation.heard_at))
    ):
        said.setdefault(one.receipt_line_id, []).append(Said(one.text, one.settled, one.heard_at))
    return [
        DiscrepancyView(
            receipt=line.receipt_id,
            line=line.id,
            description=description or line.description,
            missing=line.missing,
            damaged=line.damaged,
            surplus=line.surplus,
            explanations=said.get(line.id, []),
        )
        for line, description in rows
    ]


HANDLERS = [receive, hand_over, read_discrepancies, explain, contact]
