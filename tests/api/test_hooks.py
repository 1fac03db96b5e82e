"""The hooks: only what proves itself is kept, once; every refusal looks the same and stores nothing."""

import hmac
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from api import hooks
from shipments.clock import utc_now
from shipments.offices.guessing import Limit
from shipments.offices.person import Guesses
from shipments.offices.scope import EVERYWHERE
from shipments.tracking.accounts.account import CarrierAccount
from shipments.tracking.accounts.logins import hook_place
from shipments.tracking.pushes.inbox import NEWEST, OLDEST
from shipments.tracking.pushes.push import Push, PushState
from shipments.transaction import perform
from tests.api.asking import Answer, Client
from tests.api.dumps import BOOKKEEPING, dump
from tests.api.world import World
from tests.tracking.pushes.telling import (
    FORMER,
    SECRET,
    departed,
    dhl_message,
    message,
    ship24_message,
    signed,
    ups_message,
)

NOT_WRITTEN = BOOKKEEPING | {"guesses"}
NUMBER = "1ZSAMPLE0300000017"


def a_hook(world: World, carrier: str = "dcsa", *, former_until: datetime | None = None) -> UUID:
    """An account whose messages prove themselves with SECRET, and until then with FORMER."""
    name = f"{carrier}-{uuid4().hex[:20]}"
    account = CarrierAccount(name=name, carrier=carrier, base_url="https://x.example", secret_sealed=b"")
    ring = world.wiring.ring
    account.hook_secret_sealed = ring.seal_answer(SECRET.encode(), hook_place(account))
    if former_until is not None:
        account.hook_former_sealed = ring.seal_answer(FORMER.encode(), hook_place(account))
        account.hook_former_until = former_until

    def work(session: Session) -> UUID:
        session.add(account)
        return account.id

    return perform(world.database, EVERYWHERE, work, now=utc_now())


def tell(
    client: Client, account: object, body: bytes | list[bytes], headers: Mapping[str, str], carrier: str = "dcsa"
) -> Answer:
    named = {name.lower(): value for name, value in headers.items()}
    return client.send("POST", f"/hooks/{carrier}/{account}", body, headers=named)


def pushes(world: World) -> list[Push]:
    with world.database.reading() as session:
        return list(session.exec(select(Push)))


def said_now() -> bytes:
    return message(departed(utc_now()))


@pytest.mark.parametrize(
    ("said", "kept"),
    [("b80d923d-e8ac", "b80d923d-e8ac"), ("", None), (" ", None), ("9" * 121, None)],
)
def test_a_message_is_kept_with_the_subscription_that_it_says_it_came_of(
    small_world: World, said: str, kept: str | None
) -> None:
    account, body = a_hook(small_world), said_now()
    tell(small_world.anonymous, account, body, {**signed(body), "Subscription-ID": said}).ok(204)
    assert [push.subscription_key for push in pushes(small_world)] == [kept]


def test_a_genuine_message_is_kept_and_acknowledged(world: World) -> None:
    account, body = a_hook(world), said_now()
    answer = tell(world.anonymous, account, body, signed(body))
    assert (answer.status, answer.body) == (204, b"")
    (push,) = pushes(world)
    assert (push.account_id, push.state, push.size) == (account, PushState.WAITING, len(body))
    assert world.journal() == []


@pytest.mark.parametrize(
    ("carrier", "headers", "status"),
    [
        ("ship24", {"Authorization": f"Bearer {SECRET}"}, 200),
        ("ups", {"credential": SECRET}, 200),
        ("dhl", {"X-Shipments-Key": SECRET}, 200),
    ],
)
def test_each_carrier_proves_itself_in_its_own_way(
    small_world: World, carrier: str, headers: dict[str, str], status: int
) -> None:
    account, now = a_hook(small_world, carrier), utc_now()
    bodies = {"ship24": ship24_message(NUMBER, now), "ups": ups_message(NUMBER, now), "dhl": dhl_message(NUMBER, now)}
    body = bodies[carrier]
    for wrong in ({}, {name: value[:-1] for name, value in headers.items()}, signed(body), {"Authorization": SECRET}):
        tell(small_world.anonymous, account, body, wrong, carrier).problem(401)
    assert pushes(small_world) == []
    assert tell(small_world.anonymous, account, body, headers, carrier).status == status
    assert len(pushes(small_world)) == 1


