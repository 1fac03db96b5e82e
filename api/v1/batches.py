"""Batches: boxes that leave together, their legs, their departure and their labels."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from api.access import open_to
from api.edge import Edge, shown_with_etag
from api.paging import Cursor, Limit, Page, after, page
from api.v1.newest import newest
from api.v1.views import ExpectedArrival, ProgressView, expected_arrivals, has_exception, office_codes, progress_view
from shipments import codes
from shipments.batches import dispatching, planning
from shipments.batches.batch import Batch, Leg, Mode
from shipments.batches.dispatching import Gate, Override
from shipments.batches.planning import Limits
from shipments.boxes.box import Box, Stage
from shipments.offices.office import office_by_code
from shipments.offices.person import Role
from shipments.offices.scope import actor_of, find
from shipments.progress.deriving import BoxException
from shipments.shapes import DayOrInstant, Instant, OfficeCode, TypedCode, moment
from shipments.tracking import legs
from shipments.tracking.accounts.choosing import account_names
from shipments.tracking.legs import LegPlanned
from shipments.tracking.troubles import troubles_of

PLANS = frozenset({Role.LOGISTICIAN})
NO_RULES = "No rules are known for this country: ask the office which papers it needs."


class BatchPlanned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Boxes will leave from one office to one office. Limits in grams, cubic millimetres and boxes."""

    from_office: OfficeCode
    to_office: OfficeCode
    mode: Mode
    cut_off: DayOrInstant | None = None
    limits: Limits = Limits()


class BatchChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cut-off and limits as they shall be from now on."""

    cut_off: DayOrInstant | None = None
    limits: Limits = Limits()


class BoxesToAdd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes of boxes."""

    boxes: Annotated[tuple[TypedCode, ...], msgspec.Meta(min_length=1, max_length=500)]


class DispatchAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When it left (now, if not said), and the gate that a named person lets it pass."""

    at: Instant | None = None
    override: Override | None = None


class LegView(msgspec.Struct, frozen=True):
    """One carrier's stretch. `account`: it is asked about with; null: with none, or not yours to see.

    `expected`: when it arrives; null: nothing is known. `trouble`: what went wrong with its carrier lately; null:
    nothing, or not yours to see.
    """

    id: UUID
    position: int
    carrier: str
    mode: Mode
    reference_type: str
    reference: str
    from_place: str
    to_place: str
    planned_departure: Instant | None
    planned_arrival: Instant | None
    account: str | None
    expected: ExpectedArrival | None
    trouble: str | None


_OF_LEG = tuple(name for name in LegView.__struct_fields__ if name not in ("account", "expected", "trouble"))


class BatchView(msgspec.Struct, frozen=True):
    """A batch. `gates`: what keeps it from leaving. `papers`: what is known of the papers its country asks for."""

    code: str
    from_office: str
    to_office: str
    mode: Mode
    cut_off: Instant | None
    limits: Limits
    dispatched_at: Instant | None
    boxes: list[str]
    legs: list[LegView]
    gates: list[Gate]
    papers: str
    progress: ProgressView
    version: int


class BatchRow(msgspec.Struct, frozen=True):
    """A batch in a list."""

    code: str
    from_office: str
    to_office: str
    mode: Mode
    cut_off: Instant | None
    dispatched_at: Instant | None
    progress: ProgressView


@post("/batches", status_code=201, sync_to_thread=True, opt=open_to(PLANS))
def plan_batch(data: JSONBody[BatchPlanned], edge: NamedDependency[Edge]) -> Response[BatchView]:
    """Plan a batch."""

    def verb(session: Session) -> BatchView:
        asked = {**{name: getattr(data, name) for name in data.__struct_fields__}, "cut_off": _cut_off(data)}
        return batch_view(session, planning.plan(session, **asked, by=edge.by, now=edge.now), edge.now)

    return edge.write(verb, status=201)


@get("/batches", sync_to_thread=True, opt=open_to())
def list_batches(
    edge: NamedDependency[Edge],
    office: FromQuery[OfficeCode | None] = None,
    stage: FromQuery[Stage | None] = None,
    exception: FromQuery[BoxException | None] = None,
    q: FromQuery[Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = 50,
) -> Response[Page[BatchRow]]:
    """Batches in sight, newest first. `q`: a batch code or a carrier's reference."""

    def show(session: Session) -> Response[Page[BatchRow]]:
        statement = select(Batch).order_by(col(Batch.id).desc()).limit(limit + 1)
        at = office_by_code(session, office).id if office else None
        conditions = [] if stage is None else [col(Batch.stage) == stage]
        if exception:
            conditions.append(has_exception(Batch, exception, edge.now))
        if q:
            referred = select(Leg.batch_id).where(Leg.reference == q.strip())
            conditions.append((col(Batch.code) == codes.canonical(q)) | col(Batch.id).in_(referred))
        if (last := after(cursor)) is not None:
            conditions.append(col(Batch.id) < last)
        statement = statement.where(newest(Batch, conditions, own=edge.by.offices(), office=at, most=limit + 1))
        found = session.exec(statement).all()
        offices = office_codes(session, [id for one in found for id in (one.host_office_id, one.origin_office_id)])
        rows = [(one.id, _row(session, one, offices, edge.now)) for one in found]
        query = {"office": office, "stage": stage, "exception": exception, "q": q}
        return page(rows, limit, "/api/v1/batches", query)

    return edge.read(show)


@get("/batches/{code:str}", sync_to_thread=True, opt=open_to())
def read_batch(code: FromPath[str], edge: NamedDependency[Edge]) -> Response[BatchView]:
    """One batch with its boxes, legs and gates."""
    return shown_with_etag(edge.read(lambda session: batch_view(session, _batch(session, code), edge.now)))


