"""Commands on carriers: what an answer of theirs says, read as the poller reads it, and where the calls went."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from api.command.surroundings import database, settings

if TYPE_CHECKING:
    from shipments.tracking.carriers.answers import Answer, Carrier, LegAsked, ReadEvent

UNREADABLE = 2
WIDE = 140  # where nobody sees how wide the terminal is
app = typer.Typer(help="Carriers and their answers.", no_args_is_help=True)


@app.command()
def read(
    name: Annotated[str, typer.Argument(help="The carrier, such as dcsa; a name that is none lists them.")],
    file: Annotated[Path, typer.Argument(help="A file with one answer of the carrier, as it came.")],
    dispatched: Annotated[
        str | None,
        typer.Option(help="The day or time it left: what is over 60 days older is an earlier use of the number."),
    ] = None,
    leg: Annotated[
        str | None,
        typer.Option(
            help="The leg as a JSON object with any of reference_type, reference, mode, from_place, to_place, is_last. "
            "What is not said is not checked."
        ),
    ] = None,
) -> None:
    """Print one JSON line for each event of an answer, then one for the answer as a whole.

    Exit code 2 and one line on standard error where the file cannot be read; bad parts of a readable answer are named.
    """
    import msgspec

    from shipments.clock import utc_now
    from shipments.errors import CarrierError, Invalid
    from shipments.tracking.carriers import CARRIERS

    reader = CARRIERS.get(name)
    if reader is None:
        _stop(f"there is no reader called {name!r}; there are {', '.join(CARRIERS)}")
    try:
        answer = _answer(reader, _bytes_of(file), _leg(leg, dispatched), utc_now())
    except (CarrierError, Invalid) as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{file} cannot be read: {error.strerror}")
    lines = [*map(_shown, answer.events), _whole(answer)]
    sys.stdout.flush()
    sys.stdout.buffer.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))  # UTF-8 on every terminal
    sys.stdout.buffer.flush()


@app.command()
def ledger(
    since: Annotated[str | None, typer.Option(help="The first day, 2026-03-01. The last seven, if not said.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day. Today, if not said.")] = None,
    account: Annotated[str | None, typer.Option(help="The name of one account. All, if not said.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Where the calls went, what was put off and why, what tomorrow would cost."""
    import msgspec
    from rich.console import Console

    from api.command.ledger_tables import tables
    from shipments.clock import utc_now
    from shipments.offices.scope import EVERYWHERE
    from shipments.tracking.calls.accounting import ledger as asked
    from shipments.transaction import reading

    first, last = _day(since, "since"), _day(until, "until")
    with database(settings()) as opened, reading(opened, EVERYWHERE) as session:
        shown = asked(session, account=account, since=first, until=last, now=utc_now())
    if as_json:
        print(msgspec.json.encode(shown).decode())
        return
    out = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    for table in tables(shown):
        out.print(table)
        out.print()


def _day(text: str | None, field: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        _stop(f"--{field}: a day such as 2026-03-01")


def _answer(reader: "Carrier", written: bytes, leg: "LegAsked", now: datetime) -> "Answer":
    """Where the carrier failed for this number alone, the file can be read, and the failure is named in it."""
    from shipments.tracking.carriers.answers import Answer, AsksMany

    if not isinstance(reader, AsksMany):
        return reader.read_answer(written, leg, heard_at=now)
    said = reader.read_answers(written, [leg], heard_at=now)[leg.reference]
    return said if isinstance(said, Answer) else Answer(found=False, problems=(str(said),))


def _bytes_of(file: Path) -> bytes:
    """No more than would be read of an answer: a device or a disk image ends here too."""
    from shipments.tracking.carriers.fetching import MOST_BYTES

    with file.open("rb") as opened:
        answer = opened.read(MOST_BYTES + 1)
    if len(answer) > MOST_BYTES:
        _stop(f"the file is larger than {MOST_BYTES // 1_000_000} MB, the most that is read of an answer")
    return answer


def _leg(text: str | None, dispatched: str | None) -> "LegAsked":
    import msgspec

    from shipments.shapes import moment
    from shipments.tracking.carriers.answers import LegAsked

    said: dict[str, Any] = {
        "reference_type": "",
        "reference": "",
        "mode": "",
        "from_place": "",
        "to_place": "",
        "is_last": True,
    }
    try:
        given = msgspec.json.decode(text or "{}", type=dict[str, str | bool])
        if unknown := given.keys() - said.keys():
            _stop(f"--leg: there is no {', '.join(sorted(unknown))}; there are {', '.join(said)}")
        return msgspec.convert({**said, **given, "dispatched_at": moment(dispatched, "dispatched")}, LegAsked)
    except msgspec.MsgspecError:
        _stop("--leg: one JSON object, whose is_last is true or false and all else text")
    except UnicodeError:
        _stop("--leg: it is not UTF-8")


def _shown(event: "ReadEvent") -> dict[str, object]:
    fields = (
        "occurred_at",
        "occurred_as_written",
        "tz_known",
        "milestone",
        "event",
        "reason",
        "raw_code",
        "raw_text",
        "place",
        "unlocode",
        "classifier",
        "id",
    )
    return {field: getattr(event, field) for field in fields}


def _whole(answer: "Answer") -> dict[str, object]:
    expected: dict[str, datetime | None] = {"from": answer.expected_from, "to": answer.expected_to}
    return {
        "found": answer.found,
        "expected": expected,
        "problems": answer.problems,
        "next_page": answer.next_page,
    }


def _stop(why: str) -> NoReturn:
    print(f"shipments: {why}", file=sys.stderr)
    raise typer.Exit(UNREADABLE)
