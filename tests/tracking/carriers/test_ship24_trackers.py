"""A hundred trackers are made in one call, and each says by itself what became of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipments.errors import CarrierUnreadable, Invalid
from shipments.tracking.carriers import ship24
from shipments.tracking.carriers.pushing import Hook, Subscribed
from tests.tracking.carriers.telling import an_account
from tests.tracking.carriers.telling_parcels import a_parcel

ACCOUNT = an_account("https://carrier.example", carrier="ship24")
HOOK = Hook("https://boxes.example/hooks/ship24/1", "a push secret")
FIRST, SECOND = "SH240000001NL", "SH240000002NL"


def item(number: str, status: str = "created", **more: Any) -> dict[str, Any]:  # Any: JSON
    """What became of one, in Ship24's words."""
    tracker = {"trackerId": f"id-{number}", "trackingNumber": number, "isSubscribed": True, "isTracked": True}
    return {"itemStatus": status, "inputData": {"trackingNumber": number}, "tracker": tracker, "errors": None, **more}


def refused(number: str, *codes: str) -> dict[str, Any]:
    """An error of one number."""
    errors = [{"code": code, "message": f"{number} seems invalid."} for code in codes]
    return item(number, "error", tracker=None, errors=errors)


def read(*items: Any, legs: tuple[str, ...] = (FIRST, SECOND)) -> dict[str, Subscribed]:
    """What our reader makes of them."""
    body = json.dumps({"status": "partial", "summary": {}, "data": items, "error": None}).encode()
    return dict(ship24.read_subscribed(body, [a_parcel(leg) for leg in legs], key=None))


def test_many_trackers_are_asked_for_with_the_details_that_polling_would_send() -> None:
    legs = [a_parcel(FIRST), a_parcel(SECOND)]
    call = ship24.request_to_subscribe(legs, ACCOUNT, HOOK, key=None)
    assert (call.method, call.path, call.params) == ("POST", "/public/v1/trackers/bulk", {})
    polled = [ship24.request_for(leg, ACCOUNT, since=None, page=None).json for leg in legs]
    assert json.loads(call.json or b"") == [json.loads(one or b"") for one in polled]
    assert b"push secret" not in (call.json or b"")
    assert b"boxes.example" not in (call.json or b"")


def test_one_call_is_about_one_to_a_hundred() -> None:
    for count in (0, 101):
        with pytest.raises(Invalid):
            ship24.request_to_subscribe([a_parcel(FIRST)] * count, ACCOUNT, HOOK, key=None)


def test_a_tracker_is_ended_by_its_id_and_nothing_else_of_it_is_changed() -> None:
    call = ship24.request_to_end(ACCOUNT, key="id/1")
    assert call is not None
    assert (call.method, call.path) == ("PATCH", "/public/v1/trackers/id%2F1")
    assert json.loads(call.json or b"") == {"isSubscribed": False}


def test_what_is_there_already_counts_as_made() -> None:
    assert read(item(SECOND, "existing"), item(FIRST)) == {
        FIRST: Subscribed(f"id-{FIRST}"),
        SECOND: Subscribed(f"id-{SECOND}"),
    }


def test_a_number_that_is_refused_costs_itself_and_is_quoted_nowhere() -> None:
    said = read(item(FIRST), refused(SECOND, "validation_error"))
    assert said[FIRST].key == f"id-{FIRST}"
    assert said[SECOND].refused == "Ship24 makes no tracker of this number: validation_error"


def test_a_tracker_that_is_followed_no_more_is_refused() -> None:
    ended = {"trackerId": "id-1", "trackingNumber": FIRST, "isSubscribed": False}
    assert "no more" in str(read(item(FIRST, "existing", tracker=ended))[FIRST].refused)


@pytest.mark.parametrize(
    "wrong",
    [
        7,
        None,
        {"itemStatus": "created"},
        item("SH24STRANGER"),
        item(SECOND, "levitated"),
        item(SECOND, tracker=None),
        item(SECOND, tracker={"trackerId": ""}),
        item(SECOND, tracker={"trackerId": ".."}),
        item(SECOND, tracker={"trackerId": "x" * 101}),
        item(SECOND, tracker={"trackerId": 5}),
        item(SECOND, inputData={"trackingNumber": 5}),
    ],
)
def test_what_cannot_be_read_of_one_leaves_it_unnamed_and_the_others_read(wrong: Any) -> None:
    assert read(item(FIRST), wrong) == {FIRST: Subscribed(f"id-{FIRST}")}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": "error", "data": None, "error": {"code": "quota_limit_reached"}}, "quota_limit_reached"),
        ({"errors": [{"code": "validation_error", "message": FIRST}], "data": None}, "validation_error"),
        ({}, "made no tracker."),
        ([], "not an object"),
    ],
)
def test_a_call_that_is_refused_whole_says_why_without_a_number(answer: Any, words: str) -> None:
    with pytest.raises(CarrierUnreadable, match=words) as error:
        ship24.read_subscribed(json.dumps(answer).encode(), [a_parcel(FIRST)], key=None)
    assert FIRST not in str(error.value)


@given(st.binary())
def test_any_bytes_say_something_of_ours_or_are_unreadable(answer: bytes) -> None:
    try:
        said = ship24.read_subscribed(answer, [a_parcel(FIRST)], key=None)
    except CarrierUnreadable:
        return
    assert set(said) <= {FIRST}


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        (FIRST, True),
        ("a-b_c/d.e", True),
        ("12345", True),
        ("1234", False),
        ("9" * 50, True),
        ("9" * 51, False),
        ("SH 24000", False),
        ("SH24\u00e9000", False),
        ("SH240000\n", False),
    ],
)
def test_only_a_number_of_the_form_that_the_specification_wants_is_asked_for(number: str, fits: bool) -> None:
    assert ship24.may_subscribe(a_parcel(number)) is fits
