"""DHL's codes and what each means to us.

Source: DHL's Shipment Tracking Unified specification 1.4.1 (five status codes for every DHL business) and DHL's
lists of event codes for Express (two letters) and for Global Forwarding, which refine them. The words are ours
where DHL has only a sentence; the milestone beside them is our judgement:

- A finer code counts only where DHL names the business that it belongs to: the same two letters mean other
  things at other DHL businesses. Their own words (`status` is often a sentence) are kept and not interpreted.
- In the country where our last leg ends, what needs the parcel at hand there is `arrived_destination`. Customs
  is not: papers are often cleared while the aircraft still flies.
- `failure` alone does not say what failed: an `exception` without a reason.
"""

from collections.abc import Mapping

from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.carriers.scans import code_of
from shipments.tracking.milestones import Milestone, Reason

_MOVES = Milestone.IN_TRANSIT
_THERE = Milestone.ARRIVED_DESTINATION
_STOPS = Milestone.EXCEPTION
_FAILED = Milestone.ATTEMPT_FAILED
_NOTED = Milestone.INFO_RECEIVED

UNIFIED: Mapping[str, Meaning] = {
    "pre-transit": Meaning("data_received", _NOTED),
    "transit": Meaning("moving", _MOVES),
    "delivered": Meaning("delivered", Milestone.DELIVERED),
    "failure": Meaning("failed", _STOPS),
}

EXPRESS: Mapping[str, Meaning] = {
    "AD": Meaning("delivery_scheduled", _MOVES),
    "AF": Meaning("arrived_hub", _MOVES, _THERE),
    "AR": Meaning("arrived_delivery_facility", _MOVES, _THERE),
    "BA": Meaning("address_problem", _STOPS, reason=Reason.ADDRESS_PROBLEM),
    "BN": Meaning("broker_notified", _MOVES),
    "BR": Meaning("customs_released", _MOVES),
    "CA": Meaning("closed_on_arrival", _FAILED),
    "CC": Meaning("awaits_collection", Milestone.AVAILABLE_FOR_PICKUP),
    "CD": Meaning("clearance_delayed", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "CM": Meaning("consignee_moved", _STOPS, reason=Reason.ADDRESS_PROBLEM),
    "CR": Meaning("customs_released", _MOVES),
    "DD": Meaning("delivered_damaged", Milestone.DELIVERED),
    "DF": Meaning("departed", _MOVES, _THERE),
    "DS": Meaning("destroyed", Milestone.LOST),
    "FD": Meaning("forwarded", _MOVES, _THERE),
    "HP": Meaning("held_for_payment", _STOPS, reason=Reason.PAYMENT_REQUIRED),
    "IC": Meaning("customs_processing", _MOVES),
    "MC": Meaning("miscoded", _STOPS, reason=Reason.MISROUTED),
    "MD": Meaning("missed_delivery_cycle", _STOPS, reason=Reason.DELAY),
    "MS": Meaning("missorted", _STOPS, reason=Reason.MISROUTED),
    "ND": Meaning("not_delivered", _FAILED),
    "NH": Meaning("not_home", _FAILED),
    "OH": Meaning("held", _STOPS, reason=Reason.ON_HOLD),
    "OK": Meaning("delivered", Milestone.DELIVERED),
    "PD": Meaning("delivered_in_part", Milestone.DELIVERED),
    "PL": Meaning("processed", _MOVES, _THERE),
    "PU": Meaning("picked_up", Milestone.ACCEPTED),
    "PY": Meaning("payment", _MOVES),
    "RD": Meaning("refused", _FAILED),
    "RR": Meaning("response_received", _MOVES),
    "RT": Meaning("returned", Milestone.RETURNED),
    "SA": Meaning("received", Milestone.ACCEPTED),
    "SC": Meaning("service_changed", _MOVES),
    "SM": Meaning("scheduled", _MOVES),
    "SS": Meaning("stopped", _STOPS, reason=Reason.ON_HOLD),
    "TP": Meaning("handed_to_partner", _MOVES),
    "TR": Meaning("record_of_transfer", _MOVES),
    "UD": Meaning("clearance_delayed", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "WC": Meaning("on_vehicle", Milestone.OUT_FOR_DELIVERY),
}

FORWARDING: Mapping[str, Meaning] = {
    "DATA_SUBMITTED": Meaning("data_received", _NOTED),
    "PICKUP_SUCCESSFUL": Meaning("picked_up", Milestone.ACCEPTED),
    "ARRIVED_AT_ORIGIN_FACILITY": Meaning("arrived_hub", _MOVES),
    "PROCESSED_AT_ORIGIN_FACILITY": Meaning("processed", _MOVES),
    "DEPARTED_FROM_ORIGIN_FACILITY": Meaning("departed", _MOVES),
    "READY_FOR_DEPARTURE": Meaning("prepared", _MOVES),
    "DEPARTED": Meaning("departed", _MOVES),
    "ARRIVED": Meaning("arrived", _MOVES, _THERE),
    "ARRIVED_AT_CUSTOMS": Meaning("customs_processing", _MOVES, _THERE),
    "CLEARED_BY_CUSTOMS": Meaning("customs_released", _MOVES),
    "ARRIVED_PROCESSED_AT_FACILITY": Meaning("arrived_hub", _MOVES, _THERE),
    "OUT_FOR_DELIVERY": Meaning("on_vehicle", Milestone.OUT_FOR_DELIVERY),
    "DELIVERED": Meaning("delivered", Milestone.DELIVERED),
    "HELD_AT_CUSTOMS": Meaning("held_by_customs", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "DELIVERY_EXCEPTION": Meaning("not_delivered", _FAILED),
}

DELIBERATELY_UNMAPPED: Mapping[str, Meaning] = {
    "unknown": Meaning("status_unknown", None),  # DHL itself does not know: the former stage stays
    "CS": Meaning("closed", None),  # a file is closed, whatever became of the parcel
}
"""Known, kept with their word, without a milestone."""

BUSINESSES: Mapping[str, Mapping[str, Meaning]] = {
    "express": {**EXPRESS, "CS": DELIBERATELY_UNMAPPED["CS"]},
    "dgf": FORWARDING,
}
"""DHL's word for a business (`service`) to its finer codes."""

STATUS_CODES: Mapping[str, Meaning] = {**UNIFIED, "unknown": DELIBERATELY_UNMAPPED["unknown"]}


def known_code(business: str, status_code: str | None, status: str | None) -> tuple[str, Meaning | None]:
    """The raw code to keep, such as `transit/WC`, and its meaning; None where the code is unknown.

    `business` is DHL's `service` in lower case. Businesses write their finer code in either field.
    """
    codes = BUSINESSES.get(business, {})
    for finer in (status, status_code):
        if finer is not None and finer in codes:
            return code_of(status_code if finer == status else status, finer), codes[finer]
    coarse = status_code or status
    return code_of(coarse), STATUS_CODES.get(coarse or "")
