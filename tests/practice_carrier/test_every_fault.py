"""Every fault of every carrier, from the wire to the board: what was heard stays, once, and nothing is lost.

Each test ends the same way: once the carrier is itself again, a troubled leg has all that an untroubled one has. The
faults of a kind share an installation, each with a leg of its own: a hundred installations would take minutes.
"""

from collections.abc import Callable, Iterator, Set
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from api.practice_carrier import Running, nobody_answers, practice_carrier
from api.practice_carrier.faults import FAULTS, SPOILT
from jobs import calling, tokens
from shipments.boxes.box import Stage
from shipments.settings import Settings
from shipments.tracking.carriers import asking, token_asking
from tests.practice_carrier.carried import Carried, Said
from tests.story.fixtures import journey
from tests.story.journey import Journey, days

__all__ = ["journey"]

CARRIERS = ("dcsa", "dhl", "ups", "fedex", "ship24")
WITH_TOKEN = ("ups", "fedex")
REFUSES = frozenset({"unauthorised", "forbidden"})
PLAN_USED_UP = {"ship24": {"forbidden"}}
SAYS_NOTHING = sorted(FAULTS - SPOILT - {*REFUSES, "over_quota", "busy", "not_found"})
TOO_SLOW = ("drip", "slow")
MUST_WAIT = (
    ("over_quota", "7200"),
    ("over_quota", "Wed, 21 Oct 2037 07:28:00 GMT"),
    ("over_quota", "999999999999"),
    ("over_quota", "soon"),
    ("over_quota", None),
    ("busy", "7200"),
)
TOLD_ONCE = frozenset({("dcsa", "rude_text"), ("dcsa", "zoneless")})
"""Places and times that look right: who tells only what is new does not tell them again, and nothing corrects them."""
NO_TOKEN = ("html", "broken", "empty", "truncated", "redirect", "over_quota", "unauthorised")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with practice_carrier() as carrier:
        yield carrier


@pytest.fixture
def carried(journey: Journey, settings: Settings, running: Running) -> Carried:
    return Carried(journey, settings, running)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Callable[[float | None], None]:
    """Sets how long a call may take, which tests can wait for; None: as long as usual."""

    def wait(seconds: float | None) -> None:
        for name in ("ask", "ask_many"):
            monkeypatch.setattr(calling, name, partial(getattr(asking, name), deadline_s=seconds))

    return wait


def ends_well(carried: Carried, carrier: str, legs: list[UUID], *, heard: Set[Said] = frozenset()) -> None:
    """The carrier is itself again, somebody looks after the account: all is heard, once, and what was heard stayed."""
    carried.mend(carrier)
    carried.make_due()
    carried.poll(days=2)
    said = {leg: carried.said(leg) for leg in legs}
    assert len(said[legs[0]]) > 10
    for leg in legs:
        assert said[legs[0]] <= said[leg] or leg in carried.misled
        assert len(carried.journey.events(leg)) >= len(carried.journey.events(legs[0]))
        assert carried.stage(leg) == Stage.IN_THE_COUNTRY
    assert heard <= set().union(*said.values())
    before = carried.counts()
    carried.make_due()
    assert carried.poll().new_events == 0
    assert carried.counts() == before
    carried.must_hold(legs)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_wrong_word_costs_no_other_leg_and_nothing_that_is_true(carried: Carried, carrier: str) -> None:
    good, *troubled = legs = carried.send(carrier, carried.account(carrier), 1 + len(SPOILT))
    for fault, leg in zip(sorted(SPOILT), troubled, strict=True):
        carried.practice.fault(fault, reference=carried.reference(leg))
        if (carrier, fault) in TOLD_ONCE:
            carried.misled.add(leg)
    assert carried.poll().asked == len(legs)
    assert carried.stage(good) == Stage.IN_THE_COUNTRY
    assert carried.journey.watch(good).failures == 0
    carried.must_hold(legs)
    heard = set().union(*(carried.said(leg) for leg in troubled))
    ends_well(carried, carrier, legs, heard=heard)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_an_answer_that_is_none_changes_nothing_and_is_asked_for_again(
    carried: Carried, carrier: str, impatient: Callable[[float | None], None]
) -> None:
    account = carried.account(carrier)
    (good,) = legs = carried.send(carrier, account)
    carried.poll()
    heard = carried.said(good)
    for fault in SAYS_NOTHING:
        (leg,) = carried.send(carrier, account)
        carried.practice.fault(fault, reference=carried.reference(leg), seconds=2.0)
        impatient(0.3 if fault in TOO_SLOW else None)
        carried.poll()
        watch = carried.journey.watch(leg)
        assert (watch.failures, bool(watch.trouble), carried.said(leg)) == (1, True, set()), fault
        assert watch.due_at is not None
        assert watch.due_at > carried.journey.now, fault
        carried.mend(carrier)
        legs.append(leg)
    impatient(None)
    carried.must_hold(legs)
    ends_well(carried, carrier, legs, heard=heard)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_carrier_that_wants_fewer_calls_gets_none_until_it_said(carried: Carried, carrier: str) -> None:
    account = carried.account(carrier)
    legs = carried.send(carrier, account)
    carried.poll()
    for fault, retry_after in (*MUST_WAIT, *((used_up, None) for used_up in PLAN_USED_UP.get(carrier, ()))):
        carried.practice.fault(fault, retry_after=retry_after, interface=carrier)
        carried.make_due()
        carried.poll()
        asked, until = len(carried.practice.calls), carried.account_row(account).paused_until
        carried.make_due()
        carried.poll(seconds=1)
        assert until is not None, retry_after
        assert len(carried.practice.calls) == asked, retry_after
        if retry_after == "7200":
            assert until > carried.journey.now + timedelta(hours=1.9)
        carried.must_hold(legs)
        carried.mend(carrier)
    carried.journey.now += days(2)
    ends_well(carried, carrier, [*legs, *carried.send(carrier, account)])


