"""Ship24's codes and what each means to us.

Source: Ship24's tracking specification and the status page of its documentation. `statusMilestone` is the state of
the whole parcel after an event and always there; `statusCode` says what the event itself is and may be null. The
code rules where we know it, except that nothing is delivered unless the state says so too.
"""

from collections.abc import Mapping

from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone, Reason

_MOVES = Milestone.IN_TRANSIT
_STOPS = Milestone.EXCEPTION

STATES: Mapping[str, Meaning] = {
    "info_received": Meaning("data_received", Milestone.INFO_RECEIVED),
    "in_transit": Meaning("moving", _MOVES),
    "out_for_delivery": Meaning("on_vehicle", Milestone.OUT_FOR_DELIVERY),
    "failed_attempt": Meaning("not_delivered", Milestone.ATTEMPT_FAILED),
    "available_for_pickup": Meaning("held_for_pickup", Milestone.AVAILABLE_FOR_PICKUP),
    "delivered": Meaning("delivered", Milestone.DELIVERED),
    "exception": Meaning("exception", _STOPS),  # the state gives no reason
}

CODES: Mapping[str, Meaning] = {
    "data_order_created": Meaning("data_received", Milestone.INFO_RECEIVED),
    "data_order_cancelled": Meaning("cancelled", Milestone.CANCELLED),
    "destination_arrival": Meaning("at_destination", Milestone.ARRIVED_DESTINATION),
    "customs_received": Meaning("customs_processing", _MOVES),
    "customs_cleared": Meaning("customs_released", _MOVES),
    "customs_exception": Meaning("held_by_customs", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "customs_rejected": Meaning("customs_rejected", _STOPS, reason=Reason.CUSTOMS_REJECTED),
    "delivery_available_for_pickup": Meaning("held_for_pickup", Milestone.AVAILABLE_FOR_PICKUP),
    "delivery_out_for_delivery": Meaning("on_vehicle", Milestone.OUT_FOR_DELIVERY),
    "delivery_attempted": Meaning("not_delivered", Milestone.ATTEMPT_FAILED),
    "delivery_exception": Meaning("exception", _STOPS),
    "delivery_delivered": Meaning("delivered", Milestone.DELIVERED),
    "exception_return": Meaning("returning", Milestone.RETURNING),
}

DELIBERATELY_UNMAPPED: Mapping[str, Meaning] = {
    "pending": Meaning("pending", None),  # nothing known yet: not "in transit"
    "data_delivery_proposed": Meaning("delivery_proposed", None),
    "data_delivery_decided": Meaning("delivery_decided", None),
}
"""Known, kept with their word, without a milestone."""

MEANINGS: Mapping[str, Meaning] = {**STATES, **CODES, **DELIBERATELY_UNMAPPED}


def meaning_of(code: str | None, state: str | None) -> Meaning | None:
    """The meaning of an event's `statusCode` and `statusMilestone`; None where neither is known.

    Nor where a code that we do not know is said to be delivered: it may have been to a shop or an agent.
    """
    of_state = MEANINGS.get(state or "")
    of_code = MEANINGS.get(code or "")
    if of_code is None:
        return None if code and of_state is not None and of_state.milestone is Milestone.DELIVERED else of_state
    if of_code.milestone is Milestone.DELIVERED and of_state is not None:
        return of_state
    return of_code
