"""A need is asked in lines and answered line by line."""

from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from shipments.errors import Invalid, NotAllowed, NotFound, TooMuch, WrongState
from shipments.journal import JournalEntry
from shipments.offices.scope import EVERYWHERE
from shipments.requests import answering, asking
from shipments.requests.answering import LineAnswer
from shipments.requests.asking import LineAsked
from shipments.requests.request import Answer, RequestLine
from tests.builders import a_kit, an_item
from tests.story.journey import Journey


def ask(journey: Journey, *lines: LineAsked) -> tuple[str, list[RequestLine]]:
    """The code of a new request, and its lines."""
    by, case = journey.staff.counsellor, journey.case()

    def work(session: Session) -> tuple[str, list[RequestLine]]:
        request = asking.ask(session, case, lines, needed_by=None, by=by, now=journey.now)
        session.flush()
        return request.code, list(asking.lines_of(session, request))

    return journey.do(work, by)


def approve(journey: Journey, code: str, *answers: LineAnswer, all_as_asked: bool = False) -> None:
    by = journey.staff.logistician
    given = None if all_as_asked else answers
    journey.do(lambda session: answering.approve(session, code, given, by=by, now=journey.now), by)


def test_without_lines_everything_is_approved_as_asked(journey: Journey) -> None:
    code, lines = ask(journey, LineAsked(description="saw", quantity=2), LineAsked(description="plane", quantity=1))
    approve(journey, code, all_as_asked=True)
    answered = [journey.request_line(line.id) for line in lines]
    assert [(line.answer, line.approved) for line in answered] == [(Answer.APPROVED, 2), (Answer.APPROVED, 1)]


def test_each_line_gets_its_own_answer(journey: Journey) -> None:
    asked = [LineAsked(description=name, quantity=4) for name in ("saw", "plane", "chisel", "welder")]
    code, lines = ask(journey, *asked)
    saw, plane, chisel, welder = (line.id for line in lines)
    approve(
        journey,
        code,
        LineAnswer(line=saw, approved_quantity=4),
        LineAnswer(line=plane, approved_quantity=4, substitute="jack plane", reason="out of stock"),
        LineAnswer(line=chisel, approved_quantity=1, reason="budget"),
        LineAnswer(line=welder, approved_quantity=0, reason="does not fly"),
    )
    answers = [journey.request_line(line.id).answer for line in lines]
    assert answers == [Answer.APPROVED, Answer.SUBSTITUTED, Answer.SHORT, Answer.DECLINED]
    assert journey.request_line(plane).substitute == "jack plane"
    assert journey.request_line(welder).reason == "does not fly"


def test_a_line_that_is_not_named_stays_unanswered(journey: Journey) -> None:
    code, (saw, plane) = ask(
        journey, LineAsked(description="saw", quantity=1), LineAsked(description="plane", quantity=1)
    )
    approve(journey, code, LineAnswer(line=saw.id, approved_quantity=1))
    assert journey.request_line(plane.id).answer is None


def test_more_than_was_asked_for_another_requests_line_and_a_line_twice_are_refused_by_name(journey: Journey) -> None:
    code, (saw,) = ask(journey, LineAsked(description="saw", quantity=2))
    with pytest.raises(Invalid) as refused:
        approve(
            journey, code, LineAnswer(line=saw.id, approved_quantity=3), LineAnswer(line=uuid4(), approved_quantity=1)
        )
    assert "lines[0].approved_quantity: at most the 2 asked for" in str(refused.value)
    assert "lines[1].line" in str(refused.value)
    one = LineAnswer(line=saw.id, approved_quantity=1)
    with pytest.raises(Invalid, match="each line once"):
        approve(journey, code, one, one)
    assert journey.request_line(saw.id).answer is None


def test_a_kit_becomes_one_line_an_item_and_shares_its_declared_value(journey: Journey) -> None:
    def stock(session: Session) -> str:
        hammer, saw = an_item(session, typical_value_eur=10), an_item(session, typical_value_eur=30)
        return a_kit(session, {hammer.id: 2, saw.id: 1}).code

    kit = journey.do(stock, EVERYWHERE)
    _, lines = ask(journey, LineAsked(kit=kit, quantity=3, declared_value_eur=100.0))
    assert [(line.position, line.quantity, line.declared_value_cents) for line in lines] == [
        (1, 6, 4_000),
        (2, 3, 6_000),
    ]


@pytest.mark.parametrize(
    "line",
    [
        LineAsked(quantity=1),
        LineAsked(quantity=1, item="no-such-item"),
        LineAsked(quantity=1, kit="no-such-kit"),
        LineAsked(quantity=1, item="hammer", description="a hammer"),
    ],
)
def test_a_line_names_exactly_one_thing_that_is_in_the_catalogue_or_described(
    journey: Journey, line: LineAsked
) -> None:
    with pytest.raises(Invalid):
        ask(journey, line)


def test_declining_answers_every_line_for_one_reason(journey: Journey) -> None:
    code, lines = ask(journey, LineAsked(description="saw", quantity=2), LineAsked(description="plane", quantity=1))
    by = journey.staff.logistician
    journey.do(lambda session: answering.decline(session, code, reason="no budget", by=by, now=journey.now), by)
    answered = [journey.request_line(line.id) for line in lines]
    assert {(line.answer, line.approved, line.reason) for line in answered} == {(Answer.DECLINED, 0, "no budget")}


