"""Which account a leg is asked about with: one of the sending office, else one that every office shares."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlmodel import Session, col

from shipments.errors import Invalid, NotFound
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.recounting import recount_legs
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.letting_go import let_go


def account_for(session: Session, carrier: str, office_id: UUID, name: str | None = None) -> UUID:
    """The one called `name`, else the only one of this carrier that the office has, else the only shared one.

    It stays until the transaction ends. Raises Invalid where there is none or more than one, and NotFound for a name
    that is not there or serves another office.
    """
    if name is not None:
        return _named(session, carrier, office_id, name)
    rows = session.execute(
        _kept(select(col(CarrierAccount.id), col(CarrierAccount.name), col(CarrierAccount.office_id)))
        .where(col(CarrierAccount.carrier) == carrier, _serves(office_id))
        .order_by(col(CarrierAccount.name))
    ).all()
    fitting = [row for row in rows if row.office_id is not None] or rows
    if not fitting:
        made = f"'shipments accounts add {carrier}' makes it"
        raise Invalid([("carrier", f"one with an account; {made}, or use by_hand")])
    if len(fitting) > 1:
        raise Invalid([("account", f"one of {', '.join(row.name for row in fitting)}")])
    found: UUID = fitting[0].id
    return found


def account_names(session: Session, legs: Sequence[UUID]) -> dict[UUID, str]:
    """Leg → the name of the account it is asked about with; without those that are told of by hand."""
    rows = session.execute(
        select(col(LegWatch.leg_id), col(CarrierAccount.name))
        .join(CarrierAccount, col(CarrierAccount.id) == col(LegWatch.account_id))
        .where(col(LegWatch.leg_id).in_(legs))
    )
    return {row.leg_id: row.name for row in rows}


def hand_over(
    session: Session,
    legs: Sequence[UUID] | Select[Any],  # Any: of one id
    account_id: UUID,
    *,
    now: datetime,
) -> int:
    """From now on these legs, or those of this select, are asked about with this account. Returns how many.

    Whoever asks with the former one just now writes nothing any more. What its carrier tells by itself is ended there,
    and asked for anew with this one. How often a leg was asked about today stays counted.
    """
    let_go(session, legs, now=now)
    recount_legs(session, legs, session.get_one(CarrierAccount, account_id), now=now)
    moved = session.connection().execute(
        update(LegWatch)
        .where(col(LegWatch.leg_id).in_(legs))
        .values(
            account_id=account_id,
            fence=col(LegWatch.fence) + 1,
            leased_until=None,
            failures=0,
            trouble=None,
            answer_digest=None,
        )
    )
    return moved.rowcount


def _named(session: Session, carrier: str, office_id: UUID, name: str) -> UUID:
    found = session.execute(
        _kept(select(col(CarrierAccount.id), col(CarrierAccount.carrier))).where(
            col(CarrierAccount.name) == name, _serves(office_id)
        )
    ).one_or_none()
    if found is None:
        raise NotFound("carrier account", name[:40])
    if found.carrier != carrier:
        raise Invalid([("account", f"one with {carrier}; {name} is one with {found.carrier}")])
    id: UUID = found.id
    return id


def _serves(office_id: UUID) -> ColumnElement[bool]:
    return or_(col(CarrierAccount.office_id).is_(None), col(CarrierAccount.office_id) == office_id)


def _kept(statement: Any) -> Any:  # Any: a select of whatever columns
    """Nobody removes them before this transaction ends."""
    return statement.with_for_update(read=True, key_share=True)
