"""What news sound like, for pages, mails and webhooks alike. The words are marked for translation by `N_`."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

import msgspec

from shipments.notices.notice import News, Notice
from shipments.notices.tongues import Tongue
from shipments.tracking.carriers import known_as
from shipments.tracking.milestones import Reason
from shipments.words import N_

NEWS: Mapping[News, str] = {
    News.FIRST_DATE: N_("has its first expected date: %(days)s."),
    News.DATE_CHANGED: N_("is now expected %(days)s; before it was %(before)s."),
    News.DISPATCHED: N_("has left."),
    News.ARRIVED: N_("has arrived in the country."),
    News.HELD: N_("is held on its way."),
    News.SILENT: N_("has gone silent: the carrier says nothing new."),
    News.OVERDUE: N_("is overdue."),
    News.DISPUTED: N_("is disputed: what we were told cannot all be true."),
    News.RECEIVED: N_("was received at the office."),
    News.UNKNOWN_CODE: N_("got a word from its carrier that we do not know. It is kept as it came."),
    News.CARRIER_STOPPED: N_("cannot be used: %(carrier)s refuses it. What travels with it is not followed."),
}
LEFT_WITH_DATE = N_("has left and is expected %(days)s.")
HELD_SINCE = N_("has been held since %(day)s: %(why)s.")
HELD_THERE = N_("has been held since %(day)s (%(place)s): %(why)s.")
THE_CARRIER = N_("the carrier")
NO_REASON = N_("the carrier gives no reason")
KINDS: Mapping[str, str] = {"box": N_("Box"), "batch": N_("Batch"), "carrier": N_("Account")}
PAGES: Mapping[str, str] = {"box": "/boxes/{code}", "batch": "/batches/{code}"}

REASONS: Mapping[Reason, str] = {
    Reason.CUSTOMS_HOLD: N_("customs keep it back"),
    Reason.CUSTOMS_INFO_REQUIRED: N_("customs ask for information"),
    Reason.CUSTOMS_INSPECTION: N_("customs inspect it"),
    Reason.CUSTOMS_REJECTED: N_("customs refuse it"),
    Reason.DUTY_UNPAID: N_("duty is to be paid"),
    Reason.DOCUMENTS_MISSING: N_("papers are missing"),
    Reason.ADDRESS_PROBLEM: N_("something is wrong with the address"),
    Reason.PAYMENT_REQUIRED: N_("a payment is asked for"),
    Reason.DAMAGED: N_("damaged"),
    Reason.MISSING: N_("missing"),
    Reason.OFFLOADED: N_("taken off the ship or plane"),
    Reason.SHORT_SHIPPED: N_("left behind"),
    Reason.MISROUTED: N_("sent the wrong way"),
    Reason.DELAY: N_("delayed"),
    Reason.WEATHER: N_("delayed by the weather"),
    Reason.SEIZED: N_("seized"),
    Reason.ON_HOLD: N_("the carrier has put it on hold"),
    Reason.REFUSED: N_("refused"),
    Reason.STALE: N_("no news"),
}

DAILY = N_("News of %(day)s: %(count)s")
MORE = N_("There is more on the board: %(count)s.")
WHY = N_("This mail was made by a machine. Your office asked for it; an administrator can end it.")


class Sentence(msgspec.Struct, frozen=True):
    """One piece of news in somebody's language. `kind` and `code` begin the sentence that `rest` ends.

    `code`: of an account, which is often called as its carrier is, what people call it.
    """

    kind: str
    code: str
    rest: str
    path: str

    @property
    def plain(self) -> str:
        """The whole sentence."""
        return f"{self.kind} {self.code} {self.rest}"


def sentence(notice: Notice, tongue: Tongue, zone: tzinfo) -> Sentence:
    """What a notice says, its days as they are in `zone`. `path`: the page that shows more."""
    return Sentence(
        kind=tongue.say(KINDS[notice.object_kind]),
        code=_shown_code(notice, tongue),
        rest=rest_of(notice, tongue, zone),
        path=PAGES.get(notice.object_kind, "/board").format(code=notice.object_code),
    )


def rest_of(notice: Notice, tongue: Tongue, zone: tzinfo) -> str:
    """The sentence after the name of what it is about."""
    if notice.news == News.HELD and notice.facts.get("since"):
        return held(notice.facts, tongue, zone)
    first, last, before = (_read(notice.facts.get(name)) for name in ("from", "to", "before"))
    dated = notice.news == News.DISPATCHED and last
    return tongue.say(
        LEFT_WITH_DATE if dated else NEWS[notice.news],
        days=tongue.days(first or last, last, zone) if last else "?",
        before=tongue.day(before, zone) if before else "?",
        carrier=tongue.say(known_as(notice.facts.get("carrier") or THE_CARRIER)),
    )


def _shown_code(notice: Notice, tongue: Tongue) -> str:
    carriers_own = notice.object_kind == "carrier" and notice.object_code == notice.facts.get("carrier")
    return tongue.say(known_as(notice.object_code)) if carriers_own else notice.object_code


def held(facts: Mapping[str, str | None], tongue: Tongue, zone: tzinfo) -> str:
    """Since when, where and why: the same, from facts of a hold as `facts_of_hold` writes them."""
    since, place = _read(facts["since"]), facts.get("place")
    assert since is not None
    reasons = [REASONS[Reason(word)] for word in (facts.get("reasons") or "").split(",") if word]
    return tongue.say(
        HELD_THERE if place else HELD_SINCE,
        day=tongue.day(since, zone),
        place=tongue.apart(place or ""),
        why=tongue.together([tongue.say(reason) for reason in reasons or [NO_REASON]]),
    )


def _read(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
