"""With which account a leg is asked about: chosen by the sending office, and shown to its staff alone."""

from uuid import UUID

from sqlmodel import Session

from shipments.clock import utc_now
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.administering import add_account
from shipments.tracking.accounts.terms import AccountAsked
from shipments.tracking.polling.watch import LegWatch
from shipments.tracking.pushes.push import Subscription
from shipments.transaction import perform
from tests.api import journey
from tests.api.world import HOST, OTHER_HOST, World

PARCEL = {**journey.LEG, "carrier": "dhl", "reference_type": "tracking_number", "mode": "courier"}


def add(world: World, name: str, office: str | None) -> None:
    asked, now = AccountAsked(carrier="dhl", name=name, office=office, secret="key-1"), utc_now()

    def work(session: Session) -> None:
        add_account(session, world.wiring.ring, asked, by=EVERYWHERE, now=now)

    perform(world.database, EVERYWHERE, work, now=now)


def test_the_sending_office_chooses_among_its_own_and_the_shared_accounts(world: World) -> None:
    for name, office in (("ours-1", HOST), ("ours-2", HOST), ("shared", None), ("theirs", OTHER_HOST)):
        add(world, name, office)
    legs = f"/api/v1/batches/{journey.a_batch(world)['code']}/legs"
    refused = world.logistician.post(legs, PARCEL).problem(400)
    assert refused["errors"] == [{"field": "account", "expected": "one of ours-1, ours-2"}]
    leg = world.logistician.post(legs, {**PARCEL, "account": "ours-2"}).ok(201)
    assert leg["account"] == "ours-2"
    chosen = f"/api/v1/legs/{leg['id']}/account"
    assert world.logistician.post(chosen, {"account": "shared"}).ok()["account"] == "shared"
    world.logistician.post(chosen, {"account": "theirs"}).problem(404)
    world.logistician.post(legs, {**PARCEL, "account": "theirs"}).problem(404)
    world.receiver.post(chosen, {"account": "ours-1"}).problem(403)
    world.other_logistician.post(chosen, {"account": "theirs"}).problem(404)


def test_only_the_sending_offices_staff_see_the_accounts_name(small_world: World) -> None:
    add(small_world, "ours", HOST)
    batch = f"/api/v1/batches/{journey.a_batch(small_world)['code']}"
    small_world.logistician.post(f"{batch}/legs", PARCEL).ok(201)
    seen = {
        name: small_world.people[name].client.get(batch).ok()["legs"][0]["account"]
        for name in ("logistician", "counsellor", "coordinator", "receiver")
    }
    assert seen == {"logistician": "ours", "counsellor": "ours", "coordinator": "ours", "receiver": None}


def test_only_the_sending_offices_staff_see_what_goes_wrong_with_a_carrier(small_world: World) -> None:
    add(small_world, "ours", HOST)
    batch = f"/api/v1/batches/{journey.a_batch(small_world)['code']}"
    leg = UUID(small_world.logistician.post(f"{batch}/legs", PARCEL).ok(201)["id"])
    assert small_world.logistician.get(batch).ok()["legs"][0]["trouble"] is None

    def falters(session: Session) -> None:
        watch = session.get_one(LegWatch, leg)
        watch.trouble = "dhl did not answer."
        session.add(Subscription(leg_id=leg, account_id=watch.account_id, failures=1, trouble="Refused: unknown."))

    perform(small_world.database, EVERYWHERE, falters, now=utc_now())
    seen = {
        name: small_world.people[name].client.get(batch).ok()["legs"][0]["trouble"]
        for name in ("logistician", "coordinator", "receiver")
    }
    said = "dhl did not answer. Refused: unknown."
    assert seen == {"logistician": said, "coordinator": said, "receiver": None}