def test_a_body_that_was_changed_by_one_bit_or_written_anew_is_refused_and_nothing_is_kept(world: World) -> None:
    account, body = a_hook(world), said_now()
    before = dump(world.database, but=NOT_WRITTEN)
    flipped = bytes([*body[:-3], body[-3] ^ 1, *body[-2:]])
    anew = body.replace(b", ", b",")
    assert flipped != body != anew
    for other in (flipped, anew, body + b"\n", b" " + body, body[:-1], b""):
        tell(world.anonymous, account, other, signed(body)).problem(401)
    assert dump(world.database, but=NOT_WRITTEN) == before
    assert tell(world.anonymous, account, body, signed(body)).status == 204


def test_every_refusal_of_a_proof_looks_the_same(world: World) -> None:
    account, other, body = a_hook(world), a_hook(world, "ups"), said_now()
    silent = perform(world.database, EVERYWHERE, _silent, now=utc_now())
    before = dump(world.database, but=NOT_WRITTEN)
    good = signed(body)
    weaker = {name: value.replace("256", "1") for name, value in good.items()}
    refused = [
        tell(world.anonymous, account, body, signed(body, FORMER)),
        tell(world.anonymous, account, body, {}),
        tell(world.anonymous, account, body, weaker),
        tell(world.anonymous, account, body, {"Notification-Signature": "sha256="}),
        tell(world.anonymous, uuid4(), body, good),
        tell(world.anonymous, "not-an-id", body, good),
        tell(world.anonymous, silent, body, good),
        tell(world.anonymous, account, body, good, "maersk"),
        tell(world.anonymous, account, body, good, "ups"),
        tell(world.anonymous, other, body, good),
        tell(world.anonymous, account, body, good, "by_hand"),
        tell(world.coordinator, account, body, {}),
    ]
    assert len({(answer.status, answer.body, tuple(answer.headers)) for answer in refused}) == 1
    refused[0].problem(401)
    assert dump(world.database, but=NOT_WRITTEN) == before


def _silent(session: Session) -> UUID:
    """An account that was given no push secret."""
    account = CarrierAccount(name="silent", carrier="dcsa", base_url="https://x.example", secret_sealed=b"")
    session.add(account)
    return account.id


def test_two_secrets_are_taken_while_they_change_and_one_after(small_world: World) -> None:
    body = said_now()
    changing = a_hook(small_world, former_until=utc_now() + timedelta(minutes=5))
    changed = a_hook(small_world, former_until=utc_now() - timedelta(seconds=1))
    assert tell(small_world.anonymous, changing, body, signed(body, FORMER)).status == 204
    assert tell(small_world.anonymous, changing, body, signed(body, SECRET)).status == 204
    tell(small_world.anonymous, changed, body, signed(body, FORMER)).problem(401)
    assert tell(small_world.anonymous, changed, body, signed(body, SECRET)).status == 204


@pytest.mark.parametrize("made", [-OLDEST - timedelta(minutes=1), NEWEST + timedelta(minutes=1)])
def test_a_stale_or_future_message_is_refused_and_says_that_polling_brings_it(world: World, made: timedelta) -> None:
    account, body = a_hook(world), message(departed(utc_now() + made))
    before = dump(world.database, but=frozenset())
    problem = tell(world.anonymous, account, body, signed(body)).problem(400)
    assert "polled" in problem["detail"]
    assert dump(world.database, but=frozenset()) == before


def test_an_old_message_without_proof_is_not_told_that_it_is_old(small_world: World) -> None:
    body = message(departed(utc_now() - 2 * OLDEST))
    tell(small_world.anonymous, a_hook(small_world), body, {}).problem(401)


def test_the_same_message_again_is_acknowledged_and_nothing_more_happens(world: World) -> None:
    account, body = a_hook(world), said_now()
    tell(world.anonymous, account, body, signed(body))
    before = dump(world.database, but=frozenset())
    for _ in range(3):
        assert tell(world.anonymous, account, body, signed(body)).status == 204
    assert dump(world.database, but=frozenset()) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b'[{"eventID": "\\u0000"}]',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"[{",
        b"null",
        b"[1, 2]",
        b'[{"eventCreatedDateTime": "never"}]',
        b'[{"eventCreatedDateTime": "9999-12-31T23:59:59-14:00"}]',
    ],
    ids=lambda body: repr(bytes(body[:20])),
)
def test_whatever_is_genuine_is_acknowledged_and_looked_at_later(small_world: World, body: bytes) -> None:
    account = a_hook(small_world)
    assert tell(small_world.anonymous, account, body, signed(body)).status == 204
    assert len(pushes(small_world)) == 1


