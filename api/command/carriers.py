"""Commands on carriers: what an answer of theirs says, read as the poller reads it."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from shipments.tracking.carriers.answers import Answer, LegAsked, ReadEvent

UNREADABLE = 2
app = typer.Typer(help="Carriers and their answers.", no_args_is_help=True)


@app.callback()
def carriers() -> None:
    """Keeps `read` a command of its own while it is the only one."""


@app.command()
def read(
    name: Annotated[str, typer.Argument(help="dcsa, dhl, fedex, ship24 or ups.")],
    file: Annotated[Path, typer.Argument(help="A file with one answer of the carrier, as it came.")],
    dispatched: Annotated[
        str | None, typer.Option(help="The day or time it left: older events are an earlier use of the number.")
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
    from shipments.errors import CarrierUnreadable, Invalid
    from shipments.tracking.carriers import CARRIERS

    reader = CARRIERS.get(name)
    if reader is None:
        _stop(f"there is no reader called {name!r}; there are {', '.join(CARRIERS)}")
    try:
        answer = reader.read_answer(file.read_bytes(), _leg(leg, dispatched), heard_at=utc_now())
    except (CarrierUnreadable, Invalid, OSError) as error:
        _stop(str(error))
    for event in answer.events:
        print(msgspec.json.encode(_shown(event)).decode())
    print(msgspec.json.encode(_whole(answer)).decode())


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
    except msgspec.MsgspecError as error:
        _stop(f"--leg: {error}")


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
