"""UPS's codes and what each means to us.

Source: the appendix of UPS's Track API (activity types, package status codes, manifest and exception codes).
The words are ours, the milestone beside them is our judgement:

- An activity has a type (one or two letters), mostly a status code (three digits) and mostly a code (two
  letters) that means other things with other types: `DP` is a manifest with type M and a departure with type I.
- Type D is Delivered in the appendix, yet also seen on a loaded vehicle: it is `delivered` only with status code
  011. With any other status code that one counts; with none, it is known and moves nothing.
- What an agent, a post office or an access point took over is not at our office.
- A code that UPS does not explain further (`Exception`, `Action Required`, an investigation) is an `exception`
  without a reason.
"""

from collections.abc import Mapping

from shipments.tracking.carriers.parcels import Meaning
from shipments.tracking.carriers.scans import code_of
from shipments.tracking.milestones import Milestone, Reason

_MOVES = Milestone.IN_TRANSIT
_THERE = Milestone.ARRIVED_DESTINATION
_STOPS = Milestone.EXCEPTION
_READY = Milestone.AVAILABLE_FOR_PICKUP
_FAILED = Milestone.ATTEMPT_FAILED
_ON_VAN = Milestone.OUT_FOR_DELIVERY
_BACK = Milestone.RETURNING
_ENDED = Milestone.CANCELLED
_NOTED = Milestone.INFO_RECEIVED
_TAKEN = Milestone.ACCEPTED

_moving = Meaning("moving", _MOVES)
_noted = Meaning("data_received", _NOTED)
_voided = Meaning("voided", _ENDED)
_on_vehicle = Meaning("on_vehicle", _ON_VAN)
_processing = Meaning("customs_processing", _MOVES)
_released = Meaning("customs_released", _MOVES)
_warehoused = Meaning("warehoused", _MOVES)
_unexplained = Meaning("exception", _STOPS)
_action = Meaning("action_required", _STOPS)
_investigated = Meaning("investigated", _STOPS)
_at_facility = Meaning("at_facility", _READY)
_attempted = Meaning("attempted", _FAILED)
_weather = Meaning("weather", _STOPS, reason=Reason.WEATHER)
_delayed = Meaning("delayed", _STOPS, reason=Reason.DELAY)
_to_partner = Meaning("handed_to_partner", _MOVES)
_preparing = Meaning("preparing_delivery", _MOVES, _THERE)
_returning = Meaning("returning", _BACK)
_return_wanted = Meaning("return_requested", _BACK)
_returned = Meaning("returned", Milestone.RETURNED)
_picked_up = Meaning("picked_up", _TAKEN)
_held_by_customs = Meaning("held_by_customs", _STOPS, reason=Reason.CUSTOMS_HOLD)
_customs_asks = Meaning("customs_asks", _STOPS, reason=Reason.CUSTOMS_INFO_REQUIRED)
_customs_rejected = Meaning("customs_rejected", _STOPS, reason=Reason.CUSTOMS_REJECTED)
_duty_unpaid = Meaning("duty_unpaid", _STOPS, reason=Reason.DUTY_UNPAID)
_imported = Meaning("import_scan", _MOVES, _THERE)
_unstated = Meaning("status_unknown", None)

TYPES: Mapping[str, Meaning] = {
    "I": _moving,
    "M": _noted,
    "MV": _voided,
    "X": _unexplained,
    "DO": Meaning("origin_cfs", _TAKEN),
    "DD": Meaning("destination_cfs", _THERE),
    "W": _warehoused,
}

DELIVERED = Meaning("delivered", Milestone.DELIVERED)
UNPROVEN = Meaning("delivery_unproven", None)
"""Type D without status code 011, or 011 without type D."""

STATUS_CODES: Mapping[str, Meaning] = {
    "003": _noted,
    "005": _moving,
    "006": _on_vehicle,
    "007": _voided,
    "010": _moving,
    "011": DELIVERED,
    "012": _processing,
    "013": _unexplained,
    "014": _released,
    "016": _warehoused,
    "017": _at_facility,
    "021": _on_vehicle,
    "022": _attempted,
    "023": _attempted,
    "024": _attempted,
    "025": _moving,
    "026": Meaning("delivered_by_post", _MOVES, _THERE),
    "029": _action,
    "030": _unexplained,
    "032": _weather,
    "033": _return_wanted,
    "034": _returned,
    "035": _returning,
    "036": _returning,
    "037": _on_vehicle,
    "038": _picked_up,
    "039": _moving,
    "040": _at_facility,
    "043": _voided,
    "044": _noted,
    "045": _noted,
    "046": _delayed,
    "047": _moving,
    "048": _delayed,
    "049": _action,
    "050": Meaning("address_problem", _STOPS, reason=Reason.ADDRESS_PROBLEM),
    "051": _weather,
    "052": _weather,
    "053": _weather,
    "057": _to_partner,
    "058": _customs_asks,
    "059": Meaning("damaged", _STOPS, reason=Reason.DAMAGED),
    "060": _attempted,
    "061": Meaning("adult_signature_missing", _FAILED),
    "062": Meaning("payment_missing", _FAILED),
    "064": Meaning("refused", _FAILED),
    "066": _attempted,
    "067": _returned,
    "068": Meaning("lost_and_found", Milestone.LOST),
    "069": Meaning("unable_to_deliver", _FAILED),
    "071": _preparing,
    "072": _on_vehicle,
    "073": _to_partner,
    "074": _to_partner,
    "075": _preparing,
    "076": _unexplained,
    "078": _on_vehicle,
    "079": _noted,
    "080": _noted,
    "081": _returned,
    "083": Meaning("held", _STOPS, reason=Reason.ON_HOLD),
    "084": _released,
    "085": Meaning("held_for_payment", _STOPS, reason=Reason.PAYMENT_REQUIRED),
    "086": _delayed,
    "087": _moving,
    "089": _on_vehicle,
    "090": _delayed,
    "091": _on_vehicle,
    "092": _processing,
    "118": _return_wanted,
    "119": _return_wanted,
    "123": _held_by_customs,
    "124": _customs_asks,
    "125": _customs_asks,
    "126": _held_by_customs,
    "129": _investigated,
    "130": _investigated,
    "132": _delayed,
    "134": _released,
    "137": _to_partner,
    "141": _customs_asks,
    "143": Meaning("handed_to_agent", _READY),
    "144": _at_facility,
    "145": _attempted,
    "146": _on_vehicle,
    "147": Meaning("seized", _STOPS, reason=Reason.SEIZED),
    "149": Meaning("destroyed", Milestone.LOST),
    "157": _noted,
    "158": _moving,
    "159": _moving,
    "160": _picked_up,
    "161": Meaning("handed_to_access_point", _READY),
    "162": _on_vehicle,
    "164": _moving,
    "165": _moving,
    "166": _noted,
    "167": _picked_up,
    "168": _picked_up,
    "169": _picked_up,
}

