"""DCSA Track & Trace 2.2's codes and what each means to us.

Source: DCSA's T&T 2.2.0 specification and its published code lists (some codes are newer than 2.2; lines send
them anyway). The words are DCSA's, the milestone beside them is our judgement:

- Where a box is known to stand at our own last port, what happens to it there is `arrived_destination`: gated
  out, stripped or put on a lorry, it is in the country, and none of these may pull it back to `in_transit`.
  Only a ship (or a vehicle not named) that loads it or departs takes it out again.
- DROP means that the hub has it, STRP that the hub emptied the container: neither is our office.
- Documents move nothing. A booking confirmed is `info_received`, a booking cancelled `cancelled`, and what
  stops a shipment is an `exception`; every other paper (a bill of lading is issued after the ship has left)
  is known, kept and without milestone. A release knows no place: it lifts a hold (`milestones.LIFTS`).
"""

from collections.abc import Mapping

import msgspec

from shipments.tracking.milestones import Milestone, Reason


class Meaning(msgspec.Struct, frozen=True):
    """`milestone` holds anywhere; `at_last_port`, where set, instead of it at our own last port.

    `leaves`: by ship it takes the box away, so that `at_last_port` holds only for lorry, rail and barge.
    """

    event: str
    milestone: Milestone | None
    at_last_port: Milestone | None = None
    reason: Reason | None = None
    leaves: bool = False


_MOVES = Milestone.IN_TRANSIT
_THERE = Milestone.ARRIVED_DESTINATION
_STOPS = Milestone.EXCEPTION
_READY = Milestone.AVAILABLE_FOR_PICKUP
_ENDED = Milestone.CANCELLED
_NOTED = Milestone.INFO_RECEIVED

MOVEMENTS: Mapping[str, Meaning] = {
    "TRANSPORT/ARRI": Meaning("arrived", _MOVES, _THERE),
    "TRANSPORT/DEPA": Meaning("departed", _MOVES, _THERE, leaves=True),
    "EQUIPMENT/PICK": Meaning("picked_up", Milestone.ACCEPTED, _THERE),
    "EQUIPMENT/STUF": Meaning("stuffed", _MOVES, _THERE),
    "EQUIPMENT/GTIN": Meaning("gated_in", _MOVES, _THERE),
    "EQUIPMENT/LOAD": Meaning("loaded", _MOVES, _THERE, leaves=True),
    "EQUIPMENT/DISC": Meaning("discharged", _MOVES, _THERE),
    "EQUIPMENT/GTOT": Meaning("gated_out", _MOVES, _THERE),
    "EQUIPMENT/STRP": Meaning("stripped", _MOVES, _THERE),
    "EQUIPMENT/DROP": Meaning("dropped_off", _MOVES, _READY),
    "EQUIPMENT/AVPU": Meaning("available_for_pickup", _MOVES, _READY),
    "EQUIPMENT/AVDO": Meaning("available_for_dropoff", _MOVES, _THERE),
    "EQUIPMENT/WAYP": Meaning("waypoint_crossed", _MOVES),
    "EQUIPMENT/INSP": Meaning("seal_inspected", _STOPS, reason=Reason.CUSTOMS_INSPECTION),
    "EQUIPMENT/RMVD": Meaning("seal_removed", _STOPS, reason=Reason.CUSTOMS_INSPECTION),
    "EQUIPMENT/RSEA": Meaning("resealed", _MOVES, _THERE),
    "EQUIPMENT/CUSS": Meaning("selected_for_scan", _STOPS, reason=Reason.CUSTOMS_INSPECTION),
    "EQUIPMENT/CUSI": Meaning("selected_for_inspection", _STOPS, reason=Reason.CUSTOMS_INSPECTION),
    "EQUIPMENT/CUSR": Meaning("customs_released", _MOVES, _THERE),
}

