"""What a carrier's word means to us: one vocabulary for every carrier, with its order for ties."""

from collections.abc import Mapping
from enum import StrEnum


class Milestone(StrEnum):
    """A point that a carrier says was reached. Its `delivered` is a claim; our receipt is the fact."""

    INFO_RECEIVED = "info_received"
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    ARRIVED_DESTINATION = "arrived_destination"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    DELIVERED = "delivered"
    RETURNING = "returning"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    LOST = "lost"


class Reason(StrEnum):
    """Why an `exception`. Set on no other milestone."""

    CUSTOMS_HOLD = "customs_hold"
    CUSTOMS_INFO_REQUIRED = "customs_info_required"
    CUSTOMS_INSPECTION = "customs_inspection"
    CUSTOMS_REJECTED = "customs_rejected"
    DUTY_UNPAID = "duty_unpaid"
    DOCUMENTS_MISSING = "documents_missing"
    ADDRESS_PROBLEM = "address_problem"
    PAYMENT_REQUIRED = "payment_required"
    DAMAGED = "damaged"
    MISSING = "missing"
    OFFLOADED = "offloaded"
    SHORT_SHIPPED = "short_shipped"
    MISROUTED = "misrouted"
    DELAY = "delay"
    WEATHER = "weather"
    SEIZED = "seized"
    ON_HOLD = "on_hold"
    REFUSED = "refused"
    STALE = "stale"


RANK: Mapping[Milestone, int] = {milestone: rank for rank, milestone in enumerate(Milestone)}
"""Breaks ties between events of the same time: the further along wins. Never used across different times."""

ARRIVED = frozenset(
    {
        Milestone.ARRIVED_DESTINATION,
        Milestone.AVAILABLE_FOR_PICKUP,
        Milestone.OUT_FOR_DELIVERY,
        Milestone.ATTEMPT_FAILED,
        Milestone.DELIVERED,
    }
)
"""What a carrier says only where a leg ends, or after."""

AT_ITS_END = frozenset({Milestone.AVAILABLE_FOR_PICKUP, Milestone.DELIVERED})
"""What it says where a leg ends."""

MOVING = frozenset({Milestone.ACCEPTED, Milestone.IN_TRANSIT})
"""What a carrier says of a leg that has begun and has not ended."""

_CUSTOMS = frozenset({Reason.CUSTOMS_HOLD, Reason.CUSTOMS_INFO_REQUIRED, Reason.CUSTOMS_INSPECTION})

LIFTS: Mapping[str, frozenset[Reason]] = {
    "customs_released": _CUSTOMS,
    "inspection_completed": frozenset({Reason.CUSTOMS_INSPECTION}),
    "resealed": frozenset({Reason.CUSTOMS_INSPECTION}),
    "released": frozenset({Reason.ON_HOLD}),
    "document_approved": frozenset({Reason.DOCUMENTS_MISSING}),
    "document_received": frozenset({Reason.DOCUMENTS_MISSING}),
}
"""Event words that end an earlier exception of these reasons.

A release is often a document's event: it knows no place, so it carries no milestone and must not pull a box
back to `in_transit`; it only lifts the hold.
"""
