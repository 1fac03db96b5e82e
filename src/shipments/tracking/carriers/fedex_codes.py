"""FedEx Track v1's codes and what each means to us.

Source: the status codes and delay types of FedEx's developer portal. The codes and texts are FedEx's, the milestone
beside them is our judgement. A scan carries two columns: `derivedStatusCode`, the status that FedEx derives, rules;
`eventType`, the scan itself, is finer where the status is a mere "in transit", and stands in where there is none.

EA, CA, SP and RC mean one thing as a status and another as a scan. As a status they are what the list says; as a
scan alone they are read only where the text beside them says which.
"""

from collections.abc import Mapping

from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone, Reason

_MOVES = Milestone.IN_TRANSIT
_THERE = Milestone.ARRIVED_DESTINATION
_STOPS = Milestone.EXCEPTION
_TAKEN = Milestone.ACCEPTED
_NOTED = Milestone.INFO_RECEIVED
_ON_VAN = Milestone.OUT_FOR_DELIVERY
_READY = Milestone.AVAILABLE_FOR_PICKUP

MOVING: Mapping[str, Meaning] = {
    "IN": Meaning("initiated", _NOTED),
    "OC": Meaning("data_received", _NOTED),
    "OX": Meaning("data_received", _NOTED),
    "AP": Meaning("at_pickup", _NOTED),
    "EP": Meaning("pickup_scheduled", _NOTED),
    "PU": Meaning("picked_up", _TAKEN),
    "PX": Meaning("picked_up", _TAKEN),
    "OF": Meaning("origin_facility", _TAKEN),
    "IT": Meaning("moving", _MOVES),
    "IX": Meaning("moving", _MOVES),
    "PM": Meaning("moving", _MOVES),
    "AA": Meaning("at_airport", _MOVES),
    "AC": Meaning("handed_to_partner", _MOVES),
    "AF": Meaning("arrived_delivery_facility", _MOVES, _THERE),
    "AR": Meaning("arrived_hub", _MOVES, _THERE),
    "SF": Meaning("arrived_hub", _MOVES, _THERE),
    "PL": Meaning("plane_landed", _MOVES, _THERE),
    "FD": Meaning("at_destination", _THERE),
    "CH": Meaning("location_changed", _MOVES),
    "DP": Meaning("departed", _MOVES),
    "DS": Meaning("dispatched", _MOVES),
    "EA": Meaning("en_route_to_airport", _MOVES),
    "EO": Meaning("en_route_to_airport", _MOVES),
    "LO": Meaning("departed", _MOVES),
    "PF": Meaning("departed", _MOVES),
    "TR": Meaning("transferred", _MOVES),
    "CC": Meaning("customs_released", _MOVES),
    "CP": Meaning("customs_processing", _MOVES),
    "AD": Meaning("at_delivery", _ON_VAN),
    "ED": Meaning("on_vehicle", _ON_VAN),
    "OD": Meaning("on_vehicle", _ON_VAN),
    "HL": Meaning("held_for_pickup", _READY),
    "HP": Meaning("held_for_pickup", _READY),
    "DL": Meaning("delivered", Milestone.DELIVERED),
    "DE": Meaning("not_delivered", Milestone.ATTEMPT_FAILED),
    "RS": Meaning("returning", Milestone.RETURNING),
    "CA": Meaning("cancelled", Milestone.CANCELLED),
    "CD": Meaning("customs_delay", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "DD": Meaning("delivery_delayed", _STOPS, reason=Reason.DELAY),
    "DY": Meaning("delayed", _STOPS, reason=Reason.DELAY),
    "PD": Meaning("pickup_delayed", _STOPS, reason=Reason.DELAY),
    "SE": Meaning("exception", _STOPS),  # FedEx gives no reason in the code
}

DELIBERATELY_UNMAPPED: Mapping[str, Meaning] = {
    "SP": Meaning("pieces_differ", None),  # what each piece does stands in a result of its own
    "RC": Meaning("delivery_option_cancelled", None),  # the option, not the shipment
    "RM": Meaning("delivery_option_changed", None),
    "RR": Meaning("delivery_option_requested", None),
}
"""Known, kept with their word, without a milestone."""

STATUSES: Mapping[str, Meaning] = {**MOVING, **DELIBERATELY_UNMAPPED}

TWO_MEANINGS = frozenset({"EA", "CA", "SP", "RC"})
_EXPORT_APPROVED = Meaning("export_approved", _MOVES)

_SAID_BY_TEXT: tuple[tuple[str, str, Meaning], ...] = (
    ("EA", "export", _EXPORT_APPROVED),
    ("EA", "route", MOVING["EA"]),
    ("CA", "cancel", MOVING["CA"]),
    ("SP", "split", STATUSES["SP"]),
    ("RC", "option", STATUSES["RC"]),
)
"""A code, a word in the text beside it, in lower case, and what the two together mean."""

_ONLY_BY_STATUS = frozenset({Milestone.DELIVERED, Milestone.CANCELLED, Milestone.RETURNING, _NOTED})
"""What a scan under the status "in transit" cannot say: the columns disagree, and the status rules."""

DELAYS: Mapping[str, Meaning] = {
    "delayDetail.type=WEATHER": Meaning("delayed", _STOPS, reason=Reason.WEATHER),
    "delayDetail.type=CLEARANCE": Meaning("delayed", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "delayDetail.type=OPERATIONAL": Meaning("delayed", _STOPS, reason=Reason.DELAY),
    "delayDetail.type=LOCAL": Meaning("delayed", _STOPS, reason=Reason.DELAY),
    "delayDetail.type=GENERAL": Meaning("delayed", _STOPS, reason=Reason.DELAY),
}
"""Only where `delayDetail.status` is DELAYED."""


def meaning_of(status: str | None, scan: str | None, text: str) -> Meaning | None:
    """The meaning of a scan's two columns and its text; None where the code that rules is unknown or ambiguous."""
    if not status:
        return _of_scan(scan, text)
    ruling = STATUSES.get(status)
    if status == "IT" and scan:
        finer = _of_scan(scan, text)
        return ruling if finer is None or finer.milestone in _ONLY_BY_STATUS else finer
    if status == "EA" and "export" in text.lower():
        return _EXPORT_APPROVED
    return ruling


def _of_scan(scan: str | None, text: str) -> Meaning | None:
    if scan not in TWO_MEANINGS:
        return STATUSES.get(scan or "")
    said = text.lower()
    return next((meaning for code, word, meaning in _SAID_BY_TEXT if code == scan and word in said), None)
