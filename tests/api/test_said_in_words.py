"""What a refusal says was expected: the words to choose from, or what the shape is for."""

from typing import Annotated, Literal

import pytest

from api.bodies import faults_in
from shipments.shapes import Unlocode
from shipments.tracking.milestones import Milestone


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("departed", Milestone, "one of info_received, accepted, in_transit"),
        ("nought", Milestone | None, "one of info_received"),
        ("a3", Literal["a4-4", "a6"], "one of a4-4, a6"),
        ("x", Annotated[Literal["yes", "no"], "asked"], "one of yes, no"),
        ("Rotterdam", Unlocode, "A UN/LOCODE, e.g. GNCKY"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(value: str, kind: object, expected: str) -> None:
    ((field, said),) = faults_in(value, kind, "field")
    assert field == "field"
    assert said.startswith(expected)
