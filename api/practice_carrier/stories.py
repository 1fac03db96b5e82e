"""The stories of practice parcels: what is told on which day, from the label to the door of the hub or agent."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Where = Literal["from", "via", "to"]
Word = Literal[
    "label",
    "picked_up",
    "at_hub",
    "export_cleared",
    "departed",
    "arrived",
    "customs",
    "customs_released",
    "customs_held",
    "at_delivery_hub",
    "out_for_delivery",
    "attempt_failed",
    "delivered",
    "delayed",
    "returning",
    "returned",
    "unheard_of",
]
"""What may happen, whichever carrier tells it; `unheard_of` is in nobody's list of codes."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happens. `eta`: from then on the delivery is expected on that day."""

    day: float
    word: Word | None = None
    where: Where = "from"
    eta: float | None = None


Story = tuple[Step, ...]
STORY_DAYS = 9.0


def _at(day: float, where: Where, word: Word) -> Step:
    return Step(day=day, where=where, word=word)


_SENT: Story = (
    _at(0, "from", "label"),
    Step(day=0, eta=8.2),
    _at(0.5, "from", "picked_up"),
    _at(0.8, "from", "at_hub"),
    _at(1.2, "from", "export_cleared"),
    _at(1.5, "from", "departed"),
)
_UNDER_WAY: Story = (_at(2.4, "via", "at_hub"), _at(3, "via", "departed"))
_ARRIVED: Story = (_at(4.5, "to", "arrived"), _at(4.8, "to", "customs"))
_RELEASED: Story = (_at(6, "to", "customs_released"), _at(6.6, "to", "at_delivery_hub"))
_OUT: Story = (_at(7.8, "to", "out_for_delivery"),)
_DELIVERED: Story = (_at(8.2, "to", "delivered"),)
_LANDED = _ARRIVED + _RELEASED + _OUT + _DELIVERED
_FAILED: Story = (_at(8.3, "to", "attempt_failed"),)
_SENT_BACK: Story = (
    _at(9, "to", "returning"),
    _at(11, "via", "at_hub"),
    _at(13, "from", "at_hub"),
    _at(14, "from", "returned"),
)
_TAKEN_BACK: Story = (_at(8.4, "to", "at_hub"), _at(8.6, "to", "departed"))


def _later(story: Story, days: float) -> Story:
    return tuple(msgspec.structs.replace(step, day=step.day + days) for step in story)


def _story(*parts: Story) -> Story:
    return tuple(sorted((step for part in parts for step in part), key=lambda step: step.day))


STORIES: Mapping[str, Story] = {
    "plain": _story(_SENT, _UNDER_WAY, _LANDED),
    "delayed": _story(_SENT, _UNDER_WAY, (_at(3.2, "via", "delayed"), Step(day=3.2, eta=11.2)), _later(_LANDED, 3)),
    "held": _story(
        _SENT, _UNDER_WAY, _ARRIVED, (_at(5, "to", "customs_held"),), _later(_RELEASED + _OUT + _DELIVERED, 4)
    ),
    "attempt_failed": _story(_SENT, _UNDER_WAY, _ARRIVED, _RELEASED, _OUT, _FAILED, _later(_OUT + _DELIVERED, 1)),
    "returned": _story(_SENT, _UNDER_WAY, _ARRIVED, _RELEASED, _OUT, _FAILED, _SENT_BACK),
    "returned_after_delivery": _story(_SENT, _UNDER_WAY, _LANDED, _SENT_BACK),
    "silent": _story(_SENT),
    "contradictory": _story(_SENT, _UNDER_WAY, _LANDED, _TAKEN_BACK),
}
"""By name. Days are of a parcel that takes 9; one may take more or fewer."""
