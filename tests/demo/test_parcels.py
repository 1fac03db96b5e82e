"""Four carriers of parcels in the demo's programme, each with a trap that is seen for what it is."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import col, select

from api.demo.by_parcel import PARCEL_SAILINGS
from api.demo.history import SAILINGS
from api.demo.sailings import reference_of
from shipments.batches.batch import Batch, Leg
from shipments.boxes.box import Box, Stage
from shipments.notices.notice import News, Notice
from shipments.offices.scope import EVERYWHERE
from shipments.progress.deriving import BoxException
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.terms import beyond_usual
from shipments.tracking.calls import accounting
from shipments.tracking.calls.call import CalledLeg, CarrierCall, Outcome
from shipments.tracking.event import CarrierEvent
from shipments.tracking.milestones import Milestone, Reason
from shipments.tracking.polling.watch import LegWatch
from shipments.transaction import reading
from tests.demo.conftest import Made

PARCELS = {"dhl": 3, "ups": 2, "fedex": 2, "ship24": 2}


def legs_with(made: Made, story: str | None, *, used_before: bool = False) -> list[Leg]:
    """The legs of the batches whose parcel has this story."""
    names = [
        sailing.name
        for sailing in PARCEL_SAILINGS
        if (sailing.legs[0].voyage, bool(sailing.legs[0].used_before)) == (story, used_before)
    ]
    numbers = [number for number, one in enumerate(SAILINGS, start=1) if one.name in names]
    references = [reference_of(SAILINGS[number - 1].legs[0].carrier, number, 1) for number in numbers]
    with reading(made.database, EVERYWHERE) as session:
        return list(session.exec(select(Leg).where(col(Leg.reference).in_(references))))


def heard_of(made: Made, legs: list[Leg]) -> set[tuple[Milestone | None, Reason | None]]:
    """What their carriers have said."""
    said = select(CarrierEvent).where(col(CarrierEvent.leg_id).in_([leg.id for leg in legs]))
    with reading(made.database, EVERYWHERE) as session:
        return {(event.milestone, event.reason) for event in session.exec(said)}


def boxes_of(made: Made, legs: list[Leg]) -> list[Box]:
    """What travels on them."""
    aboard = select(Box).where(col(Box.batch_id).in_([leg.batch_id for leg in legs]))
    with reading(made.database, EVERYWHERE) as session:
        return list(session.exec(aboard))


def test_four_carriers_bring_parcels_beside_the_ships_and_what_is_told_by_hand(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        carriers = Counter(session.exec(select(Leg.carrier)))

    assert carriers.keys() == {"dcsa", "by_hand", *PARCELS}
    assert {name: carriers[name] for name in PARCELS} == PARCELS


def test_a_parcel_at_the_agent_is_in_the_country_and_not_at_the_office(made: Made) -> None:
    delivered = [leg for leg in legs_with(made, "plain") if (Milestone.DELIVERED, None) in heard_of(made, [leg])]

    assert {box.stage for box in boxes_of(made, delivered)} == {Stage.IN_THE_COUNTRY}


def test_customs_hold_a_parcel(made: Made) -> None:
    legs = legs_with(made, "held")

    assert (Milestone.EXCEPTION, Reason.CUSTOMS_HOLD) in heard_of(made, legs)
    assert [BoxException.HELD in box.exceptions.split(",") for box in boxes_of(made, legs)] == [True]


def test_the_office_is_told_of_a_parcel_whose_date_moved(made: Made) -> None:
    batches = [leg.batch_id for leg in legs_with(made, "delayed")]
    with reading(made.database, EVERYWHERE) as session:
        codes = session.exec(select(Batch.code).where(col(Batch.id).in_(batches))).all()
        told = session.exec(select(Notice.object_code).where(Notice.news == News.DATE_CHANGED)).all()

    assert codes
    assert set(codes) <= set(told)


def test_a_parcel_that_is_returned_after_delivery_is_disputed(made: Made) -> None:
    legs = legs_with(made, "returned_after_delivery")

    assert {(Milestone.DELIVERED, None), (Milestone.RETURNED, None)} <= heard_of(made, legs)
    assert [BoxException.DISPUTED in box.exceptions.split(",") for box in boxes_of(made, legs)] == [True]


def test_the_other_parcel_of_a_number_used_before_is_left_out_by_name(made: Made) -> None:
    (leg,) = legs_with(made, "plain", used_before=True)
    with reading(made.database, EVERYWHERE) as session:
        trouble = session.exec(select(LegWatch.trouble).where(LegWatch.leg_id == leg.id)).one()
        times = session.exec(select(CarrierEvent.occurred_at).where(CarrierEvent.leg_id == leg.id)).all()

    assert trouble == "shipment 1 is left out as another one: it goes to another country"
    assert times
    assert [at for at in times if at is not None and made.now - at > timedelta(days=5)] == []


def test_a_number_that_nobody_knows_yet_is_asked_for_and_moves_nothing(made: Made) -> None:
    (leg,) = legs_with(made, None)
    with reading(made.database, EVERYWHERE) as session:
        outcomes = session.exec(
            select(CarrierCall.outcome)
            .join(CalledLeg, col(CalledLeg.call_id) == CarrierCall.id)
            .where(CalledLeg.leg_id == leg.id)
        ).all()

    assert set(outcomes) == {Outcome.NOT_FOUND}
    assert heard_of(made, [leg]) == set()


def test_accounts_have_the_plans_of_their_carriers_but_for_the_line(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        accounts = {one.name: one for one in session.exec(select(CarrierAccount))}

    assert accounts.keys() == {"dcsa", *PARCELS}
    assert all(beyond_usual(accounts[name]) == [] for name in PARCELS)
    assert (accounts["dhl"].per_second, accounts["dhl"].per_day, accounts["dhl"].per_leg_per_day) == (0.2, 250, 10)
    assert [name for name, one in accounts.items() if one.hook_secret_sealed] == ["dcsa", "ups"]


def test_every_call_of_the_past_stands_in_the_ledger_and_was_in_time(made: Made) -> None:
    with reading(made.database, EVERYWHERE) as session:
        calls = select(CarrierAccount.carrier, func.count()).join(
            CarrierCall, col(CarrierCall.account_id) == CarrierAccount.id
        )
        ledger = dict(session.exec(calls.group_by(CarrierAccount.carrier)).all())
        shown = accounting.ledger(session, now=made.now)

    assert ledger == Counter(call.interface for call in made.practice.calls)
    assert all(one.made for one in shown.where_calls_went)
    assert [one.late.late for one in shown.put_off if one.late] == [0] * len(shown.put_off)
