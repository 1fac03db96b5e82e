"""Refusals: one tree, each with a sentence for people and fields for programs."""

import re
from collections.abc import Callable

import pytest

from shipments import errors
from shipments.errors import (
    GatesOpen,
    Invalid,
    KeyMissing,
    KeyReused,
    NotFound,
    NotSignedIn,
    ShipmentsError,
    TooManyAttempts,
    TooMuch,
    VersionMissing,
    VersionStale,
    WrongState,
)

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_hangs_on_one_tree_and_says_what_it_is(kind: type[Exception]) -> None:
    assert issubclass(kind, ShipmentsError)
    assert kind.__doc__
    assert kind.__doc__ != (kind.__base__ or object).__doc__


ASKED_FOR = [KeyReused, KeyMissing, VersionMissing, VersionStale, NotSignedIn]


@pytest.mark.parametrize("kind", ASKED_FOR)
def test_a_refusal_without_arguments_says_what_to_do(kind: Callable[[], Exception]) -> None:
    assert re.search(r"\b(Send|Try|Read|Sign)\b.*\.$", str(kind()))


def test_invalid_names_each_field_and_what_was_expected() -> None:
    error = Invalid([("quantity", "a number from 1 to 10000"), ("host_office", "the code of an office")])
    assert str(error) == "quantity: a number from 1 to 10000; host_office: the code of an office"
    assert error.details == {
        "fields": [
            {"field": "quantity", "expected": "a number from 1 to 10000"},
            {"field": "host_office", "expected": "the code of an office"},
        ]
    }


def test_a_step_out_of_order_names_the_state_and_the_one_expected() -> None:
    for kind in (WrongState, TooMuch):
        assert kind("Box is sealed.", state="sealed", expected="open").details == {
            "state": "sealed",
            "expected": "open",
        }


def test_dispatch_lists_every_open_gate() -> None:
    gates = [{"gate": "seals", "reason": "BX-1 is open"}, {"gate": "legs", "reason": "there is none"}]
    error = GatesOpen(gates)
    assert error.details["gates"] == gates
    assert "seals, legs" in str(error)


def test_not_found_keeps_kind_and_code_for_the_journal() -> None:
    error = NotFound("box", "BX-1")
    assert (error.kind, error.code) == ("box", "BX-1")


def test_too_many_attempts_says_how_long() -> None:
    error = TooManyAttempts(30)
    assert error.retry_after_s == 30
    assert "30 seconds" in str(error)
