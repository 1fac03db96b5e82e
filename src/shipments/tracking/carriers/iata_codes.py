"""IATA's cargo status codes, as staff read them off an air waybill's page, and what each means to us.

Source: IATA's code list for ONE Record. The words are IATA's, the milestone beside them is our judgement:

- ARR and RCF mean arrived in the country only at our own last airport.
- DLV goes to the consignee or their agent, DDL to the consignee's door: on an air waybill both are the hub, which has
  the pallet and not yet the office the box. Neither delivers.
- Documents move nothing.
"""

from collections.abc import Mapping

from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.milestones import Milestone, Reason

_MOVES = Milestone.IN_TRANSIT
_THERE = Milestone.ARRIVED_DESTINATION
_TAKEN = Milestone.ACCEPTED
_STOPS = Milestone.EXCEPTION
_READY = Milestone.AVAILABLE_FOR_PICKUP

MAPPED: Mapping[str, Meaning] = {
    "BKD": Meaning("booked", Milestone.INFO_RECEIVED),
    "DPU": Meaning("picked_up", _TAKEN),
    "FOH": Meaning("on_hand", _TAKEN),
    "RCS": Meaning("ready_for_carriage", _TAKEN),
    "PRE": Meaning("prepared", _MOVES),
    "MAN": Meaning("manifested", _MOVES),
    "DEP": Meaning("departed", _MOVES),
    "TRM": Meaning("transfer_manifested", _MOVES),
    "TFD": Meaning("transferred", _MOVES),
    "RCT": Meaning("received_transfer", _MOVES),
    "ARR": Meaning("arrived", _MOVES, _THERE),
    "RCF": Meaning("received_from_flight", _MOVES, _THERE),
    "FIW": Meaning("warehoused", _MOVES, _THERE),
    "FOW": Meaning("left_warehouse", _MOVES, _THERE),
    "CRC": Meaning("customs_processing", _MOVES, _THERE),
    "TGC": Meaning("customs_transferred", _MOVES, _THERE),
    "CCD": Meaning("customs_released", _MOVES, _THERE),
    "NFD": Meaning("notified", _MOVES, _READY),
    "DLV": Meaning("handed_to_agent", _MOVES, _THERE),
    "DDL": Meaning("handed_to_consignee", _MOVES, _THERE),
    "DIS_DFLD": Meaning("discrepancy_resolved", _MOVES),
    "DIS_FDCA": Meaning("discrepancy_resolved", _MOVES),
    "DIS_FDMB": Meaning("discrepancy_resolved", _MOVES),
    "DIS_MSCA": Meaning("cargo_missing", _STOPS, reason=Reason.MISSING),
    "DIS_MSMB": Meaning("cargo_missing", _STOPS, reason=Reason.MISSING),
    "DIS_MSAV": Meaning("document_missing", _STOPS, reason=Reason.DOCUMENTS_MISSING),
    "DIS_MSAW": Meaning("document_missing", _STOPS, reason=Reason.DOCUMENTS_MISSING),
    "DIS_OFLD": Meaning("offloaded", _STOPS, reason=Reason.OFFLOADED),
    "DIS_OVCD": Meaning("overcarried", _STOPS, reason=Reason.MISROUTED),
    "DIS_SSPD": Meaning("short_shipped", _STOPS, reason=Reason.SHORT_SHIPPED),
}

DELIBERATELY_UNMAPPED: Mapping[str, Meaning] = {
    "AWD": Meaning("documents_delivered", None),
    "AWR": Meaning("document_received", None),
    "DOC": Meaning("document_received", None),
    "DIS_FDAV": Meaning("document_received", None),
    "DIS_FDAW": Meaning("document_received", None),
    "OCI": Meaning("information", None),
    "OSI": Meaning("information", None),
}
"""Known, kept with their word, without a milestone. `document_received` lifts missing documents."""

MEANINGS: Mapping[str, Meaning] = {**MAPPED, **DELIBERATELY_UNMAPPED}


def meaning_of(code: str) -> Meaning | None:
    """The meaning of a code such as RCF, or DIS_OFLD however it is typed (`dis-ofld`, `DIS/OFLD`), or None.

    DIS without its reason is unknown: it may be anything from "found" to "missing".
    """
    return MEANINGS.get("_".join(code.upper().replace("/", " ").replace("-", " ").replace("_", " ").split()))
