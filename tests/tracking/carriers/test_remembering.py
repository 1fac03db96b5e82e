"""What is worked out once for all parcels: few short words, and nobody's name."""

import pytest

from shipments.tracking.carriers import remembering
from shipments.tracking.carriers.believing import names_someone, until_signed, without_signature
from shipments.tracking.carriers.remembering import Remembered


class Counted:
    """Shouts, and knows how often it was asked to."""

    def __init__(self) -> None:
        self.times = 0

    def shout(self, word: str | None, other: str | None) -> str:
        self.times += 1
        return f"{word} {other}".upper()


def test_the_same_words_are_worked_out_once() -> None:
    counted = Counted()
    shouted = Remembered(counted.shout)
    assert {shouted["in", None] for _ in range(3)} == {"IN NONE"}
    assert shouted["in", "x"] == "IN X"
    assert counted.times == 2


@pytest.mark.parametrize("words", ["x" * 301, "Delivered - Signed for by: A. PERSON", "signed A. PERSON"])
def test_long_words_and_names_are_worked_out_afresh_and_not_kept(words: str) -> None:
    counted = Counted()
    shouted = Remembered(counted.shout)
    assert shouted[words, None] == shouted[words, None]
    assert (counted.times, len(shouted)) == (2, 0)


def test_a_full_memory_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_MOST", 3)
    shouted = Remembered(Counted().shout)
    for number in range(10):
        assert shouted[str(number), None] == f"{number} NONE"
        assert len(shouted) <= 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Delivered. Signed for by: A. PERSON", "Delivered. Signed for by …"),
        ("RECEIVED BY A. PERSON", "RECEIVED BY …"),
        ("Livré, signé par A. PERSON", "Livré, signé par …"),
        ("Signature of A. PERSON", "Signature of …"),
        ("Signature: A. PERSON", "Signature: …"),
        ("DELIVERED TO A. PERSON", "DELIVERED TO …"),
        ("Call +224 620-00-00-00 before", "Call … before"),
        ("Ring 06 12 34 56 78", "Ring …"),
        ("Ring 0612345678 or 612345678", "Ring … or …"),
        ("Due 08-03-2026 10:00, not 2026-03-07 09:00", "Due 08-03-2026 10:00, not 2026-03-07 09:00"),
        ("Delivered tomorrow", "Delivered tomorrow"),
        ("Assigned by the depot", "Assigned by the depot"),
        ("Shipment received", "Shipment received"),
        ("received bypass", "received bypass"),
    ],
)
def test_who_signed_and_how_to_ring_them_is_cut_off_and_nothing_else(text: str, shown: str) -> None:
    assert without_signature(text) == shown
    assert names_someone(text) is (shown != text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Delivered - SIGNED A. PERSON", "Delivered"), ("signed", ""), ("Unsigned form", "Unsigned form")],
)
def test_of_a_delivery_all_from_signed_on_is_cut_off(text: str, shown: str) -> None:
    assert until_signed(text) == shown
