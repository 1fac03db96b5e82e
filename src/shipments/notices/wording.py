"""What news sound like, for pages, mails and webhooks alike. The words are marked for translation by `N_`."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

import msgspec

from shipments.notices.notice import News, Notice
from shipments.notices.tongues import Tongue
from shipments.progress.carrier_news import Contradiction
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
# Told instead, where the notice keeps this fact; older notices do not.
FULLER: Mapping[News, tuple[str, str]] = {
    News.DISPATCHED: ("to", N_("has left and is expected %(days)s.")),
    News.SILENT: ("last_word", N_("has gone silent: the carrier has said nothing new since %(day)s.")),
    News.OVERDUE: ("to", N_("is overdue: it was expected by %(days)s.")),
    News.DISPUTED: ("why", N_("is disputed. %(why)s")),
}
HELD_SINCE = N_("has been held since %(day)s: %(why)s.")
HELD_THERE = N_("has been held since %(day)s (%(place)s): %(why)s.")
THE_CARRIER = N_("the carrier")
NO_REASON = N_("the carrier gives no reason")
KINDS: Mapping[str, str] = {"box": N_("The box"), "batch": N_("The batch"), "carrier": N_("The account")}
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

CONTRADICTIONS: Mapping[str, str] = {
    Contradiction.CARRIER_FELL_BACK: N_("The carrier said delivered, then spoke of an earlier point of the way."),
    Contradiction.CARRIER_SAYS_LOST: N_("The carrier says it is lost; nobody here has confirmed that."),
    Contradiction.CARRIER_SAYS_RETURNED: N_("The carrier says it came back; nobody here has confirmed that."),
    Contradiction.CARRIER_SAYS_RETURNING: N_("The carrier says it is on its way back to the sender."),
    Contradiction.HANDED_OVER_BEFORE_RECEIPT: N_("It was handed over before it is said to have arrived."),
    Contradiction.HANDED_OVER_MORE_THAN_GOOD: N_("More was handed over than arrived in good order."),
    Contradiction.RECEIPTS_DIFFER: N_("Two receipts of this box say different things."),
    Contradiction.RECEIVED_AFTER_END: N_("It was received after it had been declared ended."),
    Contradiction.RECEIVED_BEFORE_DISPATCH: N_("It was received before it is said to have left."),
    Contradiction.SEAL_DIFFERS: N_("The seal on arrival is not the seal it left with."),
    Contradiction.SURPLUS: N_("Something was in it that nobody had listed."),
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
    rest = rest_of(notice.news, notice.facts, tongue, zone)
    told = about(notice.object_kind, notice.object_code, rest, tongue)
    return msgspec.structs.replace(told, code=_shown_code(notice, tongue))


def about(kind: str, code: str, rest: str, tongue: Tongue) -> Sentence:
    """`rest`, said of this thing."""
    return Sentence(tongue.say(KINDS[kind]), code, rest, PAGES.get(kind, "/board").format(code=code))


def rest_of(news: News, facts: Mapping[str, str | None], tongue: Tongue, zone: tzinfo) -> str:
    """The sentence after the name of what it is about, from facts as a notice keeps them."""
    if news == News.HELD and facts.get("since"):
        return held(facts, tongue, zone)
    last_word = _read(facts.get("last_word"))
    return tongue.say(
        _words(news, facts),
        days=_days(facts.get("from"), facts.get("to"), tongue, zone),
        before=_days(facts.get("before_from"), facts.get("before"), tongue, zone),
        day=tongue.day(last_word, zone) if last_word else "?",
        why=tongue.say(CONTRADICTIONS.get(facts.get("why") or "", "?")),
        carrier=tongue.say(known_as(facts.get("carrier") or THE_CARRIER)),
    )


def _words(news: News, facts: Mapping[str, str | None]) -> str:
    fact, fuller = FULLER.get(news, ("", ""))
    told = facts.get(fact)
    if news == News.DISPUTED and told not in CONTRADICTIONS:  # a word of another version
        told = None
    return fuller if told else NEWS[news]


def _days(first: str | None, last: str | None, tongue: Tongue, zone: tzinfo) -> str:
    begins, ends = _read(first), _read(last)
    return tongue.days(begins or ends, ends, zone) if ends else "?"


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
