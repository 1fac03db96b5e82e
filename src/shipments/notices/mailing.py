"""News as a mail, and the mail handed to a mail server. No name, no contents: codes, days, places, a link."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from html import escape
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from shipments.notices.outgoing import Failed, Outgoing, Sent
from shipments.notices.tongues import TONGUES, Tongue
from shipments.notices.wording import DAILY, MORE, WHY, Sentence, sentence
from shipments.settings import MailServer

DEADLINE_S = 20.0
MOST_LINES = 200
REFUSES_THE_MAIL = range(550, 555)
# Right-to-left mark; and around a code, that reads from left to right anywhere, isolates.
_RLM, _LRI, _PDI = "\u200f", "\u2066", "\u2069"


class Letterhead(msgspec.Struct, frozen=True):
    """What every mail of an installation carries. `sender`: an address; `base_url`: where the pages are."""

    sender: str
    base_url: str


def compose(outgoing: Outgoing, letterhead: Letterhead) -> EmailMessage:
    """The mail of a delivery: the same however often it is made, so that a repetition is known by its Message-ID."""
    tongue, zone = TONGUES[outgoing.wish.language], ZoneInfo(outgoing.time_zone)
    said = [sentence(one, tongue, zone) for one in outgoing.notices[:MOST_LINES]]
    more = len(outgoing.notices) - len(said)
    closing = [tongue.say(MORE, count=tongue.number(more))] if more else []
    closing.append(tongue.say(WHY))
    subject = _subject(outgoing, said, tongue, zone)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = letterhead.sender
    mail["To"] = outgoing.wish.address
    mail["Subject"] = subject
    mail["Date"] = outgoing.made_at
    mail["Message-ID"] = message_id(outgoing.id, letterhead.sender)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_plain(said, closing, tongue, letterhead.base_url))
    mail.add_alternative(_html(subject, said, closing, tongue, letterhead.base_url), subtype="html")
    mail.set_boundary(f"=_{outgoing.id.hex}")  # else it is another one each time
    mail["Content-Language"] = tongue.tag  # last: whatever speaks of contents moves into the first part
    return mail


def message_id(delivery: UUID, sender: str) -> str:
    """The delivery's own for ever."""
    return f"<{delivery}@{_domain(sender)}>"


def hand_over(
    server: MailServer, mail: EmailMessage, *, deadline_s: float = DEADLINE_S, trust: ssl.SSLContext | None = None
) -> Sent | Failed:
    """Gives the mail to the server; blocks, for `deadline_s` at most. `trust`: the certificates believed.

    Only where the server refuses this mail or its receiver for good is it given up; everything else may pass.
    """
    try:
        with _open(server, _domain(mail["From"]), deadline_s, trust) as smtp:
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        return _refused(next(iter(error.recipients.values()))[0])
    except smtplib.SMTPDataError as error:
        return _refused(error.smtp_code)
    except smtplib.SMTPResponseException as error:
        return Failed(f"The mail server answered {error.smtp_code} ({type(error).__name__}).")
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Failed(f"The mail server cannot be used: {type(error).__name__}.")
    return Sent()


def _refused(code: int) -> Failed:
    return Failed(f"The mail server refused the mail ({code}).", for_good=code in REFUSES_THE_MAIL)


@contextmanager
def _open(server: MailServer, us: str, deadline_s: float, trust: ssl.SSLContext | None) -> Iterator[smtplib.SMTP]:
    # `us`, said in greeting: else the library asks the network for this machine's name, and tells it.
    if server.tls == "always":
        own: smtplib.SMTP = smtplib.SMTP_SSL(timeout=deadline_s, local_hostname=us, context=trust or _usual_trust())
    else:
        own = smtplib.SMTP(timeout=deadline_s, local_hostname=us)
    # The name that certificates are checked against. The constructor, given it, would connect before the deadline runs.
    own._host = server.host  # type: ignore[attr-defined]
    with _cut_after(deadline_s, own):
        try:
            own.connect(server.host, server.port)
            if server.tls == "starttls":
                own.starttls(context=trust or _usual_trust())
            yield own
            with suppress(smtplib.SMTPException, OSError):  # the mail is theirs already
                own.quit()
        finally:
            own.close()


@lru_cache(maxsize=1)
def _usual_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@contextmanager
def _cut_after(deadline_s: float, smtp: smtplib.SMTP) -> Iterator[None]:
    """The library's own time-out is for each read: a server that drips would hold us for ever."""

    def cut() -> None:
        with suppress(OSError):
            if smtp.sock is not None:
                smtp.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(deadline_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2]


def _subject(outgoing: Outgoing, said: Sequence[Sentence], tongue: Tongue, zone: ZoneInfo) -> str:
    if outgoing.wish.digest_hour is None and len(said) == 1:
        return said[0].plain
    count = tongue.number(len(outgoing.notices))
    return tongue.say(DAILY, day=tongue.day(outgoing.made_at, zone), count=count)


def _plain(said: Sequence[Sentence], closing: Sequence[str], tongue: Tongue, base_url: str) -> str:
    rtl = tongue.direction == "rtl"
    mark, before, after = (_RLM, _LRI, _PDI) if rtl else ("", "", "")
    told = [f"{mark}{one.kind} {before}{one.code}{after} {one.rest}\n{base_url}{one.path}" for one in said]
    return "\n\n".join([*told, "\n".join(mark + line for line in closing)]) + "\n"


def _html(subject: str, said: Sequence[Sentence], closing: Sequence[str], tongue: Tongue, base_url: str) -> str:
    told = "".join(
        f'<p>{escape(one.kind)} <a dir="ltr" href="{escape(base_url + one.path)}"><bdi>{escape(one.code)}</bdi></a> '
        f"{escape(one.rest)}</p>\n"
        for one in said
    )
    ending = "".join(f"<p><small>{escape(line)}</small></p>\n" for line in closing)
    head = f'<!doctype html>\n<html lang="{tongue.tag}" dir="{tongue.direction}"><meta charset="utf-8">'
    return f"{head}<title>{escape(subject)}</title>\n<body>\n{told}{ending}</body></html>\n"
