"""What becomes of calls: events once each, the ledger, the next due times, pauses, stops."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, bindparam, select
from sqlmodel import Session, col

from shipments.errors import CarrierOverQuota, CarrierRefused
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.calls.ending import end_calls
from shipments.tracking.carriers.answers import Answer
from shipments.tracking.hearing import Heard, hear, is_undated_estimate
from shipments.tracking.polling.blaming import Failure, blame
from shipments.tracking.polling.result import Result
from shipments.tracking.polling.scheduling import Answered, Held, leave_due, plan_answered, plan_failed
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.letting_go import subscribe_anew


class Recorded(msgspec.Struct, frozen=True):
    """What results changed: new events, unknown codes (leg, code), legs whose lease was lost, stopped accounts."""

    new: int
    unknown: Sequence[tuple[UUID, str]]
    late: int
    stopped: Sequence[str]


def record(session: Session, results: Sequence[Result], *, pace: float, now: datetime) -> Recorded:
    """Events once each, the ledger, the next due times, pauses.

    A leg whose lease another worker took is left out; what its carrier says no to, for the whole account, counts.
    """
    accounts = _locked(session, results)
    held = _still_held(session, results)
    heard = _hear(session, results, held, now)
    _plan(session, results, held, pace, now)
    subscribe_anew(session, _keys_unknown(_answered(results, held)), now=now)
    stopped = _blame(session, results, accounts, held, pace, now)
    end_calls(session, results, accounts, heard.new, now=now)
    return Recorded(
        new=sum(heard.new.values()),
        unknown=heard.unknown,
        late=sum(len(one.claim.legs) for one in results) - len(held),
        stopped=stopped,
    )


def _locked(session: Session, results: Sequence[Result]) -> Mapping[UUID, CarrierAccount]:
    """Accounts that something happens to. Before any leg, as whoever claims does: nobody waits crosswise."""
    concerned = {one.claim.account.id for one in results if not one.is_answered or one.unmade}
    others = {one.claim.account.id for one in results} - concerned
    if others:
        failing = select(col(CarrierAccount.id)).where(
            col(CarrierAccount.id).in_(others), col(CarrierAccount.failures) > 0
        )
        concerned |= set(session.connection().scalars(failing))
    if not concerned:
        return {}
    chosen = (
        select(CarrierAccount)
        .where(col(CarrierAccount.id).in_(concerned))
        .order_by(col(CarrierAccount.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {account.id: account for account in session.scalars(chosen)}


def _still_held(session: Session, results: Sequence[Result]) -> Mapping[UUID, Held]:
    """Leg → its row, of the legs whose fence is still the newest; locked."""
    fences = {leg.leg_id: leg.fence for one in results for leg in one.claim.legs}
    rows = session.connection().execute(_HELD, {"ids": list(fences)})
    return {leg: Held(*row) for leg, fence, *row in rows if fences[leg] == fence}


_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_HELD = (
    select(col(LegWatch.leg_id), col(LegWatch.fence), *(getattr(LegWatch, name) for name in Held.__struct_fields__))
    .where(col(LegWatch.leg_id).in_(_IDS))
    .order_by(col(LegWatch.leg_id))
    .with_for_update()
)


def _answered(results: Iterable[Result], held: Mapping[UUID, Held]) -> Iterable[Answered]:
    for one in results:
        said = one.said
        for leg in one.claim.legs:
            if leg.leg_id in said and leg.leg_id in held:
                yield Answered(leg, said[leg.leg_id], one.heard_at, held[leg.leg_id])


def _keys_unknown(answered: Iterable[Answered]) -> Mapping[UUID, str | None]:
    """Leg → the key by which its carrier knows nothing of it."""
    return {one.leg.leg_id: one.leg.asked.carrier_key for one in answered if one.said.key_unknown}


def _hear(session: Session, results: Sequence[Result], held: Mapping[UUID, Held], now: datetime) -> Heard:
    answered = list(_answered(results, held))
    answers = {one.leg.leg_id: answer for one in answered if (answer := _not_overtaken(one)) is not None}
    return hear(session, answers, now=now, came_at={one.leg.leg_id: one.heard_at for one in answered})


def _not_overtaken(one: Answered) -> Answer | None:
    """Without what was estimated "when we heard it", where the carrier itself has told us something newer since."""
    answer = one.said.answer
    if answer is None or not one.is_overtaken:
        return answer
    events = tuple(event for event in answer.events if not is_undated_estimate(event, one.heard_at))
    return msgspec.structs.replace(answer, events=events)


def _plan(session: Session, results: Sequence[Result], held: Mapping[UUID, Held], pace: float, now: datetime) -> None:
    plan_answered(session, list(_answered(results, held)), pace=pace, now=now)
    for one in results:
        failed = {leg: error for leg, error in one.errors.items() if leg in held}
        if isinstance(one.error, CarrierOverQuota | CarrierRefused):
            leave_due(session, list(failed), trouble=str(one.error), now=now)
        else:
            troubles = {leg: (held[leg].failures, str(error)) for leg, error in failed.items()}
            plan_failed(session, troubles, pace=pace, now=now)
    unasked = [leg.leg_id for one in results if one.outcome is None for leg in one.claim.legs if leg.leg_id in held]
    leave_due(session, unasked, trouble=None, now=now)


def _blame(
    session: Session,
    results: Sequence[Result],
    accounts: Mapping[UUID, CarrierAccount],
    held: Mapping[UUID, Held],
    pace: float,
    now: datetime,
) -> list[str]:
    """Accounts that stopped. One that answers for other legs is not down, and starts counting anew.

    That it was down is no news from whoever comes after the lease; that it wants no calls, is.
    """
    stopped = []
    for account in accounts.values():
        of_it = [one for one in results if one.claim.account.id == account.id]
        answering = any(one.is_answered for one in of_it)
        failures = [
            Failure(error, one.claim.call_at, one.spoilt)
            for one in of_it
            if (error := one.error) is not None
            and (isinstance(error, CarrierOverQuota | CarrierRefused) or not held.keys().isdisjoint(one.errors))
        ]
        if answering:
            account.failures = 0
        if blame(session, account, failures, answering=answering, pace=pace, now=now):
            stopped.append(account.name)
    return stopped