EXCEPTION_CODES: Mapping[str, Meaning] = {
    "CF": Meaning("customs_authorisation_awaited", _BACK),
    "CP": _held_by_customs,
    "CT": _held_by_customs,
    "D0": _customs_asks,
    "ES": _customs_rejected,
    "1C": _duty_unpaid,
    "7F": _duty_unpaid,
    "7H": Meaning("duty_information_missing", _BACK),
    "7P": Meaning("broker_missing", _STOPS, reason=Reason.CUSTOMS_INFO_REQUIRED),
    "R1": _held_by_customs,
    "TG": Meaning("sample_taken", _STOPS, reason=Reason.CUSTOMS_INSPECTION),
    "B2": _held_by_customs,
    "ST": _customs_rejected,
    "OI": _held_by_customs,
}

PASSING_CODES: Mapping[str, Meaning] = {
    "DA": _released,
    "XD": _imported,
    "IP": _imported,
    "BN": _released,
    "Z1": _processing,
    "Y1": _processing,
}
"""Of UPS's exception list, but good news: they come with type X and with type I."""

SCAN_CODES: Mapping[str, Meaning] = {
    "AR": Meaning("arrived_hub", _MOVES, _THERE),
    "DP": Meaning("departed", _MOVES, _THERE),
    "OR": Meaning("origin_scan", _MOVES),
}
"""In no appendix, but in nearly every answer, with type I."""

MANIFEST_CODES: Mapping[str, Meaning] = {"DP": _noted, "MP": _noted, "VP": _voided}

DELIBERATELY_UNMAPPED: Mapping[str, Meaning] = {
    "NA": Meaning("not_available", None),
    "U": Meaning("update", None),
    "000": _unstated,
    "088": Meaning("test", None),
    "148": _unstated,
    "163": _unstated,
}
"""Known, kept with their word, without a milestone."""

_UNMAPPED_TYPES = {kind: DELIBERATELY_UNMAPPED[kind] for kind in ("NA", "U")}
ALL_TYPES: Mapping[str, Meaning] = {**TYPES, **_UNMAPPED_TYPES, "D": UNPROVEN}
ALL_STATUS_CODES: Mapping[str, Meaning] = {
    **STATUS_CODES,
    **{code: meaning for code, meaning in DELIBERATELY_UNMAPPED.items() if code.isdigit()},
}
CODES: Mapping[str, Mapping[str, Meaning]] = {
    "M": MANIFEST_CODES,
    "MV": MANIFEST_CODES,
    "X": {**EXCEPTION_CODES, **PASSING_CODES},
    "I": {**SCAN_CODES, **PASSING_CODES},
}
"""Two-letter codes by the type they come with."""

_VAGUE = (_moving, _unexplained, _unstated)


def meaning_of(kind: str | None, code: str | None, status: str | None) -> Meaning | None:
    """The meaning of, say, I, AR and 005; None where what UPS states most exactly is unknown.

    A status code that says something goes before the two letters, these before a vague status code ("On the
    Way", "Exception"), and the type counts where there is neither.
    """
    stated = ALL_STATUS_CODES.get(status) if status else None
    if kind == "D" or stated is DELIVERED:
        return _delivered(kind, status, stated)
    if stated is not None and not any(stated is vague for vague in _VAGUE):
        return stated
    finer = CODES.get(kind or "", {}).get(code or "")
    if finer is not None:
        return finer
    if kind == "X" and stated is _moving:  # the type says that something is wrong
        return TYPES[kind]
    return stated if status else ALL_TYPES.get(kind or "")


def _delivered(kind: str | None, status: str | None, stated: Meaning | None) -> Meaning | None:
    if stated is DELIVERED:
        return DELIVERED if kind == "D" else UNPROVEN
    return stated if status else UNPROVEN


def known_code(kind: str | None, code: str | None, status: str | None) -> tuple[str, Meaning | None]:
    """The raw code to keep, such as `I/AR/005`, and its meaning."""
    return code_of(kind, code, status), meaning_of(kind, code, status)