@pytest.mark.parametrize("carrier", CARRIERS)
def test_trouble_in_a_burst_costs_fewer_and_fewer_calls_and_nothing_else(carried: Carried, carrier: str) -> None:
    legs = carried.send(carrier, carried.account(carrier), 2)
    carried.practice.fault("broken", interface=carrier)
    asked = []
    for _ in range(12):
        before = len(carried.practice.calls)
        carried.poll(minutes=5)
        asked.append(len(carried.practice.calls) - before)
    assert sum(asked[6:]) < sum(asked[:6])
    carried.must_hold(legs)
    ends_well(carried, carrier, legs)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_login_that_is_refused_stops_its_account_until_somebody_looks_after_it(
    carried: Carried, carrier: str
) -> None:
    account = carried.account(carrier)
    legs = carried.send(carrier, account, 2)
    for fault in REFUSES - PLAN_USED_UP.get(carrier, set()):
        carried.practice.fault(fault, interface=carrier)
        for _ in range(3):
            carried.make_due()
            carried.poll()
        asked = len(carried.practice.calls)
        assert carried.account_row(account).stopped_reason is not None, fault
        carried.make_due()
        carried.poll(days=1)
        assert len(carried.practice.calls) == asked, fault
        carried.must_hold(legs)
        carried.mend(carrier)
    ends_well(carried, carrier, legs)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_is_not_found_any_longer_takes_nothing_back(carried: Carried, carrier: str) -> None:
    legs = carried.send(carrier, carried.account(carrier), 2)
    carried.poll()
    heard = carried.said(legs[1])
    carried.practice.fault("not_found", interface=carrier)
    carried.make_due()
    carried.poll()
    assert carried.said(legs[1]) == heard
    carried.must_hold(legs)
    ends_well(carried, carrier, legs, heard=heard)


@pytest.mark.parametrize("carrier", WITH_TOKEN)
def test_a_token_that_was_revoked_is_fetched_anew_without_anybodys_help(carried: Carried, carrier: str) -> None:
    account = carried.account(carrier)
    legs = carried.send(carrier, account, 2)
    carried.poll()
    carried.practice.logins.revoke()
    for _ in range(2):
        carried.make_due()
        done = carried.poll()
    assert done.failed == 0
    assert carried.account_row(account).stopped_reason is None
    assert [call.kind for call in carried.practice.calls].count("token") == 2
    ends_well(carried, carrier, legs)


@pytest.mark.parametrize("carrier", WITH_TOKEN)
def test_a_token_that_cannot_be_had_costs_no_call_about_a_leg(carried: Carried, carrier: str) -> None:
    legs = carried.send(carrier, carried.account(carrier), 2)
    for fault in NO_TOKEN:
        carried.practice.fault(fault, interface=carrier)
        carried.poll()
        assert {call.kind for call in carried.practice.calls} == {"token"}, fault
        carried.must_hold(legs)
        carried.mend(carrier)
    carried.journey.now += days(2)
    ends_well(carried, carrier, legs)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_line_that_is_never_taken_or_not_to_be_believed_costs_the_poll(
    carried: Carried, carrier: str, impatient: Callable[[float | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(0.3)
    monkeypatch.setattr(tokens, "ask_token", partial(token_asking.ask_token, deadline_s=0.3))
    with nobody_answers() as nobody, practice_carrier(certificate=True) as stranger:
        account = carried.account(carrier, nobody)
        legs = carried.send(carrier, account, 2)
        carried.poll()
        carried.change_address(account, stranger.url)
        carried.make_due()
        carried.poll(days=1)
        assert stranger.practice.calls == []
    assert [carried.said(leg) for leg in legs] == [set(), set()]
    carried.must_hold(legs)
    impatient(None)
    monkeypatch.undo()
    carried.journey.now += days(2)
    ends_well(carried, carrier, legs)


def test_one_bad_number_in_thirty_costs_its_own_leg(carried: Carried) -> None:
    legs = carried.send("fedex", carried.account("fedex"), 30)
    carried.practice.fault("malformed", reference=carried.reference(legs[7]))
    assert carried.poll().asked == 30
    assert [call.kind for call in carried.practice.calls] == ["token", "track"]
    assert [leg for leg in legs if carried.said(leg) == set()] == [legs[7]]
    ends_well(carried, "fedex", legs)
