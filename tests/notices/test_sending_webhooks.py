"""Webhooks: signed after Standard Webhooks, called at safe addresses only, ended when they say so."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from jobs.sending import Posted
from shipments.errors import Conflict, Invalid, NotAllowed, NotFound
from shipments.notices.notice import News
from shipments.notices.outgoing import Outgoing, Sent
from shipments.notices.webhook import new_secret, secret_bytes, signed_headers
from shipments.notices.wish import Channel, NoticeWish, WishEnd
from shipments.notices.wishing import WishAsked, add_wish, remove_wish, rotate_secret
from shipments.offices.scope import EVERYWHERE
from tests.builders import NOON
from tests.notices.house import DATES, TO, House
from tests.notices.receivers import Called, Hook, MailServer

SECRET = new_secret()


def is_signed(called: Called, secret: str) -> bool:
    """Verifies as a receiver does: by the specification, not by our code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{called.headers['webhook-id']}.{called.headers['webhook-timestamp']}.".encode() + called.body
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{right}" in called.headers["webhook-signature"].split(" ")


def test_the_signature_of_the_published_example() -> None:
    headers: Mapping[str, str] = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        [secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        now=datetime.fromtimestamp(1614265330, NOON.tzinfo),
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_call_says_what_happened_to_a_program_and_is_signed(house: House, hook: Hook) -> None:
    house.wish(hook.url, secret=SECRET)
    (code,) = house.tell(News.FIRST_DATE, **DATES)
    house.send()
    (call,) = hook.calls
    (notice,) = house.notices()
    assert call.path == "/hooks/boxes?token=TELLTALE"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["webhook-id"] == str(house.the_delivery().id)
    assert int(call.headers["webhook-timestamp"]) == int(house.journey.now.timestamp())
    assert is_signed(call, SECRET)
    assert not is_signed(call, new_secret())
    assert json.loads(call.body) == {
        "type": "notice.first_date",
        "timestamp": notice.noticed_at.isoformat().replace("+00:00", "Z"),
        "data": {
            "notice": str(notice.id),
            "news": "first_date",
            "kind": "batch",
            "code": code,
            "host_office": "NL-AMS",
            "origin_office": "GN-CKY",
            "noticed_at": notice.noticed_at.isoformat().replace("+00:00", "Z"),
            "facts": DATES,
            "text": f"The batch {code} has its first expected date: 2\u201316 Apr 2026.",
            "url": f"https://boxes.example.org/batches/{code}",
        },
    }


def test_a_hold_reaches_a_webhook_in_words_of_ours_and_in_a_sentence(house: House, hook: Hook) -> None:
    house.wish(hook.url, language="fr")
    facts: dict[str, Any] = {"reasons": "customs_hold,duty_unpaid", "place": None, "since": "2026-03-28T00:00:00+00:00"}
    (code,) = house.tell(News.HELD, **facts)
    house.send()
    told = json.loads(hook.calls[0].body)["data"]
    assert told["facts"] == facts
    said = f"Le lot {code} est retenu depuis le 28 mars 2026 : retenu en douane et des droits sont à payer."
    assert told["text"] == said


def test_news_reach_an_address_in_the_order_they_were_noticed(house: House, hook: Hook) -> None:
    house.wish(hook.url, secret=SECRET)
    codes = []
    for _ in range(12):
        codes += house.tell()
        house.journey.now += timedelta(seconds=1)
    house.send(senders=2)
    assert [json.loads(call.body)["data"]["code"] for call in hook.calls] == codes


def test_a_repetition_has_the_same_id_and_body_and_a_new_timestamp(house: House, hook: Hook) -> None:
    house.wish(hook.url, secret=SECRET)
    house.tell()
    hook.answers = [(500, {}), (200, {})]
    house.send()
    house.journey.now += timedelta(minutes=5)
    house.send()
    first, again = hook.calls
    assert (again.headers["webhook-id"], again.body) == (first.headers["webhook-id"], first.body)
    assert int(again.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert is_signed(again, SECRET)


def test_while_a_secret_is_changed_both_sign_and_afterwards_only_the_new_one(each_house: House, hook: Hook) -> None:
    wish = each_house.wish(hook.url, secret=SECRET)

    def rotate(session: Session) -> str:
        ring, now = each_house.settings.ring, each_house.journey.now
        return rotate_secret(session, ring, wish.id, overlap=timedelta(hours=24), by=EVERYWHERE, now=now)

    new = each_house.journey.do(rotate, EVERYWHERE)
    each_house.tell()
    each_house.send()
    each_house.journey.now += timedelta(hours=24)
    each_house.tell()
    each_house.send()
    assert [(is_signed(call, SECRET), is_signed(call, new)) for call in hook.calls] == [(True, True), (False, True)]


def test_secrets_lie_sealed_and_bound_to_their_wish(house: House, hook: Hook) -> None:
    one, other = house.wish(hook.url, secret=SECRET), house.wish(hook.url + "2")
    key = secret_bytes(SECRET)
    assert one.secret_sealed is not None
    assert key not in one.secret_sealed

    def move(session: Session) -> None:
        session.get_one(NoticeWish, other.id).secret_sealed = one.secret_sealed

    house.journey.do(move, EVERYWHERE)
    house.tell()
    assert house.send() == [Posted(sent=1, failed=1)]
    assert [call.path for call in hook.calls] == ["/hooks/boxes?token=TELLTALE"]


def test_a_webhook_that_is_gone_ends_its_wish_and_what_waits_for_it(each_house: House, hook: Hook) -> None:
    wish = each_house.wish(hook.url)
    each_house.wish()
    each_house.tell(times=3)
    hook.answers = [(410, {})]
    each_house.send()
    ended = each_house.the_wish(wish.id)
    assert (ended.ended_reason, ended.address, ended.secret_sealed) == (WishEnd.GONE, "", None)
    theirs = [one for one in each_house.deliveries() if one.wish_id == wish.id]
    assert all(one.gave_up_at is not None for one in theirs)
    called = len(hook.calls)
    each_house.tell()
    each_house.journey.now += timedelta(days=1)
    each_house.send()
    assert len(hook.calls) == called
    assert len([one for one in each_house.deliveries() if one.sent_at]) == 4


def test_a_redirect_is_not_followed_and_is_a_failure(house: House, hook: Hook) -> None:
    house.wish(hook.url)
    house.tell()
    hook.answers = [(302, {"Location": "/elsewhere"})]
    assert house.send() == [Posted(failed=1)]
    assert [call.path for call in hook.calls] == ["/hooks/boxes?token=TELLTALE"]
    assert house.the_delivery().trouble == "The webhook sent us elsewhere (302); redirects are not followed."


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_any_answer_but_2xx_is_tried_again(house: House, hook: Hook, status: int) -> None:
    house.wish(hook.url)
    house.tell()
    hook.answers = [(status, {})]
    assert house.send() == [Posted(failed=1)]
    assert house.the_delivery().next_try_at is not None


def test_a_webhook_that_keeps_us_waiting_is_left_after_the_deadline(house: House, hook: Hook) -> None:
    house.wish(hook.url)
    house.tell()
    hook.hold.clear()
    started = time.monotonic()
    assert house.send(lease_s=1.2) == [Posted(failed=1)]
    assert time.monotonic() - started < 3
    assert house.the_delivery().trouble == "The webhook did not answer within 0.4 seconds."


def test_what_an_answer_says_at_length_is_not_read(house: House, hook: Hook) -> None:
    house.wish(hook.url)
    house.tell()
    hook.answers = [(200, {"Content-Length": str(10**12)})]  # a body that never comes
    assert house.send() == [Posted(sent=1)]


def test_a_wish_that_allows_no_private_address_never_reaches_loopback(house: House, hook: Hook) -> None:
    wish = house.wish("https://hooks.example/boxes", allow_private=False)

    def turn_inward(session: Session) -> None:
        session.get_one(NoticeWish, wish.id).address = hook.url.replace("http:", "https:")

    house.journey.do(turn_inward, EVERYWHERE)
    house.tell()
    assert house.send() == [Posted(failed=1)]
    assert hook.calls == []
    assert house.the_delivery().trouble == "The webhook cannot be reached: AddressRefused."


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example/boxes",
        "https://",
        "https://person:word@hooks.example",
        "https://hooks.example/#part",
        "https://hooks.example:99999",
        "https://hooks.example/a b",
        "https://hooks.example/\nX: y",
        "https://hööks.example",
        "ftp://hooks.example",
    ],
)
def test_a_url_that_may_not_be_called_is_refused(house: House, address: str) -> None:
    with pytest.raises(Invalid, match="address"):
        house.wish(address)
    if address.startswith("http://"):
        with pytest.raises(Invalid, match="address"):
            house.wish("http://127.0.0.1/hook", allow_private=False)


