"""Words of the page on carriers, marked for translation by `N_`."""

from collections.abc import Mapping

from api.pages.words import N_
from shipments.tracking.accounts.account import PausedWhy
from shipments.tracking.calls.call import CallKind
from shipments.tracking.calls.tallying import End
from shipments.tracking.calls.waiting import Why

WHY: Mapping[Why, str] = {
    Why.NOT_KNOWN: N_("They are asked about once a version works here that knows the carrier."),
    Why.STOPPED: N_("The account is stopped; once an administrator has renewed it, they are asked about."),
    Why.PAUSED: N_("The account is paused; it goes on %(wait)s (%(until)s)."),
    Why.DAY_SPENT: N_("The calls of the day (%(calls)s) are used up; they begin again %(wait)s (%(until)s)."),
    Why.KEPT_BACK: N_(
        "What is left of the day's calls is kept for legs near a change of stage; more is free %(wait)s (%(until)s)."
    ),
    Why.LEG_SPENT: N_(
        "Each was asked about as often as one leg may be in a day (%(most)s); they go on %(wait)s (%(until)s)."
    ),
    Why.ITS_TURN: N_("They wait for their turn, since calls go out one by one; the last is made %(wait)s."),
    Why.ASKED_NOW: N_("They are being asked about at this moment."),
}

PAUSES: Mapping[PausedWhy | None, str] = {
    PausedWhy.ASKED_TO_WAIT: N_("The carrier asks us to wait; it goes on %(wait)s (%(until)s)."),
    PausedWhy.OVER_QUOTA: N_(
        "The carrier wants fewer calls and does not say for how long; we try again %(wait)s (%(until)s)."
    ),
    PausedWhy.DAY_OVER: N_(
        "The carrier wants fewer calls, again: nothing is asked before its day begins anew %(wait)s (%(until)s)."
    ),
    PausedWhy.DOWN: N_("Its calls fail again and again; we try again %(wait)s (%(until)s)."),
    None: N_("It goes on %(wait)s (%(until)s)."),
}
PAUSED_SHORT: Mapping[PausedWhy | None, str] = {
    PausedWhy.ASKED_TO_WAIT: N_("paused, as the carrier asks"),
    PausedWhy.OVER_QUOTA: N_("paused: too many calls, says the carrier"),
    PausedWhy.DAY_OVER: N_("paused until the carrier's day begins anew"),
    PausedWhy.DOWN: N_("paused: its calls fail"),
    None: N_("paused"),
}

TROUBLES: Mapping[str, str] = {
    "not_known": N_("Left alone"),
    "stopped": N_("Stopped"),
    "paused": N_("Paused"),
    "fails": N_("Its calls fail"),
    "waits": N_("Legs wait"),
    "lacks": N_("Too few calls tomorrow"),
}

KINDS: Mapping[CallKind, str] = {
    CallKind.TRACK: N_("About legs"),
    CallKind.PAGE: N_("Further pages"),
    CallKind.TOKEN: N_("Signing in"),
    CallKind.SUBSCRIBE: N_("Asking to be told"),
}

ENDS: Mapping[End, str] = {
    End.NEWS: N_("Brought news"),
    End.NOTHING_NEW: N_("Nothing new"),
    End.NOT_FOUND: N_("Not known to the carrier"),
    End.GRANTED: N_("Granted"),
    End.OVER_QUOTA: N_("The carrier asks us to wait"),
    End.REFUSED: N_("Refused by the carrier"),
    End.UNAVAILABLE: N_("No answer, or trouble at the carrier"),
    End.UNREADABLE: N_("The answer could not be read"),
    End.NOT_MADE: N_("Not made after all"),
    End.UNDER_WAY: N_("Being made now"),
    End.NEVER_ENDED: N_("Never ended: whoever made it was stopped"),
}

URGENCIES: Mapping[str, str] = {
    "near_a_change": N_("Near a change of stage"),
    "under_way": N_("Under way"),
    "quiet": N_("Quiet"),
}
