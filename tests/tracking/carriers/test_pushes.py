"""What carriers tell by themselves: proved, dated, matched, and read as if it had been asked for."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers import CARRIERS, dcsa, dhl, fedex, ship24, ups
from shipments.tracking.carriers.answers import LegAsked
from shipments.tracking.carriers.pushing import Hook, Pushes, Subscribed, Subscribes
from shipments.tracking.milestones import Milestone
from tests.tracking.carriers.telling import HEARD, a_leg, an_account, said
from tests.tracking.carriers.telling_parcels import UPS_NUMBER, a_parcel, read_ups, ups_activity
from tests.tracking.pushes.telling import (
    BOOKING,
    FORMER,
    SECRET,
    departed,
    dhl_message,
    message,
    ship24_event,
    ship24_message,
    signed,
    ups_message,
)

AT = datetime(2026, 3, 20, 10, tzinfo=UTC)
SUBSCRIBING = {"dcsa", "ship24", "ups"}
PUSHING = {name: carrier for name, carrier in CARRIERS.items() if isinstance(carrier, Pushes)}
HOOK = Hook("https://boxes.example/hooks/dcsa/1", SECRET)


def test_the_carriers_that_tell_by_themselves_and_those_that_must_be_asked_to() -> None:
    assert set(PUSHING) == {"dcsa", "dhl", "ship24", "ups"}
    assert {name for name, carrier in CARRIERS.items() if isinstance(carrier, Subscribes)} == SUBSCRIBING
    assert not isinstance(fedex, Pushes)
    assert {name: carrier.accepted_status for name, carrier in PUSHING.items()} == {
        "dcsa": 204,
        "dhl": 200,
        "ship24": 200,
        "ups": 200,
    }


def test_dcsas_signature_is_hmac_sha256_over_the_raw_body_under_the_decoded_secret() -> None:
    """Worked out by `printf '[]' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…` (32 times 07)."""
    known = "sha256=85fdf829b109cff520a40198c237297ccea543f973b553643afdf85890feb985"
    assert signed(b"[]") == {"Notification-Signature": known}
    assert dcsa.is_genuine(b"[]", {"Notification-Signature": known}, [SECRET])
    assert not dcsa.is_genuine(b"[ ]", {"Notification-Signature": known}, [SECRET])


@pytest.mark.parametrize("written", ["SHA256=", "sha256=", " sha256="])
def test_dcsas_signature_may_be_written_in_capitals_and_under_any_case_of_its_header(written: str) -> None:
    _, _, digest = signed(b"[]")["Notification-Signature"].partition("=")
    for header in ("notification-signature", "NOTIFICATION-SIGNATURE"):
        for hexadecimal in (digest, digest.upper()):
            assert dcsa.is_genuine(b"[]", {header: written + hexadecimal}, [SECRET])


def test_any_of_several_secrets_proves_a_message_and_none_proves_nothing() -> None:
    body = message(departed(AT))
    assert dcsa.is_genuine(body, signed(body, FORMER), [SECRET, FORMER])
    assert not dcsa.is_genuine(body, signed(body, FORMER), [SECRET])
    assert not dcsa.is_genuine(body, signed(body), [])
    for carrier_name, name, value in (
        ("ship24", "authorization", "Bearer "),
        ("ups", "credential", ""),
        ("dhl", "x-shipments-key", ""),
    ):
        carrier = PUSHING[carrier_name]
        assert carrier.is_genuine(b"", {name: value + FORMER}, [SECRET, FORMER])
        assert not carrier.is_genuine(b"", {name: value + FORMER}, [SECRET])
        assert not carrier.is_genuine(b"", {name: value}, [SECRET, ""])
        assert not carrier.is_genuine(b"", {name: value}, [])


@given(body=st.binary(max_size=60), header=st.text(max_size=80))
def test_no_other_header_proves_a_message(body: bytes, header: str) -> None:
    for name in ("notification-signature", "authorization", "credential", "x-shipments-key"):
        for carrier in PUSHING.values():
            assert not carrier.is_genuine(body, {name: header}, [SECRET, FORMER])


def test_a_message_says_when_it_was_made() -> None:
    older = departed(AT - timedelta(days=9), event_id="e-2")
    assert dcsa.made_at(message(older, departed(AT))) == AT
    assert ship24.made_at(ship24_message("LX1", AT)) == AT
    assert ups.made_at(ups_message(UPS_NUMBER, AT)) == AT
    assert ups.made_at(ups_message(UPS_NUMBER, AT, gmtActivityTime="")) is None
    assert dhl.made_at(dhl_message("7777000011", AT)) is None
    assert dcsa.made_at(message(departed(AT, eventCreatedDateTime="2026-03-20T10:00:00"))) is None


def test_a_message_names_every_number_it_is_about() -> None:
    container = said("EQUIPMENT/GTIN")
    assert dcsa.pushed_references(message(container)) == {BOOKING, "PRAU1234567"}
    two = json.loads(ship24_message("LX 000-000.017/NL", AT))
    two["trackings"][0]["shipment"]["trackingNumbers"].append({"tn": "other1"})
    assert ship24.pushed_references(json.dumps(two).encode()) == {"LX000000017NL", "OTHER1"}
    assert ups.pushed_references(ups_message(f" {UPS_NUMBER}", AT)) == {UPS_NUMBER}
    assert dhl.pushed_references(dhl_message("77 77", AT)) == {"7777"}


def test_what_can_be_no_number_of_ours_is_not_among_them() -> None:
    odd = [departed(AT, booking=booking) for booking in ("\0", "P\u202eRB", "x" * 81, " - ", "OK1")]
    assert dcsa.pushed_references(message(*odd)) == {"OK1"}


@pytest.mark.parametrize("name", PUSHING)
@pytest.mark.parametrize("body", [b"", b"\0", b"nonsense", b"[" * 100_000, b'"text"', b"\xff", b'{"trackings": 3}'])
def test_what_is_no_message_is_unreadable_and_has_no_time(name: str, body: bytes) -> None:
    carrier, leg = PUSHING[name], a_parcel(UPS_NUMBER)
    assert carrier.made_at(body) is None
    with pytest.raises(CarrierUnreadable):
        carrier.read_pushed(body, leg, heard_at=HEARD)
    with suppress(CarrierUnreadable):
        assert carrier.pushed_references(body) == frozenset()


JSON = st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode)


@given(body=st.binary(max_size=200) | JSON)
def test_arbitrary_bytes_are_unreadable_or_say_nothing(body: bytes) -> None:
    for carrier in PUSHING.values():
        carrier.made_at(body)
        try:
            carrier.pushed_references(body)
            answer = carrier.read_pushed(body, a_parcel(UPS_NUMBER), heard_at=HEARD)
        except CarrierUnreadable:
            continue
        assert answer.events == ()


def test_a_pushed_event_is_the_polled_one() -> None:
    event = departed(AT)
    polled = dcsa.read_answer(message(event), a_leg(), heard_at=HEARD)
    assert dcsa.read_pushed(message(event), a_leg(), heard_at=HEARD) == polled
    assert len(polled.events) == 1


def test_an_alert_of_ups_is_the_activity_of_its_track_answer() -> None:
    leg, place = a_parcel(UPS_NUMBER), {"address": {"city": "Rotterdam", "countryCode": "NL"}}
    polled = read_ups(ups_activity("I/DP/005", time="100000", location=place), leg=leg)
    pushed = ups.read_pushed(ups_message(UPS_NUMBER, AT), leg, heard_at=HEARD)
    (one,), (other,) = polled.events, pushed.events
    assert one.id == other.id
    assert (one.occurred_at, one.milestone, one.raw_code) == (AT, other.milestone, other.raw_code)
    assert one.place == other.place
    assert one.milestone is not None


def test_an_alert_of_ups_says_when_the_parcel_is_expected_until_it_is_there() -> None:
    leg = a_parcel(UPS_NUMBER)
    window = {"scheduledDeliveryDate": "20260328", "deliveryStartTime": "150000", "deliveryEndTime": "170000"}
    answer = ups.read_pushed(ups_message(UPS_NUMBER, AT, **window), leg, heard_at=HEARD)
    assert answer.expected_from == datetime(2026, 3, 28, 15, tzinfo=UTC)
    assert answer.expected_to == datetime(2026, 3, 28, 17, tzinfo=UTC)
    there = {"city": "Conakry", "country": "GN"}
    done = ups_message(UPS_NUMBER, AT, "D/FS/011", actualDeliveryDate="20260320", activityLocation=there)
    delivered = ups.read_pushed(done, leg, heard_at=HEARD)
    assert delivered.expected_to is None
    assert delivered.events[0].milestone is Milestone.DELIVERED


def test_an_alert_about_another_parcel_says_nothing_of_ours() -> None:
    answer = ups.read_pushed(ups_message("1ZOTHER00000000099", AT), a_parcel(UPS_NUMBER), heard_at=HEARD)
    assert answer.events == ()
    assert answer.problems
    with pytest.raises(CarrierUnreadable):
        ups.read_pushed(ups_message(UPS_NUMBER, AT, activityStatus=3), a_parcel(UPS_NUMBER), heard_at=HEARD)


def test_messages_of_ship24_and_dhl_are_read_as_their_answers() -> None:
    number = "LX000000017NL"
    told = ship24_message(number, AT, ship24_event("in_transit", AT, number))
    answer = ship24.read_pushed(told, a_parcel(number), heard_at=HEARD)
    assert [event.milestone for event in answer.events] == [Milestone.IN_TRANSIT]
    number = "7777000011"
    answer = dhl.read_pushed(dhl_message(number, AT), a_parcel(number), heard_at=HEARD)
    assert [event.occurred_at for event in answer.events] == [AT]


def test_a_subscription_of_dcsa_filters_by_the_legs_number_and_a_second_only_changes_its_secret() -> None:
    account = an_account("https://line.example")
    for kind, field in dcsa.reference_types.items():
        leg = a_leg(reference_type=kind, reference="PRB 1")
        call = dcsa.request_to_subscribe([leg], account, HOOK, key=None)
        assert (call.method, call.path) == ("POST", "/v2/event-subscriptions")
        assert _json(call.json) == {"callbackUrl": HOOK.callback, "secret": SECRET, field: "PRB 1"}
    again = dcsa.request_to_subscribe([leg], account, HOOK, key="k/1")
    assert (again.method, again.path) == ("PUT", "/v2/event-subscriptions/k%2F1/secret")
    assert _json(again.json) == {"secret": SECRET}
    end = dcsa.request_to_end(account, key="k1")
    assert end is not None
    assert (end.method, end.path, end.json) == ("DELETE", "/v2/event-subscriptions/k1", None)
    assert "practice" in end.headers.values()
    with pytest.raises(Invalid):
        dcsa.request_to_subscribe([leg, leg], account, HOOK, key=None)


def test_what_dcsa_answers_to_a_subscription() -> None:
    made = b'{"subscriptionID": "8fbdc2d8", "callbackUrl": "https://x.example"}'
    assert dcsa.read_subscribed(made, [a_leg()], key=None) == {BOOKING: Subscribed("8fbdc2d8")}
    assert dcsa.read_subscribed(b"", [a_leg()], key="k1") == {BOOKING: Subscribed("k1")}
    unfit = [b'{"subscriptionID": "%s"}' % key for key in (b"", b".", b"..", b"x" * 101)]
    for bad in (b"", b"[]", b"{}", b"\xff", *unfit):
        with pytest.raises(CarrierUnreadable):
            dcsa.read_subscribed(bad, [a_leg()], key=None)


def test_a_subscription_of_ups_holds_up_to_a_hundred_numbers_and_lives_fourteen_days() -> None:
    account, legs = an_account("https://ups.example", carrier="ups"), [_ups_leg(number) for number in range(100)]
    call = ups.request_to_subscribe(legs, account, HOOK, key=None)
    asked = _json(call.json)
    assert (call.method, call.path) == ("POST", "/api/track/v1/subscription/standard/package")
    assert asked["trackingNumberList"] == [leg.reference for leg in legs]
    assert asked["destination"] == {"url": HOOK.callback, "credentialType": "Bearer", "credential": SECRET}
    assert call.headers.keys() >= {"transId", "transactionSrc"}
    assert ups.subscription_lives == timedelta(days=14)
    assert ups.request_to_end(account, key="x") is None
    for wrong in ([], [*legs, _ups_leg(100)]):
        with pytest.raises(Invalid):
            ups.request_to_subscribe(wrong, account, HOOK, key=None)


def test_ups_tells_of_package_numbers_only() -> None:
    told = {"1ZSAMPLE0300000017": True, "1z sample 03 0000 0017": True, "1ZSHORT": False, "92748999": False}
    assert {number: ups.may_subscribe(a_parcel(number)) for number in told} == told
    assert dcsa.may_subscribe(a_leg())


def test_a_number_that_ups_refuses_costs_its_own_leg_only() -> None:
    good, bad, unnamed = legs = [_ups_leg(number) for number in range(3)]
    answer = {"validTrackingNumbers": [good.reference], "invalidTrackingNumbers": [bad.reference]}
    read = ups.read_subscribed(json.dumps(answer).encode(), legs, key=None)
    assert read[good.reference] == Subscribed()
    assert read[bad.reference].refused
    assert unnamed.reference not in read
    for wrong in (b"{}", b"[]", b"", b'{"response": {"errors": []}}'):
        with pytest.raises(CarrierUnreadable):
            ups.read_subscribed(wrong, legs, key=None)


def test_nothing_that_holds_a_secret_or_number_shows_it() -> None:
    assert SECRET not in repr(HOOK)
    call = dcsa.request_to_subscribe([a_leg()], an_account("https://line.example"), HOOK, key=None)
    assert SECRET not in repr(call)
    assert BOOKING not in repr(call)


def _ups_leg(number: int) -> LegAsked:
    return msgspec.structs.replace(a_parcel(UPS_NUMBER), reference=f"1ZSAMPLE03{number:08}")


def _json(body: bytes | None) -> Any:
    assert body is not None
    return json.loads(body)


def by(reference_type: str, reference: str) -> LegAsked:
    return a_leg(reference_type=reference_type, reference=reference)


def bkg(number: str) -> dict[str, str]:
    return {"documentReferenceType": "BKG", "documentReferenceValue": number}


def test_a_message_that_names_only_strangers_says_nothing_of_ours() -> None:
    ours = said("EQUIPMENT/LOAD", "NLRTM", documentReferences=[])
    by_booking_only = said("TRANSPORT/ARRI", "GNCKY", documentReferences=[bkg("OTHER99")])
    nameless = said("TRANSPORT/DEPA", "NLRTM", documentReferences=[])
    for stranger in (by_booking_only, nameless):
        answer = dcsa.read_pushed(message(ours, stranger), by("container", "PRAU1234567"), heard_at=HEARD)
        assert [event.event for event in answer.events] == ["loaded"]
        assert "another parcel" in answer.problems[0]
    of_booking = said("TRANSPORT/DEPA", "NLRTM")
    by_container_only = said("EQUIPMENT/DISC", "GNCKY", documentReferences=[], equipmentReference="OTHU7654321")
    answer = dcsa.read_pushed(message(of_booking, by_container_only), a_leg(), heard_at=HEARD)
    assert [event.event for event in answer.events] == ["departed"]
    assert "OTHU7654321" not in str(answer)


def test_what_another_event_of_the_message_joins_to_ours_is_ours() -> None:
    joining = said("EQUIPMENT/LOAD", "NLRTM")
    joined = said("TRANSPORT/ARRI", "GNCKY", documentReferences=[bkg(BOOKING)])
    leg = by("container", "PRAU1234567")
    assert len(dcsa.read_pushed(message(joining, joined), leg, heard_at=HEARD).events) == 2
    assert dcsa.read_pushed(message(joined), leg, heard_at=HEARD).events == ()
    assert len(dcsa.read_answer(message(joined), leg, heard_at=HEARD).events) == 1  # it answers our question


@pytest.mark.parametrize("number", [5, None, "", "OTHER1"])
@pytest.mark.parametrize("read", [ship24.read_answer, ship24.read_pushed])
def test_a_tracking_of_ship24_without_our_number_is_not_ours(number: object, read: Any) -> None:
    told = json.loads(ship24_message("LX1", AT, ship24_event("delivered", AT, "LX1")))
    told["trackings"][0]["tracker"]["trackingNumber"] = number
    told["trackings"][0]["shipment"]["trackingNumbers"] = []
    answer = read(json.dumps(told).encode(), a_parcel("LX1"), heard_at=HEARD)
    assert (answer.found, answer.events) == (False, ())
    assert answer.problems


def test_an_alert_of_ups_that_names_no_number_is_unreadable() -> None:
    for number in ("", " - "):
        with pytest.raises(CarrierUnreadable):
            ups.read_pushed(ups_message(number, AT), a_parcel(UPS_NUMBER), heard_at=HEARD)
