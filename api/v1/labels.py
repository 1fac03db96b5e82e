"""Labels as PDF, for a batch or a single box."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from sqlmodel import Session, col, select

from api.access import open_to
from api.edge import Edge
from shipments import codes
from shipments.batches.batch import Batch
from shipments.boxes.box import Box
from shipments.offices.person import Role
from shipments.offices.scope import find

PRINTS = frozenset({Role.LOGISTICIAN, Role.RECEIVER, Role.COORDINATOR})
PaperName = Literal["a4-4", "a5", "a6", "4x6in"]
StartAt = Annotated[int, msgspec.Meta(ge=1, le=4, description="The first free place on a part-used sheet.")]


@get("/batches/{code:str}/labels.pdf", sync_to_thread=True, media_type="application/pdf", opt=open_to(PRINTS))
def batch_labels(
    code: FromPath[str],
    edge: NamedDependency[Edge],
    paper: FromQuery[PaperName] = "a4-4",
    start_at: FromQuery[StartAt] = 1,
) -> Response[bytes]:
    """Labels of every box of a batch, in order, with its QR. They say nothing of who or what."""
    number = codes.read(codes.Kind.BATCH, code)

    def show(session: Session) -> bytes:
        batch = find(session, Batch, number, "batch")
        boxes = session.exec(select(Box).where(Box.batch_id == batch.id).order_by(col(Box.batch_position))).all()
        return labels_pdf(session, boxes, base_url=edge.base_url, paper=paper, start_at=start_at)

    return _pdf(edge.read(show), number)


@get("/boxes/{code:str}/labels.pdf", sync_to_thread=True, media_type="application/pdf", opt=open_to(PRINTS))
def box_labels(
    code: FromPath[str],
    edge: NamedDependency[Edge],
    paper: FromQuery[PaperName] = "a6",
    start_at: FromQuery[StartAt] = 1,
) -> Response[bytes]:
    """The label of one box."""
    number = codes.read(codes.Kind.BOX, code)

    def show(session: Session) -> bytes:
        box = find(session, Box, number, "box")
        return labels_pdf(session, [box], base_url=edge.base_url, paper=paper, start_at=start_at)

    return _pdf(edge.read(show), number)


def labels_pdf(session: Session, boxes: Sequence[Box], *, base_url: str, paper: str, start_at: int) -> bytes:
    """Imported when the first label is drawn: drawing takes half a second to load."""
    from shipments.boxes import labelling

    return labelling.labels_pdf(session, boxes, base_url=base_url, paper=paper, start_at=start_at)


def _pdf(content: bytes, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'inline; filename="labels-{name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


HANDLERS = [batch_labels, box_labels]
