"""Every word of ours that a page shows to people: one place, marked for translation by `N_`.

Those of news come from `shipments.notices.wording`, since mails say them too.
"""

from collections.abc import Mapping

from shipments.batches.batch import Mode
from shipments.boxes.box import Happened, Stage
from shipments.journal import Outcome
from shipments.notices.wording import CONTRADICTIONS as CONTRADICTIONS
from shipments.notices.wording import KINDS as KINDS
from shipments.notices.wording import NEWS as NEWS
from shipments.notices.wording import REASONS as REASONS
from shipments.progress.deriving import BoxException
from shipments.progress.expecting import Source
from shipments.receipts.receipt import Condition
from shipments.tracking.askings import Turn
from shipments.tracking.milestones import Milestone
from shipments.words import N_ as N_

STAGES: Mapping[Stage, str] = {
    Stage.REGISTERED: N_("Being packed"),
    Stage.PACKED: N_("Packed"),
    Stage.WAITING: N_("Waiting to leave"),
    Stage.ON_THE_WAY: N_("On the way"),
    Stage.IN_THE_COUNTRY: N_("In the country"),
    Stage.AT_THE_OFFICE: N_("At the office"),
    Stage.READY: N_("Ready to hand over"),
    Stage.HANDED_OVER: N_("Handed over"),
    Stage.WITHDRAWN: N_("Withdrawn"),
    Stage.LOST: N_("Lost"),
    Stage.RETURNED: N_("Sent back"),
    Stage.DESTROYED: N_("Destroyed"),
}
STORY = tuple(STAGES)[:8]

EXCEPTIONS: Mapping[BoxException, tuple[str, str]] = {
    BoxException.OVERDUE: (N_("Overdue"), N_("It should have arrived by now.")),
    BoxException.SILENT: (N_("Silent"), N_("The carrier has said nothing for longer than is usual.")),
    BoxException.HELD: (N_("Held"), N_("It is stopped on its way, by customs or by the carrier.")),
    BoxException.DAMAGED: (N_("Damaged"), N_("The box or something in it is damaged.")),
    BoxException.SHORT: (N_("Short"), N_("Something that was packed was not there on arrival.")),
    BoxException.DISPUTED: (N_("Disputed"), N_("What we were told cannot all be true.")),
    BoxException.UNREACHABLE: (N_("Unreachable"), N_("The person it is for could not be reached.")),
    BoxException.REFUSED: (N_("Refused"), N_("The person it is for did not accept it.")),
}

MODES: Mapping[Mode, str] = {
    Mode.SEA: N_("by sea"),
    Mode.AIR: N_("by air"),
    Mode.ROAD: N_("by road"),
    Mode.RAIL: N_("by rail"),
    Mode.COURIER: N_("by courier"),
}

EXPECTED_FROM: Mapping[Source, str] = {
    Source.ARRIVED: N_("it has arrived"),
    Source.ESTIMATE: N_("from the carrier"),
    Source.HISTORY: N_("from %(journeys)s earlier journeys"),
    Source.PLAN: N_("from the plan"),
    Source.CARRIED: N_("from when the stretch before it ends"),
}

CONDITIONS: Mapping[Condition, str] = {
    Condition.GOOD: N_("in good order"),
    Condition.DAMAGED: N_("damaged on the outside"),
    Condition.OPENED: N_("opened"),
    Condition.WET: N_("wet"),
}

DEEDS: Mapping[str, str] = {
    "registered": N_("Registered"),
    "dispatched": N_("Left the sending office"),
    "received": N_("Received at the office"),
    "handed_over": N_("Handed over"),
    Happened.SEALED: N_("Sealed"),
    Happened.REOPENED: N_("Reopened"),
    Happened.JOINED_BATCH: N_("Put into a batch"),
    Happened.LEFT_BATCH: N_("Taken out of its batch"),
    Happened.UNREACHABLE: N_("The person could not be reached"),
    Happened.REACHED: N_("The person was reached"),
    Happened.WITHDRAWN: N_("Withdrawn"),
    Happened.LOST: N_("Declared lost"),
    Happened.FOUND: N_("Found again"),
    Happened.RETURNED: N_("Sent back"),
    Happened.DESTROYED: N_("Destroyed"),
    "refused": N_("Not accepted by the person it is for"),
}

