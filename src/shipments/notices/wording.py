"""What news sound like, for pages, mails and webhooks alike. The words are marked for translation by `N_`."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

import msgspec

from shipments.notices.notice import News, Notice
from shipments.notices.tongues import Tongue


def N_(message: str) -> str:  # the name that extraction of messages knows
    """Marks a message; it is translated where it is said."""
    return message


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
    News.CARRIER_STOPPED: N_("cannot be followed: the carrier refuses our account."),
}
LEFT_WITH_DATE = N_("has left and is expected %(days)s.")
KINDS: Mapping[str, str] = {"box": N_("Box"), "batch": N_("Batch"), "carrier": N_("Carrier")}
PAGES: Mapping[str, str] = {"box": "/boxes/{code}", "batch": "/batches/{code}"}

DAILY = N_("News of %(day)s: %(count)s")
MORE = N_("There is more on the board: %(count)s.")
WHY = N_("This mail was made by a machine. Your office asked for it; an administrator can end it.")


class Sentence(msgspec.Struct, frozen=True):
    """One piece of news in somebody's language. `kind` and `code` begin the sentence that `rest` ends."""

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
        code=notice.object_code,
        rest=rest_of(notice, tongue, zone),
        path=PAGES.get(notice.object_kind, "/board").format(code=notice.object_code),
    )


def rest_of(notice: Notice, tongue: Tongue, zone: tzinfo) -> str:
    """The sentence after the name of what it is about."""
    first, last, before = (_read(notice.facts.get(name)) for name in ("from", "to", "before"))
    dated = notice.news == News.DISPATCHED and last
    return tongue.say(
        LEFT_WITH_DATE if dated else NEWS[notice.news],
        days=tongue.days(first or last, last, zone) if last else "?",
        before=tongue.day(before, zone) if before else "?",
    )


def _read(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