@patch("/batches/{code:str}", sync_to_thread=True, opt=open_to())
def change_batch(code: FromPath[str], data: JSONBody[BatchChange], edge: NamedDependency[Edge]) -> Response[BatchView]:
    """Another cut-off, other limits. Needs If-Match with the ETag that was read."""

    def verb(session: Session, version: int) -> BatchView:
        batch = planning.change(
            session,
            _number(code),
            cut_off=_cut_off(data),
            limits=data.limits,
            version=version,
            by=edge.by,
            now=edge.now,
        )
        return batch_view(session, batch, edge.now)

    return edge.change(verb)


@post("/batches/{code:str}/boxes", status_code=200, sync_to_thread=True, opt=open_to())
def add_boxes(code: FromPath[str], data: JSONBody[BoxesToAdd], edge: NamedDependency[Edge]) -> Response[BatchView]:
    """Put boxes into the batch: all of them, or none."""

    def verb(session: Session) -> BatchView:
        numbers = [codes.read(codes.Kind.BOX, one) for one in data.boxes]
        batch = planning.add_boxes(session, _number(code), numbers, by=edge.by, now=edge.now)
        return batch_view(session, batch, edge.now)

    return edge.write(verb)


@delete("/batches/{code:str}/boxes/{box:str}", status_code=204, sync_to_thread=True, opt=open_to())
def remove_box(code: FromPath[str], box: FromPath[str], edge: NamedDependency[Edge]) -> None:
    """Take a box out of the batch, before it has left."""
    number = codes.read(codes.Kind.BOX, box)
    edge.act(lambda session: planning.remove_box(session, _number(code), number, by=edge.by, now=edge.now))


@post("/batches/{code:str}/legs", status_code=201, sync_to_thread=True, opt=open_to())
def add_leg(code: FromPath[str], data: JSONBody[LegPlanned], edge: NamedDependency[Edge]) -> Response[LegView]:
    """Add the next stretch of the way, with the carrier's reference."""

    def verb(session: Session) -> LegView:
        return leg_view(session, legs.add_leg(session, _number(code), data, by=edge.by, now=edge.now))

    return edge.write(verb, status=201)


@post("/batches/{code:str}/dispatch", status_code=200, sync_to_thread=True, opt=open_to())
def dispatch(
    code: FromPath[str], edge: NamedDependency[Edge], data: JSONBody[DispatchAsked | None] = None
) -> Response[BatchView]:
    """The batch leaves, if no gate is open; else 409 with every gate that is."""
    asked = data or DispatchAsked()

    def verb(session: Session) -> BatchView:
        batch = dispatching.dispatch(
            session, _number(code), at=asked.at, override=asked.override, by=edge.by, now=edge.now
        )
        return batch_view(session, batch, edge.now)

    return edge.write(verb)


def batch_view(session: Session, batch: Batch, now: datetime) -> BatchView:
    """As it is shown."""
    offices = office_codes(session, [batch.host_office_id, batch.origin_office_id])
    boxes = session.exec(select(Box.code).where(Box.batch_id == batch.id).order_by(col(Box.batch_position)))
    legs_there = session.exec(select(Leg).where(Leg.batch_id == batch.id).order_by(col(Leg.position))).all()
    return BatchView(
        code=batch.code,
        from_office=offices[batch.host_office_id],
        to_office=offices[batch.origin_office_id],
        mode=batch.mode,
        cut_off=batch.cut_off,
        limits=Limits(batch.max_weight_g, batch.max_volume_mm3, batch.max_boxes),
        dispatched_at=batch.dispatched_at,
        boxes=list(boxes),
        legs=leg_views(session, batch, legs_there),
        gates=[] if batch.dispatched_at else dispatching.open_gates(session, batch),
        papers=NO_RULES,
        progress=progress_view(session, batch, now),
        version=batch.version,
    )


def leg_view(session: Session, leg: Leg) -> LegView:
    """As it is shown."""
    return leg_views(session, session.get_one(Batch, leg.batch_id), [leg])[0]


def leg_views(session: Session, batch: Batch, shown: Sequence[Leg]) -> list[LegView]:
    """As they are shown: only the sending office's staff see how a carrier is asked, and what goes wrong with it."""
    ours = actor_of(session).offices()
    theirs = [leg.id for leg in shown] if ours is None or batch.host_office_id in ours else []
    names, troubles = account_names(session, theirs), troubles_of(session, theirs)
    expected = expected_arrivals(session, batch)
    return [
        LegView(
            **{name: getattr(leg, name) for name in _OF_LEG},
            account=names.get(leg.id),
            expected=expected.get(leg.id),
            trouble=troubles.get(leg.id),
        )
        for leg in shown
    ]


def _row(session: Session, batch: Batch, offices: dict[UUID, str], now: datetime) -> BatchRow:
    return BatchRow(
        batch.code,
        offices[batch.host_office_id],
        offices[batch.origin_office_id],
        batch.mode,
        batch.cut_off,
        batch.dispatched_at,
        progress_view(session, batch, now),
    )


def _cut_off(data: BatchPlanned | BatchChange) -> datetime | None:
    return moment(data.cut_off, "cut_off")


def _number(code: str) -> str:
    return codes.read(codes.Kind.BATCH, code)


def _batch(session: Session, code: str) -> Batch:
    return find(session, Batch, _number(code), "batch")


HANDLERS = [plan_batch, list_batches, read_batch, change_batch, add_boxes, remove_box, add_leg, dispatch]