def test_what_is_packed_can_be_neither_declined_nor_approved_down_nor_withdrawn(journey: Journey) -> None:
    (line,) = journey.request(3)
    journey.box([line], quantity=2, sealed=False)
    code = journey.request_of(line)
    with pytest.raises(TooMuch, match="2 are packed"):
        approve(journey, code, LineAnswer(line=line, approved_quantity=1))
    by = journey.staff.logistician
    with pytest.raises(TooMuch):
        journey.do(lambda session: answering.decline(session, code, reason="no", by=by, now=journey.now), by)
    with pytest.raises(WrongState, match="Take them out of their boxes first"):
        withdraw(journey, code)
    assert journey.request_line(line).approved == 3


def withdraw(journey: Journey, code: str) -> None:
    by = journey.staff.counsellor
    journey.do(lambda session: asking.withdraw(session, code, reason="moved on", by=by, now=journey.now), by)


def test_a_withdrawn_request_is_neither_answered_nor_packed_nor_withdrawn_again(journey: Journey) -> None:
    (line,) = journey.request(3)
    code = journey.request_of(line)
    withdraw(journey, code)
    with pytest.raises(WrongState, match="was withdrawn"):
        approve(journey, code, all_as_asked=True)
    with pytest.raises(WrongState, match="was withdrawn"):
        journey.box([line], quantity=1)
    with pytest.raises(WrongState):
        withdraw(journey, code)


def test_who_may_ask_may_not_answer_and_strangers_see_nothing(journey: Journey) -> None:
    code, _ = ask(journey, LineAsked(description="saw", quantity=1))
    counsellor, stranger = journey.staff.counsellor, journey.staff.stranger
    with pytest.raises(NotAllowed):
        journey.do(lambda s: answering.approve(s, code, None, by=counsellor, now=journey.now), counsellor)
    with pytest.raises(NotFound):
        journey.do(lambda s: answering.approve(s, code, None, by=stranger, now=journey.now), stranger)


@pytest.mark.parametrize("columns", [{"packed": 4}, {"packed": -1}, {"approved": None}, {"quantity": 0}])
def test_the_database_itself_refuses_quantities_that_do_not_add_up(
    each_journey: Journey, columns: dict[str, int | None]
) -> None:
    (line,) = each_journey.request(3)

    def tamper(session: Session) -> None:
        session.execute(update(RequestLine).where(col(RequestLine.id) == line).values(**columns))

    with pytest.raises(IntegrityError):
        each_journey.do(tamper, EVERYWHERE)


def test_the_lines_of_a_request_keep_their_order(journey: Journey) -> None:
    names = ["saw", "plane", "chisel"]
    _, lines = ask(journey, *(LineAsked(description=name, quantity=1) for name in names))
    assert names == [line.description for line in lines]


def test_approving_everything_leaves_what_was_answered_before(journey: Journey) -> None:
    code, lines = ask(journey, LineAsked(description="saw", quantity=5), LineAsked(description="plane", quantity=2))
    saw, plane = (line.id for line in lines)
    approve(journey, code, LineAnswer(line=saw, approved_quantity=1, reason="budget"))
    approve(journey, code, all_as_asked=True)
    assert [journey.request_line(line).approved for line in (saw, plane)] == [1, 2]
    assert journey.request_line(saw).reason == "budget"


def test_the_journal_says_what_was_decided_of_each_line(journey: Journey) -> None:
    code, lines = ask(journey, LineAsked(description="saw", quantity=5), LineAsked(description="plane", quantity=2))
    saw, plane = (str(line.id) for line in lines)
    approve(journey, code, LineAnswer(line=lines[0].id, approved_quantity=1))
    by = journey.staff.logistician
    journey.do(lambda s: answering.decline(s, code, reason="no more", by=by, now=journey.now), by)
    entries = journey.see(
        lambda s: s.exec(
            select(JournalEntry)
            .where(col(JournalEntry.action).in_(["request.approve", "request.decline"]))
            .order_by(col(JournalEntry.seq))
        ).all()
    )
    assert [entry.details for entry in entries] == [{saw: 1}, {saw: 0, plane: 0}]


def test_a_kit_that_makes_more_of_one_item_than_a_line_holds_is_refused_and_named(journey: Journey) -> None:
    kit = journey.do(lambda session: a_kit(session, {an_item(session).id: 3}).code, EVERYWHERE)
    with pytest.raises(Invalid, match=r"lines\[1\].quantity: at most 3333"):
        ask(journey, LineAsked(description="saw", quantity=1), LineAsked(kit=kit, quantity=3_334))
    _, lines = ask(journey, LineAsked(kit=kit, quantity=3_333))
    assert [line.quantity for line in lines] == [9_999]


def test_no_cent_of_a_kits_declared_value_is_lost(journey: Journey) -> None:
    def stock(session: Session) -> str:
        return a_kit(session, {an_item(session, typical_value_eur=1).id: 1 for _ in range(3)}).code

    kit = journey.do(stock, EVERYWHERE)
    _, lines = ask(journey, LineAsked(kit=kit, quantity=1, declared_value_eur=100.0))
    assert [line.declared_value_cents for line in lines] == [3_333, 3_333, 3_334]


def test_the_database_itself_refuses_to_approve_more_than_was_asked(each_journey: Journey) -> None:
    (line,) = each_journey.request(1)
    with pytest.raises(IntegrityError):
        each_journey.do(
            lambda s: s.execute(update(RequestLine).where(col(RequestLine.id) == line).values(approved=50)), EVERYWHERE
        )


def test_nothing_is_approved_as_asked_where_every_line_has_its_answer(journey: Journey) -> None:
    code, _ = ask(journey, LineAsked(description="saw", quantity=5))
    approve(journey, code, all_as_asked=True)
    with pytest.raises(WrongState, match="Name the lines to answer again"):
        approve(journey, code, all_as_asked=True)
