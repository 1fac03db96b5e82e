"""Accounts: as their carriers usually are, or otherwise; of an office or shared; and which one a leg uses."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from shipments.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from shipments.journal import JournalEntry
from shipments.notices.alerting import queue_stopped
from shipments.offices.person import Role
from shipments.offices.scope import EVERYWHERE, Actor
from shipments.sealing import KeyRing
from shipments.tracking import legs
from shipments.tracking.accounts import administering as accounts
from shipments.tracking.accounts.account import CarrierAccount, LoginKind, PausedWhy
from shipments.tracking.accounts.listing import list_accounts
from shipments.tracking.accounts.logins import open_account, open_client_login
from shipments.tracking.accounts.terms import AccountAsked, AccountChanged, beyond_usual
from shipments.tracking.calls.call import CallKind, CarrierCall
from shipments.tracking.polling.watch import LegWatch
from shipments.transaction import reading
from tests.builders import an_actor, an_office
from tests.story.journey import Journey


def add(journey: Journey, ring: KeyRing, carrier: str = "dhl", *, by: Actor = EVERYWHERE, **terms: object) -> UUID:
    client = {"client_id": "client-1"} if carrier in ("ups", "fedex") else {}
    asked = AccountAsked(carrier=carrier, **{**client, "secret": "key-1", **terms})  # type: ignore[arg-type]
    return journey.do(lambda s: accounts.add_account(s, ring, asked, by=by, now=journey.now).id, EVERYWHERE)


def renew(journey: Journey, ring: KeyRing, name: str, *, by: Actor = EVERYWHERE, **change: object) -> CarrierAccount:
    changed = AccountChanged(**change)  # type: ignore[arg-type]
    return journey.do(lambda s: accounts.renew_account(s, ring, name, changed, by=by, now=journey.now), EVERYWHERE)


def row(journey: Journey, id: UUID) -> CarrierAccount:
    return journey.see(lambda session: session.get_one(CarrierAccount, id))


def change(journey: Journey, id: UUID, **columns: object) -> None:
    def work(session: Session) -> None:
        account = session.get_one(CarrierAccount, id)
        for name, value in columns.items():
            setattr(account, name, value)

    journey.do(work, EVERYWHERE)


def a_leg(journey: Journey, account: str | None = None) -> UUID:
    parcel = {
        "carrier": "dhl",
        "reference_type": "tracking_number",
        "reference": "00340434161094042557",
        "mode": "courier",
    }
    return journey.leg(journey.batch(), **parcel, account=account)


def account_of(journey: Journey, leg: UUID) -> str:
    def name(session: Session) -> str:
        return session.get_one(CarrierAccount, session.get_one(LegWatch, leg).account_id).name

    return journey.see(name)


def actions(journey: Journey) -> list[tuple[str, str]]:
    def work(session: Session) -> list[tuple[str, str]]:
        found = session.exec(
            select(JournalEntry).where(JournalEntry.object_kind == "account").order_by(col(JournalEntry.seq))
        )
        return [(one.action, one.object_code) for one in found]

    return journey.see(work)


# As it is made


def test_what_is_not_said_is_as_the_carriers_accounts_usually_are(each_journey: Journey, ring: KeyRing) -> None:
    dhl = row(each_journey, add(each_journey, ring))
    assert (dhl.name, dhl.office_id, dhl.base_url) == ("dhl", None, "https://api-eu.dhl.com")
    assert (dhl.login, dhl.header, dhl.token_url) == (LoginKind.KEY, "DHL-API-Key", "")
    assert (dhl.per_second, dhl.per_day, dhl.per_leg_per_day, dhl.resets_at_minute) == (0.2, 250, 10, 0)
    assert open_account(ring, dhl, now=each_journey.now).secret == "key-1"
    ups = row(each_journey, add(each_journey, ring, "ups"))
    assert (ups.login, ups.header) == (LoginKind.OAUTH2, "Authorization")
    assert ups.token_url == "https://onlinetools.ups.com/security/v1/oauth/token"
    assert actions(each_journey) == [("account.add", "dhl"), ("account.add", "ups")]


def test_a_stricter_budget_is_kept_and_a_larger_one_is_accepted_and_named(journey: Journey, ring: KeyRing) -> None:
    strict = row(journey, add(journey, ring, name="strict", per_second=0.1, per_day=100, per_leg_per_day=2))
    assert (strict.per_second, strict.per_day, strict.per_leg_per_day) == (0.1, 100, 2)
    assert beyond_usual(strict) == []
    large = row(journey, add(journey, ring, name="large", per_second=1.0, per_day=1000, resets_at="22:30"))
    assert large.resets_at_minute == 22 * 60 + 30
    assert beyond_usual(large) == [
        "1 calls a second; dhl usually allows 0.2",
        "1000 calls a day; dhl usually allows 250",
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"carrier": "by_hand"}, "carrier"),
        ({"carrier": "pigeon"}, "carrier"),
        ({"name": "no spaces"}, "name"),
        ({"name": "n" * 33}, "name"),
        ({"office": "XX-NONE"}, "office"),
        ({"base_url": "http://carrier.example"}, "base_url"),
        ({"base_url": "https://u:p@carrier.example"}, "base_url"),
        ({"carrier": "dcsa"}, "base_url"),
        ({"header": "A B"}, "header"),
        ({"header": "Host"}, "header"),
        ({"header": "content-LENGTH"}, "header"),
        ({"header": "Transfer-Encoding"}, "header"),
        ({"header": "Accept-Encoding"}, "header"),
        ({"header": "Connection"}, "header"),
        ({"header": "Content-Type"}, "header"),
        ({"header": "Cookie"}, "header"),
        ({"secret": ""}, "secret"),
        ({"secret": "two\nlines"}, "secret"),
        ({"carrier": "ups", "client_id": ""}, "client_id"),
        ({"carrier": "ups", "token_url": "http://127.0.0.1/token"}, "token_url"),
        ({"carrier": "dcsa", "base_url": "https://line.example", "login": LoginKind.OAUTH2}, "token_url"),
        ({"per_second": 0.0}, "per_second"),
        ({"per_second": float("nan")}, "per_second"),
        ({"per_day": 0}, "per_day"),
        ({"per_leg_per_day": -1}, "per_leg_per_day"),
        ({"resets_at": "24:00"}, "resets_at"),
    ],
)
def test_terms_that_cannot_be_right_are_refused_by_name(
    journey: Journey, ring: KeyRing, wrong: dict[str, Any], field: str
) -> None:  # Any: of each field's type, if not its range
    with pytest.raises(Invalid) as refused:
        add(journey, ring, **{"carrier": "dhl", **wrong})
    assert [one["field"] for one in refused.value.details["fields"]] == [field]  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", ["127.0.0.1:8090", "127.1", "[::1]", "10.0.0.8", "localhost"])
def test_a_private_address_is_refused_when_it_is_added_or_changed_unless_that_is_allowed(
    journey: Journey, ring: KeyRing, host: str
) -> None:
    for scheme in ("https", "http"):
        with pytest.raises(Invalid, match=r"base_url: .* say --private"):
            add(journey, ring, base_url=f"{scheme}://{host}")
    with pytest.raises(Invalid, match=r"token_url: .* say --private"):
        add(journey, ring, "ups", token_url=f"https://{host}/token")
    account = row(journey, add(journey, ring, "ups"))
    with pytest.raises(Invalid, match=r"base_url: .* say --private"):
        renew(journey, ring, "ups", base_url=f"https://{host}")
    assert row(journey, account.id).base_url == account.base_url
    there: dict[str, Any] = {"base_url": f"https://{host}", "client_id": "c", "secret": "s"}
    assert renew(journey, ring, "ups", allow_private=True, **there).allow_private
    with pytest.raises(Invalid, match="say --private"):
        renew(journey, ring, "ups", allow_private=False)


def test_no_account_has_a_link_local_address_even_where_private_ones_are_allowed(
    journey: Journey, ring: KeyRing
) -> None:
    metadata = "https://169.254.169.254/latest"
    with pytest.raises(Invalid, match=r"base_url: .* never are"):
        add(journey, ring, "ups", allow_private=True, base_url=metadata)
    with pytest.raises(Invalid, match=r"token_url: .* never are"):
        add(journey, ring, "ups", allow_private=True, token_url=metadata)


def test_a_carrier_has_several_accounts_but_a_name_is_used_once(each_journey: Journey, ring: KeyRing) -> None:
    add(each_journey, ring)
    add(each_journey, ring, name="dhl-2")
    with pytest.raises(Conflict, match="accounts renew dhl"):
        add(each_journey, ring)


def test_an_offices_administrator_keeps_its_accounts_and_sees_no_other_offices(journey: Journey, ring: KeyRing) -> None:
    here = journey.do(lambda s: an_actor(s, Role.ADMINISTRATOR, journey.host), EVERYWHERE)
    add(journey, ring, name="ours", office="NL-AMS", by=here)
    add(journey, ring, name="theirs", office="NG-LOS")
    add(journey, ring, name="shared")
    with pytest.raises(NotAllowed):
        add(journey, ring, name="other", office="NG-LOS", by=here)
    with pytest.raises(NotAllowed):
        renew(journey, ring, "shared", by=here, secret="key-2")
    with pytest.raises(NotFound):
        renew(journey, ring, "theirs", by=here, secret="key-2")
    with pytest.raises(NotAllowed):
        renew(journey, ring, "ours", by=here, office=None)
    with pytest.raises(NotAllowed):
        renew(journey, ring, "ours", by=journey.staff.logistician, secret="key-2")
    renew(journey, ring, "ours", by=here, secret="key-2")
    with reading(journey.database, here) as session:
        assert [one.name for one in list_accounts(session, now=journey.now)] == ["ours", "shared"]


# As it is changed


def test_a_renewed_secret_keeps_the_counters_and_lifts_a_stop(each_journey: Journey, ring: KeyRing) -> None:
    journey = each_journey
    id = add(journey, ring, "ups", per_day=50)
    stopped = {"stopped_reason": "401", "paused_until": journey.now, "paused_why": PausedWhy.DOWN, "failures": 3}
    change(journey, id, day_calls=41, day_started=journey.now, next_call_at=journey.now, **stopped)
    renew(journey, ring, "ups", client_id="client-2", secret="secret-2")
    account = row(journey, id)
    assert (account.day_calls, account.per_day, account.next_call_at is not None) == (41, 50, True)
    assert (account.stopped_reason, account.paused_until, account.paused_why, account.failures) == (None, None, None, 0)
    login = open_client_login(ring, account)
    assert (login.client_id, login.client_secret) == ("client-2", "secret-2")
    assert actions(journey)[-1] == ("account.renew", "ups")


def test_other_terms_leave_the_secret_and_the_token_address_moves_along(journey: Journey, ring: KeyRing) -> None:
    id = add(journey, ring, "ups", base_url="https://onlinetools.ups.com")
    renew(journey, ring, "ups", base_url="https://onlinetools.ups.com/v2", per_second=1.5, per_day=7)
    account = row(journey, id)
    assert account.token_url == "https://onlinetools.ups.com/v2/security/v1/oauth/token"
    assert (account.per_second, account.per_day) == (1.5, 7)
    assert open_client_login(ring, account).client_secret == "key-1"


def test_an_account_that_legs_use_keeps_its_carrier_and_office_and_is_not_removed(
    each_journey: Journey, ring: KeyRing
) -> None:
    journey = each_journey
    id = add(journey, ring)
    a_leg(journey)
    with pytest.raises(WrongState, match="1 legs use the account dhl"):
        renew(journey, ring, "dhl", office="NL-AMS")
    with pytest.raises(WrongState, match="move them to another one"):
        renew(journey, ring, "dhl", carrier="ship24", secret="key-2")
    with pytest.raises(WrongState, match="accounts move dhl OTHER"):
        journey.do(lambda s: accounts.remove_account(s, "dhl", by=EVERYWHERE, now=journey.now), EVERYWHERE)
    renew(journey, ring, "dhl", secret="key-2", office=None, carrier="dhl")
    assert open_account(ring, row(journey, id), now=journey.now).secret == "key-2"


def test_without_legs_an_account_changes_its_carrier_and_takes_its_usual_terms(journey: Journey, ring: KeyRing) -> None:
    id = add(journey, ring, name="one", office="NL-AMS")
    with pytest.raises(Invalid, match="secret"):
        renew(journey, ring, "one", carrier="ship24")
    renew(journey, ring, "one", carrier="ship24", secret="key-2")
    account = row(journey, id)
    assert (account.header, account.base_url, account.per_day) == ("Authorization", "https://api.ship24.com", None)
    assert account.office_id == journey.host.id


def test_a_stopped_account_says_why_until_it_is_renewed(journey: Journey, ring: KeyRing) -> None:
    id = add(journey, ring)
    journey.do(lambda s: accounts.stop_account(s, "dhl", "plan ended", by=EVERYWHERE, now=journey.now), EVERYWHERE)
    assert row(journey, id).stopped_reason == "plan ended"
    renew(journey, ring, "dhl")
    assert row(journey, id).stopped_reason is None
    assert actions(journey)[1:] == [("account.stop", "dhl"), ("account.renew", "dhl")]


def test_legs_move_to_another_account_that_serves_them_and_calls_stay_accounted_for(
    each_journey: Journey, ring: KeyRing
) -> None:
    journey = each_journey
    old = add(journey, ring, name="old")
    leg = a_leg(journey)
    lagos, shared = add(journey, ring, name="lagos", office="NG-LOS"), add(journey, ring, name="new")
    add(journey, ring, "ship24")
    journey.do(lambda s: s.add(CarrierCall(account_id=old, kind=CallKind.TRACK, at=journey.now)), EVERYWHERE)

    def move(to: str) -> tuple[int, int]:
        return journey.do(lambda s: accounts.move_legs(s, "old", to, by=EVERYWHERE, now=journey.now), EVERYWHERE)

    def remove(name: str) -> None:
        journey.do(lambda s: accounts.remove_account(s, name, by=EVERYWHERE, now=journey.now), EVERYWHERE)

    before = journey.watch(leg)
    assert move("lagos") == (0, 1)
    assert move("new") == (1, 0)
    after = journey.watch(leg)
    assert (after.account_id, after.fence) == (shared, before.fence + 1)
    with pytest.raises(Invalid, match="another account with dhl"):
        move("ship24")
    with pytest.raises(Invalid, match="another account with dhl"):
        move("old")
    with pytest.raises(WrongState, match="1 calls and 0 pushes"):
        remove("old")
    remove("lagos")
    assert journey.see(lambda s: s.get(CarrierAccount, lagos)) is None
    assert row(journey, old).name == "old"
    assert actions(journey)[-1] == ("account.remove", "lagos")


@pytest.mark.parametrize("moved", ["base_url", "token_url"])
def test_a_kept_secret_is_never_told_to_another_host(each_journey: Journey, ring: KeyRing, moved: str) -> None:
    id = add(each_journey, ring, "ups", client_id="a-client", secret="a-secret")
    before = row(each_journey, id)
    there: dict[str, Any] = {moved: "https://elsewhere.example/oauth"}
    with pytest.raises(Invalid, match=r"secret: given anew.* another host: elsewhere\.example"):
        renew(each_journey, ring, "ups", **there)
    assert (row(each_journey, id).base_url, row(each_journey, id).token_url) == (before.base_url, before.token_url)
    renew(each_journey, ring, "ups", base_url=f"{before.base_url}/v2")
    renewed = renew(each_journey, ring, "ups", client_id="another", secret="another-secret", **there)
    assert open_client_login(ring, renewed).client_id == "another"


def test_no_secret_is_in_a_repr_the_journal_or_in_the_open_in_a_row(journey: Journey, ring: KeyRing) -> None:
    asked = AccountAsked(carrier="ups", client_id="a-client-id", secret="a-client-secret")
    changed = AccountChanged(secret="a-client-secret")
    id = add(journey, ring, "ups", client_id="a-client-id", secret="a-client-secret")
    entries = journey.see(lambda s: [repr(one) for one in s.exec(select(JournalEntry))])
    said = f"{asked!r} {changed!r} {row(journey, id)!r} {entries}"
    assert "a-client" not in said
    assert b"a-client" not in row(journey, id).secret_sealed
    assert "sealed" not in f"{row(journey, id)!r} {row(journey, id)}"


# Which one a leg uses


def test_a_leg_uses_the_sending_offices_own_account_before_the_shared_one(each_journey: Journey, ring: KeyRing) -> None:
    add(each_journey, ring, name="shared")
    assert account_of(each_journey, a_leg(each_journey)) == "shared"
    add(each_journey, ring, name="lagos", office="NG-LOS")
    assert account_of(each_journey, a_leg(each_journey)) == "shared"
    add(each_journey, ring, name="ours", office="NL-AMS")
    assert account_of(each_journey, a_leg(each_journey)) == "ours"
    assert account_of(each_journey, a_leg(each_journey, "shared")) == "shared"


def test_where_there_is_a_choice_it_is_named_and_where_there_is_none_it_is_said_how_one_is_made(
    journey: Journey, ring: KeyRing
) -> None:
    with pytest.raises(Invalid, match="shipments accounts add dhl"):
        a_leg(journey)
    for name in ("dhl-b", "dhl-a"):
        add(journey, ring, name=name)
    with pytest.raises(Invalid, match="account: one of dhl-a, dhl-b"):
        a_leg(journey)
    assert account_of(journey, a_leg(journey, "dhl-b")) == "dhl-b"


def test_an_account_of_another_office_is_as_little_found_as_one_that_is_not_there(
    journey: Journey, ring: KeyRing
) -> None:
    add(journey, ring, name="lagos", office="NG-LOS")
    with pytest.raises(NotFound) as theirs:
        a_leg(journey, "lagos")
    with pytest.raises(NotFound) as nobodys:
        a_leg(journey, "nobody")
    assert str(theirs.value).replace("lagos", "nobody") == str(nobodys.value)
    with pytest.raises(Invalid, match="shipments accounts add dhl"):
        a_leg(journey)


def test_an_account_with_another_carrier_and_one_for_legs_told_by_hand_are_refused(
    journey: Journey, ring: KeyRing
) -> None:
    add(journey, ring, "ship24")
    with pytest.raises(Invalid, match="ship24 is one with ship24"):
        a_leg(journey, "ship24")
    with pytest.raises(Invalid, match="by_hand has no accounts"):
        journey.leg(journey.batch(), account="ship24")


def test_a_leg_is_moved_to_another_account_and_whoever_asks_meanwhile_writes_nothing(
    each_journey: Journey, ring: KeyRing
) -> None:
    journey = each_journey
    add(journey, ring, name="one")
    add(journey, ring, name="lagos", office="NG-LOS")
    leg = a_leg(journey)
    add(journey, ring, name="two")
    before, by = journey.watch(leg), journey.staff.logistician

    def choose(name: str, by: Actor = by, leg: UUID = leg) -> None:
        journey.do(lambda s: legs.set_account(s, leg, name, by=by, now=journey.now), by)

    choose("two")
    after = journey.watch(leg)
    assert (account_of(journey, leg), after.fence, after.leased_until) == ("two", before.fence + 1, None)
    choose("two")
    assert journey.watch(leg).fence == after.fence
    with pytest.raises(NotFound):
        choose("lagos")
    with pytest.raises(NotAllowed):
        choose("one", journey.staff.receiver)
    with pytest.raises(NotFound):
        choose("one", journey.staff.stranger)
    with pytest.raises(WrongState, match="told of by hand"):
        choose("one", leg=journey.leg(journey.batch()))


# What is told and shown


def test_a_stopped_account_is_named_to_each_office_that_sends_with_it_and_not_to_others(
    journey: Journey, ring: KeyRing
) -> None:
    add(journey, ring, name="dhl-one")
    box = journey.box()
    batch = journey.batch(box)
    parcel = {
        "carrier": "dhl",
        "reference_type": "tracking_number",
        "reference": "00340434161094042557",
        "mode": "courier",
    }
    journey.leg(batch, **parcel)
    add(journey, ring, name="dhl-two", office="NG-LOS")
    journey.dispatch(batch)

    def stopped(*names: str) -> int:
        return journey.do(lambda s: queue_stopped(s, names, now=journey.now), EVERYWHERE)

    assert stopped("dhl-two") == 0
    assert stopped("dhl-one") == 1
    assert stopped("dhl-one") == 0
    (notice,) = journey.notices("dhl-one")
    assert notice.facts["account"] == "dhl-one"
    assert notice.origin_office_id == journey.host.id


def test_the_list_counts_todays_calls_and_the_legs_that_are_asked_about(each_journey: Journey, ring: KeyRing) -> None:
    journey = each_journey
    id = add(journey, ring, office="NL-AMS", resets_at="06:00")
    a_leg(journey)
    change(journey, id, day_calls=17, day_started=journey.now.replace(hour=6, minute=0))

    def listed() -> tuple[int, int, int, str | None]:
        with reading(journey.database, EVERYWHERE) as session:
            (one,) = list_accounts(session, now=journey.now)
            return one.used, one.legs, one.due, one.office

    assert listed() == (17, 1, 0, "NL-AMS")
    journey.now += timedelta(days=1)
    assert listed() == (0, 1, 0, "NL-AMS")


def test_an_account_needs_an_office_that_sends(journey: Journey, ring: KeyRing) -> None:
    journey.do(lambda s: an_office(s, "GM-BJL", may_send=False), EVERYWHERE)
    with pytest.raises(Invalid, match="sends boxes"):
        add(journey, ring, office="GM-BJL")