PAPERS_THAT_MATTER: Mapping[str, Meaning] = {
    "SHIPMENT/RECE/CBR": Meaning("booking_received", _NOTED),
    "SHIPMENT/CONF/CBR": Meaning("booked", _NOTED),
    "SHIPMENT/CONF/BKG": Meaning("booked", _NOTED),
    "SHIPMENT/CANC": Meaning("booking_cancelled", _ENDED),
    "SHIPMENT/VOID/BKG": Meaning("booking_cancelled", _ENDED),
    "SHIPMENT/REJE/BKG": Meaning("booking_rejected", _ENDED),
    "SHIPMENT/PENU": Meaning("document_update_wanted", _STOPS, reason=Reason.DOCUMENTS_MISSING),
    "SHIPMENT/REJE": Meaning("document_rejected", _STOPS, reason=Reason.DOCUMENTS_MISSING),
    "SHIPMENT/REJE/CUS": Meaning("customs_rejected", _STOPS, reason=Reason.CUSTOMS_REJECTED),
    "SHIPMENT/REJE/CUC": Meaning("customs_rejected", _STOPS, reason=Reason.CUSTOMS_REJECTED),
    "SHIPMENT/HOLD": Meaning("held", _STOPS, reason=Reason.ON_HOLD),
    "SHIPMENT/HOLD/CUS": Meaning("held_by_customs", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "SHIPMENT/HOLD/CUC": Meaning("held_by_customs", _STOPS, reason=Reason.CUSTOMS_HOLD),
    "SHIPMENT/REQS/CUS": Meaning("inspection_requested", _STOPS, reason=Reason.CUSTOMS_INSPECTION),
}

DELIBERATELY_UNMAPPED: Mapping[str, Meaning] = {
    "SHIPMENT/RECE": Meaning("document_received", None),
    "SHIPMENT/DRFT": Meaning("document_drafted", None),
    "SHIPMENT/PENA": Meaning("document_awaits_approval", None),
    "SHIPMENT/PENC": Meaning("document_awaits_confirmation", None),
    "SHIPMENT/APPR": Meaning("document_approved", None),
    "SHIPMENT/ISSU": Meaning("document_issued", None),
    "SHIPMENT/SURR": Meaning("document_surrendered", None),
    "SHIPMENT/SUBM": Meaning("document_submitted", None),
    "SHIPMENT/VOID": Meaning("document_voided", None),
    "SHIPMENT/CONF": Meaning("document_confirmed", None),
    "SHIPMENT/REQS": Meaning("service_requested", None),
    "SHIPMENT/CMPL": Meaning("service_completed", None),
    "SHIPMENT/CMPL/CUS": Meaning("inspection_completed", None),
    "SHIPMENT/RELS": Meaning("released", None),
    "SHIPMENT/RELS/CUS": Meaning("customs_released", None),
    "SHIPMENT/RELS/CUC": Meaning("customs_released", None),
    # A sensor's reading and a ship's own port call say nothing of the cargo.
    "IOT/DETC": Meaning("sensor_reading", None),
    "OPERATIONS/ARRI": Meaning("port_call_arrived", None),
    "OPERATIONS/DEPA": Meaning("port_call_departed", None),
    "OPERATIONS/STRT": Meaning("port_service_started", None),
    "OPERATIONS/CMPL": Meaning("port_service_completed", None),
    "OPERATIONS/CANC": Meaning("port_service_cancelled", None),
    "OPERATIONS/OMIT": Meaning("port_call_omitted", None),
}
"""Known, kept with their word, without a milestone."""

MEANINGS: Mapping[str, Meaning] = {**MOVEMENTS, **PAPERS_THAT_MATTER, **DELIBERATELY_UNMAPPED}


def meaning_of(kind: str, code: str, document: str | None) -> Meaning | None:
    """The meaning of, say, EQUIPMENT and LOAD, or SHIPMENT, HOLD and CUS; None where the code is unknown."""
    if document is not None:
        exact = MEANINGS.get(f"{kind}/{code}/{document}")
        if exact is not None:
            return exact
    return MEANINGS.get(f"{kind}/{code}")


def milestone_at(meaning: Meaning, *, at_last_port: bool, mode: str | None) -> Milestone | None:
    """`mode` as DCSA writes it: VESSEL, RAIL, TRUCK, BARGE, or None where it does not say."""
    if not at_last_port or meaning.at_last_port is None:
        return meaning.milestone
    if meaning.leaves and mode not in ("RAIL", "TRUCK", "BARGE"):
        return meaning.milestone
    return meaning.at_last_port
