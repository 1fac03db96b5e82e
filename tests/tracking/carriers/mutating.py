"""Answers gone wrong anywhere, and what must hold of whatever is still read from them."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from shipments.tracking.carriers.answers import Answer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def mutated(draw: st.DrawFn, answer: Any) -> Any:
    """`answer` with up to three of its parts, however deep, replaced by any JSON."""
    changed = deepcopy(answer)
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(list(_places(changed)) or [(None, None)]))
        if holder is not None:
            holder[key] = draw(JSON)
    return changed


def _places(part: Any) -> Any:
    """Every place in a JSON value as its holder and key."""
    keys = part.keys() if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    for key in list(keys):
        yield part, key
        yield from _places(part[key])


def is_sound(answer: Answer) -> None:
    """What holds of every answer, so that it can be shown and kept."""
    for event in answer.events:
        assert event.place is None or (len(event.place) <= 200 and event.place.isprintable())
        assert 0 < len(event.id) <= 80
        assert 0 < len(event.raw_code) <= 80
        assert len(event.raw_text) <= 200
        assert event.raw_text.isprintable()
        assert len(event.occurred_as_written) <= 60
        assert event.milestone is None or event.classifier == "ACT"
        assert event.reason is None or event.milestone == "exception"
        assert (event.earliest is None) == (event.latest is None)
        assert event.earliest is None or event.latest is None or event.earliest <= event.latest
    assert (answer.expected_from is None) == (answer.expected_to is None)
    if answer.expected_from and answer.expected_to:
        assert answer.expected_from <= answer.expected_to