@pytest.mark.parametrize(
    "host", ["127.1", "10.0.0.7", "0x7f000001", "[::ffff:127.0.0.1]", "localhost", "169.254.169.254"]
)
def test_a_private_address_is_refused_when_it_is_typed_however_it_is_spelt(house: House, host: str) -> None:
    with pytest.raises(Invalid, match=r"a public host|a host that may be called"):
        house.wish(f"https://{host}/hook?key=x", allow_private=False)


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ({"secret": "whsec_" + base64.b64encode(bytes(23)).decode()}, "secret"),
        ({"secret": "whsec_" + base64.b64encode(bytes(65)).decode()}, "secret"),
        ({"secret": "whsec_no base64"}, "secret"),
        ({"secret": base64.b64encode(bytes(32)).decode()}, "secret"),
        ({"digest_hour": 7}, "digest_hour"),
        ({"office": "XX-NOT"}, "office"),
    ],
)
def test_a_wish_that_cannot_be_right_is_refused(house: House, what: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        house.wish("https://hooks.example/boxes", **what)


@pytest.mark.parametrize("hour", [-1, 24])
def test_a_digest_is_at_an_hour_that_days_have(house: House, hour: int) -> None:
    with pytest.raises(Invalid, match="digest_hour"):
        house.wish(digest_hour=hour)


def test_the_same_address_twice_is_a_conflict_until_the_first_is_removed(each_house: House) -> None:
    wish = each_house.wish()
    with pytest.raises(Conflict, match="already"):
        each_house.wish(TO.upper())
    each_house.journey.do(
        lambda session: remove_wish(session, wish.id, by=EVERYWHERE, now=each_house.journey.now), EVERYWHERE
    )
    assert each_house.the_wish(wish.id).address == ""
    each_house.wish()
    with pytest.raises(NotFound):
        each_house.journey.do(
            lambda session: remove_wish(session, wish.id, by=EVERYWHERE, now=each_house.journey.now), EVERYWHERE
        )


def test_what_waits_for_a_removed_wish_is_not_sent(each_house: House, hook: Hook, server: MailServer) -> None:
    wishes = [each_house.wish(hook.url), each_house.wish(digest_hour=7)]
    each_house.tell()
    for wish in wishes:
        each_house.journey.do(
            lambda session, id=wish.id: remove_wish(session, id, by=EVERYWHERE, now=each_house.journey.now),  # type: ignore[misc]
            EVERYWHERE,
        )
    each_house.journey.now += timedelta(days=2)
    assert each_house.send() == [Posted()]
    assert (hook.calls, server.mails) == ([], [])


def test_only_an_administrator_says_who_is_told(house: House) -> None:
    asked = WishAsked("GN-CKY", Channel.EMAIL, TO)
    for by in (house.journey.staff.receiver, house.journey.staff.coordinator):
        with pytest.raises(NotAllowed):
            house.journey.do(
                lambda session, by=by: add_wish(session, house.settings.ring, asked, by=by, now=NOON),  # type: ignore[misc]
                EVERYWHERE,
            )


def test_nothing_that_is_printed_shows_an_address_or_a_secret(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = WishAsked("GN-CKY", Channel.WEBHOOK, "https://hooks.example/TELLTALE", secret=SECRET)
    assert "TELLTALE" not in repr(asked)
    assert SECRET not in repr(asked)
    seen: list[str] = []

    async def watched(_client: object, outgoing: Outgoing, *_: object, **__: object) -> Sent:
        seen.append(repr(outgoing))
        return Sent()

    monkeypatch.setattr("jobs.sending.post", watched)
    house.wish("https://hooks.example/TELLTALE")
    house.tell()
    house.send()
    assert "TELLTALE" not in seen[0]