@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_huge_body_is_refused_before_it_is_kept(small_world: World, in_pieces: bool) -> None:
    account = a_hook(small_world)
    most = b" " * hooks.MOST_BYTES
    pieces = [most[:-1], b"  "] if in_pieces else most + b" "
    tell(small_world.anonymous, account, pieces, signed(most + b" ")).problem(413)
    assert pushes(small_world) == []
    assert tell(small_world.anonymous, account, most, signed(most)).status == 204


def test_forged_messages_are_slowed_down_and_the_carrier_is_not(world: World) -> None:
    account, body = a_hook(world), said_now()
    statuses = [tell(world.anonymous, account, body, {}).status for _ in range(hooks.PER_HOOK.most + 2)]
    assert statuses == [401] * hooks.PER_HOOK.most + [429] * 2
    assert int(tell(world.anonymous, account, body, {}).header("retry-after")) > 0
    assert tell(world.anonymous, a_hook(world), body, {}).status == 401
    assert tell(world.anonymous, account, body, signed(body)).status == 204


def test_an_address_that_tries_one_account_after_the_other_is_slowed_down(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "PER_ADDRESS", Limit("push from", 5, timedelta(minutes=15)))
    hooked = [a_hook(small_world) for _ in range(7)]
    statuses = [tell(small_world.anonymous, one, b"{}", {}).status for one in hooked]
    assert statuses == [401] * 5 + [429] * 2
    assert tell(small_world.anonymous, uuid4(), b"{}", {}).status == 429


def test_forged_messages_for_nobody_write_nothing(small_world: World) -> None:
    silent = perform(small_world.database, EVERYWHERE, _silent, now=utc_now())
    before = dump(small_world.database, but=frozenset())
    for account, carrier in ((uuid4(), "dcsa"), ("no-id", "dcsa"), (uuid4(), "nobody"), (silent, "dcsa")):
        for _ in range(30):
            tell(small_world.anonymous, account, b"{}", {}, carrier).problem(401)
    assert dump(small_world.database, but=frozenset()) == before


def test_forged_messages_for_an_account_write_no_more_once_a_limit_is_reached(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "IN_ALL", Limit("push", 5, timedelta(minutes=15)))
    hooked = [a_hook(small_world) for _ in range(12)]
    for one in hooked[:5]:
        tell(small_world.anonymous, one, b"{}", {}).problem(401)
    before = dump(small_world.database, but=frozenset())
    for one in hooked[5:]:
        tell(small_world.anonymous, one, b"{}", {}).problem(429)
    assert dump(small_world.database, but=frozenset()) == before
    with small_world.database.reading() as session:
        assert 0 not in session.exec(select(Guesses.count)).all()


def test_only_posting_is_possible_here(small_world: World) -> None:
    account = a_hook(small_world)
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert small_world.anonymous.send(method, f"/hooks/dcsa/{account}").status == 405
    tell(small_world.anonymous, f"{account}/more", b"", {}).problem(404)


def test_a_busy_database_makes_the_carrier_repeat(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipments.database.BUSY_MS", 50)
    account, body = a_hook(small_world), said_now()
    done, holding = Event(), Event()

    def hold() -> None:
        with small_world.database.writing():
            holding.set()
            done.wait(10)

    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(hold)
        holding.wait(10)
        answer = tell(small_world.anonymous, account, body, signed(body))
        done.set()
        held.result()
    answer.problem(503)
    assert answer.header("retry-after")
    assert pushes(small_world) == []
    assert tell(small_world.anonymous, account, body, signed(body)).status == 204


def test_a_thousand_at_once_are_all_acknowledged_and_each_is_kept_once(world: World) -> None:
    account, now = a_hook(world), utc_now()
    bodies = [message(departed(now, event_id=f"e-{number % 500}")) for number in range(1_000)]
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda body: tell(world.anonymous, account, body, signed(body)).status, bodies))
    assert answers == [204] * 1_000
    assert len(pushes(world)) == 500


def test_a_secret_that_is_not_base64_proves_nothing(small_world: World) -> None:
    body = said_now()
    account = CarrierAccount(name="plain", carrier="dcsa", base_url="https://x.example", secret_sealed=b"")
    account.hook_secret_sealed = small_world.wiring.ring.seal_answer(b"not base64!", hook_place(account))
    id = account.id
    perform(small_world.database, EVERYWHERE, lambda session: session.add(account), now=utc_now())
    signature = hmac.digest(b"not base64!", body, "sha256").hex()
    tell(small_world.anonymous, id, body, {"Notification-Signature": f"sha256={signature}"}).problem(401)
    empty = hmac.digest(b"", body, "sha256").hex()
    tell(small_world.anonymous, id, body, {"Notification-Signature": f"sha256={empty}"}).problem(401)
