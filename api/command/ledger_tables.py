"""The ledger as three tables in a terminal: plain numbers, times in UTC."""

from collections.abc import Iterator
from datetime import datetime

from rich.table import Table
from rich.text import Text

from shipments.tracking.accounts.account import PausedWhy
from shipments.tracking.accounts.listing import AccountLine
from shipments.tracking.calls.accounting import Ledger
from shipments.tracking.calls.call import Outcome
from shipments.tracking.calls.forecasting import Forecast
from shipments.tracking.calls.tallying import CallsGone
from shipments.tracking.calls.waiting import PutOff, Why

REASONS = {
    Why.NOT_KNOWN: "this version does not know the carrier",
    Why.STOPPED: "the account is stopped",
    Why.PAUSED: "the account is paused",
    Why.DAY_SPENT: "the day's calls are used up",
    Why.KEPT_BACK: "kept for legs near a change",
    Why.LEG_SPENT: "asked as often as a leg may be",
    Why.ITS_TURN: "waiting for its turn",
    Why.ASKED_NOW: "asked by a worker now",
}
PAUSES = {
    PausedWhy.ASKED_TO_WAIT: "the carrier asks for this pause",
    PausedWhy.OVER_QUOTA: "the carrier wants fewer calls, and does not say until when",
    PausedWhy.DAY_OVER: "the carrier wants fewer calls, again: until its day begins anew",
    PausedWhy.DOWN: "its calls fail",
}
Row = tuple[str, ...]


def tables(shown: Ledger) -> Iterator[Table]:
    """The three answers, in their order."""
    first = f"Where the calls went, {shown.since} to {shown.until}"
    yield _table(first, ("Account", "What", "Calls", "Legs", "News", "Bytes"), map(_gone, shown.where_calls_went))
    title = f"What was put off, and why, at {_time(shown.at)}"
    yield _table(title, ("Account", "Why", "Legs", "Due since", "Goes on"), map(_put_off, shown.put_off))
    yield _table("What tomorrow would cost", ("Account", "Who", "Legs", "Wants", "Gets"), map(_next, shown.tomorrow))


def _table(title: str, columns: Row, accounts: Iterator[Iterator[Row]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in columns:
        number = name in ("Calls", "Legs", "News", "Bytes", "Wants", "Gets")
        table.add_column(name, justify="right" if number else "left", no_wrap=number)
    for rows in accounts:
        for row in rows:
            table.add_row(*map(Text, row))  # a reason is somebody's own words: its brackets are no markup
        table.add_section()
    return table


def _gone(one: CallsGone) -> Iterator[Row]:
    yield one.account, "all", str(one.made), str(one.legs), str(one.news), str(one.size)
    for end in one.ended:
        what = f"{end.kind}, {_said(end.outcome)}"
        yield "", what, str(end.calls), str(end.legs), str(end.news), str(end.size)
    for day in filter(lambda day: day.calls, one.days):
        of = f" of {one.per_day}" if one.per_day else ""
        yield "", str(day.day), f"{day.calls}{of}", "", str(day.news), ""
    for leg in one.busiest:
        yield "", f"{leg.batch} leg {leg.leg}", str(leg.asked), "1", str(leg.news), ""
    if one.others.legs:
        yield "", "other legs", str(one.others.asked), str(one.others.legs), "", ""
    for state in ("heard", "parked", "unreadable", "waiting"):
        if count := getattr(one.pushes, state):
            yield "", f"pushes {state}", str(count), "", str(one.pushes.news) if state == "heard" else "", ""
    if one.pushes.trouble is not None:
        yield "", f"newest unreadable push: {one.pushes.trouble}", "", "", "", ""


def _put_off(one: PutOff) -> Iterator[Row]:
    of = f"{one.today} of {one.per_day}" if one.per_day else f"{one.today}"
    yield one.account, f"calls of its day so far: {of}", str(one.legs), "", f"new day {_time(one.resets_at)}"
    if one.stopped is not None:
        yield "", f"stopped: {one.stopped}", "", "", "once it is lifted"
    if one.paused_until is not None:
        yield "", paused(one), "", "", _time(one.paused_until)
    if one.failures:
        yield "", failing(one), "", "", ""
    for waiting in one.waiting:
        yield "", REASONS[waiting.why], str(waiting.legs), _time(waiting.due_since), _time(waiting.until)
    if one.late is not None:
        late = one.late
        how_late = f"mean {late.mean_s} s, {late.by_an_hour} by over an hour"
        yield "", f"asked late: {late.late} of {late.asked}", "", f"worst {late.worst_s} s", how_late


def paused(one: PutOff | AccountLine) -> str:
    """That it is paused, and why as far as that is known."""
    return "paused" if one.paused_why is None else f"paused: {PAUSES[one.paused_why]}"


def failing(one: PutOff | AccountLine) -> str:
    """How often in a row, and what failed last."""
    times = f"failed {one.failures} times in a row" if one.failures != 1 else "failed once"
    if one.failed_last is None:
        return times
    last = one.failed_last
    status = f" ({last.status})" if last.status else ""
    return f"{times}, last at {_time(last.at)}: {_said(last.outcome)}{status}"


def _next(one: Forecast) -> Iterator[Row]:
    rest = f"{one.left} left" if one.left >= 0 else f"{-one.left} lacking"
    yield one.account, f"all: {rest}", str(one.legs), str(one.wanted), str(min(one.wanted, one.most))
    for share in one.shares:
        yield "", _said(share.urgency), str(share.legs), str(share.wanted), str(share.given)
    if one.stopped is not None:
        yield "", "none is made before it is renewed: it is stopped", "", "", ""
    if one.paused_until is not None:
        yield "", f"none is made before {_time(one.paused_until)}: it is paused", "", "", ""
    if one.failing:
        yield "", "failing, counted with every new try", str(one.failing), "", ""
    if one.new:
        yield "", "never answered for yet, counted as is usual", str(one.new), "", ""


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _said(word: str) -> str:
    return "asked to wait" if word == Outcome.OVER_QUOTA else word.replace("_", " ")
