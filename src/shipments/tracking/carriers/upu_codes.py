"""The Universal Postal Union's event codes (EMSEVT), as staff read them off a post's page, and what each means to us.

Source: the code names as several posts publish them; the standard itself is not open. The milestone beside them is
our judgement: what happens from the inward office of exchange on happens in the country of destination.
"""

from collections.abc import Mapping

from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone, Reason

_MOVES = Milestone.IN_TRANSIT
_THERE = Milestone.ARRIVED_DESTINATION
_STOPS = Milestone.EXCEPTION

MEANINGS: Mapping[str, Meaning] = {
    "EMA": Meaning("posted", Milestone.ACCEPTED),
    "EMB": Meaning("arrived_hub", _MOVES),
    "EXA": Meaning("customs_processing", _MOVES),
    "EXB": Meaning("held_by_customs", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "EXC": Meaning("customs_released", _MOVES),
    "EXD": Meaning("held", _STOPS, reason=Reason.ON_HOLD),
    "EXX": Meaning("export_cancelled", Milestone.CANCELLED),
    "EMC": Meaning("departed", _MOVES),
    "EMJ": Meaning("transit_country", _MOVES),
    "EMK": Meaning("departed", _MOVES),
    "EMD": Meaning("arrived", _THERE),
    "EDA": Meaning("held", _STOPS, reason=Reason.ON_HOLD),
    "EDB": Meaning("customs_processing", _THERE),
    "EME": Meaning("held_by_customs", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "EDC": Meaning("customs_released", _THERE),
    "EMF": Meaning("left_exchange", _THERE),
    "EDD": Meaning("arrived_hub", _THERE),
    "EDE": Meaning("left_hub", _THERE),
    "EMG": Meaning("arrived_delivery_facility", _THERE),
    "EDF": Meaning("held", _STOPS, reason=Reason.ON_HOLD),
    "EDG": Meaning("on_vehicle", Milestone.OUT_FOR_DELIVERY),
    "EDH": Meaning("held_for_pickup", Milestone.AVAILABLE_FOR_PICKUP),
    "EMH": Meaning("not_delivered", Milestone.ATTEMPT_FAILED),
    "EMI": Meaning("delivered", Milestone.DELIVERED),
    "EDX": Meaning("import_terminated", _STOPS),  # the code gives no reason
}


def meaning_of(code: str) -> Meaning | None:
    """The meaning of a code such as EMD, in any case; None where it is unknown."""
    return MEANINGS.get(code.strip().upper())
