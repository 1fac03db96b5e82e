"""The page of one box, and of one batch."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlmodel import Session, col, select

from api.access import open_to
from api.edge import Edge
from api.pages.telling import line_of
from api.pages.visiting import Visitor, staff_page, visitor
from api.pages.way import legs_shown
from api.pages.words import STORY
from api.pages.wrong import holds_told, wrong_with
from api.v1.batches import batch_view
from api.v1.box_timeline import Fact, timeline
from api.v1.boxes import box_view
from api.v1.views import ProgressView, progress_from
from shipments import codes
from shipments.batches.batch import Batch
from shipments.boxes.box import Box, Stage
from shipments.errors import Invalid, NotFound
from shipments.offices.office import Office
from shipments.offices.scope import find
from shipments.progress.carrier_news import ARRIVED
from shipments.progress.deriving import BoxException
from shipments.progress.keeping import COLUMNS

Asked = Request[Any, Any, State]
_CODE = re.compile(r"\b(?:BX|CS)(?:-[0-9A-Z]+){4}\b")
_BEGINS = {"sealed": Stage.PACKED, "joined_batch": Stage.WAITING, "dispatched": Stage.ON_THE_WAY}
_BEGINS |= {"received": Stage.AT_THE_OFFICE, "handed_over": Stage.HANDED_OVER}


class Step(msgspec.Struct, frozen=True):
    """One stage of the story. `state`: done, now, or to come; `at` where a fact says when."""

    stage: Stage
    state: str
    at: datetime | None


class BoxInBatch(msgspec.Struct, frozen=True):
    """A box in its batch."""

    code: str
    gross_weight_g: int | None
    progress: ProgressView


class OpenGate(msgspec.Struct, frozen=True):
    """What keeps a batch here, and which boxes or cases are concerned."""

    gate: str
    concerned: tuple[str, ...]


@get("/boxes/{code:str}", sync_to_thread=True, opt=open_to())
def show_box(code: FromPath[str], request: Asked, edge: NamedDependency[Edge]) -> Response[bytes]:
    """How far it is, what is wrong, what is in it, and everything that is known of its way."""

    def show(session: Session) -> Response[bytes]:
        box = find(session, Box, _number(codes.Kind.BOX, code, "box"), "box")
        view, who = box_view(session, box, edge.now), visitor(session, request, edge)
        facts = timeline(session, box)
        values = {
            "box": view,
            "offices": _names(session, view.host_office, view.origin_office),
            "steps": steps(view.progress.stage, facts),
            "facts": [line_of(fact) for fact in reversed(facts)],
            "held": _held(session, box, who) if BoxException.HELD in view.progress.exceptions else [],
        }
        return staff_page(request, "box.html", who, values)

    return edge.read(show)


@get("/batches/{code:str}", sync_to_thread=True, opt=open_to())
def show_batch(code: FromPath[str], request: Asked, edge: NamedDependency[Edge]) -> Response[bytes]:
    """Its boxes, its legs, what keeps it from leaving, and its labels."""

    def show(session: Session) -> Response[bytes]:
        batch = find(session, Batch, _number(codes.Kind.BATCH, code, "batch"), "batch")
        view, who = batch_view(session, batch, edge.now), visitor(session, request, edge)
        values = {
            "batch": view,
            "offices": _names(session, view.from_office, view.to_office),
            "boxes": _boxes_in(session, batch, edge.now),
            "gates": gates_of(view.gates),
            "legs": legs_shown(session, batch, view.legs, now=edge.now),
            "wrong": wrong_with(session, batch, view.progress.exceptions, who),
        }
        return staff_page(request, "batch.html", who, values)

    return edge.read(show)


def steps(stage: Stage, facts: Sequence[Fact]) -> list[Step]:
    """The story with its dates. A box that ended early is nowhere in it: what was reached stays done."""
    dates = _dates(facts)
    if stage not in STORY:
        return [Step(one, "done" if one in dates else "to come", dates.get(one)) for one in STORY]
    here = STORY.index(stage)
    last = len(STORY) - 1
    states = ["done" if at < here or at == last == here else "now" if at == here else "to come" for at in range(8)]
    return [
        Step(one, state, dates.get(one) if state != "to come" else None)
        for one, state in zip(STORY, states, strict=True)
    ]


def gates_of(gates: Sequence[Any]) -> list[OpenGate]:  # Any: dispatching's Gate
    """Each kind of gate once."""
    concerned: dict[str, list[str]] = {}
    for one in gates:
        concerned.setdefault(one.gate, []).extend(_CODE.findall(one.reason))
    return [OpenGate(gate, tuple(dict.fromkeys(found))) for gate, found in concerned.items()]


def _dates(facts: Sequence[Fact]) -> dict[Stage, datetime]:
    dates: dict[Stage, datetime] = {}
    for fact in facts:
        stage = Stage.REGISTERED if fact.what == "registered" else _BEGINS.get(fact.what)
        if fact.classifier == "ACT" and fact.milestone in ARRIVED:
            stage = Stage.IN_THE_COUNTRY
        if stage is not None and fact.occurred_at is not None:
            dates.setdefault(stage, fact.occurred_at)
    return dates


def _boxes_in(session: Session, batch: Batch, now: datetime) -> list[BoxInBatch]:
    rows = session.exec(select(Box).where(Box.batch_id == batch.id).order_by(col(Box.batch_position)))
    return [
        BoxInBatch(one.code, one.gross_weight_g, progress_from(now, *(getattr(one, name) for name in COLUMNS)))
        for one in rows
    ]


def _held(session: Session, box: Box, who: Visitor) -> list[str]:
    batch = session.get(Batch, box.batch_id)
    return holds_told(session, batch, who) if batch is not None else []


def _names(session: Session, *office_codes: str) -> dict[str, str]:
    return dict(session.exec(select(Office.code, Office.name).where(col(Office.code).in_(office_codes))).all())


def _number(kind: codes.Kind, typed: str, name: str) -> str:
    """A code that cannot be is not there: nobody is told which of the two."""
    try:
        return codes.read(kind, typed)
    except Invalid as error:
        raise NotFound(name, typed[:40]) from error


HANDLERS = [show_box, show_batch]
