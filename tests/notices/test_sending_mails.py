"""Mails: in the office's language, about codes and days alone, the same however often they are made."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from uuid import uuid4

import pytest

from jobs.sending import Posted
from shipments.errors import Invalid
from shipments.notices.mailing import hand_over
from shipments.notices.notice import News
from shipments.notices.outgoing import Failed, Sent
from shipments.settings import MailServer as Server
from tests.notices.house import DATES, SENDER, TO, House
from tests.notices.receivers import MailServer, mail_server
from tests.tracking.carriers.test_connecting import _certificate as a_certificate

DAY = timedelta(days=1)


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_says_what_happened_and_where_to_look(house: House, server: MailServer) -> None:
    wish = house.wish()
    (code,) = house.tell(News.DATE_CHANGED, **DATES, before="2026-03-28T00:00:00+00:00")
    house.send()
    (mail,) = server.mails
    assert mail["Subject"] == f"The batch {code} is now expected 2\u201316 Apr 2026; before it was 28 Mar 2026."
    assert text_of(mail).startswith(f"{mail['Subject']}\nhttps://boxes.example.org/batches/{code}\n")
    assert (mail["From"], mail["To"]) == (SENDER, TO)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == wish.language == "en"
    assert mail["Message-ID"] == f"<{house.the_delivery().id}@shipments.example>"
    assert parsedate_to_datetime(mail["Date"]) == house.the_delivery().made_at.replace(microsecond=0)


def test_arabic_is_marked_from_right_to_left_and_its_codes_from_left_to_right(house: House, server: MailServer) -> None:
    house.wish(language="ar")
    (code,) = house.tell(News.FIRST_DATE, **DATES)
    house.send()
    (mail,) = server.mails
    first, link, *_ = text_of(mail).splitlines()
    assert first.startswith("\u200f")
    assert f"\u2066{code}\u2069" in first
    assert link == f"https://boxes.example.org/batches/{code}"
    assert "٢٠٢٦" in first
    assert '<html lang="ar" dir="rtl">' in text_of(mail, "html")


def test_a_mail_speaks_a_language_of_the_office_unless_told_otherwise(house: House) -> None:
    assert house.wish().language == "en"
    assert house.wish("b@office.example", language="fr-GN").language == "fr"
    with pytest.raises(Invalid, match="language: one of"):
        house.wish("c@office.example", language="hy")


def test_the_html_is_whole_and_holds_nothing_that_is_fetched(house: House, server: MailServer) -> None:
    house.wish()
    house.tell()
    house.send()
    html = text_of(server.mails[0], "html")
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            opened.append(tag)
            assert not {"src", "style", "onclick"} & {name for name, _ in attrs}

    Reader().feed(html)
    assert set(opened) == {"html", "meta", "title", "body", "p", "a", "bdi", "small"}


def test_a_mail_about_a_hold_says_why_and_where(house: House, server: MailServer) -> None:
    house.wish(language="fr")
    house.tell(News.HELD, reasons="duty_unpaid", place="GNCKY", since="2026-03-28T00:00:00+00:00")
    house.send()
    said = "est retenu depuis le 28 mars 2026 (GNCKY) : des droits sont à payer."
    assert said in server.mails[0]["Subject"]
    assert said in text_of(server.mails[0], "html")


def test_a_mail_holds_nothing_personal(house: House, server: MailServer) -> None:
    house.wish()
    code = house.journey.box()
    house.tell(News.HELD, reasons="customs_hold", place="Conakry", since="2026-03-28T00:00:00+00:00")
    house.send()
    written = "\n".join(str(mail) for mail in server.mails)
    for personal in ("Person", "hammer", "CS-", "RQ-", code, "Example Street", "+00 555"):
        assert personal not in written


@pytest.mark.parametrize(
    "address",
    [
        "a@office.example\nBcc: all@example.org",
        "a@office.example\r\nX: y",
        "a@office.example, b@office.example",
        "A <a@office.example>",
        "nobody",
        "à@office.example",
    ],
)
def test_an_address_that_is_not_one_plain_address_is_refused(house: House, address: str) -> None:
    with pytest.raises(Invalid, match="address"):
        house.wish(address)


def test_words_of_a_carrier_cannot_add_a_header(house: House, server: MailServer) -> None:
    house.wish("ams@office.example", "NL-AMS")
    house.tell(News.UNKNOWN_CODE, code="X\r\nBcc: all@example.org")
    house.send()
    assert server.mails[0]["Bcc"] is None
    assert "all@example.org" not in server.mails[0]["Subject"]


def test_a_digest_is_one_mail_at_the_hour_of_the_office_with_all_the_news(
    each_house: House, server: MailServer
) -> None:
    each_house.journey.now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    wish = each_house.wish("ams@office.example", "NL-AMS", digest_hour=7)
    assert wish.next_digest_at == datetime(2026, 7, 2, 5, 0, tzinfo=UTC)  # 7 o'clock in Amsterdam's summer
    codes = each_house.tell(times=3) + each_house.tell(News.ARRIVED, times=2)
    assert each_house.send() == [Posted()]
    each_house.journey.now = wish.next_digest_at
    assert each_house.send(senders=2).count(Posted(sent=1)) == 1
    (mail,) = server.mails
    assert mail["Subject"] == "News of 2 Jul 2026: 5"
    assert all(text_of(mail).count(f"The batch {code}") == 1 for code in codes)
    later = each_house.tell()
    each_house.journey.now += DAY
    each_house.send()
    assert [code in text_of(server.mails[1]) for code in codes + later] == [False] * 5 + [True]
    assert len(server.mails) == 2


def test_a_day_without_news_has_no_digest_and_a_missed_hour_is_made_up_once(house: House, server: MailServer) -> None:
    house.wish(digest_hour=7)
    house.journey.now += 2 * DAY
    assert house.send() == [Posted()]
    house.tell()
    house.journey.now += 5 * DAY
    assert house.send() == [Posted(sent=1)]
    assert house.send() == [Posted()]
    assert len(server.mails) == 1


def test_a_digest_that_failed_is_the_same_mail_again_without_later_news(house: House, server: MailServer) -> None:
    wish = house.wish(digest_hour=7)
    house.tell(times=2)
    server.answer = lambda mail: "451 later"
    house.journey.now += DAY
    assert house.send() == [Posted(failed=1)]
    house.tell()
    server.answer = lambda mail: "250 taken"
    house.journey.now += timedelta(hours=1)
    assert house.send() == [Posted(sent=1)]
    first, again = server.mails
    assert (again["Message-ID"], again["Subject"]) == (first["Message-ID"], first["Subject"])
    assert text_of(again) == text_of(first)
    assert (house.the_wish(wish.id).next_digest_at or house.journey.now) > house.journey.now


@pytest.mark.parametrize(
    ("answer", "for_good"),
    [("550 no such person", True), ("554 not this", True), ("450 busy", False), ("421 closing", False)],
)
def test_a_mail_refused_for_good_is_given_up_and_any_other_is_tried_again(
    house: House, server: MailServer, answer: str, for_good: bool
) -> None:
    house.wish()
    house.tell()
    server.answer = lambda mail: answer
    assert house.send() == [Posted(failed=1)]
    delivery = house.the_delivery()
    assert (delivery.gave_up_at is not None, delivery.next_try_at is None) == (for_good, for_good)
    assert answer.split()[0] in (delivery.trouble or "")
    assert "person" not in (delivery.trouble or "")


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, TO, "News"
    mail["Message-ID"] = f"<{uuid4()}@shipments.example>"
    mail.set_content("News\n")
    return mail


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of a server, and of somebody who trusts it."""
    certificate, key = a_certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    return serving, ssl.create_default_context(cafile=certificate)