MILESTONES: Mapping[Milestone, str] = {
    Milestone.INFO_RECEIVED: N_("Announced to the carrier"),
    Milestone.ACCEPTED: N_("With the carrier"),
    Milestone.IN_TRANSIT: N_("Travelling"),
    Milestone.ARRIVED_DESTINATION: N_("Arrived in the country of destination"),
    Milestone.AVAILABLE_FOR_PICKUP: N_("Can be fetched from the carrier"),
    Milestone.OUT_FOR_DELIVERY: N_("Out for delivery"),
    Milestone.ATTEMPT_FAILED: N_("A delivery was tried and failed"),
    Milestone.EXCEPTION: N_("Stopped"),
    Milestone.DELIVERED: N_("Delivered, says the carrier"),
    Milestone.RETURNING: N_("On the way back"),
    Milestone.RETURNED: N_("Back, says the carrier"),
    Milestone.CANCELLED: N_("Cancelled, says the carrier"),
    Milestone.LOST: N_("Lost, says the carrier"),
}
# What exactly happened, where a carrier says so; else the milestone says enough.
EVENTS: Mapping[str, str] = {
    "arrived": N_("Arrival"),
    "departed": N_("Departure"),
    "picked_up": N_("Picked up"),
    "stuffed": N_("Put into the container"),
    "gated_in": N_("Into the terminal"),
    "loaded": N_("Loaded"),
    "discharged": N_("Unloaded"),
    "gated_out": N_("Out of the terminal"),
    "stripped": N_("Taken out of the container"),
    "dropped_off": N_("Put down"),
    "available_for_pickup": N_("Can be fetched from the carrier"),
    "waypoint_crossed": N_("Passed a point on the way"),
    "resealed": N_("Sealed again"),
    "customs_released": N_("Released by customs"),
    "inspection_completed": N_("Inspection is over"),
    "released": N_("Released"),
    "booked": N_("Booked with the carrier"),
    "booking_received": N_("Booking received"),
    "booking_cancelled": N_("Booking cancelled"),
    "booking_rejected": N_("Booking rejected"),
}
PAPERS = N_("News of the papers")
OTHER_WORD = N_("Noted by the carrier")
UNKNOWN_WORD = N_("A word of the carrier that we do not know")

TURNS: Mapping[Turn, str] = {
    Turn.LATER: N_("next: %(when)s"),
    Turn.ITS_TURN: N_("next: as soon as it is its turn"),
    Turn.ASKED_NOW: N_("is being asked now"),
    Turn.PAUSED: N_("the account is paused; next: %(when)s"),
    Turn.STOPPED: N_("not again before an administrator renews the account"),
    Turn.NOT_LEFT: N_("only once the batch has left"),
    Turn.OVER: N_("not any more: nothing is expected of it"),
    Turn.BY_HAND: N_("staff tell what they hear"),
}

CLASSIFIERS: Mapping[str, str] = {"EST": N_("estimated"), "PLN": N_("planned")}
SOURCES: Mapping[str, str] = {
    "staff": N_("staff"),
    "receipt": N_("receipt"),
    "handover": N_("hand-over"),
    "by_hand": N_("staff, from a call with the carrier"),
}

GATES: Mapping[str, str] = {
    "boxes": N_("The batch is empty."),
    "seals": N_("Not every box is sealed."),
    "checks": N_("Checks are open."),
    "flight": N_("Something in it may not fly."),
    "limits": N_("A limit of the batch is passed."),
    "withdrawn": N_("A case was withdrawn: take its things out."),
    "departed": N_("Somebody it is for has not travelled yet."),
}

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.DONE: N_("done"),
    Outcome.SAW: N_("seen"),
    Outcome.REFUSED: N_("refused"),
}