@pytest.mark.parametrize("how", ["always", "starttls"])
def test_mails_travel_encrypted_with_a_login_to_a_server_that_is_vouched_for(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], how: str
) -> None:
    serving, trusting = tls
    with mail_server(tls=serving, from_the_start=how == "always") as server:
        at = Server("127.0.0.1", server.port, how, "boxes", "a secret word")  # type: ignore[arg-type]  # one of both
        refused = hand_over(at, a_mail())
        assert isinstance(refused, Failed)
        assert "SSLCertVerificationError" in refused.trouble
        assert server.logins == []
        assert hand_over(at, a_mail(), trust=trusting) == Sent()
        assert [login.password for login in server.logins] == [b"a secret word"]
        assert len(server.mails) == 1


def test_no_login_and_no_mail_goes_to_a_server_that_does_not_encrypt_when_it_should(server: MailServer) -> None:
    outcome = hand_over(Server("127.0.0.1", server.port, "starttls", "boxes", "a secret word"), a_mail())
    assert isinstance(outcome, Failed)
    assert not outcome.for_good
    assert server.mails == []


def test_a_server_that_keeps_us_waiting_is_left_after_the_deadline(server: MailServer) -> None:
    server.hold.clear()
    started = datetime.now(UTC)
    outcome = hand_over(Server("127.0.0.1", server.port, "never"), a_mail(), deadline_s=0.4)
    assert isinstance(outcome, Failed)
    assert datetime.now(UTC) - started < timedelta(seconds=3)


def test_a_server_that_is_not_there_is_a_failure_that_may_pass() -> None:
    with socket.socket() as held:  # bound, and listening to nobody
        held.bind(("127.0.0.1", 0))
        outcome = hand_over(Server("127.0.0.1", held.getsockname()[1], "never"), a_mail())
    assert outcome == Failed("The mail server cannot be used: ConnectionRefusedError.")
